// SPDX-License-Identifier: Apache-2.0
// Client of the mod_dljob API for browsers: one ES module, no dependencies.
//
//   import { createClient } from './dljob.js';
//   const client = createClient({ base: '/v1/download' });
//   const download = client.start(70000);
//   download.subscribe((job) => bar.value = job.progress);
//   const job = await download.done;          // or throws a DownloadError
//
// A download is watched by server-sent events; after an error it is asked for
// by polling. Of several tabs that watch a job one streams (Web Locks) and
// tells the others (BroadcastChannel).

const TERMINAL = ['completed', 'failed', 'cancelled'];
const STREAM_TRIES = 3;
const RETRY_S = [1, 2, 4];
const KEY = 'dljob:jobs';

/** What went wrong: the API's error body, or a lost connection (status 0). */
export class DownloadError extends Error {
  constructor(body, status) {
    super(body.message || body.error || 'The server could not be reached');
    this.name = 'DownloadError';
    this.status = status;
    this.code = body.errorCode || (status ? 'HTTP_' + status : 'NETWORK');
    this.retryable = body.retryable ?? (status === 0 || status === 429
      || status >= 500);
    this.job = body.jobId ? body : undefined;
  }
}

/** Waits ms, or until the signal says stop. */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

/** Resolves when the page is seen (again) and the network is there. */
function awake(signal) {
  if (typeof document === 'undefined'
    || (!document.hidden && navigator.onLine !== false)) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const look = () => {
      if (signal.aborted || (!document.hidden && navigator.onLine !== false)) {
        document.removeEventListener('visibilitychange', look);
        removeEventListener('online', look);
        resolve();
      }
    };
    document.addEventListener('visibilitychange', look);
    addEventListener('online', look);
    signal.addEventListener('abort', look, { once: true });
  });
}

const jitter = (ms) => ms * (0.75 + Math.random() / 2);

/** One download: its latest state, its listeners, its end. */
class Download {
  #client;
  #listeners = new Set();
  #stop = new AbortController();
  #etag;
  #channel;
  #retries = 0;
  #settle;

  constructor(client, fileIds, job) {
    this.#client = client;
    this.fileIds = fileIds;
    /** The latest job body; status "starting" until there is a job. */
    this.job = job ?? { status: 'starting', progress: 0 };
    /** Resolves with the completed job, rejects with a DownloadError. */
    this.#renew();
  }

