// The requests in a list: the newest first, filtered, and only as many elements as can be seen.
import { choices, el, shown, status } from './dom.js';
import { count, duration, oneLine, timeOfDay } from './text.js';

const OVERSCAN = 8;
// The page keeps the newest requests, up to this number, even if the journal keeps more.
const MOST = 50_000;
// Accounts in the filter, the newest; the search finds the others.
const CHOICES = 200;
const CLASSES = [
  { key: '', text: 'every status', fits: () => true },
  ...[2, 3, 4, 5].map((digit) => ({ key: `${digit}`, text: `${digit}xx`, fits: (row) => Math.floor(row.status / 100) === digit })),
  { key: 'none', text: 'no response', fits: (row) => row.status === null },
  { key: 'fault', text: 'with a fault', fits: (row) => row.fault !== null },
];

// The requests of the journal, as far as events told them, and cleared ones that Undo brought back.
class Rows {
  constructor() {
    this.restored = [];
    this.clear();
  }

  clear() {
    this.byId = new Map(this.restored.map((row) => [row.id, row]));
    // In the order of their ids.
    this.sorted = [...this.restored];
    this.begin(0);
  }

  // The journal sends all its requests again, this many. Others leave the list only when these have
  // come, so that it is not empty in between.
  begin(kept) {
    this.stale = new Set(this.byId.keys());
    for (const { id } of this.restored) this.stale.delete(id);
    this.awaited = kept;
  }

  // Shows cleared requests again.
  restore(rows) {
    this.restored = rows;
    for (const row of rows) this.byId.set(row.id, row);
    this.sorted = [...this.byId.values()].sort((one, other) => one.id - other.id);
  }

  // The requests that were not there before.
  apply({ requests, gone }) {
    const added = [];
    let last = this.sorted.at(-1)?.id ?? 0;
    let inOrder = true;
    this.awaited -= requests.length + gone.length;
    for (const row of requests) {
      this.stale.delete(row.id);
      row.text = [`#${row.id}`, row.method, row.path, row.operation, row.surface, row.accountId, row.login, row.refusal, row.code, row.faultName, row.status]
        .join('\n').toLowerCase();
      const before = this.byId.get(row.id);
      if (before) {
        Object.assign(before, row);
        continue;
      }
      this.byId.set(row.id, row);
      this.sorted.push(row);
      added.push(row);
      inOrder &&= row.id > last;
      last = row.id;
    }
    if (!inOrder) this.sorted.sort((one, other) => one.id - other.id);
    this.remove(gone);
    if (this.awaited <= 0) {
      this.remove(this.stale);
      this.stale.clear();
    }
    if (this.sorted.length > MOST) this.remove(this.sorted.slice(0, -MOST).map(({ id }) => id));
    return added;
  }

  remove(ids) {
    let lost = false;
    for (const id of ids) lost = this.byId.delete(id) || lost;
    if (lost) this.sorted = this.sorted.filter((row) => this.byId.has(row.id));
  }
}

export class List {
  constructor({ open, clear, find }) {
    this.rows = new Rows();
    this.open = open;
    this.find = find;
    // The text that was searched for in bodies, and the ids of the requests that have it.
    this.found = { text: '', ids: new Set() };
    this.shown = [];
    this.cursor = null;
    this.following = true;
    this.unseen = 0;
    this.dropped = 0;
    // Whole requests that were cleared, by their ids.
    this.entries = new Map();
    this.build(clear);
  }

  // Remembers what is shown before it is cleared. Returns what brings it back: requests with their
  // contents alone.
  snapshot(entries) {
    const contents = new Map([...this.entries, ...entries.map((entry) => [entry.id, entry])]);
    const rows = this.rows.sorted.filter(({ id }) => contents.has(id)).map((row) => ({ ...row, mark: 'cleared' }));
    this.rows.restored = [];
    this.entries = new Map();
    return () => {
      this.entries = contents;
      this.rows.restore(rows);
      this.changed();
    };
  }

  cleared(id) {
    return this.entries.get(id);
  }

  build(clear) {
    const changed = () => { this.refilter(); this.searchBodies(); };
    this.search = el('input', { type: 'search', placeholder: 'Search  /', 'aria-label': 'Search requests', autocomplete: 'off', spellcheck: 'false', oninput: changed });
    this.account = el('select', { 'aria-label': 'Account', onchange: changed });
    this.operation = el('select', { 'aria-label': 'Operation', onchange: changed });
    this.status = el('select', { 'aria-label': 'Status', onchange: changed });
    choices(this.status, CLASSES.map(({ key, text }) => [key, text]));
    this.follow = el('button', { type: 'button', class: 'follow', 'aria-pressed': 'true', title: 'g', onclick: () => this.setFollowing(!this.following) });
    this.clearButton = clear ? el('button', { type: 'button', onclick: clear }, 'Clear') : null;
    this.tally = el('span', { class: 'tally', role: 'status' });
    this.space = el('div', { class: 'space', role: 'presentation' });
    this.box = el('div', { class: 'rows', id: 'rows', role: 'listbox', tabindex: '0', 'aria-label': 'Requests, newest first' }, this.space);
    this.box.addEventListener('scroll', () => this.scrolled(), { passive: true });
    this.box.addEventListener('click', (event) => {
      const row = event.target.closest('.row');
      if (row) this.open(Number(row.dataset.id));
    });
    // The frame draws the focus of the box above its rows.
    this.frame = el('div', { class: 'frame' }, this.box);
    this.empty = el('div', { class: 'empty' });
    this.element = el('section', { class: 'list', 'aria-label': 'Requests' },
      el('div', { class: 'bar' }, this.search, this.account, this.operation, this.status, this.tally, this.follow, this.clearButton),
      el('div', { class: 'row head', 'aria-hidden': 'true' },
        ['Status', 'Method', 'Operation', 'Path', 'Result', 'Account', 'Time', 'Took'].map((name) => el('span', { class: name.toLowerCase() }, name))),
      this.frame, this.empty);
    new ResizeObserver(() => this.draw()).observe(this.box);
  }

