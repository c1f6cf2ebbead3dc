// SPDX-License-Identifier: Apache-2.0
// Is the OpenAPI document sound, and do real answers keep to it?
//
//   node check.mjs OPENAPI.json ANSWERS.json
//
// ANSWERS is a list of {what, method, path, status, headers, body}: path
// without the base, names of headers in lower case. Prints one line per
// check, "ok - what" or "not ok - what: why"; the reader counts.
import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const [docFile, answersFile] = process.argv.slice(2);
const doc = JSON.parse(readFileSync(docFile));
const answers = JSON.parse(readFileSync(answersFile));
const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'options'];

// Headers that a description may not leave out where they are sent.
const HEADERS = ['location', 'retry-after', 'etag', 'allow', 'deprecation',
  'sunset', 'link', 'preference-applied', 'ratelimit', 'ratelimit-policy',
  'ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'];

function report(what, why) {
  console.log(why ? `not ok - ${what}: ${why}` : `ok - ${what}`);
}

function resolve(value) {
  while (value && value.$ref) {
    value = value.$ref.slice(2).split('/')
      .map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'))
      .reduce((at, part) => at?.[part], doc);
  }
  return value;
}

function* references(value) {
  if (value && typeof value === 'object') {
    if (typeof value.$ref === 'string') yield value.$ref;
    for (const member of Object.values(value)) yield* references(member);
  }
}

function* operations() {
  for (const [path, item] of Object.entries(doc.paths)) {
    for (const method of METHODS) {
      if (item[method]) yield { path, method, op: item[method] };
    }
  }
}

async function checkDocument() {
  const result = await new Validator().validate(structuredClone(doc));
  report('OpenAPI 3.1', result.valid && doc.openapi.startsWith('3.1')
    ? '' : JSON.stringify(result.errors));
  for (const ref of new Set(references(doc))) {
    report(`${ref} is there`, resolve({ $ref: ref }) ? '' : 'nothing');
  }
  const used = new Set(references(doc));
  for (const [kind, parts] of Object.entries(doc.components)) {
    if (kind === 'securitySchemes') continue;
    for (const name of Object.keys(parts)) {
      report(`components/${kind}/${name} is used`,
        used.has(`#/components/${kind}/${name}`) ? '' : 'by nobody');
    }
  }
  const ids = new Set();
  for (const { path, method, op } of operations()) {
    report(`${method} ${path} has a name of its own`,
      op.operationId && !ids.has(op.operationId) ? '' : op.operationId);
    ids.add(op.operationId);
    const wanted = [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();
    const has = (op.parameters ?? []).map(resolve)
      .filter((p) => p.in === 'path').map((p) => p.name).sort();
    report(`${method} ${path} describes its path`,
      `${wanted}` === `${has}` ? '' : `${has}`);
  }
}

// A copy of the document in which an object has no member that is not
// described; what allOf joins is closed where it is joined.
function strictSchemas() {
  const joined = new Set(['Error', 'Webhook']);
  const schemas = structuredClone(doc.components.schemas);
  for (const [name, schema] of Object.entries(schemas)) {
    if (schema.properties && !joined.has(name)) {
      schema.additionalProperties = false;
    }
  }
  return schemas;
}

const ajv = new Ajv({ allErrors: true, strict: false });
addFormats(ajv);
ajv.addSchema({ $id: 'doc', components: { schemas: strictSchemas() } });
const validators = new Map();

function validatorOf(schema) {
  const key = JSON.stringify(schema);
  if (!validators.has(key)) {
    const local = JSON.parse(
      key.replaceAll('"#/components', '"doc#/components'));
    validators.set(key, ajv.compile(
      { allOf: [local], unevaluatedProperties: false }));
  }
  return validators.get(key);
}

function bodyErrors(schema, value) {
  const validate = validatorOf(schema);
  return validate(value) ? ''
    : validate.errors.map((e) => `${e.instancePath || '/'} ${e.message} `
      + JSON.stringify(e.params)).join('; ');
}

// Fixed paths come before those with a parameter.
function findOperation(method, target) {
  const path = target.replace(/\?.*/, '') || '/';
  const found = Object.keys(doc.paths)
    .filter((template) => new RegExp('^' + template
      .replace(/[.]/g, '\\.').replace('{key}', '.+')
      .replace(/\{\w+\}/g, '[^/]+') + '$').test(path))
    .sort((a, b) => a.split('{').length - b.split('{').length
      || a.indexOf('{') - b.indexOf('{') || 0);
  // /status/{jobId} and /{jobId}/status both fit /status/status only
  const template = found.includes('/status/{jobId}') ? '/status/{jobId}'
    : found[0];
  return template && { template, op: doc.paths[template][method] };
}

function checkStream(text) {
  const schema = { $ref: '#/components/schemas/Job' };
  const events = text.split('\n\n').filter((e) => /^data:/m.test(e));
  if (!events.length) return 'no event';
  for (const event of events) {
    const data = event.match(/^data: ?(.*)$/m)[1];
    const why = bodyErrors(schema, JSON.parse(data));
    if (why) return why;
  }
  return '';
}

// What a deprecated operation says with every answer.
const OF_DEPRECATED = ['deprecation', 'sunset', 'link'];

function whyNot(answer, response, deprecated) {
  const type = (answer.headers['content-type'] ?? '').replace(/;.*/, '');
  const known = Object.keys(response.headers ?? {})
    .map((h) => h.toLowerCase()).concat(deprecated ? OF_DEPRECATED : []);
  const strange = HEADERS.filter((h) => h in answer.headers
    && !known.includes(h));
  if (strange.length) return `header ${strange} is not described`;
  if (!response.content) return answer.body ? 'has a body' : '';
  const media = response.content[type] ?? response.content['*/*'];
  if (!media) return `type ${type} is not described`;
  if (type === 'text/event-stream') return checkStream(answer.body);
  if (!response.content[type]) return '';
  return bodyErrors(media.schema, JSON.parse(answer.body));
}

function checkAnswers() {
  const met = new Map();
  for (const answer of answers) {
    const what = `${answer.what}: ${answer.method} ${answer.path} `
      + `-> ${answer.status}`;
    const method = answer.method.toLowerCase();
    const { template, op } = findOperation(method, answer.path) ?? {};
    if (answer.status === 405) {
      report(what, op ? 'is described, but not allowed' : '');
      continue;
    }
    if (!op) {
      report(what, 'is not described');
      continue;
    }
    const response = resolve(op.responses[answer.status]);
    const why = response ? whyNot(answer, response, op.deprecated)
      : 'this status is not described';
    report(what, why);
    met.set(`${method} ${template} ${answer.status}`, true);
  }
  return met;
}

// What is described must have been seen: each operation's good answers.
function checkCoverage(met) {
  for (const { path, method, op } of operations()) {
    for (const status of Object.keys(op.responses)) {
      if (!/^[23]/.test(status)) continue;
      report(`${method} ${path} answers ${status}`,
        met.has(`${method} ${path} ${status}`) ? '' : 'never seen');
    }
  }
}

await checkDocument();
checkCoverage(checkAnswers());
