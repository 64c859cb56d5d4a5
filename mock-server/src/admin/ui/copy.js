// A request that was received as a command and as a test, to be sent again. The journal holds no
// secrets, so they are asked of the environment: BW_USERNAME and BW_PASSWORD, for a token
// BW_CLIENT_ID and BW_CLIENT_SECRET, and for the password of a user BW_USER_PASSWORD, or one that the
// password rules accept.

const REMOVED = '[removed]';
// What the client of the copy writes itself; the journal has bodies as they were before compression.
const OWN = new Set(['host', 'authorization', 'content-length', 'content-encoding', 'connection', 'transfer-encoding', 'expect',
  'user-agent', 'accept-encoding', 'keep-alive', 'te', 'upgrade', 'http2-settings', 'cookie']);
// A command line takes no more; the rest comes through a pipe.
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
    // The password of a request that was refused for it is not known either; this one is refused too,
    // if perhaps for another reason.
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

// A text with something else in the place of what was removed.
function mended(text, write, secret, glue) {
  const parts = text.split(REMOVED).flatMap((part, index) => [index ? secret : '', part ? write(part) : '']);
  return parts.filter(Boolean).join(glue) || write('');
}

// Of a HEAD, clients send none.
const bodyOf = (entry) => (entry.method === 'HEAD' ? '' : entry.request.body);

const kept = (entry) => entry.request.headers.filter(({ name }) => !OWN.has(name.toLowerCase()));

// --- for a shell

// Quoted for bash and zsh: nothing in it means anything, and what does not show is written as bytes.
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
  if (/\/\.\.?(\/|\?|$)/.test(entry.path)) lines.push('--path-as-is');
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

// --- for Python

// A literal of ASCII, in the quotes that need fewer escapes.
export function python(text) {
  const quote = text.includes('"') && !text.includes("'") ? "'" : '"';
  const written = Array.from(text, (character) => {
    const code = character.codePointAt(0);
    if (character === quote || character === '\\') return `\\${character}`;
    if (character === '\n') return '\\n';
    if (code >= 32 && code < 127) return character;
    if (code < 256) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code < 65536 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
  });
  return `${quote}${written.join('')}${quote}`;
}

function pythonSecret({ variable: name, otherwise }) {
  if (!name) return python(otherwise);
  return otherwise ? `os.environ.get(${python(name)}, ${python(otherwise)})` : `os.environ[${python(name)}]`;
}

const pythonText = (text, secret) => mended(text, python, pythonSecret(secret), ' + ');

// A test for pytest that needs nothing beyond Python. Without pytest, call its function.
export function test(entry, origin) {
  const secret = secrets(entry);
  const name = `test_${entry.operation ?? 'request'}_is_answered_${entry.status ?? 'never'}`;
  const scheme = credentials(entry);
  const uses = {
    basic: `        ("Authorization", "Basic " + base64.b64encode(f"{os.environ['${secret.name}']}:{${secret.password.variable ? `os.environ['${secret.password.variable}']` : `'${secret.password.otherwise}'`}}".encode()).decode()),`,
    bearer: `        ("Authorization", "Bearer " + ${pythonSecret(secret.token)}),`,
    other: '        ("Authorization", "removed"),',
  }[scheme];
  const body = bodyOf(entry);
  const code = entry.why.refusal?.code;
  const secure = origin.startsWith('https:');
  const answered = !secret.another && entry.response?.body.includes(String(code));
  const lines = [
    `# Request ${entry.id} of the mock's journal.${{ basic: ` Needs ${secret.name} and ${secret.own}.`, bearer: ' Needs BW_TOKEN.' }[scheme] ?? ''} BW_BASE_URL where the mock is elsewhere.`,
    scheme === 'basic' ? 'import base64' : null,
    'import http.client',
    'import os',
    secure ? 'import ssl' : null,
    'from urllib.parse import urlsplit',
    '',
    '',
    `def ${name}():`,
    `    base = urlsplit(os.environ.get("BW_BASE_URL", ${python(`${origin}/api`)}))`,
    // The mock makes its certificate itself.
    secure ? '    connection = http.client.HTTPSConnection(base.netloc, timeout=30, context=ssl._create_unverified_context())'
      : '    connection = http.client.HTTPConnection(base.netloc, timeout=30)',
    '    headers = [',
    uses ?? null,
    ...kept(entry).map((one) => `        (${python(one.name)}, ${python(one.value)}${/[^\x00-\x7e]/.test(one.value) ? '.encode()' : ''}),`),
    '    ]',
    `    connection.putrequest(${python(entry.method)}, ${pythonText(entry.path, secret.body)}, skip_accept_encoding=True)`,
    '    for key, value in headers:',
    '        connection.putheader(key, value)',
    body ? `    body = (${pythonText(body, secret.body)}).encode()` : null,
    body ? '    connection.putheader("Content-Length", len(body))' : null,
    `    connection.endheaders(${body ? 'body' : ''})`,
  ];
  if (entry.status === null) {
    lines.push('    try:', '        connection.getresponse().read()', '    except (http.client.HTTPException, OSError):', '        return',
      '    raise AssertionError("there was an answer")');
  } else {
    lines.push('    response = connection.getresponse()', `    assert response.status == ${entry.status}, response.status`);
    if (code && answered) lines.push(`    assert ${python(String(code))} in response.read().decode()`);
  }
  return `${lines.filter((line) => line !== null).join('\n')}\n`;
}
