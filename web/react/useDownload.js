// SPDX-License-Identifier: Apache-2.0
// React hook and components for downloads; React 18 and later, no build step.
import { createElement, useCallback, useEffect, useMemo, useRef, useState }
  from 'react';
import { createClient } from '../dljob.js';

const TERMINAL = ['completed', 'failed', 'cancelled'];
let shared;

/**
 * One download of a file id (or several); goes on after a reload of the page.
 * @param {number|number[]} fileId
 * @param {import('./useDownload.js').UseDownloadOptions} [options]
 */
export function useDownload(fileId, options = {}) {
  const client = options.client ?? (shared ??= createClient());
  const { resume = true, onCompleted } = options;
  const [job, setJob] = useState(null);
  const [problem, setProblem] = useState();
  const download = useRef(null);
  const completed = useRef(onCompleted);
  const unsubscribe = useRef(() => {});
  const wanted = JSON.stringify(fileId);

  useEffect(() => {
    completed.current = onCompleted;
  }, [onCompleted]);

  const follow = useCallback((next) => {
    unsubscribe.current();
    download.current?.close();
    download.current = next;
    setProblem(undefined);
    unsubscribe.current = next.subscribe((state) => {
      setJob(state);
      if (state.status === 'completed') {
        completed.current?.(state);
      }
    });
  }, []);

  // Another file, or the component is gone: the job goes on without us.
  useEffect(() => {
    const [first, ...others] = resume ? client.resume(JSON.parse(wanted)) : [];
    others.forEach((other) => other.close());
    if (first) {
      follow(first);
    }
    return () => {
      unsubscribe.current();
      download.current?.close();
      download.current = null;
      setJob(null);
    };
  }, [client, wanted, resume, follow]);

  const startDownload = useCallback((startOptions) => {
    const now = download.current?.job.status ?? 'completed';
    if (TERMINAL.includes(now)) {
      follow(client.start(JSON.parse(wanted),
        startOptions?.nativeEvent ? undefined : startOptions));
    }
  }, [client, wanted, follow]);

  const cancel = useCallback(async () => {
    setProblem(undefined);
    await download.current?.cancel()
      .catch((error) => setProblem(error.message));
  }, []);
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
    canRetry: Boolean(job) && Boolean(download.current?.canRetry),
    retriesLeft: download.current?.retriesLeft ?? 0,
    progress: job?.progress ?? 0,
    downloadUrl: job?.downloadUrl,
    error: job?.error ?? problem,
  }), [job, problem, startDownload, cancel, retry]);
}

/** Seconds until the job should be done; undefined when nobody knows. */
function secondsLeft(job) {
  const left = Date.parse(job?.estimatedCompletion) - Date.now();
  return left > 0 ? Math.ceil(left / 1000) : undefined;
}

/** A progress bar that a screen reader announces at each quarter. */
export function ProgressBar({ progress, status = '', estimatedTime,
  label = 'Download progress' }) {
  const quarter = Math.floor(progress / 25) * 25;
  return createElement('div', { className: 'dljob-progress' },
    createElement('div', {
      role: 'progressbar',
      'aria-label': label,
      'aria-valuemin': 0,
      'aria-valuemax': 100,
      'aria-valuenow': progress,
      className: 'dljob-bar',
    }, createElement('div', {
      className: 'dljob-fill', style: { width: progress + '%' } })),
    createElement('div', { className: 'dljob-info' },
      createElement('span', null, `${status} ${progress} %`),
      estimatedTime > 0 && createElement('span', null,
        ` about ${estimatedTime} s left`)),
    createElement('span', { 'aria-live': 'polite', className: 'dljob-quiet' },
      quarter ? `${label}: ${quarter} %` : ''));
}

/** The whole life of one download in one button. */
export function DownloadButton({ fileId, children = 'Download file',
  ...options }) {
  const d = useDownload(fileId, options);

  if (d.isCompleted) {
    const files = d.jobStatus.files ?? [d.jobStatus];
    return createElement('div', { className: 'dljob-done' },
      ...files.map((file) => file.downloadUrl
        ? createElement('a', { href: file.downloadUrl, download: '',
          className: 'dljob-link' }, `Save ${file.filename ?? 'file'}`)
        : createElement('p', { role: 'alert' },
          `${file.fileId}: ${file.error ?? 'failed'}`)));
  }
  if (d.isFailed) {
    return createElement('div', { className: 'dljob-failed', role: 'alert' },
      createElement('p', null, d.error ? `Download failed: ${d.error}`
        : 'Download cancelled'),
      d.canRetry
        ? createElement('button', { type: 'button', onClick: d.retry },
          `Retry (${d.retriesLeft} left)`)
        : createElement('p', null, 'Please try again later.'));
  }
  return createElement('div', { className: 'dljob-download' },
    createElement('button', {
      type: 'button',
      onClick: () => d.startDownload(),
      disabled: d.isLoading || d.isProcessing,
    }, d.isLoading ? 'Starting …' : children),
    d.isProcessing && createElement(ProgressBar, { progress: d.progress,
      status: d.jobStatus.status, estimatedTime: secondsLeft(d.jobStatus) }),
    d.isProcessing && createElement('button',
      { type: 'button', onClick: d.cancel }, 'Cancel'),
    d.error && createElement('p', { role: 'alert' }, d.error));
}
