// SPDX-License-Identifier: Apache-2.0
// useDownload, DownloadButton and ProgressBar in real React (StrictMode).
import { readFileSync } from 'node:fs';
import { test } from './harness.mjs';
import { violations } from './page.mjs';
import { serveReact } from './react-page.mjs';
import { newFile, status } from './stack.mjs';

async function open(t, file, hookFile) {
  const context = await t.context();
  await serveReact(context);
  const page = await context.newPage();
  await page.goto(`${t.base}/react/page/?${file?.id ?? 0}&${
    hookFile?.id ?? 0}`);
  await page.getByRole('button').first().waitFor();
  return page;
}

const button = (page, name) => page.getByRole('button', { name });
const bar = (page) => page.getByRole('progressbar');

async function rises(t, page, file, at) {
  file.say(`progress ${at}`);
  await t.until(async () => await bar(page).count() === 1
    && await bar(page).getAttribute('aria-valuenow') === String(at),
  `${at} %`);
}

test('React: one download', async (t) => {
  const file = newFile();
  const page = await open(t, file);
  const context = page.context();
  t.equal(await violations(page), [], 'axe has nothing against the button');
  await button(page, 'Download file').click();
  await rises(t, page, file, 30);
  t.equal(await button(page, 'Download file').isDisabled(), true,
    'one click is enough');
  t.equal(await bar(page).evaluate((element) =>
    element.firstElementChild.style.width), '30%', 'the bar rises');
  t.equal(await page.locator('[aria-live]').textContent(),
    'Download progress: 25 %', 'and is announced');
  t.equal(await violations(page), [], 'axe has nothing against the bar');

  await page.reload();
  await t.until(async () => await bar(page).count() === 1
    && await bar(page).getAttribute('aria-valuenow') === '30',
  'it goes on after a reload');
  file.finish(5000);
  const link = page.getByRole('link', { name: `Save ${file.name}` });
  await link.waitFor();
  t.equal(await violations(page), [], 'axe has nothing against the link');
  t.equal(await page.evaluate(() => globalThis.completed.length), 1,
    'onCompleted is called once');
  const [download] = await Promise.all([page.waitForEvent('download'),
    link.click()]);
  t.ok(readFileSync(await download.path(), 'utf8') === file.bytes(5000),
    'the bytes are right');
  t.equal(context.times('POST', '/initiate'), 1, 'one job');
  t.quiet(context);
});

test('React: cancel, fail, retry', async (t) => {
  const file = newFile();
  const page = await open(t, file);
  await button(page, 'Download file').click();
  await rises(t, page, file, 10);
  await button(page, 'Cancel').click();
  const alert = page.getByRole('alert');
  await t.until(async () => await alert.count() === 1
    && (await alert.textContent()).startsWith('Download cancelled'),
  'cancelled');
  await button(page, 'Retry (3 left)').click();
  await button(page, 'Starting …').waitFor();
  file.say('exit 66');
  await button(page, 'Retry (2 left)').waitFor();
  t.equal(await alert.locator('p').textContent(),
    'Download failed: The file does not exist', 'the error is told');
  t.equal(await violations(page), [], 'axe has nothing against it');
  file.finish();
  await button(page, 'Retry (2 left)').click();
  await page.getByRole('link').waitFor();
  t.ok(true, 'and then it works');
  t.quiet(page.context());
});

test('React: the hook', async (t) => {
  const [file, other] = [newFile(), newFile()];
  const page = await open(t, null, file);
  const context = page.context();
  const fields = () => page.evaluate(() => ({ ...globalThis.fields,
    jobStatus: globalThis.fields.jobStatus?.status }));
  const wait = (what, value) => t.until(async () =>
    (await fields())[what] === value, `${what} ${value}`);
  t.equal(Object.keys(await fields()), ['startDownload', 'cancel', 'retry',
    'jobId', 'jobStatus', 'isLoading', 'isProcessing', 'isCompleted',
    'isFailed', 'canRetry', 'retriesLeft', 'progress', 'downloadUrl',
    'error'], 'has its fields');
  await page.click('#hook');
  await wait('isProcessing', true);
  file.say('progress 40');
  await wait('progress', 40);
  const { jobId } = await fields();

  await page.evaluate((id) => globalThis.render(null, id), other.id);
  await wait('jobStatus', undefined);
  await t.until(() => context.asked.find(({ path }) =>
    path.endsWith('/stream')).request.failure(), 'the stream is closed');
  t.equal((await status(jobId)).status, 'processing',
    'another file: the first job goes on');
  await page.click('#hook');
  other.finish();
  await wait('isCompleted', true);
  const done = await fields();
  t.equal([done.progress, done.isLoading, done.isProcessing, done.isFailed,
    typeof done.downloadUrl], [100, false, false, false, 'string'],
  'all is said at the end');
  await page.evaluate(() => globalThis.render());
  await page.locator('#hook').waitFor({ state: 'detached' });
  file.finish();
  t.quiet(context);
});
