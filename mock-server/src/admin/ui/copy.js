// A received request as a command or as code that sends it again. The journal holds no secrets, so
// the copies read them from the environment: BW_USERNAME and BW_PASSWORD, for a token BW_CLIENT_ID
// and BW_CLIENT_SECRET, and for the password of a user BW_USER_PASSWORD, or one that the password
// rules accept.

const REMOVED = '[removed]';
// Headers that a client writes itself; the journal has bodies as they were before compression.
const OWN = new Set(['host', 'authorization', 'content-length', 'content-encoding', 'connection', 'transfer-encoding', 'expect',
  'user-agent', 'accept-encoding', 'keep-alive', 'te', 'upgrade', 'http2-settings', 'cookie']);
// Characters of the longest body on a command line; a longer one comes through a pipe.
const LONGEST = 100_000;

const header = (message, name) =>
  message.headers.find((one) => one.name.toLowerCase() === name)?.value;

// What stands for the secrets: `{ variable, otherwise }`.
function secrets(entry) {
  const wrong = entry.status === 401 && !entry.login;
  const refused = (entry.why.refusal?.rule ?? '').startsWith('password');
  const forToken = entry.operation === 'issue_token';
  const own = forToken ? 'BW_CLIENT_SECRET' : 'BW_PASSWORD';
  return {
    name: forToken ? 'BW_CLIENT_ID' : 'BW_USERNAME',
    own,
    password: wrong ? { otherwise: 'not-the-password' } : { variable: own },
    token: wrong ? { otherwise: 'not-a-token' } : { variable: 'BW_TOKEN' },
    // The right password is unknown, so the copy may break another rule than the request.
    another: wrong || refused,
    body: forToken ? (wrong ? { otherwise: 'not-the-password' } : { variable: own })
      : refused ? { otherwise: 'x' } : { variable: 'BW_USER_PASSWORD', otherwise: 'Teal-Wagon.47' },
  };
}

function credentials(entry) {
  const value = header(entry.request, 'authorization');
  if (value === undefined) return 'none';
  const scheme = value.split(' ')[0].toLowerCase();
  return scheme === 'basic' || scheme === 'bearer' ? scheme : 'other';
}

// A text with `secret` in place of each removed secret.
function mended(text, write, secret, glue) {
  const parts = text.split(REMOVED).flatMap((part, index) => [index ? secret : '', part ? write(part) : '']);
  return parts.filter(Boolean).join(glue) || write('');
}

// Clients send no body with HEAD.
const bodyOf = (entry) => (entry.method === 'HEAD' ? '' : entry.request.body);

// `..` in a path: most clients resolve it before they send it.
const dotted = ({ path }) => /\/\.\.?(\/|\?|$)/.test(path);

const kept = (entry) => entry.request.headers.filter(({ name }) => !OWN.has(name.toLowerCase()));

// --- for a shell

