// SPDX-License-Identifier: Apache-2.0
// The demo page: file ids in, progress bars and links out.
import { createClient } from '../dljob.js';

const HISTORY = 'dljob:history';
const HISTORY_MAX = 20;
const TERMINAL = ['completed', 'failed', 'cancelled'];

const find = (id) => document.getElementById(id);
const base = document.querySelector('meta[name=dljob-base]').content;
const client = createClient({ base,
  streams: !new URLSearchParams(location.search).has('poll') });

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

function showHistory() {
  const entries = readHistory();
  find('history').replaceChildren(...entries.map((entry) => {
    const item = document.createElement('li');
    item.textContent = `${entry.name}: ${entry.status}, `
      + new Date(entry.at).toLocaleString();
    return item;
  }));
  find('clear').hidden = entries.length === 0;
}

function addToHistory(name, job) {
  const entries = readHistory().filter((e) => e.jobId !== job.jobId);
  entries.unshift({ jobId: job.jobId, name, status: job.status,
    at: Date.now() });
  localStorage.setItem(HISTORY,
    JSON.stringify(entries.slice(0, HISTORY_MAX)));
  showHistory();
}

function words(job) {
  switch (job.status) {
    case 'starting': return 'starting …';
    case 'queued':
      return job.attempt ? `attempt ${job.attempt + 1} follows` : 'queued';
    case 'processing': return `${job.progress} %`;
    case 'completed': return 'ready';
    case 'cancelled': return 'cancelled';
    default: return job.error ?? 'failed';
  }
}

/** A row for one download, kept up to date by it. */
function addRow(download) {
  const row = find('row').content.firstElementChild.cloneNode(true);
  const part = (name) => row.querySelector('.' + name);
  const name = 'File ' + (download.fileIds.join(', ') || download.jobId);
  let quarter = 0;

  part('name').textContent = name;
  part('bar').setAttribute('aria-label', name);
  part('cancel').setAttribute('aria-label', 'Cancel ' + name);
  part('retry').setAttribute('aria-label', 'Retry ' + name);
  part('cancel').onclick = () => download.cancel().catch((error) => {
    part('state').textContent = error.message;
  });
  part('retry').onclick = () => {
    quarter = 0;
    part('cancel').focus();
    download.retry();
  };

  download.subscribe((job) => {
    const over = TERMINAL.includes(job.status);
    row.className = 'row ' + job.status;
    part('state').textContent = words(job);
    part('bar').setAttribute('aria-valuenow', job.progress);
    part('fill').style.setProperty('--done', job.progress / 100);
    part('cancel').hidden = over;
    part('retry').hidden = !download.canRetry;
    part('link').hidden = !job.downloadUrl;
    if (job.downloadUrl) {
      part('link').href = job.downloadUrl;
      part('link').setAttribute('aria-label', 'Download ' + name);
      part('link').setAttribute('download', job.filename ?? '');
    }
    if (over) {
      say(`${name}: ${words(job)}`);
      addToHistory(name, job);
    } else if (Math.floor(job.progress / 25) > quarter) {
      quarter = Math.floor(job.progress / 25);
      say(`${name}: ${quarter * 25} %`);
    }
  });
  find('active').prepend(row);
}

find('start').addEventListener('submit', (event) => {
  event.preventDefault();
  const ids = find('ids').value.split(/[\s,]+/).filter(Boolean);
  const wrong = ids.find((id) => !/^\d{1,12}$/.test(id));
  find('problem').textContent = wrong ? `"${wrong}" is no file id` : '';
  if (!wrong) {
    ids.forEach((id) => addRow(client.start(Number(id))));
  }
});

find('clear').addEventListener('click', () => {
  localStorage.removeItem(HISTORY);
  showHistory();
  find('ids').focus();
});

showHistory();
client.resume().forEach(addRow);
