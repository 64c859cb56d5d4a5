// Elements. Text gets into the page here and nowhere else, and only as text: nothing that a client
// sent is ever read as HTML.
import { SOURCES } from './sources.js';
import { oneLine, pieces, ruleText } from './text.js';

// el('p', { class: 'note', onclick }, 'text', element, [more])
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'value') element.value = value;
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// What a client sent, in one line: hidden characters are named, and its direction stays inside.
export function shown(text, attributes = {}) {
  return el('bdi', attributes, named(String(text), { oneLine: true }));
}

// Text nodes, and an element for each hidden character.
export function named(text, options) {
  return pieces(text, options).map(([piece, hidden]) =>
    hidden ? el('span', { class: 'hidden-character', title: 'a character that does not show' }, piece) : piece);
}

// Fills `parent` with what `build` makes of `data`, unless it shows the same already. What had the
// focus gets it again, by its `data-key`; what is being typed stays.
const shownIn = new WeakMap();
export function update(parent, data, build) {
  const state = JSON.stringify(data);
  if (shownIn.get(parent) === state) return;
  shownIn.set(parent, state);
  const key = parent.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const inputs = () => parent.querySelectorAll('input[type=text][data-key]');
  const typed = new Map(Array.from(inputs(), (input) => [input.dataset.key, input.value]));
  parent.replaceChildren(...[build(data)].flat(Infinity).filter(Boolean));
  for (const input of inputs()) input.value = typed.get(input.dataset.key) ?? input.value;
  if (key !== undefined) parent.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

// Lets the next update fill it whatever it shows.
export const forget = (parent) => shownIn.delete(parent);

export const option = (value, text = value, selected = false) => el('option', { value, selected }, oneLine(text));

// Sets the options of a select, and keeps what is selected where it is still there.
export function choices(select, entries) {
  const state = JSON.stringify(entries);
  if (shownIn.get(select) === state) return;
  shownIn.set(select, state);
  const { value } = select;
  select.replaceChildren(...entries.map(([key, text]) => option(key, text)));
  select.value = entries.some(([key]) => key === value) ? value : entries[0][0];
}

// A fault's rule as text, which breaks between its keys.
export const rule = (of) => el('code', {}, ruleText(of).split(',').map((part, index) => [index ? [',', el('wbr')] : null, shown(part)]));

// A kind of evidence, as `assumed`.
export const kind = (name) => el('span', { class: `kind ${name}` }, name);

// Our own words, in which backticks stand around code.
export const prose = (text) => text.split('`').map((part, index) => (index % 2 ? el('code', {}, named(part, { oneLine: true })) : named(part, { oneLine: true })));

// A short name of a source, explained, and linked if it has a page. The browser opens the link only
// when a person clicks it.
function source(name) {
  const { document: text, date, address } = SOURCES[name];
  const title = `${text}, ${date}`;
  // No file of this page names another server.
  const href = address && ['https:', '', address].join('/');
  return href ? el('a', { href, title, target: '_blank', rel: 'noopener noreferrer' }, name) : el('abbr', { title }, name);
}

const SHORT = new RegExp(`\\b(${Object.keys(SOURCES).sort().reverse().join('|')})\\b`);

// The words of a source, in which short names are explained.
const cited = (text) => text.split(SHORT).map((part, index) => (index % 2 ? source(part) : prose(part)));

// How an option is known; without evidence it is assumed.
export function evidence(list) {
  if (!list.length) return kind('assumed');
  return el('ul', { class: 'evidence' }, list.map((one) => el('li', {},
    kind(one.kind), ' ', one.ticket ? [shown(`${one.by}, ticket ${one.ticket}`), ' '] : null, cited(one.source), ' ', el('span', { class: 'quiet date' }, one.date),
    one.alternatives?.length ? [' ', el('span', { class: 'quiet' }, `not ruled out: ${one.alternatives.join(', ')}`)] : null)));
}

// What the kinds of evidence and the short names mean.
const MEANINGS = {
  guide: 'The guide of 2026-03-04 says so.',
  published: 'A document or a client of Bandwidth says so.',
  observed: 'A real account behaved so.',
  support: "Bandwidth's support answered so.",
  assumed: 'No source says it.',
};
export const legend = () => el('details', { class: 'legend' }, el('summary', {}, 'Evidence and sources'),
  el('dl', { class: 'pairs' }, Object.entries(MEANINGS).map(([name, text]) => [el('dt', {}, kind(name)), el('dd', {}, text)])),
  el('dl', { class: 'pairs' }, Object.entries(SOURCES).map(([name, { document: text, date }]) => [el('dt', {}, source(name)), el('dd', {}, `${text}, ${date}`)])));

// A table. In a narrow window each row becomes a card, in which cells have the names of their columns.
export function table(heads, rows) {
  for (const row of rows) {
    [...row.cells].forEach((cell, index) => { cell.dataset.label = heads[index]; });
  }
  return el('table', {}, el('thead', {}, el('tr', {}, heads.map((name) => el('th', { scope: 'col' }, name)))), el('tbody', {}, rows));
}

// A status as a coloured number; a dash when nothing was sent.
export function status(code, underWay = false) {
  const name = code ? `s${Math.floor(code / 100)}` : 's0';
  return el('span', { class: `status ${name}`, title: code ? null : underWay ? 'under way' : 'no response was sent' }, code ?? (underWay ? '…' : '—'));
}

// Says what concerns the whole page, or nothing.
export function say(message) {
  const notice = document.getElementById('notice');
  notice.textContent = '';
  if (message) notice.append(...named(String(message), { oneLine: true }));
  notice.hidden = !message;
}

// Says what went wrong beside the control that was used, also after an update replaced it.
function complain(message, control) {
  const key = control?.dataset.key ?? control?.querySelector?.('[data-key]')?.dataset.key;
  const anchor = control?.isConnected ? control : key && document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  const place = anchor?.closest('fieldset, form, .ready, .bar, table, p');
  if (!place) {
    say(message);
    return;
  }
  const complaint = el('p', { class: 'complaint', role: 'alert' }, named(String(message), { oneLine: true }));
  if (place.matches('fieldset')) place.append(complaint); else place.after(complaint);
}

// Does what a control is for; what goes wrong is said beside it.
export const act = (action) => async (event) => {
  event?.preventDefault();
  const control = event?.currentTarget instanceof Element ? event.currentTarget : undefined;
  say('');
  document.querySelectorAll('.complaint').forEach((old) => old.remove());
  try {
    await action(event);
  } catch (error) {
    complain(error.message, control);
  }
};

// A button for what cannot be undone: it asks once more.
export function confirmed(text, label, attributes, action) {
  const ask = (sure) => {
    button.classList.toggle('sure', sure);
    button.textContent = sure ? 'Sure?' : text;
    button.setAttribute('aria-label', sure ? `Sure? ${label}` : label);
  };
  const press = () => (button.classList.contains('sure') ? action() : ask(true));
  const button = el('button', { type: 'button', ...attributes, onclick: act(press), onblur: () => ask(false) });
  ask(false);
  return button;
}

// Says what was done, and offers to undo it for a while.
const OFFERED = 15_000;
let offer;
export function toast(text, undo) {
  const box = document.getElementById('toast');
  const end = () => { clearTimeout(offer); box.replaceChildren(); };
  const wait = () => { offer = setTimeout(() => (box.matches(':hover, :focus-within') ? wait() : end()), OFFERED); };
  end();
  box.append(el('span', {}, named(text, { oneLine: true })), ...[
    undo && el('button', { type: 'button', class: 'undo', title: 'u', onclick: act(async () => { end(); await undo(); }) }, 'Undo'),
    el('button', { type: 'button', class: 'end', onclick: end }, 'Dismiss')].filter(Boolean));
  wait();
}

// To the clipboard; where the browser has none for this page, into a box to copy from.
export async function copy(text, button, title) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const dialog = document.getElementById('text');
    dialog.querySelector('h2').textContent = title;
    dialog.querySelector('textarea').value = text;
    dialog.showModal();
    dialog.querySelector('textarea').select();
    return;
  }
  const { textContent } = button;
  if (textContent === 'Copied') return;
  button.textContent = 'Copied';
  setTimeout(() => { button.textContent = textContent; }, 1200);
}
