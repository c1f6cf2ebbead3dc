// SPDX-License-Identifier: Apache-2.0
// Everything the types of web/ offer, used as meant: must compile.
import { createClient, DownloadError } from './web/dljob.js';
import type { Client, Download, Job, JobFile } from './web/dljob.js';
import { DownloadButton, ProgressBar, useDownload }
  from './web/react/useDownload.js';

const client: Client = createClient({
  base: '/api/v1/download', credentials: 'include', storage: null,
  streams: false, shared: false, EventSource,
  headers: () => ({ Authorization: 'Bearer ' + Date.now() }),
});
const one: Download = client.start(70000);
const many = client.start([70000, 70001],
  { priority: 'low', idempotencyKey: 'k', callbackUrl: 'https://a.example/' });
const stop: () => void = one.subscribe((job: Job) => {
  const left: number | undefined = job.estimatedTime;
  const files: JobFile[] = job.files ?? [];
  console.log(job.status === 'cancelled', left, files[0]?.downloadUrl);
});

export async function use(): Promise<string | undefined> {
  try {
    return (await many.done).downloadUrl;
  } catch (error) {
    if (error instanceof DownloadError && error.retryable && many.canRetry) {
      console.log(error.code, error.status, error.job?.jobId,
        many.retriesLeft);
      many.retry();
    }
    await one.cancel();
    stop();
    one.close();
  }
  client.resume(70000).concat(client.resume()).forEach((download) =>
    client.forget(download.jobId ?? ''));
  return client.watch('id', [70000]).jobId;
}

export function View() {
  const { startDownload, cancel, retry, jobId, jobStatus, isLoading,
    isProcessing, isCompleted, isFailed, canRetry, retriesLeft, progress,
    downloadUrl, error } = useDownload(70000,
    { client, resume: false, onCompleted: (job) => console.log(job.size) });
  startDownload({ priority: 'normal' });
  void cancel();
  retry();
  console.log(jobId, jobStatus?.message, isLoading || isProcessing
    || isCompleted || isFailed || canRetry, retriesLeft, downloadUrl, error);
  return [
    ProgressBar({ progress, status: 'processing', estimatedTime: 3 }),
    DownloadButton({ fileId: [1, 2], children: 'Get it', client }),
  ];
}
