// The inspector: which view is shown, what keeps it up to date, and the keys.
import { api, below, events, get, onTokenNeeded, useToken } from './api.js';
import { Accounts } from './accounts.js';
import { Clock } from './clock.js';
import { act, el, say, shown, toast, update } from './dom.js';
import { Faults } from './faults.js';
import { List } from './list.js';
import { Profile } from './profile.js';
import { Reports } from './reports.js';
import { Detail } from './request.js';
import { count, faultState } from './text.js';

// Milliseconds between two looks at what no event tells.
const REFRESH = 2000;
const RETRY = [200, 500, 1000, 2000];

const main = document.getElementById('view');
const dialog = (id) => document.getElementById(id);

// The newest cleared requests that Undo can show again.
const RESTORED = 5000;

let server = {};
const list = new List({
  open: (id) => { location.hash = `#/requests/${id}`; },
  clear: act(clear),
  find: async (text) => (await api('POST', 'requests/count', { bodyContains: text })).ids,
});
const detail = new Detail({
  close: () => { location.hash = '#/requests'; },
  move,
  // Cleared requests are in this page only.
  read: async (id) => list.cleared(id) ?? get(below('requests', id)),
  // The emulated API, as this browser reaches it.
  origin: () => new URL(server.baseUrl).origin,
});

async function clear() {
  const { requests: entries } = await get(`requests?limit=${RESTORED}`);
  const restore = list.snapshot(entries);
  const { deleted } = await api('DELETE', 'requests');
  if (name === 'requests') detail.close();
  toast(`Cleared: the mock deleted ${count(deleted, 'request')}.`, () => {
    restore();
    toast('Shown again in this page only: the mock has deleted them, and reports do not count them.');
  });
}

const requests = {
  element: el('div', { class: 'requests' }, list.element, detail.element),
  async show([id]) {
    this.element.classList.toggle('open', id !== undefined);
    if (id === undefined) {
      detail.hide();
      list.draw();
      return;
    }
    list.select(Number(id));
    await detail.show(Number(id));
    // Unless another one was opened meanwhile.
    if (detail.id === Number(id)) list.select(detail.id);
  },
  refresh: () => list.searchBodies(),
  first: () => list.openFirst(),
};
const accounts = new Accounts(() => server.baseUrl);
const views = {
  requests, accounts, faults: new Faults(() => accounts.id), profile: new Profile(), reports: new Reports(),
};
const clock = new Clock();
document.getElementById('clock').append(clock.element);

// --- which view

let name = 'requests';
const route = act(async () => {
  const [path, query] = location.hash.slice(2).split('?');
  const [first, ...rest] = path.split('/').filter(Boolean).map(decodeURIComponent);
  name = first in views ? first : 'requests';
  const view = views[name];
  for (const link of document.querySelectorAll('nav a')) {
    if (link.dataset.view === name) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
  }
  if (view.element.parentNode !== main) {
    main.replaceChildren(view.element);
    // Keys scroll what has the focus.
    if (view !== requests) {
      view.element.tabIndex = -1;
      view.element.focus({ preventScroll: true });
    }
  }
  await (view.show ? view.show(rest, new URLSearchParams(query)) : view.refresh());
});
addEventListener('hashchange', route);

// --- up to date

async function facts() {
  const [profile, { faults }] = await Promise.all([get('profile'), get('faults'), clock.refresh()]);
  const different = Object.values(profile.behaviours).filter(({ option, atStart }) => option !== atStart).length;
  const armed = faults.filter((fault) => faultState(fault) === 'armed').length;
  update(document.getElementById('deadline'), profile.notice, () => [shown(profile.notice)]);
  update(document.getElementById('facts'), [profile.name, different, armed], () => [
    el('a', { href: '#/profile' }, 'Profile ', shown(profile.name), different ? `, ${different} changed` : ''),
    armed ? el('a', { href: '#/faults', class: 'attention' }, `${count(armed, 'fault')} armed`) : null]);
}

let due;
// Reads the view and the head of the page again after an event: a few times a second at most, and
// not before the last answers are there.
function soon() {
  due ??= setTimeout(async () => {
    try {
      await Promise.all([facts(), views[name].refresh()]);
    } catch { /* the connection says so */ }
    due = undefined;
  }, 250);
}
setInterval(() => { if (!document.hidden && connected) soon(); }, REFRESH);

let connected = false;
function connection(state, text) {
  const shownState = document.getElementById('connection');
  shownState.dataset.state = state;
  shownState.textContent = text;
}

