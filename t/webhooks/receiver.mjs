// SPDX-License-Identifier: Apache-2.0
// Receivers of webhooks that do what receivers do, one port each, verified by
// the reference library of Standard Webhooks.
//
//   node receiver.mjs DIR ADDRESS SECRET...
//
// Writes DIR/ports.json when all listen, {"ok": 1234, …}, and a line of JSON
// per request into DIR/requests.log:
//   { act, path, at, id, timestamp, verified: [per secret], headers, body,
//     text }
// DIR/NAME.pem and NAME.key make a TLS receiver "NAME" for each of TLS. The
// canary, on 127.0.0.1 and ::1, is what no webhook may reach.
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { Webhook } from 'standardwebhooks';

const [dir, address, ...secrets] = process.argv.slice(2);
const TLS = ['tls', 'selfsigned', 'othername'];
const log = fs.openSync(`${dir}/requests.log`, 'a');
const GIB = 1024 ** 3;
const count = {};
const ports = {};

const note = (what) => fs.writeSync(log, JSON.stringify(what) + '\n');
const now = () => Number(process.hrtime.bigint() / 1000000n);

// Whether the library takes it, by each secret alone.
function verified(headers, body) {
  return secrets.map((secret) => {
    try {
      new Webhook(secret).verify(body, headers);
      return 1;
    } catch (e) {
      return 0;
    }
  });
}

function plain(res, status, headers = {}, body = '') {
  res.writeHead(status, headers);
  res.end(body);
}

// Sends for as long as somebody reads; says how much that was.
function pour(res, act, path) {
  const part = Buffer.alloc(65536, 'x');
  let sent = 0;
  res.writeHead(200, { 'Content-Length': GIB });
  const more = () => {
    while (!res.destroyed && sent < GIB) {
      sent += part.length;
      if (!res.write(part)) return;
    }
  };
  res.on('drain', more);
  res.on('close', () => note({ act, path, poured: sent }));
  more();
}

// Answers when DIR/go-NAME is there.
function hold(res, path) {
  const file = `${dir}/go-${path.slice(1)}`;
  const look = setInterval(() => {
    if (fs.existsSync(file)) {
      clearInterval(look);
      plain(res, 200);
    }
  }, 20);
  res.on('close', () => clearInterval(look));
}

// Each gets the answer, how many requests for this path came before, and the
// path.
const ACTS = {
  ok: (res) => plain(res, 204),
  tls: (res) => plain(res, 200),
  selfsigned: (res) => plain(res, 200),
  othername: (res) => plain(res, 200),
  twice: (res, before) => plain(res, before < 2 ? 500 : 200),
  never: (res) => plain(res, 503),
  gone: (res) => plain(res, 410),
  moved: (res, n, path) => plain(res, 302,
    { Location: `http://127.0.0.1:${ports.canary}${path}` }),
  kept: (res, n, path) => plain(res, 307,
    { Location: `http://[::1]:${ports.canary}${path}` }),
  meta: (res) => plain(res, 301,
    { Location: 'http://169.254.169.254/latest/meta-data/' }),
  later: (res, before) => plain(res, before ? 200 : 429,
    { 'Retry-After': '3' }),
  huge: (res, n, path) => pour(res, 'huge', path),
  hugeerror: (res, before, path) => before ? plain(res, 200)
    : (res.writeHead(500), res.write('x'.repeat(200000))),
  slow: () => {},
  dead: () => {},
  drip: (res) => { res.writeHead(200); res.write('x'); },
  hangup: (res, before) => before ? plain(res, 200) : res.destroy(),
  hold: (res, n, path) => hold(res, path),
};

function serve(act, req, res) {
  const parts = [];
  req.on('data', (part) => parts.push(part));
  req.on('end', () => {
    const path = req.url;
    const body = Buffer.concat(parts).toString('utf8');
    const key = act + path;
    const before = count[key] ?? 0;
    count[key] = before + 1;
    note({
      act, path, at: now(), method: req.method,
      id: req.headers['webhook-id'],
      timestamp: Number(req.headers['webhook-timestamp']),
      verified: verified(req.headers, body), headers: req.headers,
      body: JSON.parse(body), text: body,
    });
    ACTS[act](res, before, path);
  });
  res.on('error', () => {});
}

// When node has seen all that had come by now: a new connection may be told
// before the end of one that ended earlier.
async function settled() {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

function listen(server, at, port = 0) {
  return new Promise((done, fail) => {
    server.on('error', fail);
    server.listen(port, at, () => done(server.address().port));
  });
}

for (const act of Object.keys(ACTS)) {
  const handler = (req, res) => serve(act, req, res);
  const server = TLS.includes(act)
    ? https.createServer({
      cert: fs.readFileSync(`${dir}/${act}.pem`),
      key: fs.readFileSync(`${dir}/${act}.key`),
    }, handler)
    : http.createServer({ requestTimeout: 0 }, handler);
  server.on('tlsClientError', () => note({ act, tls: 'refused by client' }));
  let open = 0;
  server.on('connection', (socket) => {
    let ended = false;
    const end = () => { if (!ended) open--; ended = true; };
    open++;
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', () => {});
    settled().then(() => note({ act, open }));
  });
  ports[act] = await listen(server, address);
}

const caught = () => net.createServer((socket) => {
  note({ act: 'canary' });
  socket.destroy();
});
ports.canary = await listen(caught(), '127.0.0.1');
try {
  await listen(caught(), '::1', ports.canary);
} catch (e) {
  note({ act: 'no IPv6' });
}
fs.writeFileSync(`${dir}/ports.tmp`, JSON.stringify(ports));
fs.renameSync(`${dir}/ports.tmp`, `${dir}/ports.json`);
