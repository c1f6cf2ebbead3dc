// SPDX-License-Identifier: Apache-2.0
// Client of the mod_dljob API for browsers: one ES module, no dependencies.
//
//   import { createClient } from './dljob.js';
//   const client = createClient({ base: '/v1/download' });
//   const download = client.start(70000);
//   download.subscribe((job) => { bar.value = job.progress; });
//   const job = await download.done;          // or throws a DownloadError
//
// A download is watched by server-sent events; after an error it is asked for
// by polling. Of several tabs that watch a job one streams (Web Locks) and
// tells the others (BroadcastChannel). A browser opens six connections to an
// HTTP/1.1 server, so only a few streams are open at a time; further jobs are
// polled until one of them ends.

const TERMINAL = ['completed', 'failed', 'cancelled'];
const STREAMS = 3;                  // open at a time, in all tabs
const STREAM_TRIES = 3;             // in a row, before polling
const STREAM_AGAIN = 10;            // polls before the next try
const RETRY_S = [1, 2, 4];
const POLL_MS = 3000;               // when the server does not say
const POLL_MAX_MS = 30000;          // between polls that fail
const CANCEL = 'cancel';

const isOver = (job) => TERMINAL.includes(job.status);

/** A little later than that, so that clients do not come all at once. */
const jitter = (ms) => ms * (1 + Math.random() / 4);

const isOffline = () => globalThis.navigator?.onLine === false;

/** Whether nobody looks at the page, or there is no network. */
const isAsleep = () => Boolean(globalThis.document?.hidden) || isOffline();

/** Milliseconds of a Retry-After header in seconds; undefined without one. */
function retryAfter(response) {
  const seconds = parseInt(response.headers.get('Retry-After'), 10);
  return seconds >= 0 ? jitter(Math.max(seconds, 1) * 1000) : undefined;
}

