// SPDX-License-Identifier: Apache-2.0
// A page with real React and the components of web/react, below the address
// of the stack, so that the API is of the same origin. React comes as CommonJS
// modules: they are put into one ES module, as a bundler does.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

const { resolve } = createRequire(import.meta.url);
const web = new URL('web/', import.meta.url);

const MODULES = {
  react: 'react/cjs/react.development.js',
  'react-dom': 'react-dom/cjs/react-dom.development.js',
  'react-dom/client': 'react-dom/cjs/react-dom-client.development.js',
  scheduler: 'scheduler/cjs/scheduler.development.js',
};

function vendor() {
  const parts = Object.entries(MODULES).map(([name, path]) => {
    const [folder] = path.split('/', 1);
    const file = dirname(resolve(`${folder}/package.json`))
      + path.slice(folder.length);
    return `define('${name}', (module, exports) => {\n`
      + `${readFileSync(file, 'utf8')}\n});\n`;
  });
  return `const process = { env: { NODE_ENV: 'development' } };
const made = {};
const makers = {};
const define = (name, maker) => { makers[name] = maker; };
function require(name) {
  if (!made[name]) {
    const module = made[name] = { exports: {} };
    makers[name](module, module.exports);
  }
  return made[name].exports;
}
${parts.join('')}
export const React = require('react');
export const { createRoot } = require('react-dom/client');
export const { createElement, StrictMode, useCallback, useEffect, useMemo,
  useRef, useState } = React;
`;
}

const APP = `
import { createElement, createRoot, StrictMode } from 'react';
import { DownloadButton, useDownload } from './useDownload.js';

globalThis.completed = [];
const onCompleted = (job) => { globalThis.completed.push(job.jobId); };
function Fields({ fileId }) {
  const fields = useDownload(fileId, { resume: false });
  globalThis.fields = fields;
  return createElement('button', { type: 'button', id: 'hook',
    onClick: fields.startDownload }, fields.progress + ' by hook');
}
const root = createRoot(document.querySelector('main'));
globalThis.render = (fileId, hookId) => root.render(createElement(StrictMode,
  null, fileId && createElement(DownloadButton, { fileId, onCompleted }),
  hookId && createElement(Fields, { fileId: hookId })));
const [fileId, hookId] = location.search.slice(1).split('&').map(Number);
globalThis.render(fileId, hookId);
`;

const IMPORTS = JSON.stringify({ imports: { react: './vendor.js' } });
const HTML = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>React</title>
<link rel="icon" href="data:,">
<script type="importmap">${IMPORTS}</script>
<script type="module" src="app.js"></script></head>
<body><header><h1>React</h1></header><main></main></body></html>`;
const CSP = "default-src 'none'; connect-src 'self'; img-src data:; "
  + "style-src 'self'; script-src 'self' 'sha256-"
  + createHash('sha256').update(IMPORTS).digest('base64') + "'";

/** Lets the context find the page at /react/page/?FILE-ID&FILE-ID. */
export async function serveReact(context) {
  const js = { 'Content-Type': 'text/javascript' };
  const files = {
    '/react/page/': { body: HTML, headers: { 'Content-Type': 'text/html',
      'Content-Security-Policy': CSP } },
    '/react/page/app.js': { body: APP, headers: js },
    '/react/page/vendor.js': { body: vendor(), headers: js },
    '/react/page/useDownload.js': { headers: js,
      body: readFileSync(new URL('react/useDownload.js', web), 'utf8') },
    '/react/dljob.js': { headers: js,
      body: readFileSync(new URL('dljob.js', web), 'utf8') },
  };
  await context.route('**/react/**', (route) =>
    route.fulfill(files[new URL(route.request().url()).pathname]));
}
