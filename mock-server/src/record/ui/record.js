// The page of `record`: what the traffic settled so far, and each exchange as it comes.
import { below, events, get, onTokenNeeded, useToken } from './api.js';
import { el, shown, status, table, update } from './dom.js';
import { List } from './list.js';
import { message } from './request.js';
import { count, duration } from './text.js';

const RETRY = 1000;
const element = (id) => document.getElementById(id);
const detail = el('section', { class: 'detail', 'aria-label': 'Exchange', tabindex: '-1', hidden: true });
const list = new List({ open: (id) => { location.hash = `#${id}`; }, find: async () => [] });
const view = el('div', { class: 'requests' }, list.element, detail);
element('view').replaceChildren(view);

function passwords(features) {
  const rows = Object.entries(features);
  return rows.length ? el('section', {}, el('h3', {}, 'Properties of the passwords'),
    el('dl', { class: 'pairs' }, rows.map(([name, kept]) => [el('dt', {}, shown(name)), el('dd', {}, shown(JSON.stringify(kept)))]))) : null;
}

// What the profile predicted, beside what came.
function predicted({ profile, lookedAt, differences, explains, unexplained }) {
  const lines = [];
  if (!lookedAt) lines.push(el('p', { class: 'quiet' }, 'Not compared yet.'));
  else if (!differences) lines.push(el('p', { class: 'quiet' }, 'As predicted.'));
  else lines.push(el('ul', {}, differences.map((difference) => el('li', {}, shown(difference)))));
  if (explains.length) lines.push(el('p', {}, 'Explained by ', explains.map((option) => [el('code', {}, shown(option)), ' '])));
  if (unexplained) lines.push(el('p', {}, 'No option explains it.'));
  return el('section', {}, el('h3', {}, 'Compared with the profile ', shown(profile)), lines);
}

// What is settled so far.
const settledSoFar = el('details', { class: 'headers' });
element('view').before(settledSoFar);
function said({ lookedAt, settled, open: openCount, unexplained }) {
  const other = settled.filter(({ option, expected }) => option !== expected).length;
  update(settledSoFar, settled, () => [
    el('summary', {}, `${settled.length} behaviours settled, ${other} different from the profile, ${openCount} open; ${count(unexplained.length, 'exchange')} unexplained, ${lookedAt} compared`),
    table(['Behaviour', 'Settled', 'Expected', 'Exchanges'], settled.map(({ id, option, expected, evidence }) => el('tr', {},
      el('td', {}, shown(id)), el('td', {}, el('code', {}, shown(option))), el('td', {}, option === expected ? 'the same' : el('code', {}, shown(expected))),
      el('td', {}, evidence.map((number) => [el('a', { href: `#${number}` }, `#${number}`), ' '])))))]);
}

async function open() {
  const id = Number(location.hash.slice(1));
  view.classList.toggle('open', id > 0);
  detail.hidden = !id;
  if (!id) return list.draw();
  list.select(id);
  const close = el('div', { class: 'bar' }, el('button', { type: 'button', class: 'close', title: 'Esc', onclick: () => { location.hash = ''; } }, 'Close'));
  try {
    const entry = await get(below('requests', id));
    if (Number(location.hash.slice(1)) !== id) return undefined;
    detail.replaceChildren(...[close,
      el('h2', {}, status(entry.status), ' ', shown(entry.method), ' ', shown(entry.path)),
      el('p', { class: 'line' }, `#${entry.id} · `, entry.operation ?? 'no operation', ' · ', shown(entry.time), ' · ', duration(entry.durationMs), ' · ', shown(entry.url)),
      predicted(entry.predicted),
      el('section', { class: 'request' }, el('h3', {}, 'Request'), message(entry.request)),
      el('section', { class: 'response' }, el('h3', {}, 'Response'), entry.response ? message(entry.response) : el('p', { class: 'quiet' }, 'The connection broke.')),
      passwords(entry.passwords)].filter(Boolean));
  } catch (error) {
    detail.replaceChildren(close, el('p', { class: 'error' }, error.message));
  }
  return undefined;
}
addEventListener('hashchange', open);

let started;
function told(kind, data) {
  if (kind === 'requests') return list.apply(data);
  if (kind === 'said') return said(data);
  if (kind !== 'start') return undefined;
  list.baseUrl = data.baseUrl ?? '';
  list.start(data, started !== data.started);
  started = data.started;
  update(element('facts'), data, () => [
    shown(data.upstream ?? 'proxy'), ' → ', shown(data.out), ', profile ', shown(data.profile),
    data.readOnly ? ', read-only' : '', data.anonymize ? ', anonymized' : '']);
  Object.assign(element('connection'), { textContent: 'Live' }).dataset.state = 'live';
  return undefined;
}

let tokenGiven;
onTokenNeeded((wrong) => {
  element('token').querySelector('.error').textContent = wrong ? 'Wrong token.' : '';
  if (!element('token').open) element('token').showModal();
});
element('token').querySelector('form').addEventListener('submit', (event) => {
  event.preventDefault();
  useToken(event.target.querySelector('input').value.trim());
  element('token').close();
  tokenGiven?.();
});

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input, select')) return;
  const by = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  if (by) list.move(by);
  else if (event.key === 'Enter' && list.cursor !== null) list.open(list.cursor);
  else if (event.key === 'Escape') location.hash = '';
  else return;
  event.preventDefault();
});

for (;;) {
  try {
    await events(undefined, told);
  } catch (error) {
    if (error.status === 401) await new Promise((resolve) => { tokenGiven = resolve; });
  }
  const gone = Object.assign(element('connection'), { textContent: `record does not respond; ${count(list.rows.sorted.length, 'exchange')} recorded` });
  gone.dataset.state = 'lost';
  await new Promise((resolve) => { setTimeout(resolve, RETRY); });
}