/** A key for one click; randomUUID() is not there without HTTPS. */
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)),
    (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Resolves with what begin's argument is called with, or when the signal says
 * stop. begin returns a function that cleans up.
 */
function until(signal, begin) {
  return new Promise((resolve) => {
    let cleanUp;
    const end = (value) => {
      cleanUp?.();
      signal.removeEventListener('abort', end);
      resolve(value);
    };
    cleanUp = begin(end);
    signal.addEventListener('abort', end);
    if (signal.aborted) {
      end();
    }
  });
}

/** Calls fn when the page is hidden or seen, and when the network is back. */
function onPage(fn) {
  const { document, addEventListener, removeEventListener } = globalThis;
  document?.addEventListener('visibilitychange', fn);
  addEventListener?.('online', fn);
  return () => {
    document?.removeEventListener('visibilitychange', fn);
    removeEventListener?.('online', fn);
  };
}

/** Waits; light: not when the page is hidden, or the network comes back. */
const pause = (ms, signal, light) => until(signal, (end) => {
  const timer = setTimeout(end, ms);
  const stop = light && onPage(({ type }) =>
    (type === 'online' || isAsleep()) && end());
  return () => {
    clearTimeout(timer);
    stop?.();
  };
});

/** Resolves when the page is seen (again) and the network is there. */
const awake = (signal) => isAsleep() && until(signal, (end) =>
  onPage(() => isAsleep() || end()));

/** What went wrong: the API's error body, or a lost connection (status 0). */
export class DownloadError extends Error {
  constructor(body, status) {
    super(body.message || body.error || 'The server could not be reached');
    this.name = 'DownloadError';
    this.status = status;
    this.code = body.errorCode || (status ? 'HTTP_' + status : 'NETWORK');
    this.retryable = body.retryable
      ?? (status === 0 || status === 429 || status >= 500);
    this.job = body.jobId ? body : undefined;
  }
}

/** One download: its latest state, its listeners, its end. */
class Download {
  #client;
  #options;
  #listeners = new Set();
  #stop;
  #etag;
  #channel;
  #retries = 0;
  #settle;

  constructor(client, fileIds, options, job) {
    this.#client = client;
    this.#options = options;
    this.fileIds = fileIds;
    this.#renew(job);
    this.#run();
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

  #show(job) {
    this.job = job;
    for (const fn of this.#listeners) {
      fn(job);
    }
  }

  #renew(job = { status: 'starting', progress: 0 }) {
    this.#stop = new AbortController();
    this.#etag = undefined;
    /** Resolves with the completed job, rejects with a DownloadError. */
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.done.catch(() => {});
    this.#show(job);
  }

  /** From where it stands to its end, or to close(). */
  async #run(wait_ms) {
    const { signal } = this.#stop;
    try {
      if (wait_ms) {
        await pause(wait_ms, signal);
      }
      if (!this.jobId) {
        await this.#begin(signal);
      }
      await this.#watch(signal);
    } catch (error) {
      if (!signal.aborted) {
        this.#fail(error);
      }
    }
  }

  /** Takes a newer state; tells listeners, other tabs and the promise. */
  #take(job, quietly) {
    const old = this.job;
    if (isOver(old) || (job.status === old.status
        && job.progress < old.progress && job.attempt === old.attempt)) {
      return;
    }
    if (!quietly) {
      this.#channel?.postMessage(job);
    }
    if (!isOver(job)) {
      this.#show(job);
      return;
    }
    this.close();
    this.#client.forget(job.jobId);
    this.#show(job);
    if (job.status === 'completed') {
      this.#settle.resolve(job);
    } else {
      this.#settle.reject(new DownloadError({ errorCode: 'CANCELLED', ...job,
        message: job.error ?? job.message }, 200));
    }
  }

  #fail(error) {
    this.close();
    if (error.status === 404) {
      this.#client.forget(this.jobId);
    }
    this.#show({ ...this.job, status: 'failed', error: error.message,
      errorCode: error.code });
    this.#settle.reject(error);
  }

  /** Asks for the job; one idempotency key however often it is tried. */
  async #begin(signal) {
    const { idempotencyKey = newKey(), ...options } = this.#options;
    const init = {
      method: 'POST',
      headers: { 'Content-Type': 'application/json',
        'Idempotency-Key': idempotencyKey },
      body: JSON.stringify({ ...options, file_ids: this.fileIds }),
    };
    for (let i = 0; !signal.aborted;) {
      try {
        const { job } = await this.#client.request('/initiate', init);
        if (signal.reason === CANCEL) {
          await this.#client.request('/' + job.jobId, { method: 'DELETE' });
          return;
        }
        this.#client.remember(job.jobId, this.fileIds);
        if (!signal.aborted) {
          this.#take(job);
        }
        return;
      } catch (error) {
        if (!error.retryable || i === RETRY_S.length) {
          throw error;
        }
        await pause(error.retryAfter ?? jitter(RETRY_S[i] * 1000), signal);
        await awake(signal);
        // that another download must end first is no failure
        i += error.code !== 'TOO_MANY_JOBS';
      }
    }
  }

  /** Follows the job: one tab asks the server and tells the others. */
  async #watch(signal) {
    if (signal.aborted) {
      return;
    }
    const name = 'dljob:' + this.jobId;
    if (this.#client.shared) {
      const channel = new BroadcastChannel(name);
      channel.onmessage = ({ data }) => {
        if (data) {
          this.#take(data, true);
        } else if (this.job.createdAt) {
          channel.postMessage(this.job);
        }
      };
      channel.postMessage(null);        // who knows more?
      this.#channel = channel;
    }
    while (!signal.aborted) {
      await this.#client.alone(name, signal, () => this.#follow(signal));
      await awake(signal);
    }
  }

  /** Streams, or polls; ends when the page falls asleep. */
  async #follow(signal) {
    let failures = 0;                   // of the stream, in a row
    let errors = 0;                     // of the polls, in a row
    while (!signal.aborted) {
      let heard;
      if (failures < STREAM_TRIES || failures % STREAM_AGAIN === 0) {
        heard = await this.#client.place(() => this.#stream(signal));
      }
      // A stream that worked may go on unseen, polling may not.
      if (signal.aborted || (heard ? isOffline() : isAsleep())) {
        return;
      }
      if (heard) {
        failures = 0;
        await pause(Math.random() * 1000, signal);
        continue;
      }
      failures += heard === false || failures > 0;
      let wait_ms;
      try {
        wait_ms = await this.#poll(signal);
        errors = 0;
      } catch (error) {
        if (!error.retryable) {
          throw error;
        }
        wait_ms = error.retryAfter
          ?? jitter(Math.min(POLL_MS * 2 ** errors++, POLL_MAX_MS));
      }
      await (isAsleep() || pause(wait_ms, signal, true));
      if (isAsleep()) {
        return;
      }
    }
  }

  /** One stream, until it ends; whether it brought anything. */
  #stream(signal) {
    return until(signal, (end) => {
      const { base, credentials, EventSource } = this.#client;
      const source = new EventSource(`${base}/${this.jobId}/stream`,
        { withCredentials: credentials === 'include' });
      let heard = false;
      source.onmessage = ({ data }) => {
        heard = true;
        this.#take(JSON.parse(data));
      };
      source.onerror = () => end(heard);
      // what was opened before the network went may hang without an error
      const stop = onPage(({ type }) => type === 'online' && end(heard));
      return () => {
        source.close();
        stop();
      };
    });
  }

  /** Asks once; how many ms to wait before the next time. */
  async #poll(signal) {
    const { job, response } = await this.#client.request(
      '/status/' + this.jobId, {
        headers: this.#etag ? { 'If-None-Match': this.#etag } : {},
        cache: 'no-store',
        signal,
      });
    this.#etag = response.headers.get('ETag') ?? this.#etag;
    if (job) {
      this.#take(job);
    }
    return retryAfter(response) ?? jitter(POLL_MS);
  }

  /** Cancels the job on the server, or lets go of it if others wait too. */
  async cancel() {
    let job = { message: 'Cancelled' };
    if (isOver(this.job)) {
      return;
    }
    if (this.jobId) {
      try {
        ({ job } = await this.#client.request('/' + this.jobId,
          { method: 'DELETE' }));
      } catch (error) {
        if (error.status !== 409) {
          throw error;
        }
        await this.#poll();             // it was over before
        return;
      }
    }
    this.#stop.abort(CANCEL);
    this.#take({ ...this.job, ...job, status: 'cancelled',
      progress: this.job.progress }, job.status !== 'cancelled');
  }

  /** How often retry() may still be called. */
  get retriesLeft() {
    return RETRY_S.length - this.#retries;
  }

  /** Whether retry() does anything: it has failed, and tries are left. */
  get canRetry() {
    return isOver(this.job) && this.job.status !== 'completed'
      && this.retriesLeft > 0;
  }

  /** Tries a failed download again after 1, 2, 4 s; a new job. */
  retry() {
    if (this.canRetry) {
      const { idempotencyKey, ...options } = this.#options;
      const { fileId, files = [{ fileId }] } = this.job;
      this.#options = options;
      if (!this.fileIds.length) {
        this.fileIds = files.map((file) => file.fileId);
      }
      this.#renew();
      this.#run(RETRY_S[this.#retries++] * 1000);
    }
  }

  /** Stops watching here; the job goes on. */
  close() {
    this.#stop.abort();
    this.#channel?.close();
    this.#channel = undefined;
  }
}

