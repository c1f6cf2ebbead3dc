// SPDX-License-Identifier: Apache-2.0
// What one can do with downloads: cancel, retry, have many; and what
// dljob.js says to a page of one's own.
import { test } from './harness.mjs';
import { newFile, status } from './stack.mjs';
import { begin, click, finish, jobId, progress, reach, rise, row, settle,
  submit } from './demo.mjs';

test('cancel', async (t) => {
  const { page, file, job } = await begin(t);
  await click(page, file, 'cancel');
  t.equal(await reach(page, file, 'cancelled'), 'cancelled', 'is shown');
  t.equal((await status(job)).status, 'cancelled', 'and true');
  t.equal(await page.locator('#history li span').textContent(),
    `File ${file.id}: cancelled`, 'and in the history');
  await page.reload();
  t.equal(await page.locator('.row').count(), 0, 'and over');
  t.quiet(page.context());
});

test('cancel what others want too', async (t) => {
  const { page: one, file, job } = await begin(t);
  const two = await t.demo();
  await submit(two, file);
  await reach(two, file, 'processing');
  t.equal(await jobId(two, file), job, 'they share a job');
  await click(one, file, 'cancel');
  await reach(one, file, 'cancelled');
  t.equal((await status(job)).status, 'processing', 'it goes on');
  file.finish();
  await reach(two, file, 'completed');
  t.equal(await row(one, file).locator('.state').textContent(), 'cancelled',
    'for the other one alone');
  t.quiet(one.context());
});

test('cancel before there is a job', async (t) => {
  const page = await t.demo();
  const file = newFile();
  let go;
  const gate = new Promise((open) => { go = open; });
  await page.route('**/initiate', async (route) => {
    await gate;
    await route.continue();
  });
  const answered = page.waitForResponse('**/initiate');
  await submit(page, file);
  await reach(page, file, 'starting');
  await click(page, file, 'cancel');
  await reach(page, file, 'cancelled');
  go();
  const { jobId: job } = await (await answered).json();
  await t.until(async () => (await status(job)).status === 'cancelled',
    'the server is told');
  t.equal(await jobId(page, file), undefined, 'and nothing is remembered');
  t.quiet(page.context());
});

test('cancel when it is too late', async (t) => {
  const { page, file, job } = await begin(t, { query: '?poll' });
  // the page does not see the end before it has asked to cancel
  await page.route('**/status/*', (route) =>
    page.context().times('DELETE', job) ? route.continue() : route.abort());
  file.finish();
  await t.until(async () => (await status(job)).status === 'completed',
    'the end');
  await click(page, file, 'cancel');
  await reach(page, file, 'completed');
  t.ok(true, 'shows what it came to');
});

test('failure and retry', async (t) => {
  const page = await t.demo({ clock: true });
  const context = page.context();
  const file = newFile();
  const initiated = () => context.asked.filter(({ path }) =>
    path.endsWith('/initiate'));
  await page.clock.pauseAt(Date.now() + 60000);
  await submit(page, file);
  for (const [tries, wait_ms] of [[3, 1000], [2, 2000], [1, 4000]]) {
    file.say('exit 66');
    t.equal(await reach(page, file, 'failed'), 'failed', 'it fails');
    const retry = row(page, file).locator('.retry');
    t.equal(await retry.textContent(), `Retry (${tries} left)`,
      `${tries} left`);
    const before = initiated().length;
    await retry.click();
    await reach(page, file, 'starting');
    await page.clock.runFor(wait_ms - 10);
    await settle(page);
    t.equal(initiated().length, before, `not before ${wait_ms} ms`);
    await page.clock.runFor(10);
    await t.until(() => initiated().length === before + 1, 'the next try');
  }
  t.equal(await page.locator('#history li').count(), 3, 'all in the history');
  file.say('exit 66');
  await reach(page, file, 'failed');
  t.equal(await row(page, file).locator('.retry').isVisible(), false,
    'then no more');
  t.equal(await row(page, file).locator('.detail').textContent(),
    'The file does not exist', 'why it failed');
  const keys = await Promise.all(initiated().map(async ({ request }) =>
    (await request.allHeaders())['idempotency-key']));
  t.equal([keys.length, new Set(keys).size], [4, 4], 'each click has a key');
  t.quiet(context);
});

test('retry that succeeds', async (t) => {
  const page = await t.demo();
  const file = newFile();
  await submit(page, file);
  file.say('progress 50', 'exit 66');
  await reach(page, file, 'failed');
  await click(page, file, 'retry');
  await finish(page, file);
  t.equal(await row(page, file).locator('.detail').textContent(),
    `${file.name}, 1 kB`, 'nothing of the failure is left');
  t.quiet(page.context());
});

test('another attempt of the server', async (t) => {
  const { page, file } = await begin(t, { at: 80 });
  file.say('exit 75', 'progress 20');
  await t.until(async () => await progress(page, file) === 20,
    'the bar begins again');
  await finish(page, file);
  t.equal(page.context().times('POST', '/initiate'), 1, 'the same job');
  t.quiet(page.context());
});

