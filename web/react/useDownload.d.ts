// SPDX-License-Identifier: Apache-2.0
import type { ReactElement, ReactNode } from 'react';
import type { Client, Job, StartOptions } from '../dljob.js';

export interface UseDownload {
  startDownload(options?: StartOptions): void;
  cancel(): Promise<void> | undefined;
  retry(): Promise<void> | undefined;
  jobId: string | null;
  jobStatus: Job | null;
  isLoading: boolean;
  isProcessing: boolean;
  isCompleted: boolean;
  isFailed: boolean;
  canRetry: boolean;
  progress: number;
  downloadUrl?: string;
  error?: string;
}

export function useDownload(fileId: number | number[],
  options?: { client?: Client }): UseDownload;

export function ProgressBar(props: { value: number; label?: string }):
  ReactElement;

export function DownloadButton(props: {
  fileId: number | number[];
  client?: Client;
  children?: ReactNode;
}): ReactElement;
