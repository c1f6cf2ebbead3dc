// SPDX-License-Identifier: Apache-2.0
// Types of dljob.js; the job body is described in openapi.json.

export type JobStatus =
  'starting' | 'queued' | 'processing' | 'completed' | 'failed' | 'cancelled';

export interface JobFile {
  fileId: number;
  status: JobStatus;
  progress: number;
  size?: number;
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
  readonly job?: Job;
}

export interface StartOptions {
  /** Made anew for each call when left out. */
  idempotencyKey?: string;
  priority?: 'high' | 'normal' | 'low';
  callbackUrl?: string;
}

export interface Download {
  readonly jobId?: string;
  readonly fileIds: number[];
  readonly job: Job;
  /** Resolves with the completed job, rejects with a DownloadError. */
  readonly done: Promise<Job>;
  readonly canRetry: boolean;
  subscribe(listener: (job: Job) => void): () => void;
  cancel(): Promise<void>;
  retry(options?: StartOptions): Promise<void>;
  close(): void;
}

export interface ClientOptions {
  /** Of the API, no slash at the end; "/v1/download". */
  base?: string;
  credentials?: RequestCredentials;
  headers?: Record<string, string>;
  /** null: nothing is resumed after a reload. */
  storage?: Storage | null;
  /** false: poll only. */
  streams?: boolean;
  /** false: every tab streams for itself. */
  shared?: boolean;
  EventSource?: typeof EventSource;
}

export interface Client {
  readonly base: string;
  start(fileIds: number | number[], options?: StartOptions): Download;
  watch(jobId: string, fileIds?: number[]): Download;
  /** What was under way when the page was left. */
  resume(): Download[];
  forget(jobId: string): void;
}

export function createClient(options?: ClientOptions): Client;