test('server that is busy', async (t) => {
  const page = await t.demo();
  const file = newFile();
  const keys = new Set();
  let times = 0;
  await page.route('**/initiate', async (route) => {
    keys.add((await route.request().allHeaders())['idempotency-key']);
    await (times++ < 2 ? route.fulfill({ status: 503, json: {},
      headers: { 'Retry-After': times === 1 ? '0'
        : 'Wed, 21 Oct 2026 07:28:00 GMT' } }) : route.continue());
  });
  await submit(page, file);
  await finish(page, file);
  t.equal([times, keys.size], [3, 1], 'asked again with the same key');
});

test('refusal', async (t) => {
  const page = await t.demo();
  await submit(page, { id: 7 });
  await reach(page, { id: 7 }, 'failed');
  t.equal(await row(page, { id: 7 }).locator('.detail').textContent(),
    'file_ids[0]: 7 is below 10000', 'says why');
  t.equal(page.context().times('POST', '/initiate'), 1, 'and is final');
});

test('ten at once', async (t) => {
  const page = await t.demo();
  const context = page.context();
  const files = Array.from({ length: 10 }, newFile);
  const open = new Set();
  let most = 0;
  context.on('request', (request) => {
    if (request.resourceType() === 'eventsource') {
      open.add(request);
      most = Math.max(most, open.size);
    }
  });
  for (const event of ['requestfinished', 'requestfailed']) {
    context.on(event, (request) => open.delete(request));
  }
  await submit(page, ...files);
  await Promise.all(files.map((file) => reach(page, file, 'processing')));
  t.equal(open.size, 3, 'three stream, the others poll');
  await click(page, files[0], 'cancel');
  await click(page, files[9], 'cancel');
  await reach(page, files[0], 'cancelled');
  await reach(page, files[9], 'cancelled');
  t.ok(true, 'one can still cancel');
  files.slice(1, 9).forEach((file) => file.finish());
  await Promise.all(files.slice(1, 9).map((file) =>
    reach(page, file, 'completed')));
  t.equal(context.times('POST', '/initiate'), 10, 'all come to their end');
  t.ok(most <= 4, 'a few streams at a time', most);
  t.quiet(context);
});

test('more than one may have', async (t) => {
  const headers = { 'X-User-Id': 'bob' };
  const page = await t.demo({ extraHTTPHeaders: headers });
  const files = Array.from({ length: 7 }, newFile);
  const refused = page.waitForResponse((response) =>
    response.status() === 429);
  await submit(page, ...files);
  t.equal((await (await refused).json()).errorCode, 'TOO_MANY_JOBS',
    'five are let in');
  await page.locator('.processing').nth(4).waitFor();
  files.forEach((file) => file.finish());
  await Promise.all(files.map((file) => reach(page, file, 'completed')));
  t.ok(true, 'the others wait for their turn');
  t.quiet(page.context());
});

test('dljob.js', async (t) => {
  const page = await t.demo();
  const files = [1, 2, 3].map(newFile);

  files[0].finish(10);
  files[1].finish(20);
  files[2].say('exit 66');
  const job = await page.evaluate(async (ids) => {
    const { createClient } = await import('/dljob.js');
    const download = createClient({ storage: null }).start(ids);
    const seen = [];
    download.subscribe(({ status: state }) => seen.push(state));
    return { ...await download.done, seen, left: download.retriesLeft };
  }, files.map((file) => file.id));
  t.equal([job.status, job.partial, job.progress, job.totalFileIds],
    ['completed', true, 100, 3], 'several files are one job');
  t.equal(job.files.map(({ status: state, size }) => [state, size ?? null]),
    [['completed', 10], ['completed', 20], ['failed', null]],
    'each with its result');
  t.equal([job.seen[0], job.seen.at(-1), job.left],
    ['starting', 'completed', 3], 'a listener hears all');

  const errors = await page.evaluate(async () => {
    const { createClient, DownloadError } = await import('/dljob.js');
    const client = createClient({ storage: null, shared: false });
    const none = '3f2b8c1e-5d7a-4e0f-9b6c-2a1d4e8f7c90';
    const away = createClient({ base: '/nowhere', storage: null });
    const failed = (download) => download.done.then(() => null, (error) =>
      error instanceof DownloadError
        && [error.status, error.code, error.retryable]);
    return [await failed(client.start(99999999)), await failed(
      client.start(5)), await failed(client.watch(none)),
    await failed(away.start(70000))];
  });
  t.equal(errors, [[200, 'FILE_NOT_FOUND', false],
    [400, 'INVALID_FILE_ID', false], [404, 'JOB_NOT_FOUND', false],
    [404, 'HTTP_404', false]], 'errors are told');

  const file = newFile();
  file.finish(5);
  t.equal(await page.evaluate(async (id) => {
    const { createClient } = await import('/dljob.js');
    const { jobId: job } = await createClient({ storage: null }).start(id)
      .done;
    const again = createClient({ storage: null }).start(id,
      { priority: 'low' });
    return (await again.done).jobId === job;
  }, file.id), true, 'a finished file is there at once');
  t.quiet(page.context());
});
