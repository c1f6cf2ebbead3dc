// SPDX-License-Identifier: Apache-2.0
// All browser tests, against the stack that the environment tells of; an
// argument picks those with it in their name.
import { runAll } from './harness.mjs';
import { base } from './stack.mjs';
import './page.mjs';
import './watch.mjs';
import './jobs.mjs';
import './react.mjs';
import './clients.mjs';

process.exitCode = await runAll(base, process.argv[2]) ? 0 : 1;
