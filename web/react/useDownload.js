// SPDX-License-Identifier: Apache-2.0
// React hook and components for downloads; React 17 and later, no build step.
import { createElement, useCallback, useEffect, useMemo, useRef, useState }
  from 'react';
import { createClient } from '../dljob.js';

let shared;

/**
 * One download of a file id (or several).
 * @param {number|number[]} fileId
 * @param {{client?: import('../dljob.js').Client}} [options]
 */
export function useDownload(fileId, options = {}) {
  const client = options.client ?? (shared ??= createClient());
  const [job, setJob] = useState(null);
  const download = useRef(null);
  const unsubscribe = useRef(() => {});
  const wanted = JSON.stringify(fileId);

  const follow = useCallback((next) => {
    unsubscribe.current();
    download.current = next;
    unsubscribe.current = next.subscribe(setJob);
  }, []);

  // Another file, or the component is gone: the job goes on without us.
  useEffect(() => () => {
    unsubscribe.current();
    download.current?.close();
    download.current = null;
    setJob(null);
  }, [client, wanted]);

  const startDownload = useCallback((startOptions) => {
    const running = download.current
      && !['completed', 'failed', 'cancelled']
        .includes(download.current.job.status);
    if (!running) {
      follow(client.start(JSON.parse(wanted), startOptions?.nativeEvent
        ? undefined : startOptions));
    }
  }, [client, wanted, follow]);

  const cancel = useCallback(() => download.current?.cancel(), []);
  const retry = useCallback(() => download.current?.retry(), []);

  return useMemo(() => ({
    startDownload,
    cancel,
    retry,
    jobId: job?.jobId ?? null,
    jobStatus: job,
    isLoading: job?.status === 'starting',
    isProcessing: job?.status === 'queued' || job?.status === 'processing',
    isCompleted: job?.status === 'completed',
    isFailed: job?.status === 'failed' || job?.status === 'cancelled',
    canRetry: download.current?.canRetry ?? false,
    progress: job?.progress ?? 0,
    downloadUrl: job?.downloadUrl,
    error: job?.error,
  }), [job, startDownload, cancel, retry]);
}

/** A progress bar that a screen reader announces at each quarter. */
export function ProgressBar({ value, label = 'Download progress' }) {
  const quarter = Math.floor(value / 25) * 25;
  return createElement('div', { className: 'dljob-progress' },
    createElement('div', {
      role: 'progressbar',
      'aria-label': label,
      'aria-valuemin': 0,
      'aria-valuemax': 100,
      'aria-valuenow': value,
      className: 'dljob-bar',
    }, createElement('div', {
      className: 'dljob-fill', style: { width: value + '%' } })),
    createElement('span', { 'aria-live': 'polite', className: 'dljob-quiet' },
      quarter ? quarter + ' %' : ''));
}

/** The whole life of one download in one button. */
export function DownloadButton({ fileId, client, children }) {
  const d = useDownload(fileId, { client });

  if (d.isCompleted) {
    return d.downloadUrl
      ? createElement('a', { href: d.downloadUrl, download: '',
        className: 'dljob-link' }, 'Download file')
      : createElement('span', null, 'The files are ready');
  }
  if (d.isFailed) {
    return createElement('div', { role: 'alert' },
      createElement('p', null, d.error ?? 'Download cancelled'),
      d.canRetry && createElement('button',
        { type: 'button', onClick: d.retry }, 'Retry'));
  }
  return createElement('div', null,
    createElement('button', {
      type: 'button',
      onClick: () => d.startDownload(),
      disabled: d.isLoading || d.isProcessing,
    }, d.isLoading ? 'Starting …' : children ?? 'Download file'),
    d.isProcessing && createElement(ProgressBar, { value: d.progress }),
    d.isProcessing && createElement('button',
      { type: 'button', onClick: d.cancel }, 'Cancel'));
}
