// SPDX-License-Identifier: Apache-2.0
// The network between a browser and httpd, which can be cut.
import { connect, createServer } from 'node:net';

export class Proxy {
  #sockets = new Set();
  #allowed = true;

  constructor(target) {
    const { port } = new URL(target);
    this.server = createServer((client) => {
      if (!this.#allowed) {
        client.resetAndDestroy();
        return;
      }
      const server = connect(port, '127.0.0.1');
      for (const [from, to] of [[client, server], [server, client]]) {
        this.#sockets.add(from);
        from.pipe(to);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
    });
  }

  async listen() {
    await new Promise((ready) => {
      this.server.listen(0, '127.0.0.1', ready);
    });
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  /** Ends all connections, in whatever they are, and refuses others. */
  cut() {
    this.#allowed = false;
    this.#sockets.forEach((socket) => socket.resetAndDestroy());
  }

  allow() {
    this.#allowed = true;
  }

  async close() {
    this.cut();
    this.server.close();
  }
}
