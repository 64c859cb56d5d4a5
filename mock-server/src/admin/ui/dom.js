// Elements. Text gets into the page here and nowhere else, and only as text: nothing that a client
// sent is ever read as HTML.
import { oneLine, pieces } from './text.js';

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

// A kind of evidence, as `assumed`.
export const kind = (name) => el('span', { class: `kind ${name}` }, name);

// Our own words, in which backticks stand around code.
export const prose = (text) => text.split('`').map((part, index) => (index % 2 ? el('code', {}, named(part, { oneLine: true })) : named(part, { oneLine: true })));

// How an option is known; without evidence it is assumed.
export function evidence(list) {
  if (!list.length) return kind('assumed');
  return el('ul', { class: 'evidence' }, list.map((one) => el('li', {},
    kind(one.kind), ' ', one.ticket ? [shown(`${one.by}, ticket ${one.ticket}`), ' '] : null, prose(one.source), ' ', el('span', { class: 'quiet date' }, one.date),
    one.alternatives?.length ? [' ', el('span', { class: 'quiet' }, `not ruled out: ${one.alternatives.join(', ')}`)] : null)));
}

// A status as a coloured number; a dash when nothing was sent.
export function status(code, underWay = false) {
  const name = code ? `s${Math.floor(code / 100)}` : 's0';
  return el('span', { class: `status ${name}`, title: code ? null : underWay ? 'under way' : 'no answer was sent' }, code ?? (underWay ? '…' : '—'));
}

// Says what went wrong, or nothing.
export function say(message) {
  const notice = document.getElementById('notice');
  notice.textContent = '';
  if (message) notice.append(...named(String(message), { oneLine: true }));
  notice.hidden = !message;
}

// Does what a button is for; what goes wrong is said at the top.
export const act = (action) => async (event) => {
  event?.preventDefault();
  say('');
  try {
    await action(event);
  } catch (error) {
    say(error.message);
  }
};

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
