// SPDX-License-Identifier: Apache-2.0
import type { ReactElement, ReactNode } from 'react';
import type { Client, Job, StartOptions } from '../dljob.js';

export interface UseDownloadOptions {
  /** One with the default options when left out. */
  client?: Client;
  /** false: a download that was under way is not taken up again. */
  resume?: boolean;
  onCompleted?: (job: Job) => void;
}

export interface UseDownload {
  startDownload(options?: StartOptions): void;
  cancel(): Promise<void>;
  /** Tries a failed download again after 1, 2, 4 s. */
  retry(): void;
  jobId: string | null;
  jobStatus: Job | null;
  /** Asked for, no job yet. */
  isLoading: boolean;
  /** Queued or processing. */
  isProcessing: boolean;
  isCompleted: boolean;
  /** Failed or cancelled. */
  isFailed: boolean;
  canRetry: boolean;
  retriesLeft: number;
  progress: number;
  downloadUrl?: string;
  /** Of the job, or why it could not be cancelled. */
  error?: string;
}

export function useDownload(fileId: number | number[],
  options?: UseDownloadOptions): UseDownload;

export function ProgressBar(props: {
  /** 0 to 100. */
  progress: number;
  status?: string;
  /** Seconds left. */
  estimatedTime?: number;
  /** Of the bar, for screen readers. */
  label?: string;
}): ReactElement;

export function DownloadButton(props: UseDownloadOptions & {
  fileId: number | number[];
  children?: ReactNode;
}): ReactElement;
