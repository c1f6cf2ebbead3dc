// SPDX-License-Identifier: Apache-2.0
// Types of dljob.js; the job body is described in openapi.json.

export type JobStatus =
  'starting' | 'queued' | 'processing' | 'completed' | 'failed' | 'cancelled';

export interface JobFile {
  fileId: number;
  status: JobStatus;
  progress: number;
  size?: number;
  filename?: string;
  contentType?: string;
  sha256?: string;
  downloadUrl?: string;
  error?: string;
  errorCode?: string;
}

export interface Job {
  jobId?: string;
  status: JobStatus;
  /** 0 to 100; 100 only when the job is over. */
  progress: number;
  totalFileIds?: number;
  fileId?: number;
  /** Of a job with bundle: downloadUrl, size … are those of the archive. */
  bundle?: 'zip' | 'tar';
  downloadUrl?: string;
  size?: number;
  filename?: string;
  contentType?: string;
  sha256?: string;
  error?: string;
  errorCode?: string;
  retryable?: boolean;
  retriesRemaining?: number;
  attempt?: number;
  nextAttemptAt?: string;
  createdAt?: string;
  startedAt?: string;
  completedAt?: string;
  estimatedCompletion?: string;
  /** Seconds. */
  estimatedTime?: number;
  message?: string;
  statusUrl?: string;
  streamUrl?: string;
  resultUrl?: string;
  partial?: boolean;
  files?: JobFile[];
}

export class DownloadError extends Error {
  /** Of HTTP; 0: the server could not be reached. */
  readonly status: number;
  /** The API's errorCode, or NETWORK. */
  readonly code: string;
  readonly retryable: boolean;
  /** Of Retry-After, in ms. */
  retryAfter?: number;
  /** Of a job that failed. */
  readonly job?: Job;
}

export interface StartOptions {
  /** Made anew for each call when left out. */
  idempotencyKey?: string;
  priority?: 'high' | 'normal' | 'low';
  callbackUrl?: string;
  /** One archive of all files; the job's downloadUrl is the archive's. */
  bundle?: 'zip' | 'tar';
}

export interface Download {
  readonly jobId?: string;
  readonly fileIds: number[];
  /** The latest state. */
  readonly job: Job;
  /**
   * Resolves with the completed job, rejects with a DownloadError; another
   * promise after retry().
   */
  readonly done: Promise<Job>;
  /** Whether retry() does anything. */
  readonly canRetry: boolean;
  readonly retriesLeft: number;
  /** Calls the listener now and at every change, until the result is called. */
  subscribe(listener: (job: Job) => void): () => void;
  /** Rejects with a DownloadError when the server could not be asked. */
  cancel(): Promise<void>;
  /** Tries a failed download again after 1, 2, 4 s. */
  retry(): void;
  /** Stops watching; the job goes on. */
  close(): void;
}

export interface ClientOptions {
  /** Of the API, no slash at the end; "/v1/download". */
  base?: string;
  credentials?: RequestCredentials;
  /** Sent with every request but streams, which cannot. */
  headers?: Record<string, string> | (() => Record<string, string>);
  /** null: nothing is resumed after a reload. */
  storage?: Storage | null;
  /** Streams open at a time, 3; 0 or false: poll only. */
  streams?: number | false;
  /** false: every tab asks the server for itself. */
  shared?: boolean;
  EventSource?: typeof EventSource;
}

export interface Client {
  readonly base: string;
  /** One job for one file id or several. */
  start(fileIds: number | number[], options?: StartOptions): Download;
  watch(jobId: string, fileIds?: number[]): Download;
  /** What was under way when the page was left; of these files, if given. */
  resume(fileIds?: number | number[]): Download[];
  forget(jobId: string): void;
}

export function createClient(options?: ClientOptions): Client;
