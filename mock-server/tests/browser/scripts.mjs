// The inspector's scripts without a page: what they make of text that means harm.
import assert from 'node:assert/strict';
import { PYTHON, SCRIPT, quoted } from './ui/copy.js';
import { json, pretty, xml } from './ui/pretty.js';
import { pieces } from './ui/text.js';

const HARM = [
  '', ' ', "it's", '"double"', '`id`', '$(id) ${HOME} $HOME', '\\', '\\n', '!!', '~', '*', 'a\nb\r\nc\td', '\u001b[2J', '\u202e',
  'é😀', '%s%n', '@file', '-n', "'; exit 1; '", '\u0007\u007f\u0080', '\u{e0041}', "\\'", "$'x'", '\u00001'.slice(1), '7\u001b7',
];

const text = (tokens) => tokens.map(([, part]) => part).join('');

// So many checks hold.
export function look(execFileSync) {
  let checks = 0;
  const check = (actual, expected, what) => { assert.deepEqual(actual, expected, what); checks += 1; };

  // A shell, Python and JavaScript read what was meant.
  const lines = HARM.map((harm) => `printf '%s\\0' ${quoted(harm)}`).join('\n');
  check(execFileSync('bash', ['--norc', '-c', lines]).toString().split('\0').slice(0, -1), HARM);
  check(execFileSync('bash', ['--norc', '-c', lines], { env: { LC_ALL: 'C' } }).toString().split('\0').slice(0, -1), HARM);
  const program = `import sys\nsys.stdout.buffer.write(b"".join(text.encode() + b"\\0" for text in [${HARM.map(PYTHON.text).join(', ')}]))`;
  check(execFileSync('python3', ['-c', program]).toString().split('\0').slice(0, -1), HARM);
  const script = `process.stdout.write([${HARM.map(SCRIPT.text).join(', ')}].map((text) => text + '\\0').join(''))`;
  check(execFileSync('node', ['-e', script]).toString().split('\0').slice(0, -1), HARM);
  for (const harm of HARM) assert.match(quoted(harm), /^[\n\t\x20-\x7e]*$/, 'only what shows is copied');

  // Formatting changes nothing but white space.
  const values = [{}, [], [[]], { a: {} }, { a: [1, 2.50, -3e10, null, true] }, HARM, { '"': ':', ',': '{' }, 'a'];
  for (const value of values.slice(0, -1)) {
    for (const written of [JSON.stringify(value), JSON.stringify(value, null, 3)]) check(JSON.parse(text(json(written))), value);
  }
  check(text(json('{"a":[1,{"b":null}],"c":[]}')), '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ],\n  "c": []\n}');
  check(text(json('{"n":1.0,"e":"\\u00e9"}')), '{\n  "n": 1.0,\n  "e": "\\u00e9"\n}', 'numbers and escapes stay as they are');
  check(text(xml('<?xml version="1.0"?><a b="1>2"><c>x</c><d/><e></e><!-- f --></a>')),
    '<?xml version="1.0"?>\n<a b="1>2">\n  <c>x</c>\n  <d/>\n  <e></e>\n  <!-- f -->\n</a>');
  check(text(xml('<a>\n  <b>1</b>\n</a>')), '<a>\n  <b>1</b>\n</a>');
  // Space that is all an element has is no layout, nor is what only looks like space.
  check(text(xml('<a> <b> </b>\u00a0<c/></a>')), '<a>\n  <b> </b>\u00a0<c/></a>');
  check(text(xml('\ufeff<a/>')), '\ufeff\n<a/>');
  check(xml('\ufeff\ufeff<a/>'), null, 'a second byte order mark is no XML');
  for (const broken of ['<a>', '<a></b>', '<a', '</a>', 'x<a/>', '<a><!-- </a>', '<a b="></a>', '<![CDATA[', '<a><</a>']) check(xml(broken), null, broken);
  for (const broken of ['{', '{"a":}', '[1,]', '{"a"', '"\\']) check(pretty(broken), null, broken);

  // A megabyte of anything takes no more than moments, of this process: the machine may do much else.
  for (const part of ['<', '<a>', '<!--', '<"', "<a b='", '[', '{"a":', '"\\', '<![CDATA[', '&', '\u202e', '<a>x</a>', '[[],']) {
    const long = part.repeat(Math.ceil(1_000_000 / part.length));
    for (const body of [long, `<a>${long}`, `[${long}`, `{"a":"${long}`]) {
      const begun = process.cpuUsage();
      pretty(body);
      pieces(body);
      const { user, system } = process.cpuUsage(begun);
      const took = (user + system) / 1000;
      assert.ok(took < 3000, `a megabyte of ${part} takes ${took} ms`);
    }
    checks += 1;
  }
  const tokens = json(`${'['.repeat(5000)}${']'.repeat(5000)}`);
  assert.ok(tokens === null || text(tokens).length < 2_000_000, 'depth does not multiply');
  check(pieces('a\u202eb\n\u0000', { oneLine: true }), [['a', false], ['U+202E', true], ['b', false], ['U+000A', true], ['U+0000', true]]);
  check(pieces('jdoe\ufe0f\u2800').map(([, hidden]) => hidden), [false, true, true], 'what makes a name look like another is named');
  return checks + 1;
}
