// SPDX-License-Identifier: Apache-2.0
// The demo page: what one sees, hears and presses.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from './harness.mjs';
import { newFile } from './stack.mjs';
import { begin, finish, progress, reach, rise, row, submit }
  from './demo.mjs';

const axe = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core has to say against the page. */
export async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    // a transition is no colour to be judged
    await Promise.all(document.getAnimations()
      .filter((one) => one.constructor.name === 'CSSTransition')
      .map((one) => one.finished.catch(() => {})));
    return globalThis.axe.run();
  });
  return found.violations.map(({ id, nodes }) =>
    `${id}: ${nodes.map((node) => node.target).join(' ')}`);
}

test('happy path', async (t) => {
  const page = await t.demo();
  const context = page.context();
  const file = newFile();
  const seen = [];
  await submit(page, file);
  for (const at of [20, 60, 90]) {
    await rise(t, page, file, at);
    seen.push(await row(page, file).locator('.fill').evaluate(
      (fill) => getComputedStyle(fill).getPropertyValue('--done')));
  }
  t.equal(seen, ['0.2', '0.6', '0.9'], 'the bar rises');
  file.say('message Packing');
  await t.until(async () => await row(page, file).locator('.detail')
    .textContent() === 'Packing', 'the message');
  file.finish(300000);
  t.equal(await reach(page, file, 'completed'), 'ready', 'it gets ready');
  t.equal(await row(page, file).locator('.detail').textContent(),
    `${file.name}, 300 kB`, 'name and size');

  const [download] = await Promise.all([page.waitForEvent('download'),
    row(page, file).locator('.link').click()]);
  t.equal(download.suggestedFilename(), file.name, 'saved by its name');
  t.ok(readFileSync(await download.path(), 'utf8') === file.bytes(300000),
    'the bytes are right');
  t.equal([context.times('POST', '/initiate'),
    context.times('GET', '/stream')], [1, 1], 'one job, one stream');
  t.equal(context.asked.filter(({ path }) =>
    path.includes('/status/')).length, 0, 'no polling');
  t.quiet(context);
});

test('time left', async (t) => {
  let left_s;
  let at = 0;
  const page = await t.demo({ before: (one) => one.route('**/stream',
    (route) => route.fulfill({ contentType: 'text/event-stream',
      body: `data: ${JSON.stringify({ status: 'processing', progress: ++at,
        jobId: new URL(route.request().url()).pathname.split('/').at(-2),
        estimatedCompletion: new Date(Date.now() + left_s * 1000) })}\n\n` }),
  ) });
  const file = newFile();
  await submit(page, file);
  for (const [seconds, text] of [[-5, /^$/], [60, /^about (5\d|60) s left$/],
    [600, /^about 10 min left$/]]) {
    left_s = seconds;
    const before = at;
    await t.until(async () => await progress(page, file) > before + 1
      && text.test(await row(page, file).locator('.detail').textContent()),
    `${seconds} s: ${text}`);
    t.ok(true, `${seconds} s`);
  }
  await page.unroute('**/stream');
  await finish(page, file);
});

test('history', async (t) => {
  const page = await t.demo();
  const file = newFile();
  await submit(page, file);
  await finish(page, file);
  const entry = page.locator('#history li');
  t.equal(await entry.locator('span').textContent(),
    `File ${file.id}: completed`, 'has an entry');
  await page.reload();
  t.equal(await entry.count(), 1, 'outlives a reload');
  t.equal(await page.locator('.row').count(), 0,
    'what is over is not taken up again');
  await page.click('#clear');
  t.equal([await entry.count(), await page.isVisible('#clear')], [0, false],
    'is cleared');
  await page.reload();
  t.equal(await entry.count(), 0, 'for good');
  t.quiet(page.context());
});

test('announcements', async (t) => {
  const page = await t.demo();
  const file = newFile();
  t.equal(await page.getAttribute('#live', 'aria-live'), 'polite', 'polite');
  await page.evaluate(() => {
    globalThis.said = [];
    new MutationObserver(() => {
      globalThis.said.push(document.getElementById('live').textContent);
    }).observe(document.getElementById('live'), { childList: true });
  });
  await submit(page, file);
  for (const at of [10, 24, 26, 40, 51, 80, 95]) {
    await rise(t, page, file, at);
  }
  await finish(page, file);
  const name = `File ${file.id}`;
  t.equal(await page.evaluate(() => globalThis.said), [`${name}: 25 %`,
    `${name}: 50 %`, `${name}: 75 %`, `${name}: ready. ${file.name}, 1 kB`],
  'each quarter and the end, once');
  const bar = row(page, file).getByRole('progressbar', { name });
  t.equal([await bar.getAttribute('aria-valuemin'),
    await bar.getAttribute('aria-valuemax'),
    await bar.getAttribute('aria-valuenow')], ['0', '100', '100'],
  'the progress bar has a name and values');
});

