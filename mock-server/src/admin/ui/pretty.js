// JSON and XML in lines, for a person. It works on the text and changes nothing but white space
// between tokens: what it does not understand stays as it is, and it takes time in proportion to
// the length, whatever a client sent.

const INDENT = '  ';
// Deeper than this, lines are not moved further: a million brackets are not a million columns.
const DEEPEST = 24;

// The text in tokens, `[kind, text]`, or null when it is neither. Kinds are those of the style.
export function pretty(text) {
  const start = text.trimStart()[0];
  if (start === '<') return xml(text);
  if (start === '{' || start === '[') return json(text);
  return null;
}

const newline = (depth) => ['space', `\n${INDENT.repeat(Math.min(Math.max(depth, 0), DEEPEST))}`];

// The end of the string that begins at `at`, if one does.
function stringEnd(text, at) {
  if (text[at] !== '"') return at;
  let end = at + 1;
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end + 1;
}

export function json(text) {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const tokens = [];
  const token = /[{}[\],:]|[^\s{}[\],:"]+/y;
  const spaces = /\s*/y;
  let depth = 0;
  let at = 0;
  const skip = () => { spaces.lastIndex = at; spaces.exec(text); at = spaces.lastIndex; };
  for (skip(); at < text.length; skip()) {
    let end = stringEnd(text, at);
    if (end === at) {
      token.lastIndex = at;
      if (!token.test(text)) return null;
      end = token.lastIndex;
    }
    const found = text.slice(at, end);
    at = end;
    if (found === '{' || found === '[') {
      const close = found === '{' ? '}' : ']';
      skip();
      if (text[at] === close) {
        tokens.push(['mark', found + close]);
        at += 1;
      } else {
        depth += 1;
        tokens.push(['mark', found], newline(depth));
      }
    } else if (found === '}' || found === ']') {
      depth -= 1;
      tokens.push(newline(depth), ['mark', found]);
    } else if (found === ',') {
      tokens.push(['mark', ','], newline(depth));
    } else if (found === ':') {
      tokens.push(['mark', ': ']);
    } else if (found[0] === '"') {
      skip();
      tokens.push([text[at] === ':' ? 'name' : 'string', found]);
    } else {
      tokens.push(['value', found]);
    }
  }
  return tokens;
}

// The end of a tag that begins at `from`, behind its `>`; -1 when it has none.
function tagEnd(text, from) {
  let quote = '';
  for (let at = from + 1; at < text.length; at += 1) {
    const character = text[at];
    if (quote) {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '>') return at + 1;
    else if (character === '<') return -1;
  }
  return -1;
}

// What begins with `<`: its kind and its end.
function markup(text, at) {
  const until = (mark) => {
    const end = text.indexOf(mark, at);
    return end < 0 ? -1 : end + mark.length;
  };
  if (text.startsWith('<!--', at)) return ['quiet', until('-->')];
  if (text.startsWith('<![CDATA[', at)) return ['string', until(']]>')];
  if (text.startsWith('<?', at)) return ['quiet', until('?>')];
  if (text.startsWith('<!', at)) return ['quiet', tagEnd(text, at)];
  return [text[at + 1] === '/' ? 'close' : 'open', tagEnd(text, at)];
}

export function xml(text) {
  const tokens = [];
  const open = [];
  // Whether the element at hand has text, so that its end stays in the line.
  let inline = false;
  for (let at = 0; at < text.length;) {
    if (text[at] !== '<') {
      const next = text.indexOf('<', at);
      const end = next < 0 ? text.length : next;
      const found = text.slice(at, end);
      at = end;
      const element = open.at(-1);
      // What is nothing but layout, unless it is all that an element has.
      const whole = element && !element.children && !inline && text.startsWith('</', end);
      if (/^[ \t\r\n]*$/.test(found) && !whole) continue;
      if (!element) {
        if (found !== '\ufeff' || tokens.length) return null;
        tokens.push(['quiet', found]);
        continue;
      }
      tokens.push(['string', found]);
      inline = true;
      continue;
    }
    const [kind, end] = markup(text, at);
    if (end < 0) return null;
    const found = text.slice(at, end);
    at = end;
    if (kind === 'close') {
      const name = found.slice(2, -1).trim();
      const begun = open.pop();
      if (begun?.name !== name) return null;
      if (!inline && begun.children) tokens.push(newline(open.length));
      tokens.push(['name', found]);
      inline = false;
      continue;
    }
    const parent = open.at(-1);
    if (parent) parent.children = true;
    if (tokens.length && !inline) tokens.push(newline(open.length));
    tokens.push([kind === 'open' ? 'name' : kind, found]);
    if (kind === 'open' && !found.endsWith('/>')) {
      open.push({ name: found.slice(1, -1).split(/[\s/]/, 1)[0], children: false });
      inline = false;
    }
  }
  return open.length ? null : tokens;
}
