// What a client sent, as text that a person can trust: characters that show nothing, or that turn
// the text around them, are named.

// Controls but tab and line feed, soft hyphen, marks and overrides of direction, zero width,
// line separators, annotations, and the invisible twins of ASCII.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;
const BREAKS = /[\t\n]/g;

const codePoint = (character) =>
  `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`;

// The text in pieces, `[text, isHidden]`. In one line, tabs and line feeds are named too.
export function pieces(text, { oneLine = false } = {}) {
  const found = [];
  const places = [...text.matchAll(HIDDEN), ...(oneLine ? text.matchAll(BREAKS) : [])];
  places.sort((one, other) => one.index - other.index);
  let from = 0;
  for (const { index, 0: character } of places) {
    if (index > from) found.push([text.slice(from, index), false]);
    found.push([codePoint(character), true]);
    from = index + character.length;
  }
  if (from < text.length) found.push([text.slice(from), false]);
  return found;
}

// The same as text alone, for where there are no elements.
export const oneLine = (text) => pieces(text, { oneLine: true }).map(([piece]) => piece).join('');

// `1 request`, `2 requests`
export const count = (number, noun, nouns = `${noun}s`) =>
  `${number.toLocaleString('en')} ${number === 1 ? noun : nouns}`;

// Milliseconds for a person.
export function duration(ms) {
  if (ms === null || ms === undefined) return '…';
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 10_000) return `${Math.round(ms).toLocaleString('en')} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}

// The time of day of an RFC 3339 time, as it stands there.
export const timeOfDay = (time) => time.slice(11, 23);

// The kinds of evidence, weakest first.
export const KINDS = ['assumed', 'guide', 'published', 'support', 'observed'];

// Whether an armed fault can still hit: `armed`, `used up` or `expired`.
export function faultState({ rule, hits, expired }) {
  if (expired) return 'expired';
  return rule.times !== undefined && hits >= rule.times ? 'used up' : 'armed';
}

// A fault's rule as `--fault` takes it.
export function ruleText(rule) {
  const value = (inner) => (Array.isArray(inner) ? inner.join('-') : inner);
  const pairs = (path, inner) => (typeof inner === 'object' && !Array.isArray(inner)
    ? Object.entries(inner).flatMap(([key, next]) => pairs([...path, key], next))
    : [`${path.join('.')}=${value(inner)}`]);
  return pairs([], rule).join(',');
}
