// SPDX-License-Identifier: Apache-2.0
// Must not compile, for the reason of its last line alone.
import { createClient } from './web/dljob.js';

const client = createClient();
client.start(70000);
client.start('70000');
