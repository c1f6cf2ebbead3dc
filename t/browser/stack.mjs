// SPDX-License-Identifier: Apache-2.0
// The running stack: its API, its httpd, and its source, which does for each
// file what the test says, when the test says it.
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, openSync, readFileSync, writeFileSync,
  writeSync } from 'node:fs';
import { waitFor } from './wait.mjs';

const { BASE_URL, CONF, HTTPD_PID, STEPS, EXPECTED } = process.env;
let next = 20000;

export const base = BASE_URL;
export const api = `${BASE_URL}/v1/download`;

/** A file nobody has asked for yet. */
export function newFile() {
  const id = next++;
  const fifo = `${STEPS}/${id}`;
  execFileSync('mkfifo', [fifo]);
  chmodSync(fifo, 0o666);
  const fd = openSync(fifo, 'r+');      // waits for no reader
  return {
    id,
    name: `report-${id}.csv`,
    /** Lines for t/browser/source: "progress 40", "bytes 5000", "exit 0". */
    say: (...lines) => writeSync(fd, lines.join('\n') + '\n'),
    finish(size = 1000) {
      return this.say(`filename ${this.name}`, 'type text/csv',
        `bytes ${size}`, 'exit 0');
    },
    bytes: (size = 1000) => `file ${id}\n`.repeat(size).slice(0, size),
  };
}

export async function initiate(ids, headers = {}) {
  const response = await fetch(`${api}/initiate`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ file_ids: ids }),
  });
  return response.json();
}

export async function status(jobId, headers = {}) {
  return (await fetch(`${api}/status/${jobId}`, { headers })).json();
}

/** The server must have answered so many streams of that job in all. */
export function expectStreams(jobId, count, text) {
  appendFileSync(EXPECTED, `${jobId} ${count} ${text}\n`);
}

export function restart() {
  process.kill(HTTPD_PID, 'SIGUSR1');
}

/** Runs fn while httpd has further directives. */
export async function withDirectives(text, isEffective, fn) {
  const before = readFileSync(CONF);
  const set = async (content, effective) => {
    writeFileSync(CONF, content);
    restart();
    await waitFor(async () => await isEffective() === effective,
      `httpd has ${text}: ${effective}`);
  };
  await set(`${before}\n${text}\n`, true);
  try {
    await fn();
  } finally {
    await set(before, false);
  }
}

/** The status of a job's stream, which is closed at once. */
export async function streamStatus(jobId) {
  const stop = new AbortController();
  try {
    const response = await fetch(`${api}/${jobId}/stream`,
      { signal: stop.signal, headers: { Connection: 'close' } });
    return response.status;
  } catch {
    return 0;               // a connection that a restart has ended
  } finally {
    stop.abort();
  }
}
