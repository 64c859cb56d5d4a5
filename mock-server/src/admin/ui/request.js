// One request: its verdict first, then request, response, and why.
import { get } from './api.js';
import { copy, el, evidence, named, prose, rule as shownRule, shown, status, table } from './dom.js';
import { curl, fetched, python, test } from './copy.js';
import { pretty } from './pretty.js';
import { KINDS, count, duration } from './text.js';

// Characters of a body that are shown at first.
const SHOWN = 50_000;
// Characters of the longest body that is formatted.
const LONGEST = 2_000_000;

// What the reader chose, for all requests.
const taste = { raw: false, headers: false, tab: 'Response' };

let questions;
async function question(id) {
  questions ??= get('behaviours').then(({ behaviours }) => new Map(behaviours.map((one) => [one.id, one.question])));
  questions.catch(() => { questions = undefined; });
  return (await questions).get(id) ?? '';
}

function tokens(parts) {
  return parts.map(([name, text]) => (name === 'space' ? text : el('span', { class: `token ${name}` }, named(text))));
}

// The first tokens, with about `most` characters.
function some(parts, most) {
  let length = 0;
  const end = parts.findIndex(([, text]) => (length += text.length) > most);
  if (end < 0) return [parts, false];
  const [name, text] = parts[end];
  const room = most - (length - text.length);
  return [[...parts.slice(0, end), [name, text.slice(0, room)]], true];
}

// Rules that reject a body before its end.
const NOT_KEPT = new Set(['body_too_large', 'body_broken_off', 'body_too_slow']);

function body(message, none) {
  if (!message.body) return el('p', { class: 'quiet' }, none);
  const formatted = message.body.length <= LONGEST ? pretty(message.body) : null;
  const pre = el('pre', { class: 'body', tabindex: '0', dir: 'ltr' });
  const more = el('button', { type: 'button', hidden: true, onclick: () => fill(Infinity) });
  const fill = (most) => {
    const parts = !taste.raw && formatted ? formatted : [['plain', message.body]];
    const [first, cut] = some(parts, most);
    pre.replaceChildren(...tokens(first));
    more.hidden = !cut;
    more.textContent = `Show all ${count(message.body.length, 'character')}`;
  };
  fill(SHOWN);
  const raw = formatted && el('button', {
    type: 'button', class: 'small raw', 'aria-pressed': String(taste.raw), onclick: (event) => {
      taste.raw = !taste.raw;
      event.target.setAttribute('aria-pressed', String(taste.raw));
      fill(SHOWN);
    },
  }, 'Raw');
  return [raw, pre, more];
}

export function message(told, none = 'No body') {
  const { headers, bodyBytes } = told;
  const size = bodyBytes ? `, ${count(bodyBytes, 'byte')} of body` : '';
  return [
    el('details', { class: 'headers', open: taste.headers, ontoggle: (event) => { taste.headers = event.target.open; } },
      el('summary', {}, `${count(headers.length, 'header')}${size}`),
      el('dl', { class: 'pairs' }, headers.map(({ name, value }) => [el('dt', {}, shown(name)), el('dd', {}, shown(value))]))),
    body(told, none)];
}

function fault({ fault: applied }) {
  if (!applied) return null;
  const { rule } = applied;
  return el('p', { class: 'verdict fault' }, el('a', { href: '#/faults' }, `Fault ${applied.id}`), ' was applied',
    rule.when === 'after' ? ' after the operation took effect: ' : ': ', shownRule(rule),
    applied.delayedMs === null ? '' : `; it waited ${duration(applied.delayedMs)}`);
}

// What came of the request, in a sentence.
function outcome({ durationMs, status: code, tookEffect, why: { refusal } }) {
  if (refusal) {
    const { rule, field, code: number, description } = refusal;
    return el('p', { class: 'verdict refusal' }, 'Refused: ', el('code', {}, rule),
      field ? [' about ', el('code', {}, shown(field))] : '', `, code ${number}: `, shown(description));
  }
  if (durationMs === null) return el('p', { class: 'verdict waits' }, 'Under way.');
  const what = code === null ? 'No response was sent.' : code < 400 ? 'Succeeded.' : 'Failed.';
  return el('p', { class: `verdict ${code !== null && code < 400 ? 'good' : 'refusal'}` }, what, ' ', tookEffect ? 'The operation took effect.' : 'Nothing changed.');
}

// How much of the response is a guess, in a line.
function certainty({ why: { assumed } }, open) {
  if (!assumed.of && !assumed.shape) return null;
  const share = `${assumed.behaviours} of ${count(assumed.of, 'behaviour')} ${assumed.behaviours === 1 ? 'is an assumption' : 'are assumptions'}`;
  const shape = assumed.shape ? 'The form of the bodies is an assumption: no source shows them in full.' : 'A source shows the form of the bodies.';
  return el('p', { class: 'certainty' }, assumed.of ? [el('button', { type: 'button', class: 'link', onclick: open }, share), '. '] : null, el('span', { class: 'quiet' }, shape));
}