  #renew() {
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.done.catch(() => {});
  }

  get jobId() {
    return this.job.jobId;
  }

  /** Calls fn now and at every change; returns a function that ends this. */
  subscribe(fn) {
    this.#listeners.add(fn);
    fn(this.job);
    return () => this.#listeners.delete(fn);
  }

  /** Takes a newer state; tells listeners, other tabs and the promise. */
  #take(job, fromOther) {
    if (TERMINAL.includes(this.job.status)
      || (job.progress < this.job.progress && job.status === this.job.status
        && (job.attempt ?? 1) === (this.job.attempt ?? 1))) {
      return;
    }
    this.job = { ...this.job, nextAttemptAt: undefined, ...job };
    if (!fromOther) {
      this.#channel?.postMessage(this.job);
    }
    for (const fn of this.#listeners) {
      fn(this.job);
    }
    if (TERMINAL.includes(job.status)) {
      this.close();
      this.#client.forget(this.jobId);
      if (job.status === 'completed') {
        this.#settle.resolve(this.job);
      } else {
        this.#settle.reject(new DownloadError(this.job, 200));
      }
    }
  }

  #fail(error) {
    this.close();
    this.job = { ...this.job, status: 'failed', error: error.message,
      errorCode: error.code };
    for (const fn of this.#listeners) {
      fn(this.job);
    }
    this.#settle.reject(error);
  }

  /** Asks for the job; one idempotency key however often it is tried. */
  async begin(options) {
    const key = options.idempotencyKey ?? crypto.randomUUID();
    const body = { ...options.body, file_ids: this.fileIds };
    for (let i = 0; ; i++) {
      try {
        const { job } = await this.#client.request('/initiate', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json',
            'Idempotency-Key': key },
          body: JSON.stringify(body),
          signal: this.#stop.signal,
        });
        this.#client.remember(job.jobId, this.fileIds);
        this.#take(job);
        break;
      } catch (error) {
        if (this.#stop.signal.aborted) {
          return;
        }
        if (!error.retryable || i === RETRY_S.length) {
          this.#fail(error);
          return;
        }
        await pause(error.retryAfter ?? jitter(RETRY_S[i] * 1000),
          this.#stop.signal);
      }
    }
    this.watch();
  }

  /** Follows the job to its end: in one tab by stream, in the others by it. */
  async watch() {
    const signal = this.#stop.signal;
    if (signal.aborted || TERMINAL.includes(this.job.status)) {
      return;
    }
    const name = 'dljob:' + this.jobId;
    if (!this.#client.shared) {
      return this.#follow();
    }
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = (event) => this.#take(event.data, true);
    await this.#poll().catch(() => {});
    try {
      await navigator.locks.request(name, { signal }, () => this.#follow());
    } catch {
      // the download was closed while another tab streamed
    }
  }

  async #follow() {
    const signal = this.#stop.signal;
    let failures = 0;
    let wait = 0;
    while (!signal.aborted) {
      if (this.#client.streams && failures < STREAM_TRIES) {
        failures = await this.#stream() ? 0 : failures + 1;
      } else {
        await pause(wait, signal);
      }
      await awake(signal);
      if (signal.aborted) {
        return;
      }
      try {
        wait = await this.#poll();
      } catch (error) {
        if (!error.retryable) {
          this.#fail(error);
          return;
        }
        wait = error.retryAfter ?? jitter(3000);
      }
      if (failures) {
        await pause(Math.min(wait, 3000), signal);
      }
    }
  }

  /** One stream, until it ends; whether it brought anything. */
  #stream() {
    return new Promise((resolve) => {
      const source = new this.#client.EventSource(
        this.#client.base + '/' + this.jobId + '/stream',
        { withCredentials: this.#client.credentials === 'include' });
      let heard = false;
      const end = () => {
        source.close();
        resolve(heard);
      };
      source.onmessage = (event) => {
        heard = true;
        this.#take(JSON.parse(event.data));
      };
      source.onerror = end;
      this.#stop.signal.addEventListener('abort', end, { once: true });
    });
  }

  /** Asks once; how many ms to wait before the next time. */
  async #poll() {
    const { job, response } = await this.#client.request(
      '/status/' + this.jobId, {
        headers: this.#etag ? { 'If-None-Match': this.#etag } : {},
        signal: this.#stop.signal,
        cache: 'no-store',
      });
    this.#etag = response.headers.get('ETag') ?? this.#etag;
    if (job) {
      this.#take(job);
    }
    return jitter((response.headers.get('Retry-After') || 3) * 1000);
  }

  /** Cancels the job on the server. */
  async cancel() {
    if (!this.jobId) {
      this.#fail(new DownloadError({ message: 'Cancelled',
        errorCode: 'CANCELLED', retryable: false }, 0));
      return;
    }
    const { job } = await this.#client.request('/' + this.jobId,
      { method: 'DELETE' });
    this.#take({ ...job, progress: this.job.progress });
  }

  /** Whether retry() will do anything: a failure, and tries are left. */
  get canRetry() {
    return ['failed', 'cancelled'].includes(this.job.status)
      && this.#retries < RETRY_S.length;
  }

  /** Tries a failed download again after 1, 2, 4 s; a new job. */
  async retry(options = {}) {
    if (!this.canRetry) {
      return;
    }
    this.#stop = new AbortController();
    this.#etag = undefined;
    this.#renew();
    this.job = { status: 'starting', progress: 0 };
    for (const fn of this.#listeners) {
      fn(this.job);
    }
    await pause(RETRY_S[this.#retries++] * 1000, this.#stop.signal);
    await this.begin(options);
  }

  /** Stops watching here; the job goes on. */
  close() {
    this.#stop.abort();
    this.#channel?.close();
    this.#channel = undefined;
  }
}

/**
 * @param {object} [options]
 * @param {string} [options.base]  of the API, no slash at the end
 * @param {Storage|null} [options.storage]  null: forget at reload
 * @param {boolean} [options.streams]  false: poll only
 */
export function createClient(options = {}) {
  const base = options.base ?? '/v1/download';
  const storage = options.storage === undefined
    ? globalThis.localStorage : options.storage;
  const credentials = options.credentials ?? 'same-origin';
  const Source = options.EventSource ?? globalThis.EventSource;

  function stored() {
    try {
      return JSON.parse(storage?.getItem(KEY)) ?? {};
    } catch {
      return {};
    }
  }

  function store(change) {
    const jobs = stored();
    change(jobs);
    try {
      storage?.setItem(KEY, JSON.stringify(jobs));
    } catch {
      // a full or forbidden storage costs the resumption, nothing else
    }
  }

  const client = {
    base,
    credentials,
    EventSource: Source,
    streams: options.streams !== false && Boolean(Source),
    shared: options.shared !== false
      && typeof BroadcastChannel !== 'undefined'
      && Boolean(globalThis.navigator?.locks),

    /** One request; throws a DownloadError for an error answer. */
    async request(path, init) {
      let response;
      let body;
      try {
        response = await fetch(base + path, { credentials, ...init,
          headers: { Accept: 'application/json', ...options.headers,
            ...init.headers } });
        body = response.status === 304 ? undefined : await response.json();
      } catch {
        if (!response || response.ok) {
          throw new DownloadError({}, 0);
        }
        body = {};
      }
      if (!response.ok && response.status !== 304) {
        const error = new DownloadError(body, response.status);
        const after = response.headers.get('Retry-After');
        error.retryAfter = after ? after * 1000 : undefined;
        throw error;
      }
      return { job: body, response };
    },

    /** Starts a download of one file id or several. */
    start(fileIds, { idempotencyKey, ...body } = {}) {
      const download = new Download(client, [].concat(fileIds));
      download.begin({ idempotencyKey, body });
      return download;
    },

    /** Watches a job that was started elsewhere. */
    watch(jobId, fileIds = []) {
      const download = new Download(client, fileIds,
        { jobId, status: 'queued', progress: 0 });
      download.watch();
      return download;
    },

    /** The downloads that were under way when the page was left. */
    resume() {
      return Object.entries(stored())
        .map(([jobId, { fileIds }]) => client.watch(jobId, fileIds));
    },

    remember(jobId, fileIds) {
      store((jobs) => { jobs[jobId] = { fileIds, at: Date.now() }; });
    },

    forget(jobId) {
      store((jobs) => { delete jobs[jobId]; });
    },
  };
  return client;
}
