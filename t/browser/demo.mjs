// SPDX-License-Identifier: Apache-2.0
// Parts of the demo page, as the tests use them.
import { newFile } from './stack.mjs';

export function row(page, file) {
  return page.locator('.row').filter({
    has: page.locator('.name', { hasText: `File ${file.id}` }) });
}

export async function submit(page, ...files) {
  await page.fill('#ids', files.map((file) => file.id).join(' '));
  await page.click('button[type=submit]');
}

/** Waits until the row is in that state; what its state says. */
export async function reach(page, file, state) {
  const there = row(page, file).and(page.locator(`.${state}`));
  await there.waitFor({ timeout: 60000 });
  return there.locator('.state').textContent();
}

export async function progress(page, file) {
  return Number(await row(page, file).locator('.bar')
    .getAttribute('aria-valuenow'));
}

/** The id of the job that the row's page has under way. */
export function jobId(page, file) {
  return page.evaluate((id) => Object
    .entries(JSON.parse(localStorage['dljob:jobs:/v1/download'] ?? '{}'))
    .find(([, entry]) => entry.fileIds.includes(id))?.[0], file.id);
}

/** Hides the page or shows it: as a tab that is left and entered. */
export function hide(page, hidden) {
  return page.evaluate((value) => {
    Object.defineProperty(document, 'hidden',
      { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

export async function rise(t, page, file, at) {
  file.say(`progress ${at}`);
  await t.until(async () => await progress(page, file) === at, `${at} %`);
}

/** A demo page with one file on its way, at so many percent if given. */
export async function begin(t, { at, ...options } = {}) {
  const page = await t.demo(options);
  const file = newFile();
  await submit(page, file);
  await reach(page, file, 'processing');
  if (at) {
    await rise(t, page, file, at);
  }
  return { page, context: page.context(), file,
    job: await jobId(page, file) };
}

export const click = (page, file, name) =>
  row(page, file).locator('.' + name).click();

/** Lets it come to its end. */
export async function finish(page, file) {
  file.finish();
  await reach(page, file, 'completed');
}

/** Whatever the page has begun to ask is counted when this returns. */
export const settle = (page) => page.evaluate(async () => {
  await fetch('/demo/demo.css', { cache: 'no-store' });
});