// Quoted for bash and zsh: no character has a meaning, and hidden ones are written as bytes.
export function quoted(text) {
  if (!/[^\n\t\x20-\x7e]/.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const bytes = new TextEncoder().encode(text);
  const written = Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    if (character === "'" || character === '\\') return `\\${character}`;
    if (byte === 10) return '\\n';
    // Octal ends after three digits, whatever follows.
    return byte >= 32 && byte < 127 ? character : `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `$'${written.join('')}'`;
}

function variable({ variable: name, otherwise }) {
  if (!name) return quoted(otherwise);
  return otherwise ? `"\${${name}:-${otherwise}}"` : `"$${name}"`;
}

const quotedBody = (text, secret) => mended(text, quoted, variable(secret), '');

// A body as commands that write it. An argument cannot hold a NUL, or be very long.
function written(text, secret) {
  const parts = text.split('\0').map((part) => `printf '%s' ${quotedBody(part, secret)}`);
  return parts.length === 1 ? parts[0] : `{ ${parts.join("; printf '\\0'; ")}; }`;
}

export function curl(entry, origin) {
  const secret = secrets(entry);
  const body = bodyOf(entry);
  const lines = [];
  if (entry.method === 'HEAD') lines.push('--head');
  else if (entry.method !== (body ? 'POST' : 'GET')) lines.push(`-X ${quoted(entry.method)}`);
  if (origin.startsWith('https:')) lines.push('--insecure');
  if (/[[\]{}]/.test(entry.path)) lines.push('--globoff');
  if (dotted(entry)) lines.push('--path-as-is');
  switch (credentials(entry)) {
    case 'basic': lines.push(`-u "$${secret.name}:${secret.password.variable ? `$${secret.password.variable}` : secret.password.otherwise}"`); break;
    case 'bearer': lines.push(`-H "Authorization: Bearer ${secret.token.variable ? '$BW_TOKEN' : secret.token.otherwise}"`); break;
    case 'other': lines.push("-H 'Authorization: removed'"); break;
    default:
  }
  const headers = kept(entry);
  for (const { name, value } of headers) {
    // A header without a value is written with a semicolon.
    lines.push(`-H ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`);
  }
  // curl sends these unless told not to.
  for (const name of ['Accept', ...(body ? ['Content-Type'] : [])]) {
    if (header(entry.request, name.toLowerCase()) === undefined) lines.push(`-H '${name}:'`);
  }
  const piped = body.length > LONGEST || body.includes('\0');
  if (body) lines.push(piped ? '--data-binary @-' : `--data-raw ${quotedBody(body, secret.body)}`);
  const url = quotedBody(`${origin}${entry.path}`, secret.body);
  const command = ['curl -i', ...lines, url].join(' \\\n  ');
  return piped ? `${written(body, secret.body)} |\n${command}\n` : `${command}\n`;
}

// --- for Python and JavaScript

// A literal of ASCII in double quotes, with `escape` for other characters.
function literal(text, escape) {
  const written = Array.from(text, (character) => {
    const code = character.codePointAt(0);
    if (character === '"' || character === '\\') return `\\${character}`;
    if (character === '\n') return '\\n';
    return code >= 32 && code < 127 ? character : escape(code, character);
  });
  return `"${written.join('')}"`;
}

const hex = (code, digits) => code.toString(16).padStart(digits, '0');

export const PYTHON = {
  text: (text) => literal(text, (code) => (code < 256 ? `\\x${hex(code, 2)}` : code < 65536 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`)),
  variable: (name, otherwise) => (otherwise === undefined ? `os.environ["${name}"]` : `os.environ.get("${name}", ${PYTHON.text(otherwise)})`),
  header: (text) => (/[^\x00-\x7e]/.test(text) ? `${PYTHON.text(text)}.encode()` : PYTHON.text(text)),
};
export const SCRIPT = {
  text: (text) => literal(text, (_, character) => Array.from({ length: character.length }, (__, at) => `\\u${hex(character.charCodeAt(at), 4)}`).join('')),
  variable: (name, otherwise) => (otherwise === undefined ? `process.env.${name}` : `(process.env.${name} ?? ${SCRIPT.text(otherwise)})`),
  // A header has bytes; fetch takes them as the characters of Latin-1.
  header: (text) => (/[^\x00-\x7e]/.test(text) ? `String.fromCharCode(...new TextEncoder().encode(${SCRIPT.text(text)}))` : SCRIPT.text(text)),
};

const secretIn = (language, { variable: name, otherwise }) => (name ? language.variable(name, otherwise) : language.text(otherwise));
const textIn = (language, text, secret) => mended(text, language.text, secretIn(language, secret), ' + ');

// The address, with the base from BW_BASE_URL if that is set.
function addressIn(language, { path }, origin, secret) {
  if (!path.startsWith('/api/')) return textIn(language, `${origin}${path}`, secret);
  return `${language.variable('BW_BASE_URL', `${origin}/api`)} + ${textIn(language, path.slice(4), secret)}`;
}

// The headers as pairs of a name and an expression, with a token among them.
function headersIn(language, entry, secret) {
  const authorization = {
    bearer: () => `"Bearer " + ${secretIn(language, secret.token)}`,
    other: () => '"removed"',
  }[credentials(entry)];
  const pairs = kept(entry).map(({ name, value }) => [language.text(name), language.header(value)]);
  return authorization ? [['"Authorization"', authorization()], ...pairs] : pairs;
}