/** For the options see dljob.d.ts and README.md. */
export function createClient(options = {}) {
  const { base = '/v1/download', credentials = 'same-origin',
    headers } = options;
  const key = 'dljob:jobs:' + base;
  const Source = options.EventSource ?? globalThis.EventSource;
  const most = Source ? options.streams ?? STREAMS : 0;
  const locks = options.shared !== false && globalThis.BroadcastChannel
    && globalThis.navigator?.locks;
  let open = 0;

  /** What change makes of the jobs under way, by their id. */
  function memory(change) {
    let jobs = {};
    try {
      const storage = options.storage === undefined
        ? localStorage : options.storage;
      jobs = JSON.parse(storage.getItem(key)) ?? jobs;
      if (change) {
        change(jobs);
        storage.setItem(key, JSON.stringify(jobs));
      }
    } catch {
      // a full or forbidden storage costs the resumption, nothing else
    }
    return jobs;
  }

  const client = {
    base,
    credentials,
    EventSource: Source,
    shared: Boolean(locks),

    /** One request; throws a DownloadError for an error answer. */
    async request(path, init) {
      let response;
      let job;
      try {
        response = await fetch(base + path, { credentials, ...init,
          headers: { Accept: 'application/json',
            ...typeof headers === 'function' ? headers() : headers,
            ...init.headers } });
        job = response.status === 304 ? undefined : await response.json();
      } catch {
        if (!response || response.ok) {
          throw new DownloadError({}, 0);
        }
        job = {};
      }
      if (!response.ok && response.status !== 304) {
        const error = new DownloadError(job, response.status);
        error.retryAfter = retryAfter(response);
        throw error;
      }
      return { job, response };
    },

    /** Runs fn while no other tab runs one of that name. */
    alone(name, signal, fn) {
      return locks ? locks.request(name, { signal }, fn) : fn();
    },

    /** Runs fn in one of the places for streams; undefined: all are taken. */
    async place(fn) {
      let result;
      if (!locks && open < most) {
        open++;
        result = await fn();
        open--;
      }
      for (let i = 0; locks && i < most && result === undefined; i++) {
        result = await locks.request('dljob:stream:' + i,
          { ifAvailable: true }, (lock) => lock ? fn() : undefined);
      }
      return result;
    },

    /** Starts a download of one file id or several. */
    start(fileIds, startOptions = {}) {
      return new Download(client, [].concat(fileIds), startOptions);
    },

    /** Watches a job that was started elsewhere. */
    watch(jobId, fileIds = []) {
      return new Download(client, fileIds, {},
        { jobId, status: 'queued', progress: 0 });
    },

    /** The downloads that were under way when the page was left. */
    resume(fileIds) {
      const wanted = fileIds && String(fileIds);
      return Object.entries(memory())
        .filter(([, entry]) => !fileIds || String(entry.fileIds) === wanted)
        .map(([jobId, entry]) => client.watch(jobId, entry.fileIds));
    },

    remember(jobId, fileIds) {
      memory((jobs) => { jobs[jobId] = { fileIds, at: Date.now() }; });
    },

    forget(jobId) {
      memory((jobs) => { delete jobs[jobId]; });
    },
  };
  return client;
}