function told(kind, data) {
  if (kind === 'requests') {
    list.apply(data);
    data.requests.forEach((row) => detail.refresh(row));
    soon();
    return;
  }
  if (kind !== 'start') return;
  const first = server.started === undefined;
  const another = server.started !== data.started;
  server = data;
  list.baseUrl = data.baseUrl;
  views.reports.journal = data.journal;
  list.start(data, another);
  connected = true;
  if (another) route();
  if (another && !first) say('The mock restarted; its earlier requests and changes are gone.');
  connection('live', 'Live');
  soon();
}

let tokenGiven;
onTokenNeeded((wrong) => {
  const box = dialog('token');
  box.querySelector('.error').textContent = wrong ? 'Wrong token.' : '';
  if (!box.open) box.showModal();
});
dialog('token').querySelector('form').addEventListener('submit', (event) => {
  event.preventDefault();
  const input = event.target.querySelector('input');
  useToken(input.value.trim());
  input.value = '';
  dialog('token').close();
  tokenGiven?.();
});
dialog('token').addEventListener('cancel', (event) => event.preventDefault());

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
// A hidden page gives up its connection after a while: a browser has few of them for a server.
const PATIENCE = 30_000;
const seen = () => (document.hidden ? new Promise((resolve) => { document.addEventListener('visibilitychange', resolve, { once: true }); }) : undefined);
async function follow() {
  for (let tries = 0; ; tries += 1) {
    await seen();
    const stop = new AbortController();
    let problem = 'The mock does not respond';
    let hidden;
    const hide = () => {
      clearTimeout(hidden);
      if (document.hidden) hidden = setTimeout(() => stop.abort(), PATIENCE);
    };
    document.addEventListener('visibilitychange', hide);
    try {
      await events(stop.signal, (...event) => { tries = 0; told(...event); });
    } catch (error) {
      if (error.status === 401) {
        connection('lost', 'Waiting for the token');
        await new Promise((resolve) => { tokenGiven = resolve; });
        tries = -1;
      } else if (error.status) {
        problem = error.message;
      }
    }
    document.removeEventListener('visibilitychange', hide);
    clearTimeout(hidden);
    connected = false;
    if (document.hidden || tries < 0) continue;
    connection('lost', `${problem}; retrying`);
    await pause(RETRY[Math.min(tries, RETRY.length - 1)]);
  }
}

// --- keys

function move(by) {
  const id = list.move(by);
  if (id !== null && !detail.element.hidden) location.replace(`#/requests/${id}`);
  else if (id !== null) list.box.focus({ preventScroll: true });
}

// Elements that need the letters and digits themselves.
const TYPING = 'input:not([type=radio], [type=checkbox]), select, textarea';

function leave() {
  const { activeElement } = document;
  if (clock.element.open) {
    clock.close();
  } else if (activeElement?.matches(TYPING)) {
    activeElement.blur();
    if (name === 'requests') list.box.focus({ preventScroll: true });
  } else if (name === 'requests' && !detail.element.hidden) {
    detail.close();
    list.box.focus({ preventScroll: true });
  }
}

// These are about the list and the request beside it.
const ON_REQUESTS = new Set(['j', 'k', 'ArrowDown', 'ArrowUp', 'Enter', 'c', 'p', 'f', 't', 'g']);
const press = (selector) => () => document.querySelector(selector)?.click();
const help = () => dialog('keys').showModal();
const KEYS = {
  j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1),
  Enter: () => { if (list.cursor !== null) list.open(list.cursor); },
  Escape: leave, '/': () => views[name].element.querySelector('input[type=search]')?.focus(), u: press('#toast .undo'),
  c: press('.detail .curl'), p: press('.detail .python'), f: press('.detail .fetch'), t: press('.detail .test'),
  g: () => list.setFollowing(true),
  '?': help,
  ...Object.fromEntries(Object.keys(views).map((view, index) => [`${index + 1}`, () => { location.hash = `#/${view}`; }])),
};
addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  const { key, target } = event;
  if (key === 'Enter' && target.matches('input[type=search]')) {
    act(() => views[name].first?.())(event);
    return;
  }
  if (target.matches(TYPING) && key !== 'Escape') return;
  // These keys have a meaning of their own on a link, a button, a choice or a body that scrolls.
  if (key === 'Enter' && target.closest('a, button, summary, input')) return;
  if (key.startsWith('Arrow') && target.closest('pre, .detail, input, summary')) return;
  if (name !== 'requests' && ON_REQUESTS.has(key)) return;
  const action = KEYS[key];
  if (!action) return;
  event.preventDefault();
  action();
});
document.getElementById('help').addEventListener('click', help);
for (const id of ['text', 'keys']) dialog(id).querySelector('button').addEventListener('click', () => dialog(id).close());

route();
follow();