function loginIn(language, entry, secret) {
  return credentials(entry) === 'basic' ? [language.variable(secret.name), secretIn(language, secret.password)] : null;
}

const inexact = (entry, sign, client) => (dotted(entry) ? [`${sign} ${client} resolves the dots of this path. Copy as curl to send them.`] : []);
const indented = (lines) => lines.map((line) => (line ? `    ${line}` : line));

function pythonCall(entry, origin) {
  const secret = secrets(entry);
  const body = bodyOf(entry);
  const login = loginIn(PYTHON, entry, secret);
  const headers = headersIn(PYTHON, entry, secret);
  // The library sends one of its own otherwise.
  if (header(entry.request, 'accept') === undefined) headers.push(['"Accept"', 'None']);
  const text = textIn(PYTHON, body, secret.body);
  return ['requests.request(', ...indented([
    `${PYTHON.text(entry.method)},`,
    `${addressIn(PYTHON, entry, origin, secret.body)},`,
    ...(login ? [`auth=(${login.join(', ')}),`] : []),
    'headers={', ...indented(headers.map((pair) => `${pair.join(': ')},`)), '},',
    ...(body ? [`data=${text.includes(' + ') ? `(${text})` : text}.encode(),`] : []),
    'timeout=30,',
    'allow_redirects=False,',
    // The mock makes its certificate itself.
    ...(origin.startsWith('https:') ? ['verify=False,'] : []),
  ]), ')'];
}

const assigned = ([first, ...rest]) => [`response = ${first}`, ...rest];
const imports = (lines, others = []) => [
  ...(lines.some((line) => line.includes('os.environ')) ? ['import os', ''] : []), ...others, 'import requests'];

// With the library requests.
export function python(entry, origin) {
  const call = pythonCall(entry, origin);
  return `${[...inexact(entry, '#', 'requests'), ...imports(call), '', ...assigned(call), 'print(response.status_code, response.text)'].join('\n')}\n`;
}

// A test for pytest, with the library requests.
export function test(entry, origin) {
  const call = pythonCall(entry, origin);
  const code = entry.why.refusal?.code;
  const shown = !secrets(entry).another && code && entry.response?.body.includes(String(code));
  const silent = entry.status === null;
  const steps = silent ? ['with pytest.raises(requests.RequestException):', ...indented(call)] : [
    ...assigned(call), `assert response.status_code == ${entry.status}, response.text`,
    ...(shown ? [`assert ${PYTHON.text(String(code))} in response.text`] : [])];
  return `${[...inexact(entry, '#', 'requests'), ...imports(call, silent ? ['import pytest'] : []), '', '',
    `def test_${entry.operation ?? 'request'}_returns_${entry.status ?? 'nothing'}():`, ...indented(steps)].join('\n')}\n`;
}

// With fetch, as a module for Node.js.
export function fetched(entry, origin) {
  const secret = secrets(entry);
  const body = bodyOf(entry);
  const login = loginIn(SCRIPT, entry, secret);
  const headers = headersIn(SCRIPT, entry, secret);
  if (login) headers.unshift(['"Authorization"', `"Basic " + btoa(${login.join(' + ":" + ')})`]);
  const refused = body && entry.method === 'GET';
  const text = textIn(SCRIPT, body, secret.body);
  // A string gets a Content-Type of its own; bytes do not.
  const typed = header(entry.request, 'content-type') !== undefined;
  return `${[
    ...inexact(entry, '//', 'fetch'),
    ...(refused ? ['// fetch sends no body with GET. Copy as curl to send it.'] : []),
    ...(origin.startsWith('https:') ? ["// The mock makes its certificate itself: set NODE_EXTRA_CA_CERTS to its CA."] : []),
    `const response = await fetch(${addressIn(SCRIPT, entry, origin, secret.body)}, {`,
    `  method: ${SCRIPT.text(entry.method)},`,
    '  redirect: "manual",',
    '  headers: {', ...headers.map((pair) => `    ${pair.join(': ')},`), '  },',
    ...(body && !refused ? [`  body: ${typed ? text : `new TextEncoder().encode(${text})`},`] : []),
    '});',
    'console.log(response.status, await response.text());'].join('\n')}\n`;
}
