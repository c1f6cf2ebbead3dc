// SPDX-License-Identifier: Apache-2.0
// Runs the browser tests: each with a browser context of its own, some at a
// time; says "ok - ..." and counts.
import { chromium } from 'playwright-core';
import { waitFor } from './wait.mjs';

const AT_ONCE = 4;
const LIMIT_S = 120;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic',
  '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
  // a name that is not localhost: a page without a secure context
  '--host-resolver-rules=MAP dljob.test 127.0.0.1'];

const tests = [];
let passed = 0;
let failed = 0;

/** A test; alone: it disturbs the others, and runs after them. */
export function test(name, run, { alone = false } = {}) {
  tests.push({ name, run, alone });
}

/** What a test gets: checks, and pages that are watched. */
class Bench {
  #closing = [];

  constructor(name, browser, base) {
    Object.assign(this, { name, browser, base, steps: [] });
  }

  ok(good, text, got) {
    good ? passed++ : failed++;
    console.log(`${good ? 'ok' : 'not ok'} - ${this.name}: ${text}`
      + (good || got === undefined ? '' : `: ${JSON.stringify(got)}`));
  }

  equal(got, wanted, text) {
    const [a, b] = [got, wanted].map((value) => JSON.stringify(value));
    this.ok(a === b, a === b ? text : `${text}: not ${b}`, got);
  }

  until(condition, what) {
    return waitFor(condition, `${this.name}: ${what}`);
  }

  atEnd(fn) {
    this.#closing.push(fn);
  }

  /** A browser of its own, so to say; everything its pages do is kept. */
  async context(options = {}) {
    const context = await this.browser.newContext(options);
    this.atEnd(() => context.close());
    context.bench = this;
    context.asked = [];             // { method, path, page, request, at }
    context.complaints = [];        // of the pages: errors, CSP
    context.on('request', (request) => {
      const { pathname } = new URL(request.url());
      context.asked.push({ method: request.method(), path: pathname,
        request, at: performance.now() });
    });
    context.on('weberror', (error) => {
      context.complaints.push(String(error.error()));
    });
    context.on('console', (message) => {
      // failed requests, which the tests bring about, are in there too
      if (['error', 'warning'].includes(message.type())
          && !/^Failed to load resource/.test(message.text())) {
        context.complaints.push(message.text());
      }
    });
    context.times = (method, end) => context.asked.filter((entry) =>
      entry.method === method && entry.path.endsWith(end)).length;
    return context;
  }

  /**
   * A page with the demo, in a context of its own or the one given; clock: one
   * that the test can turn on; before(page): what comes first.
   */
  async demo({ query = '', base = this.base, clock = false, before, context,
    ...options } = {}) {
    const page = await (context ?? await this.context(options)).newPage();
    if (clock) {
      await page.clock.install();
    }
    await before?.(page);
    await page.goto(`${base}/demo/${query}`);
    return page;
  }

  /** Whether the pages had nothing to complain about. */
  quiet(context) {
    this.equal(context.complaints, [], 'no error, no CSP violation');
  }

  /** After a failure: what the pages show, and what they asked last. */
  async tell() {
    for (const context of this.browser.contexts()
      .filter((one) => one.bench === this)) {
      for (const page of context.pages()) {
        const text = await page.innerText('main').catch(String);
        console.log(`# page:\n${text.replace(/^/gm, '#   ')}`);
      }
      context.asked.slice(-20).forEach(({ method, path, at, request }) =>
        console.log(`# ${Math.round(at)} ms: ${method} ${path} ${
          request.failure()?.errorText ?? ''}`));
    }
  }

  async end() {
    for (const fn of this.#closing.reverse()) {
      await fn().catch(() => {});
    }
  }
}

async function runOne({ name, run }, browser, base) {
  const bench = new Bench(name, browser, base);
  const began = performance.now();
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('takes too long')),
      LIMIT_S * 1000);
  });
  try {
    await Promise.race([run(bench), limit]);
  } catch (error) {
    failed++;
    console.log(`not ok - ${name}: ${error.stack}`);
    await bench.tell();
  }
  clearTimeout(timer);
  await bench.end();
  console.log(`   ${name}: ${
    ((performance.now() - began) / 1000).toFixed(1)} s`);
}

/** Runs all tests, or those whose name has the pattern; whether all passed. */
export async function runAll(base, pattern = '') {
  const browser = await chromium.launch({ args: FLAGS,
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' });
  const wanted = tests.filter(({ name }) => name.includes(pattern));
  const together = wanted.filter(({ alone }) => !alone);
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let one; (one = together.shift());) {
      await runOne(one, browser, base);
    }
  }));
  for (const one of wanted.filter(({ alone }) => alone)) {
    await runOne(one, browser, base);
  }
  await browser.close();
  console.log(`# ${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0;
}
