// One request: what was asked and answered, and why.
import { below, get } from './api.js';
import { copy, el, evidence, kind, named, prose, shown, status } from './dom.js';
import { curl, test } from './copy.js';
import { pretty } from './pretty.js';
import { KINDS, count, duration, ruleText } from './text.js';

// A body is shown so far at first, in characters.
const SHOWN = 50_000;
// A longer one is shown as it is.
const LONGEST = 2_000_000;

// How a reader likes it, for all requests.
const taste = { raw: false, headers: false };

let questions;
async function question(id) {
  questions ??= get('behaviours').then(({ behaviours }) => new Map(behaviours.map((one) => [one.id, one.question])));
  questions.catch(() => { questions = undefined; });
  return (await questions).get(id) ?? '';
}

function tokens(parts) {
  return parts.map(([name, text]) => (name === 'space' ? text : el('span', { class: `token ${name}` }, named(text))));
}

// The first tokens, about so many characters of them.
function some(parts, most) {
  let length = 0;
  const end = parts.findIndex(([, text]) => (length += text.length) > most);
  if (end < 0) return [parts, false];
  const [name, text] = parts[end];
  const room = most - (length - text.length);
  return [[...parts.slice(0, end), [name, text.slice(0, room)]], true];
}

// Refusals of a body that was never read to its end.
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

export function message(title, told, none = 'without a body') {
  const headers = el('details', { class: 'headers', open: taste.headers, ontoggle: (event) => { taste.headers = event.target.open; } },
    el('summary', {}, `${count(told.headers.length, 'header')}, ${count(told.bodyBytes, 'byte')} of body`),
    el('dl', { class: 'pairs' }, told.headers.map(({ name, value }) => [el('dt', {}, shown(name)), el('dd', {}, shown(value))])));
  return el('section', { class: title.toLowerCase() },
    el('h3', {}, title), headers, body(told, none));
}

function fault({ fault: applied }) {
  if (!applied) return null;
  const { rule } = applied;
  return el('p', { class: 'verdict fault' }, el('a', { href: '#/faults' }, `Fault ${applied.id}`), ' was applied',
    rule.when === 'after' ? ' after the operation took effect: ' : ': ', el('code', {}, shown(ruleText(rule))),
    applied.delayedMs === null ? '' : `; it waited ${duration(applied.delayedMs)}`);
}

function refusal({ why }) {
  if (!why.refusal) return null;
  const { rule, field, code, description } = why.refusal;
  return el('p', { class: 'verdict refusal' }, 'Refused: ', el('code', {}, rule),
    field ? [' about ', el('code', {}, shown(field))] : '', `, code ${code}: `, shown(description));
}

function why(entry) {
  const { assumed, behaviours, profile } = entry.why;
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
  return el('section', { class: 'why' }, el('h3', {}, 'Why'),
    el('p', { class: 'line' }, 'Profile ', shown(profile), behaviours.length
      ? `; ${count(behaviours.length, 'behaviour')} shaped this answer, ${assumed.behaviours} of them assumed, the least known first.` : '; no behaviour was asked.'),
    assumed.shape ? el('p', { class: 'line' }, kind('assumed'), ' No source shows the bodies of this operation in full.') : null,
    rows.length ? el('table', {}, el('thead', {}, el('tr', {}, ['Behaviour', 'Option', 'How it is known'].map((name) => el('th', { scope: 'col' }, name)))),
      el('tbody', {}, rows)) : null);
}

function effect(entry) {
  if (entry.durationMs === null) return 'under way';
  return entry.tookEffect ? 'took effect' : 'changed nothing';
}

export class Detail {
  constructor({ close, origin }) {
    this.close = close;
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
      entry = await get(below('requests', id));
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
    return el('div', { class: 'bar' }, buttons, el('button', { type: 'button', class: 'close', title: 'Esc', onclick: this.close }, 'Close'));
  }

  fill(entry) {
    this.state = `${entry.durationMs} ${entry.status}`;
    const title = (text, of, key) => el('button', { type: 'button', class: key, title: key === 'curl' ? 'c' : 't',
      onclick: (event) => copy(of(entry, this.origin()), event.currentTarget, text) }, text);
    const { response } = entry;
    this.element.replaceChildren(
      this.bar([title('Copy as curl', curl, 'curl'), title('Copy as test', test, 'test')]),
      el('h2', {}, status(entry.status, entry.durationMs === null), ' ', shown(entry.method), ' ', shown(entry.path)),
      el('p', { class: 'line' }, `#${entry.id} · `, entry.operation ?? 'no operation', entry.surface ? ` on the ${entry.surface} surface` : '', ' · ', shown(entry.time), ' · ', duration(entry.durationMs), ' · ',
        entry.login ? ['as ', shown(entry.login)] : 'nobody was let in', entry.client ? [' from ', shown(entry.client)] : '', ' · ', effect(entry)),
      ...[refusal(entry), fault(entry)].filter(Boolean),
      message('Request', entry.request, NOT_KEPT.has(entry.why.refusal?.rule) ? 'its body was not kept' : undefined),
      response ? message('Response', response)
        : el('section', {}, el('h3', {}, 'Response'), el('p', { class: 'quiet' }, entry.durationMs === null ? 'under way' : 'no answer was sent')),
      why(entry));
    this.element.scrollTop = 0;
  }
}
