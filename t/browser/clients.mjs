// SPDX-License-Identifier: Apache-2.0
// Other clients of a stream: they get snapshot, progress and end, and do not
// come back after it. And what can be said of the files of web/ alone.
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { EventSource } from 'eventsource';
import { test } from './harness.mjs';
import { api, expectStreams, initiate, newFile } from './stack.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Lets the job rise and end; seen() gives the snapshots up to now. */
async function drive(t, file, seen) {
  const states = () => seen().map((job) => [job.status, job.progress]);
  await t.until(() => seen().length > 0, 'a snapshot');
  file.say('progress 40');
  await t.until(() => states().some(([, at]) => at === 40), 'progress');
  file.finish();
  await t.until(() => states().some(([state]) => state === 'completed'),
    'the end');
  const all = states();
  t.equal(all.at(-1), ['completed', 100], 'snapshot, progress, end');
  t.ok(all.every(([, at], i) => i === 0 || at >= all[i - 1][1]),
    'in this order', all);
  t.ok(seen().at(-1).downloadUrl, 'the last one has the link');
}

test('eventsource of npm', async (t) => {
  const file = newFile();
  const { jobId } = await initiate([file.id]);
  const answers = [];
  const seen = [];
  const source = new EventSource(`${api}/${jobId}/stream`, {
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      answers.push(response.status);
      return response;
    },
  });
  t.atEnd(async () => source.close());
  source.onmessage = ({ data }) => seen.push(JSON.parse(data));
  await drive(t, file, () => seen);
  await t.until(() => source.readyState === EventSource.CLOSED, 'closed');
  t.equal(answers, [200, 204], 'one stream; asked again, 204 ends it');
  expectStreams(jobId, 2, 'eventsource of npm');
});

test('EventSource of Chromium', async (t) => {
  const file = newFile();
  const { jobId } = await initiate([file.id]);
  const page = await t.demo();
  const answers = [];
  page.on('response', (response) => {
    if (response.url().endsWith('/stream')) {
      answers.push(response.status());
    }
  });
  await page.evaluate((url) => {
    globalThis.seen = [];
    globalThis.source = new EventSource(url);
    globalThis.source.onmessage = ({ data }) =>
      globalThis.seen.push(JSON.parse(data));
  }, `/v1/download/${jobId}/stream`);
  let seen = [];
  const look = async () => {
    seen = await page.evaluate(() => globalThis.seen);
    return seen;
  };
  const looking = setInterval(() => look().catch(() => {}), 20);
  t.atEnd(async () => clearInterval(looking));
  await drive(t, file, () => seen);
  await t.until(() => page.evaluate(() =>
    globalThis.source.readyState === EventSource.CLOSED), 'closed');
  t.equal(answers, [200, 204], 'one stream; asked again, 204 ends it');
  expectStreams(jobId, 2, 'EventSource of Chromium');
});

test('curl -N', async (t) => {
  const file = newFile();
  const { jobId } = await initiate([file.id]);
  const curl = spawn('curl', ['-sSN', `${api}/${jobId}/stream`]);
  let text = '';
  curl.stdout.on('data', (data) => { text += data; });
  const ended = new Promise((end) => { curl.on('close', end); });
  await drive(t, file, () => [...text.matchAll(/^data: ?(.*)\n\n/gm)]
    .map(([, data]) => JSON.parse(data)));
  t.equal(await ended, 0, 'ends by itself');
  t.ok(/^retry: ?3000$/m.test(text) && /^id: ?\d+$/m.test(text),
    'with ids, and the time to wait');
  expectStreams(jobId, 1, 'curl -N');
});

test('types', async (t) => {
  const tsc = `${here}node_modules/typescript/bin/tsc`;
  const found = await promisify(execFile)(process.execPath, [tsc,
    '--noEmit', '--strict', '--target', 'es2022', '--module', 'esnext',
    '--moduleResolution', 'bundler', '--lib', 'es2022,dom', 'types.ts',
    'types-wrong.ts'], { cwd: here }).then(() => '', (error) => error.stdout);
  t.equal(found.replace(/: error.*\n/g, '\n').trim(), 'types-wrong.ts(7,14)',
    'a program with every call compiles, and a wrong line alone does not');
  const names = async (path) => Object.keys(await import(path)).sort();
  t.equal(await names('./web/dljob.js'), ['DownloadError', 'createClient'],
    'what is exported is declared');
  t.equal(await names('./web/react/useDownload.js'), ['DownloadButton',
    'ProgressBar', 'useDownload'], 'for React too');
});

test('size', async (t) => {
  const bytes = gzipSync(readFileSync(`${here}web/dljob.js`)).length;
  t.ok(bytes < 6 * 1024, 'dljob.js has less than 6 KB, compressed', bytes);
  t.ok(!/^\s*import\b|\brequire\(/m.test(
    readFileSync(`${here}web/dljob.js`, 'utf8')), 'and needs nothing else');
});
