// SPDX-License-Identifier: Apache-2.0
// The demo page: file ids in, progress bars and links out.
import { createClient } from '../dljob.js';

const HISTORY = 'dljob:history';
const HISTORY_MAX = 20;
const TERMINAL = ['completed', 'failed', 'cancelled'];

const find = (id) => document.getElementById(id);
const base = document.querySelector('meta[name=dljob-base]').content;
const query = new URLSearchParams(location.search);
const client = createClient({ base,
  streams: query.has('poll') ? false : undefined });

/** Said to screen readers: each quarter and each end, once. */
function say(text) {
  find('live').textContent = text;
}

function readHistory() {
  try {
    return JSON.parse(localStorage.getItem(HISTORY)) ?? [];
  } catch {
    return [];
  }
}

function writeHistory(entries) {
  try {
    localStorage.setItem(HISTORY, JSON.stringify(entries));
  } catch {
    // no storage, no history
  }
  showHistory();
}

function historyItem({ name, status, at }) {
  const item = document.createElement('li');
  item.className = status;
  const text = document.createElement('span');
  const time = document.createElement('time');
  text.textContent = `${name}: ${status}`;
  time.dateTime = new Date(at).toISOString();
  time.textContent = new Date(at).toLocaleString(undefined,
    { dateStyle: 'medium', timeStyle: 'short' });
  item.append(text, time);
  return item;
}

function showHistory() {
  const entries = readHistory();
  find('history').replaceChildren(...entries.map(historyItem));
  find('clear').hidden = entries.length === 0;
}

function addToHistory(name, { jobId, status }) {
  const entries = readHistory().filter((e) => !jobId || e.jobId !== jobId);
  entries.unshift({ jobId, name, status, at: Date.now() });
  writeHistory(entries.slice(0, HISTORY_MAX));
}

function sizeText(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB`
    : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** When it should be ready, if anybody knows. */
function timeLeft(job) {
  const left_s = (Date.parse(job.estimatedCompletion) - Date.now()) / 1000;
  if (!(left_s >= 1)) {
    return '';
  }
  return left_s < 90 ? `about ${Math.ceil(left_s)} s left`
    : `about ${Math.round(left_s / 60)} min left`;
}

function stateText(job) {
  switch (job.status) {
    case 'starting': return 'starting …';
    case 'processing': return `${job.progress} %`;
    case 'completed': return 'ready';
    default: return job.status;
  }
}

function detailText(job) {
  switch (job.status) {
    case 'queued': return job.nextAttemptAt ? 'Another attempt follows' : '';
    case 'processing': return job.message ?? timeLeft(job);
    case 'completed':
      return [job.filename, job.size >= 0 && sizeText(job.size)]
        .filter(Boolean).join(', ');
    case 'failed': return job.error ?? '';
    default: return '';
  }
}

/** Shows or hides a control; the focus goes elsewhere before it is gone. */
function show(control, visible, instead) {
  if (!visible && control === document.activeElement) {
    (instead ?? find('active-title')).focus();
  }
  control.hidden = !visible;
}

/** A row for one download, kept up to date by it. */
function addRow(download) {
  const row = find('row').content.firstElementChild.cloneNode(true);
  const part = (name) => row.querySelector('.' + name);
  const [bar, link, cancel, retry] = ['bar', 'link', 'cancel', 'retry']
    .map(part);
  const name = 'File ' + (download.fileIds.join(', ') || download.jobId);
  let quarter = 0;

  part('name').textContent = name;
  bar.setAttribute('aria-label', name);
  link.setAttribute('aria-label', 'Save ' + name);
  cancel.setAttribute('aria-label', 'Cancel ' + name);
  cancel.onclick = () => download.cancel().catch((error) => {
    part('detail').textContent = error.message;
    say(`${name}: ${error.message}`);
  });
  retry.onclick = () => download.retry();

  download.subscribe((job) => {
    const over = TERMINAL.includes(job.status);
    row.className = 'row ' + job.status;
    part('state').textContent = stateText(job);
    part('detail').textContent = detailText(job);
    bar.setAttribute('aria-valuenow', job.progress);
    part('fill').style.setProperty('--done', job.progress / 100);
    if (job.downloadUrl) {
      link.href = job.downloadUrl;
      link.download = job.filename ?? '';
    }
    link.hidden = !job.downloadUrl;
    retry.textContent = `Retry (${download.retriesLeft} left)`;
    retry.setAttribute('aria-label', `${retry.textContent} ${name}`);
    // first what appears, so that the focus can go there
    if (over) {
      show(retry, download.canRetry);
      show(cancel, false, link.hidden ? retry.hidden ? null : retry : link);
      say(`${name}: ${stateText(job)}. ${detailText(job)}`);
      addToHistory(name, job);
      return;
    }
    show(cancel, true);
    show(retry, false, cancel);
    if (job.status === 'starting') {
      quarter = 0;
    } else if (Math.floor(job.progress / 25) > quarter) {
      quarter = Math.floor(job.progress / 25);
      say(`${name}: ${quarter * 25} %`);
    }
  });
  find('active').prepend(row);
}

find('start').addEventListener('submit', (event) => {
  event.preventDefault();
  const ids = new Set(find('ids').value.split(/[\s,]+/).filter(Boolean));
  const wrong = [...ids].find((id) => !/^\d{1,12}$/.test(id));
  find('problem').textContent = wrong ? `"${wrong}" is no file id` : '';
  if (!wrong) {
    // the first one on top
    [...ids].reverse().forEach((id) => addRow(client.start(Number(id))));
  }
});

find('clear').addEventListener('click', () => {
  writeHistory([]);
  find('ids').focus();
});

showHistory();
client.resume().forEach(addRow);