test('keyboard', async (t) => {
  const page = await t.demo();
  const file = newFile();
  const focused = () => page.evaluate(() => {
    const { activeElement: element } = document;
    const style = getComputedStyle(element);
    return { name: element.getAttribute('aria-label') ?? element.id
        ?? element.textContent,
      outlined: style.outlineStyle !== 'none'
        && parseInt(style.outlineWidth, 10) >= 2 };
  });
  await page.keyboard.press('Tab');
  t.equal(await focused(), { name: 'ids', outlined: true },
    'the field comes first, and one sees it');
  await page.keyboard.press('Control+A');
  await page.keyboard.type(String(file.id));
  await page.keyboard.press('Enter');
  await reach(page, file, 'processing');
  await page.keyboard.press('Tab');
  t.equal((await focused()).outlined, true, 'one sees the button');
  await page.keyboard.press('Tab');
  t.equal(await focused(), { name: `Cancel File ${file.id}`, outlined: true },
    'then cancel');
  await page.keyboard.press('Space');
  await reach(page, file, 'cancelled');
  t.equal(await focused(), { name: `Retry (3 left) File ${file.id}`,
    outlined: true }, 'the focus goes to retry');
  await page.keyboard.press('Enter');
  t.equal((await focused()).name, `Cancel File ${file.id}`,
    'and back to cancel');
  await finish(page, file);
  t.equal(await focused(), { name: `Save File ${file.id}`, outlined: true },
    'and to the link');
  const [download] = await Promise.all([page.waitForEvent('download'),
    page.keyboard.press('Enter')]);
  t.equal(download.suggestedFilename(), file.name, 'which Enter follows');
  t.quiet(page.context());
});

for (const colorScheme of ['light', 'dark']) {
  test(`axe, ${colorScheme}`, async (t) => {
    const page = await t.demo({ colorScheme });
    t.equal(await violations(page), [], 'nothing against the empty page');
    const files = [1, 2, 3, 4].map(newFile);
    await submit(page, ...files);
    files[0].finish();
    files[1].say('exit 66');
    files[2].say('progress 40');
    await reach(page, files[0], 'completed');
    await reach(page, files[1], 'failed');
    await t.until(async () => await progress(page, files[2]) === 40, '40 %');
    await row(page, files[3]).locator('.cancel').click();
    await reach(page, files[3], 'cancelled');
    await page.fill('#ids', 'many');
    await page.click('button[type=submit]');
    t.equal(await page.textContent('#problem'), '"many" is no file id',
      'a wrong id is told');
    t.equal(await violations(page), [], 'nothing against the full one');
    await row(page, files[2]).locator('.cancel').click();
    await page.evaluate(() => {
      document.getElementById('ids').labels[0].remove();
    });
    t.ok((await violations(page)).length > 0, 'and it would see something');
    t.quiet(page.context());
  });
}

test('narrow screen', async (t) => {
  const { page, file } = await begin(t,
    { viewport: { width: 320, height: 600 } });
  await finish(page, file);
  t.equal(await page.evaluate(() =>
    document.documentElement.scrollWidth), 320, 'nothing sticks out');
});

test('reduced motion', async (t) => {
  const motion = async (reducedMotion) => {
    const { page, file } = await begin(t, { reducedMotion });
    const found = await row(page, file).evaluate((item) => {
      item.className = 'row queued';
      return [getComputedStyle(item.querySelector('.bar')).animationName,
        getComputedStyle(item.querySelector('.fill')).transitionDuration];
    });
    file.finish();
    return found;
  };
  t.equal(await motion('no-preference'), ['wait', '0.3s'], 'it moves');
  t.equal(await motion('reduce'), ['none', '0s'], 'unless one dislikes it');
});

test('content security policy', async (t) => {
  const page = await t.demo();
  const { complaints } = page.context();
  const response = await page.reload();
  t.equal(response.headers()['content-security-policy'],
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    + "connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
    + "form-action 'none'; frame-ancestors 'none'", 'is strict');
  t.equal(complaints, [], 'the page keeps it');
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'globalThis.injected = true;';
    document.body.append(script);
  });
  t.equal(await page.evaluate(() => globalThis.injected ?? false), false,
    'an injected script does not run');
  await t.until(() => complaints.some((text) =>
    text.includes('Content Security Policy')), 'the violation is told');
});
