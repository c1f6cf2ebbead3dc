// SPDX-License-Identifier: Apache-2.0
// How the demo page follows its jobs, whatever becomes of the page, the
// network and the server.
import { test } from './harness.mjs';
import { Proxy } from './proxy.mjs';
import { expectStreams, initiate, newFile, restart, status, streamStatus,
  withDirectives } from './stack.mjs';
import { begin, finish, hide, jobId, progress, reach, rise, row, settle,
  submit } from './demo.mjs';

const polls = (context) => context.asked.filter(({ path }) =>
  path.includes('/status/'));

test('reload and resume', async (t) => {
  const { page, context, file, job } = await begin(t, { at: 30 });
  await page.reload();
  await t.until(async () => await row(page, file).count() === 1
    && await progress(page, file) === 30, 'the row is back');
  t.equal(await row(page, file).locator('.state').textContent(), '30 %',
    'with its progress');
  await rise(t, page, file, 60);
  await finish(page, file);
  t.equal(context.times('POST', '/initiate'), 1, 'asked for once');
  t.equal(context.times('GET', '/stream'), 2, 'a stream each');
  t.equal(await jobId(page, file), undefined, 'and forgotten at the end');
  expectStreams(job, 2, 'reload and resume');
  t.quiet(context);
});

test('resume of a job that is gone', async (t) => {
  const page = await t.demo();
  await page.evaluate(() => {
    localStorage['dljob:jobs:/v1/download'] = JSON.stringify(
      { '3f2b8c1e-5d7a-4e0f-9b6c-2a1d4e8f7c90': { fileIds: [77777] } });
  });
  await page.reload();
  await reach(page, { id: 77777 }, 'failed');
  await page.reload();
  t.equal(await page.locator('.row').count(), 0, 'is not tried for ever');
});

test('two tabs', async (t) => {
  const { page: one, context, file, job } = await begin(t, { at: 30 });
  const two = await t.demo({ context });
  await t.until(async () => await row(two, file).count() === 1
    && await progress(two, file) === 30, 'the second tab knows');
  await rise(t, two, file, 50);
  t.equal(await progress(one, file), 50, 'both rise');
  t.equal([context.times('GET', '/stream'), polls(context).length], [1, 0],
    'one tab streams for both');

  await one.close();
  await rise(t, two, file, 70);
  t.equal(context.times('GET', '/stream'), 2, 'then the other one does');
  const three = await t.demo({ context });
  await t.until(async () => await row(three, file).count() === 1
    && await progress(three, file) === 70, 'a third knows');
  file.finish();
  await Promise.all([two, three].map((page) =>
    reach(page, file, 'completed')));
  t.ok(true, 'both are told the end');
  t.equal(await row(two, file).locator('.link').getAttribute('href'),
    await row(three, file).locator('.link').getAttribute('href'),
    'with its link');
  t.equal(context.times('GET', '/stream'), 2, 'and it stays at that');
  expectStreams(job, 2, 'two tabs');
  t.quiet(context);
});

test('hidden tab', async (t) => {
  const { page, context, file, job } = await begin(t,
    { query: '?poll', clock: true });
  const before = polls(context).length;
  await t.until(async () => {
    await page.clock.fastForward(60000);
    return polls(context).length > before;
  }, 'it polls while it is seen');
  t.equal(context.times('GET', '/stream'), 0, 'by polling, as wished');

  await hide(page, true);
  await settle(page);
  const seen = polls(context).length;
  for (let i = 0; i < 5; i++) {
    await page.clock.fastForward(60000);
    await settle(page);
  }
  t.equal(polls(context).length, seen, 'hidden, it does not poll');
  file.finish();
  await t.until(async () => (await status(job)).status === 'completed',
    'the job ends');
  await hide(page, false);
  await reach(page, file, 'completed');
  t.ok(true, 'seen again, it asks at once');
  t.quiet(context);
});

test('hidden tab and another', async (t) => {
  const { page: one, context, file } = await begin(t, { query: '?poll' });
  await hide(one, true);
  const two = await t.demo({ context, query: '?poll', clock: true });
  file.say('progress 40');
  await t.until(async () => {
    await two.clock.fastForward(40000);
    return await progress(two, file) === 40;
  }, '40 %');
  t.ok(true, 'the one that is seen asks');
  t.equal(await progress(one, file), 40, 'and tells the other');
  await hide(two, true);
  file.finish();
  await hide(one, false);
  await reach(one, file, 'completed');
  await reach(two, file, 'completed');
  t.quiet(context);
});