  // The journal from the beginning, of the same server or of another one.
  start({ journal, dropped, kept }, another) {
    if (another) {
      this.rows.restored = [];
      this.entries = new Map();
    }
    if (another || kept === 0) this.rows.clear(); else this.rows.begin(kept);
    this.journal = journal;
    this.dropped = dropped;
    this.unseen = 0;
    this.changed();
  }

  apply(told) {
    // What the journal had before is not new.
    const loading = this.rows.awaited > 0;
    const added = this.rows.apply(told);
    this.dropped = told.dropped;
    if (!this.following && !loading) this.unseen += added.filter((row) => this.fits(row)).length;
    this.changed();
  }

  // Much can come at once; it is drawn once a frame.
  changed() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.keepPlace(() => this.filter());
    });
  }

  refilter() {
    this.filter();
    this.box.scrollTop = 0;
    this.unseen = 0;
    this.draw();
  }

  filter() {
    const { sorted } = this.rows;
    // The newest of them: each test may have an account of its own.
    const [accounts, operations] = [new Set(), new Set()];
    for (let place = sorted.length - 1; place >= 0; place -= 1) {
      if (accounts.size < CHOICES) accounts.add(sorted[place].accountId);
      operations.add(sorted[place].operation);
    }
    const entries = (all, names, none) => [['', all], ...[...names].sort().map((name) => (name === null ? ['\0', none] : [name, name]))];
    choices(this.account, entries('every account', accounts, 'no account'));
    choices(this.operation, entries('every operation', operations, 'no operation'));
    this.words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    this.inBody = this.found.text === this.search.value.trim() ? this.found.ids : new Set();
    this.class = CLASSES.find(({ key }) => key === this.status.value);
    this.shown = sorted.filter((row) => this.fits(row));
  }

  // The bodies are not in the page; the mock looks through them.
  async searchBodies() {
    const text = this.search.value.trim();
    if (text === '' || !this.journal) return;
    let ids;
    try {
      ids = await this.find(text);
    } catch {
      return; // the connection says so
    }
    if (text !== this.search.value.trim()) return;
    this.found = { text, ids: new Set(ids) };
    this.changed();
  }

  fits(row) {
    const chosen = (select, value) => select.value === '' || select.value === (value ?? '\0');
    return this.class.fits(row) && chosen(this.account, row.accountId) && chosen(this.operation, row.operation)
      && (this.words.every((word) => row.text.includes(word)) || this.inBody.has(row.id));
  }

  // The place of a request among those shown, the newest being 0; -1 when it is not.
  place(id) {
    let [low, high] = [0, this.shown.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.shown[middle].id < id) low = middle + 1; else high = middle;
    }
    return this.shown[low]?.id === id ? this.shown.length - 1 - low : -1;
  }

  at(place) {
    return this.shown[this.shown.length - 1 - place];
  }

  // What is read stays where it is while others come above it.
  keepPlace(change) {
    const { scrollTop } = this.box;
    const top = this.following ? undefined : this.at(Math.floor(scrollTop / this.height));
    change();
    const place = top ? this.place(top.id) : -1;
    if (this.following) this.box.scrollTop = 0;
    this.resize();
    if (place >= 0) this.box.scrollTop = place * this.height + (scrollTop % this.height);
    this.draw();
  }

  resize() {
    this.height = parseInt(getComputedStyle(this.box).getPropertyValue('--row'), 10) || 28;
    this.space.style.height = `${this.shown.length * this.height}px`;
  }

  scrolled() {
    const atTop = this.box.scrollTop < this.height;
    if (atTop !== this.following) {
      this.following = atTop;
      if (atTop) this.unseen = 0;
    }
    this.draw();
  }

  setFollowing(following) {
    this.following = following;
    this.unseen = 0;
    if (following) this.box.scrollTop = 0;
    this.draw();
  }

  draw() {
    this.resize();
    const { box, height } = this;
    const first = Math.max(0, Math.floor(box.scrollTop / height) - OVERSCAN);
    const last = Math.min(this.shown.length, Math.ceil((box.scrollTop + box.clientHeight) / height) + OVERSCAN);
    const rows = [];
    for (let place = first; place < last; place += 1) rows.push(this.row(this.at(place), place));
    this.space.replaceChildren(...rows);
    const cursor = this.place(this.cursor);
    if (cursor >= first && cursor < last) box.setAttribute('aria-activedescendant', `row-${this.cursor}`);
    else box.removeAttribute('aria-activedescendant');
    this.describe();
  }

  row(row, place) {
    const selected = row.id === this.cursor;
    // A narrow column cuts the common start of paths first.
    const base = /^.*\/(?:accounts|identitydomains)\/[^/?]*(?=\/)/.exec(row.path)?.[0] ?? '';
    const element = el('div', {
      class: `row${selected ? ' selected' : ''}`, id: `row-${row.id}`, 'data-id': row.id, role: 'option',
      'aria-selected': String(selected), 'aria-posinset': place + 1, 'aria-setsize': this.shown.length,
    },
    el('span', { class: 'status' }, status(row.status, row.durationMs === null)),
    el('span', { class: 'method' }, shown(row.method)),
    el('span', { class: 'operation', title: row.surface ? `surface ${row.surface}` : null }, row.operation ?? '—'),
    el('span', { class: 'path', title: oneLine(row.path) }, base ? shown(base, { class: 'base' }) : null, shown(row.path.slice(base.length))),
    el('span', { class: 'result' }, this.result(row)),
    el('span', { class: 'account' }, row.accountId === null ? '—' : shown(row.accountId)),
    el('span', { class: 'time', title: row.time }, timeOfDay(row.time)),
    el('span', { class: 'took' }, duration(row.durationMs)));
    element.style.transform = `translateY(${place * this.height}px)`;
    return element;
  }

  // Why the request got its response: the fault, the rule that it broke, and whether it changed
  // something.
  result({ status: code, refusal, code: number, fault, faultName, tookEffect, mark }) {
    const chip = (text, title, plain) => el('span', { class: `mark${plain ? ' plain' : ''}`, title }, text);
    const rule = number ? `${refusal} ${number}` : refusal;
    return [
      fault == null ? null : chip(faultName, `${faultName}: fault ${fault} was applied`),
      refusal && refusal !== 'fault' ? el('span', { class: `reason s${Math.floor(code / 100)}`, title: `${rule}: the request broke this rule` }, rule) : null,
      tookEffect ? chip('changed', 'the operation took effect', true) : null,
      mark ? chip(mark) : null,
    ];
  }

  describe() {
    const [all, some] = [this.rows.sorted.length, this.shown.length];
    const dropped = this.dropped ? `, ${this.dropped.toLocaleString('en')} no longer kept` : '';
    const newest = all === MOST ? 'the newest ' : '';
    const tally = `${some === all ? `${newest}${count(all, 'request')}` : `${some.toLocaleString('en')} of ${newest}${count(all, 'request')}`}${dropped}`;
    if (this.tally.textContent !== tally) this.tally.textContent = tally;
    const follow = this.following ? 'Following' : this.unseen ? `↑ ${this.unseen.toLocaleString('en')} new` : 'Follow';
    if (this.follow.textContent !== follow) this.follow.textContent = follow;
    this.follow.setAttribute('aria-pressed', String(this.following));
    this.empty.hidden = some > 0;
    this.frame.hidden = some === 0;
    const state = `${all > 0}${this.journal}`;
    if (some > 0 || this.empty.dataset.state === state) return;
    this.empty.dataset.state = state;
    this.empty.replaceChildren(...this.nothing(all));
  }

  nothing(all) {
    if (all > 0) {
      const reset = () => {
        this.search.value = '';
        for (const select of [this.account, this.operation, this.status]) select.value = '';
        this.refilter();
      };
      return [el('p', {}, 'No request matches the filter.'), el('button', { type: 'button', onclick: reset }, 'Show all')];
    }
    if (this.journal === false) {
      return [el('p', {}, 'The journal is off. Start the mock with --journal-entries and --journal-bytes above 0.')];
    }
    const command = `curl -u 'USERNAME:PASSWORD' ${this.baseUrl ?? ''}/accounts/ACCOUNT/users`;
    return [el('p', {}, 'No requests yet. Try:'), el('pre', {}, command)];
  }

  // Opens the newest of the requests that are shown.
  openFirst() {
    if (!this.shown.length) return;
    this.open(this.at(0).id);
    this.box.focus({ preventScroll: true });
  }

  // Moves the cursor, and returns where it is then.
  move(by) {
    if (!this.shown.length) return null;
    const place = this.place(this.cursor);
    const next = place < 0 ? 0 : Math.min(Math.max(place + by, 0), this.shown.length - 1);
    this.select(this.at(next).id);
    return this.cursor;
  }

  select(id) {
    this.cursor = id;
    const place = this.place(id);
    if (place >= 0) {
      const top = place * this.height;
      const { box } = this;
      if (top < box.scrollTop) box.scrollTop = top;
      else if (top + this.height > box.scrollTop + box.clientHeight) box.scrollTop = top + this.height - box.clientHeight;
      if (box.scrollTop >= this.height) this.following = false;
    }
    this.draw();
  }
}
