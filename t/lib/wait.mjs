// SPDX-License-Identifier: Apache-2.0
// The one place where tests in JavaScript wait: for a condition, by a
// deadline.

/** Calls condition until it gives something true, and returns that. */
export async function waitFor(condition, what, seconds = 60) {
  const deadline = performance.now() + seconds * 1000;
  for (let step_ms = 2; ; step_ms = Math.min(step_ms * 2, 50)) {
    const got = await condition();
    if (got) {
      return got;
    }
    if (performance.now() > deadline) {
      throw new Error('waited in vain: ' + what);
    }
    await new Promise((go) => { setTimeout(go, step_ms); });
  }
}