test('offline and back', async (t) => {
  const proxy = await new Proxy(t.base).listen();
  t.atEnd(() => proxy.close());
  const { page, context, file, job } = await begin(t,
    { at: 30, base: proxy.url });
  await context.setOffline(true);
  await t.until(() => page.evaluate(() => !navigator.onLine), 'offline');
  proxy.cut();
  file.say('progress 60');
  await t.until(async () => (await status(job)).progress === 60,
    'the job goes on');
  const late = newFile();
  await submit(page, late);
  await t.until(() => context.asked.at(-1).request.failure(),
    'the network is away');
  t.equal(await progress(page, file), 30, 'the page stays as it was');
  t.equal([context.times('GET', '/stream'), polls(context).length], [1, 0],
    'and asks for nothing in vain');
  proxy.allow();
  await context.setOffline(false);
  await t.until(async () => await progress(page, file) === 60, 'back');
  await reach(page, late, 'processing');
  t.ok(true, 'what was wanted meanwhile is asked for');
  file.finish();
  late.finish();
  await reach(page, file, 'completed');
  await reach(page, late, 'completed');
  t.equal(context.times('GET', `${job}/stream`), 2, 'by a second stream');
  t.quiet(context);
});

test('network that comes back', async (t) => {
  const { page, context, file } = await begin(t, { at: 30 });
  await context.setOffline(true);
  await context.setOffline(false);
  await t.until(() => context.times('GET', '/stream') === 2,
    'the stream is begun anew, as the old one may hang');
  await finish(page, file);
  t.quiet(context);
});

test('server out of reach', async (t) => {
  const proxy = await new Proxy(t.base).listen();
  t.atEnd(() => proxy.close());
  const { page, context, file } = await begin(t,
    { at: 30, base: proxy.url, clock: true });
  proxy.cut();
  await t.until(async () => {
    await page.clock.fastForward(10000);
    return polls(context).length > 3;
  }, 'it tries and tries');
  t.equal(await row(page, file).locator('.state').textContent(), '30 %',
    'without giving up');
  proxy.allow();
  file.say('progress 60');
  await t.until(async () => {
    await page.clock.fastForward(10000);
    return await progress(page, file) === 60;
  }, '60 %');
  await finish(page, file);
  t.equal(context.times('POST', '/initiate'), 1, 'the same job');
  t.quiet(context);
});

test('without a secure context', async (t) => {
  const base = t.base.replace('127.0.0.1', 'dljob.test');
  const { page, file } = await begin(t, { at: 30, base });
  t.equal(await page.evaluate(() => [isSecureContext, 'locks' in navigator]),
    [false, false], 'there are no locks');
  await finish(page, file);
  t.equal(page.context().times('GET', '/stream'), 1, 'it streams');
  t.quiet(page.context());
});

test('stream that is cut', async (t) => {
  const { page, context, file, job } = await begin(t, { at: 30 });
  restart();
  await t.until(() => context.times('GET', '/stream') === 2,
    'it streams again');
  await rise(t, page, file, 60);
  await finish(page, file);
  t.equal([context.times('POST', '/initiate'), polls(context).length], [1, 0],
    'it goes on as before');
  expectStreams(job, 2, 'stream that is cut');
  t.quiet(context);
}, { alone: true });

/** In the page: keeps what it polls, by its own clock. */
function notePolls() {
  const { fetch } = globalThis;
  globalThis.polls = [];            // by the page's own clock
  globalThis.fetch = async (url, init) => {
    const entry = { asked: Date.now(),
      changes: 'If-None-Match' in (init.headers ?? {}) };
    const response = await fetch(url, init);
    entry.answered = Date.now();
    entry.status = response.status;
    entry.after_ms = response.headers.get('Retry-After') * 1000;
    if (url.includes('/status/')) {
      globalThis.polls.push(entry);
    }
    return response;
  };
}

test('no streams to be had', async (t) => {
  const other = (await initiate([newFile().id])).jobId;
  const refused = async () => await streamStatus(other) === 503;
  await withDirectives('DLJobStream off', refused, async () => {
    const page = await t.demo({ clock: true,
      before: (one) => one.addInitScript(notePolls) });
    const context = page.context();
    const file = newFile();
    await page.clock.pauseAt(Date.now() + 60000);
    await submit(page, file);
    file.say('progress 30');
    const pass = async (what, condition) => t.until(async () => {
      await page.clock.runFor(1000);
      await settle(page);
      return condition();
    }, what);
    await pass('30 %', async () => await progress(page, file) === 30);
    await pass('three tries', () => context.times('GET', '/stream') === 3);
    await pass('it polls for changes', () => page.evaluate(() =>
      globalThis.polls.filter((one) => one.status === 304).length > 2));
    file.finish();
    await pass('the end', () => row(page, file).locator('.link').isVisible());
    t.equal(context.times('GET', '/stream'), 3, 'no further stream');
    const asked = await page.evaluate(() => globalThis.polls);
    t.equal(asked.filter((one, i) => i > 0 && !(one.asked
      >= asked[i - 1].answered + asked[i - 1].after_ms)), [],
    'no poll earlier than Retry-After says');
    // before the first ones a stream was tried
    const late = asked.map((one, i) => i && (one.asked
      - asked[i - 1].answered - asked[i - 1].after_ms)
      / asked[i - 1].after_ms).slice(3);
    t.ok(new Set(late).size > 1 && late.every((share) => share <= 0.3),
      'but up to a quarter later, each time another', late);
    t.equal(asked.slice(1).every((one) => one.changes), true,
      'each asks for changes only');
    t.quiet(context);
  });
}, { alone: true });