function why(entry) {
  const { behaviours, profile } = entry.why;
  const rank = ({ evidence: [first] }) => KINDS.indexOf(first?.kind);
  const rows = [...behaviours].sort((one, other) => rank(one) - rank(other)).map((one) => {
    const asked = el('span', { class: 'question' });
    question(one.id).then((text) => { asked.append(...prose(text)); }, () => {});
    const scope = entry.accountId ? `?account=${encodeURIComponent(entry.accountId)}` : '';
    return el('tr', {},
      el('td', {}, el('a', { href: `#/profile/${one.id}${scope}` }, one.id), asked),
      el('td', {}, el('code', {}, shown(one.option))),
      el('td', {}, evidence(one.evidence)));
  });
  return [
    el('p', { class: 'line' }, 'Profile ', shown(profile), rows.length ? `. ${count(rows.length, 'behaviour')} shaped this response, the least known first.` : '. No behaviour shaped this response.'),
    rows.length ? table(['Behaviour', 'Option', 'Evidence'], rows) : null];
}

// Tabs, one of them open: `[name, children]`. Arrow keys move between them.
function tabs(parts) {
  const choose = (name, focus) => {
    taste.tab = name;
    for (const [part, tab, panel] of all) {
      tab.setAttribute('aria-selected', String(part === name));
      tab.tabIndex = part === name ? 0 : -1;
      panel.hidden = part !== name;
      if (focus && part === name) tab.focus();
    }
  };
  const move = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const at = all.findIndex(([name]) => name === taste.tab);
    choose(all[(at + by + all.length) % all.length][0], true);
  };
  const all = parts.map(([name, children]) => {
    const id = name.toLowerCase();
    const tab = el('button', { type: 'button', role: 'tab', id: `tab-${id}`, 'aria-controls': `panel-${id}`, onclick: () => choose(name), onkeydown: move }, name);
    const panel = el('section', { class: id, role: 'tabpanel', id: `panel-${id}`, 'aria-labelledby': `tab-${id}` }, children);
    return [name, tab, panel];
  });
  choose(taste.tab);
  const list = el('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Parts of the request' }, all.map(([, tab]) => tab));
  return { elements: [list, ...all.map(([, , panel]) => panel)], choose };
}

export class Detail {
  constructor({ close, move, read, origin }) {
    this.close = close;
    this.move = move;
    this.read = read;
    this.origin = origin;
    this.element = el('section', { class: 'detail', 'aria-label': 'Request', tabindex: '-1', hidden: true });
    this.id = null;
  }

  hide() {
    this.id = null;
    this.element.hidden = true;
    this.element.replaceChildren();
  }

  async show(id) {
    this.id = id;
    this.element.hidden = false;
    let entry;
    try {
      entry = await this.read(id);
    } catch (error) {
      if (this.id === id) this.element.replaceChildren(this.bar([]), el('p', { class: 'error' }, error.message));
      return;
    }
    if (this.id !== id) return;
    this.fill(entry);
  }

  // An entry is changed while it is under way: a delay passes.
  refresh(row) {
    if (this.element.hidden || row.id !== this.id) return;
    if (this.state !== `${row.durationMs} ${row.status}`) this.show(row.id);
  }

  bar(buttons) {
    const move = (text, by, key) => el('button', { type: 'button', title: key, onclick: () => this.move(by) }, text);
    return el('div', { class: 'bar' }, move('↑ Newer', -1, 'k'), move('↓ Older', 1, 'j'), buttons,
      el('button', { type: 'button', class: 'close', title: 'Esc', onclick: this.close }, 'Close'));
  }

  fill(entry) {
    this.state = `${entry.durationMs} ${entry.status}`;
    const button = (name, text, of) => el('button', { type: 'button', class: name, title: name[0], 'aria-label': `Copy as ${text}`,
      onclick: (event) => copy(of(entry, this.origin()), event.currentTarget, `Copy as ${text}`) }, text);
    const { response, durationMs } = entry;
    const { elements, choose } = tabs([
      ['Request', message(entry.request, NOT_KEPT.has(entry.why.refusal?.rule) ? 'The mock did not keep the body.' : undefined)],
      ['Response', response ? message(response) : el('p', { class: 'quiet' }, durationMs === null ? 'Under way.' : 'No response was sent.')],
      ['Why', why(entry)]]);
    this.element.replaceChildren(...[
      this.bar(el('span', { class: 'copies' }, el('span', { class: 'quiet' }, 'Copy as'), button('curl', 'curl', curl), button('python', 'Python', python), button('fetch', 'fetch', fetched), button('test', 'test', test))),
      el('h2', {}, status(entry.status, durationMs === null), ' ', shown(entry.method), ' ', shown(entry.path)),
      outcome(entry), fault(entry), certainty(entry, () => choose('Why', true)),
      el('p', { class: 'line' }, `#${entry.id} · `, entry.operation ?? 'no operation', entry.surface ? ` on the ${entry.surface} surface` : '', ' · ', shown(entry.time), ' · ', durationMs === null ? 'under way' : duration(durationMs), ' · ',
        entry.login ? ['as ', shown(entry.login)] : 'not authenticated', entry.client ? [' from ', shown(entry.client)] : ''),
      ...elements].filter(Boolean));
    this.element.scrollTop = 0;
  }
}
