// The inspector in a real browser: `node inspector.mjs PROGRAM FOLDER [SCREENSHOTS]`, with
// playwright-core to be found, CHROMIUM naming the browser, and the inspector's scripts in ./ui.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { isDeepStrictEqual } from 'node:util';
import { chromium } from 'playwright-core';
import { USER, USERS, everyday, start, stopAll } from './mock.mjs';
import * as scripts from './scripts.mjs';

const [program, folder, screenshots] = process.argv.slice(2);
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const PYTHON = process.env.PYTHON ?? 'python3';
const LOGIN = { ...process.env, BW_USERNAME: 'api-user', BW_PASSWORD: 'Api-Passw0rd!23' };

let checks = 0;
const check = (actual, expected, what) => { assert.deepEqual(actual, expected, what); checks += 1; };
const holds = (condition, what) => { assert.ok(condition, what); checks += 1; };
// What a page shows follows what is done to it, not at once.
const becomes = async (read, expected, what) => {
  const until = performance.now() + 15_000;
  let actual = await read();
  while (!isDeepStrictEqual(actual, expected) && performance.now() < until) {
    await new Promise((resolve) => { setTimeout(resolve, 20); });
    actual = await read();
  }
  check(actual, expected, what);
};

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS });

// A page that complains of everything: messages on the console, violations of the policy (which are
// such messages), errors, dialogs, and requests to anywhere else.
async function open(url, options = {}, script = () => {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, colorScheme: 'light', ...options });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  await page.addInitScript(script);
  page.setDefaultTimeout(15_000);
  page.complaints = [];
  const { origin } = new URL(url);
  page.on('console', (message) => page.complaints.push(message.text()));
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('dialog', (dialog) => { page.complaints.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  page.on('request', (request) => new URL(request.url()).origin === origin || page.complaints.push(`request ${request.url()}`));
  await page.goto(url);
  return page;
}

async function close(page, expected = /^$/) {
  check(page.complaints.filter((text) => !expected.test(text)), [], 'the browser complains of nothing');
  await page.context().close();
}

const view = async (page, hash) => { await page.evaluate((to) => { location.hash = to; }, hash); };
const rows = (page) => page.locator('.space .row');
const tally = (page, text) => page.locator('.tally', { hasText: text }).waitFor();
const live = (page) => page.locator('#connection[data-state=live]').waitFor();
const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());
const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim());

async function everyRequest() {
  const mock = await start(program);
  const page = await open(`${mock.origin}/`);
  check(page.url(), mock.ui, 'a browser is sent to the inspector');
  await page.getByText('No requests yet').waitFor();
  check((await mock.admin('GET', 'requests')).requests, [], 'a visit is not in the journal');

  // A request is there within a second.
  const sent = performance.now();
  check(await mock.send('GET', USERS), 200);
  await rows(page).first().waitFor();
  const arrival = performance.now() - sent;
  holds(arrival < 1000, `it took ${arrival} ms`);
  await becomes(() => page.locator('.follow').textContent(), 'Following');

  await mock.admin('DELETE', 'requests');
  await page.getByText('No requests yet').waitFor();
  await everyday(mock);
  await tally(page, '15 requests');
  await becomes(async () => /^404.*\/sites/.test(await rows(page).first().textContent()), true, 'the newest is first');
  await becomes(() => rows(page).locator('.mark:not(.plain)').allTextContents(), ['EMPTY_RESPONSE', 'status 503'], 'faults are named');
  await becomes(() => rows(page).locator('.reason').allTextContents(), ['unknown_path 404', 'password_too_short 1019', 'username_taken 12001', 'unknown_user 12000', 'credentials_missing_or_wrong 401', 'username_taken 12001'], 'refusals are named');
  await becomes(() => rows(page).locator('.mark.plain').count(), 4, 'what took effect is marked');

  // By text, operation, account and status, and back.
  await page.keyboard.press('/');
  await becomes(() => focused(page), 'Search requests');
  await page.keyboard.type('users USERNAME_TAKEN');
  await tally(page, '2 of 15 requests');
  await page.keyboard.type('zzz');
  await page.getByText('No request matches the filter').waitFor();
  await page.getByRole('button', { name: 'Show all' }).click();
  await tally(page, '15 requests');
  await page.getByLabel('Search requests').fill('Ben","LastName');
  await tally(page, '3 of 15 requests');
  await page.getByLabel('Search requests').fill('');
  await tally(page, '15 requests');
  for (const [label, value, shown] of [['Operation', 'create_user', 5], ['Operation', '\0', 1], ['Status', '4', 6], ['Status', 'fault', 2], ['Status', 'none', 1], ['Account', '12345', 15]]) {
    await page.getByLabel(label, { exact: true }).selectOption(value);
    await page.waitForFunction((count) => document.querySelectorAll('.space .row').length === count, shown);
    await page.getByLabel(label, { exact: true }).selectOption('');
    checks += 1;
  }

  // With the keyboard alone: down the list, into a request, to the next one, and out.
  await page.keyboard.press('Escape');
  for (const key of ['j', 'ArrowDown', 'j', 'k']) await page.keyboard.press(key);
  await becomes(() => page.locator('.row.selected').getAttribute('aria-posinset'), '2');
  await becomes(() => page.locator('#rows').getAttribute('aria-activedescendant'), await page.locator('.row.selected').getAttribute('id'));
  await page.keyboard.press('Enter');
  await page.locator('.detail h2', { hasText: 'POST' }).waitFor();
  await page.getByText('password_too_short').first().waitFor();
  await page.keyboard.press('j');
  await page.locator('.detail h2', { hasText: 'DELETE' }).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.detail').waitFor({ state: 'hidden' });
  await becomes(() => focused(page), 'rows');
  await page.keyboard.press('/');
  await page.keyboard.type('unknown_user');
  await tally(page, '1 of 15 requests');
  await page.keyboard.press('Enter');
  await page.locator('.detail h2', { hasText: 'u77' }).waitFor();
  await becomes(() => focused(page), 'rows', 'Enter in the search opens the first hit');
  await page.keyboard.press('Escape');
  await page.getByLabel('Search requests').fill('');
  await page.keyboard.press('Escape');
  await becomes(() => page.locator('.frame').evaluate((frame) => getComputedStyle(frame, '::after').borderTopStyle), 'solid', 'the focus of the list is drawn above its rows');
  for (const open of [() => page.keyboard.press('?'), () => page.getByRole('button', { name: 'Keys' }).click()]) {
    await open();
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
  }
  for (const [key, name] of [['2', 'Accounts'], ['5', 'Reports'], ['1', 'Requests']]) {
    await page.keyboard.press(key);
    await page.locator('nav [aria-current]', { hasText: name }).waitFor();
  }
  // Keys of the list do nothing where it is not seen.
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.locator('.detail h2').waitFor();
  await page.evaluate(() => navigator.clipboard.writeText('mine'));
  await page.keyboard.press('4');
  await page.locator('nav [aria-current]', { hasText: 'Profile' }).waitFor();
  for (const key of ['c', 'p', 'f', 't', 'j', 'Escape']) await page.keyboard.press(key);
  check(new URL(page.url()).hash, '#/profile', 'a key of the list leads away from another view');
  check(await clipboard(page), 'mine', 'a request that is not seen is copied');
  await page.locator('.behaviour').first().waitFor();
  await page.keyboard.press('ArrowDown');
  await page.waitForFunction(() => document.querySelector('.page').scrollTop > 0);
  // They work after a click on a choice too.
  await page.locator('.behaviour input:checked').first().click();
  await page.keyboard.press('/');
  await becomes(() => focused(page), 'Search behaviours');
  await page.keyboard.type('put.semantics');
  await page.keyboard.press('Enter');
  await becomes(() => page.evaluate(() => document.activeElement.value), 'replace', 'Enter goes to the first hit');
  await page.keyboard.press('1');
  await page.locator('nav [aria-current]', { hasText: 'Requests' }).waitFor();
  // Tab reaches everything, and what has the focus can be seen.
  const reached = [];
  for (let rounds = 0; rounds < 2;) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(() => document.activeElement === document.body)) { rounds += 1; continue; }
    reached.push(await focused(page));
    holds(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== 'none'), `${reached.at(-1)} shows its focus`);
  }
  for (const name of ['Requests', 'Reports', 'Search requests', 'Account', 'Following', 'Clear', 'rows', 'help']) holds(reached.includes(name), `${name} is not in ${reached}`);

  await why(page, mock);
  await sentAgain(page, mock);
  await page.locator('.close').click();
  await cleared(page, mock);
  // A request that waits is there at once, and is filled in later.
  await mock.admin('POST', 'faults', 'delay=3000,times=1');
  const waiting = mock.send('GET', USERS);
  await rows(page).first().click();
  await page.locator('.detail .line', { hasText: 'under way' }).waitFor();
  await waiting;
  await page.locator('.detail h2 .s2').waitFor();
  await close(page);
  await mock.stop();
  return arrival;
}

// A cleared list can be shown again, with its contents, until the page forgets it.
async function cleared(page, mock) {
  const { requests } = await mock.admin('GET', 'requests');
  await page.getByRole('button', { name: 'Clear' }).click();
  await page.getByText('No requests yet').waitFor();
  await becomes(async () => (await mock.admin('GET', 'requests')).requests, []);
  await page.getByText(`Cleared: the mock deleted ${requests.length} requests.`).waitFor();
  await mock.send('GET', `${USERS}/u1`);
  await page.keyboard.press('u');
  await tally(page, `${requests.length + 1} requests`);
  await becomes(async () => (await rows(page).locator('.mark', { hasText: 'cleared' }).count()) > 0, true, 'they are marked');
  const created = requests.find(({ status }) => status === 409);
  await view(page, `#/requests/${created.id}`);
  await page.getByText('Refused: username_taken').waitFor();
  check((await mock.admin('GET', 'requests')).requests.length, 1, 'the mock has deleted them');
  await page.locator('.close').click();
  await page.getByRole('button', { name: 'Clear' }).click();
  await page.getByText('No requests yet').waitFor();
  await page.getByRole('button', { name: 'Dismiss' }).click();
  await page.locator('#toast:empty').waitFor({ state: 'attached' });
}

const tab = (page, name) => page.getByRole('tab', { name, exact: true });

// What came of a request, and why.
async function why(page, mock) {
  const { requests } = await mock.admin('GET', 'requests?status=409');
  await view(page, `#/requests/${requests[0].id}`);
  const detail = page.locator('.detail');
  await detail.locator('h2', { hasText: '409' }).waitFor();
  const text = await detail.textContent();
  for (const part of ['Refused: username_taken about Username, code 12001', 'as api-user', 'username.case', 'errors.conflict', 'RFC 9110', 'Are jdoe and JDoe the same username?']) {
    holds(text.includes(part), `${part} is not in ${text}`);
  }
  const share = /\d+ of \d+ behaviours are assumptions/.exec(text)[0];
  await detail.getByRole('button', { name: share }).click();
  await detail.locator('.why').waitFor();
  check(await tab(page, 'Why').getAttribute('aria-selected'), 'true', 'the share of assumptions leads to the reasons');
  await page.keyboard.press('ArrowRight');
  await becomes(() => focused(page), 'tab-request', 'arrows move between the tabs');
  check(await detail.locator('[role=tabpanel]:visible').count(), 1, 'one part is shown');
  holds((await detail.locator('.request pre').textContent()).startsWith('{\n  "Username": "asmith",\n'), 'JSON is pretty');
  await detail.locator('.request .raw').click();
  await becomes(async () => (await detail.locator('.request pre').textContent()).startsWith('{"Username":"asmith",'), true, 'and raw');
  await detail.locator('.request .raw').click();
  await detail.locator('.request summary').click();
  holds((await detail.locator('.request dl').textContent()).includes('AuthorizationBasic [removed]'), 'headers without secrets');
  holds(await detail.locator('.why .kind.assumed').count() > 0, 'evidence has its kind');
  holds((await detail.locator('.why a[target=_blank]').first().getAttribute('href')).startsWith('https://'), 'sources are linked');
  await page.getByRole('button', { name: 'Older' }).click();
  await detail.getByText('Succeeded. The operation took effect.').waitFor();
  const fault = (await mock.admin('GET', 'requests')).requests.find((one) => one.fault?.id === 2);
  await view(page, `#/requests/${fault.id}`);
  await page.getByText('after the operation took effect: fault=EMPTY_RESPONSE').waitFor();
  await page.getByText('No response was sent. The operation took effect.').waitFor();
  await view(page, '#/requests/999999');
  await page.getByText('the journal has no request `999999`').waitFor();
  page.complaints = page.complaints.filter((text) => !text.includes('404'));
}

// What a copied curl prints when a shell runs it: its status, and what it complains of.
function shell(command) {
  writeFileSync(`${folder}/copied.sh`, command.replace('curl -i', "curl -s -o /dev/null -w '%{http_code}'"));
  const { stdout, stderr } = spawnSync('bash', [`${folder}/copied.sh`], { cwd: folder, env: LOGIN, encoding: 'utf8', timeout: 20_000 });
  return [stdout, stderr];
}

// What a program prints that a command reads from its standard input, where it may be long.
function run(command, input) {
  const { stdout, stderr } = spawnSync(command[0], command.slice(1), { input, cwd: folder, env: { ...LOGIN, PYTHONDONTWRITEBYTECODE: '1' }, encoding: 'utf8', timeout: 20_000 });
  return [stdout, stderr];
}

// How each copy runs: the status that it got, and what it complains of.
const COPIES = {
  curl: shell,
  python: (text) => run([PYTHON, '-'], text.replace('print(response.status_code, response.text)', 'print(response.status_code, end="")')),
  fetch: (text) => run(['node', '--input-type=module', '-'], text.replace('console.log(response.status, await response.text());', 'process.stdout.write(`${response.status}`);')),
  test: (text) => {
    const [, name, status] = /^def (test_\w+_returns_(\w+))/m.exec(text);
    return run([PYTHON, '-'], `${text}\n${name}()\nprint("${status}", end="")`);
  },
};

// What the key of a copy puts on the clipboard.
async function copied(page, kind) {
  await page.evaluate(() => navigator.clipboard.writeText(''));
  await page.keyboard.press(kind[0]);
  await page.waitForFunction(async () => (await navigator.clipboard.readText()) !== '');
  const text = await clipboard(page);
  holds(!text.includes(LOGIN.BW_PASSWORD), `${kind} has no secret`);
  return text;
}

// Copied, sent again in four ways, and answered the same.
async function sentAgain(page, mock) {
  const { requests } = await mock.admin('GET', 'requests');
  let created;
  for (const entry of requests.filter(({ fault }) => !fault)) {
    // What was created must go before it can be created again; what was deleted is gone.
    if (entry.operation === 'delete_user' || entry.operation === 'update_user' || (entry.operation === 'get_user' && entry.status === 200)) continue;
    if (entry.status === 201) created = JSON.parse(entry.request.body).Username;
    else if (entry.status === 409 && created) created = undefined;
    await view(page, `#/requests/${entry.id}`);
    await page.locator('.detail .line', { hasText: `#${entry.id} ` }).waitFor();
    const forget = async () => {
      const { accounts: [{ users = [] }] } = await mock.admin('GET', 'accounts/12345/snapshot');
      const user = users.find(({ username }) => username === created);
      if (user) await mock.send('DELETE', `${USERS}/${user.userId}`);
    };
    for (const kind of Object.keys(COPIES)) {
      if (created) await forget();
      const text = await copied(page, kind);
      check(COPIES[kind](text), [String(entry.status), ''], `${kind}: ${text}`);
    }
  }
}

// What clients send that mean harm is text, and seen for what it is.
async function hostile() {
  const mock = await start(program, '--journal-bytes', '64MiB');
  const authorization = `Authorization: Basic ${Buffer.from('api-user:Api-Passw0rd!23').toString('base64')}`;
  const name = '<img src=x onerror=alert(1)>';
  await mock.send('POST', USERS, { body: { ...USER, FirstName: '<script>alert(2)</script>', LastName: name } });
  await mock.send('POST', USERS, { body: { ...USER, Username: '"><svg/onload=alert(3)>' } });
  const bytes = (head, body) => Buffer.concat([Buffer.from(`${head}\r\nHost: 127.0.0.1\r\n${authorization}\r\n`), body]);
  const post = `POST /api/accounts/12345/users HTTP/1.1\r\nContent-Type: application/json`;
  const withBody = (body) => Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
  const bodies = [
    Buffer.from('{"Username":"\u202Egnp.exe\u2066\u200B\u007f\u009b2J"}'), Buffer.from([0x7b, 0xff, 0xfe, 0x80, 0x7d]),
    Buffer.from(`'"\`$(touch never)\`\\'; rm -rf x #\n@/etc/passwd %s !! \u00e9\u{1F600}`), Buffer.from('@/etc/passwd'),
    Buffer.from(`<User>${'<a>'.repeat(40_000)}`), Buffer.from('['.repeat(200_000)), Buffer.from(`{"a":"${'\\\\'.repeat(400_000)}"}`), Buffer.alloc(1_000_000, '<'),
    Buffer.from(`<?xml version="1.0"?><!--<script>--><User a="'>"><Username><![CDATA[</pre><script>alert(4)</script>]]></Username></User>`),
  ];
  for (const body of bodies) await mock.raw(bytes(post, withBody(body)));
  await mock.raw(bytes(`GET /api/accounts/12345/users/%3Cscript%3Ealert(5)%3C/script%3E?q='$(id)[1-3]{a,b}|;&!* HTTP/1.1`, Buffer.from('Connection: close\r\n\r\n')));
  await mock.raw(bytes(`GET /api/${'long/'.repeat(4000)} HTTP/1.1`, Buffer.from('\r\n')));
  await mock.raw(bytes(`GET /api/accounts/%E2%80%AE12345/users/../users HTTP/1.1`, Buffer.from('\r\n')));
  await mock.raw(Buffer.concat([Buffer.from(`GET /api/accounts/12345/roles HTTP/1.1\r\nHost: x\r\n${authorization}\r\nX-Quotes: it's "\`id\`" $(id) \\\r\nX-Empty:\r\nX-Bytes: `), Buffer.from([0xe2, 0x80, 0xae, 0x41, 0xff]), Buffer.from('\r\n\r\n')]));
  await mock.raw(Buffer.from(`GET /api/accounts/12345/users HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${Buffer.from('<b>:x').toString('base64')}\r\n\r\n`));
  await mock.raw(Buffer.from(`<SCRIPT> /api/x HTTP/1.1\r\nHost: x\r\n\r\n`));
  await mock.raw(Buffer.from(`A'B\`C$D /api/accounts/12345/users HTTP/1.1\r\nHost: x\r\n${authorization}\r\n\r\n`));
  const { requests } = await mock.admin('GET', 'requests');
  holds(requests.length === 17, `${requests.map(({ method, path }) => `${method} ${path.slice(0, 90)}`).join("\n")}`);

  const page = await open(mock.ui);
  await tally(page, `${requests.length} requests`);
  // What the copy cannot say again: bytes that are no UTF-8, and what is longer than its tool takes.
  const lossy = (entry) => /\ufffd/.test(JSON.stringify(entry)) || entry.path.length > 10_000;
  for (const entry of requests) {
    await view(page, `#/requests/${entry.id}`);
    const begun = performance.now();
    await page.locator('.detail .line', { hasText: `#${entry.id} ` }).waitFor();
    holds(performance.now() - begun < 3000, `request ${entry.id} opens`);
    check(await page.locator('main :is(script, img, iframe, svg, b, style, object)').count(), 0, 'no markup of a client');
    if (lossy(entry) || entry.status === 201) continue;
    for (const kind of Object.keys(COPIES)) {
      const text = await copied(page, kind);
      // The copy says so when its client changes the path.
      if (text.includes('resolves the dots')) continue;
      check(COPIES[kind](text), [String(entry.status), ''], `${kind} of request ${entry.id}: ${text.slice(0, 2000)}`);
    }
  }
  check(existsSync(`${folder}/never`), false, 'nothing that a client sent was run');
  const overridden = requests.find(({ request }) => request.body.includes('\u202e'));
  await view(page, `#/requests/${overridden.id}`);
  await page.locator('.detail .line', { hasText: `#${overridden.id} ` }).waitFor();
  check(await page.locator('.request .hidden-character').allTextContents(), ['U+202E', 'U+2066', 'U+200B', 'U+007F', 'U+009B'], 'what does not show is named');
  holds(!/[\u202e\u2066\u200b\u007f\u009b]/.test(await page.locator('body').textContent()), 'and is not in the page');
  await view(page, '#/accounts/12345');
  await page.getByText(name).waitFor();
  check(await page.locator('main :is(script, img, svg)').count(), 0);
  await view(page, '#/faults/%E0%A4%A');
  await view(page, '#/accounts/<img src=x onerror=alert(6)>');
  await page.getByText('It may have been deleted').waitFor();
  await close(page);
  await mock.stop();
}

// Faults, behaviours, accounts and the clock, by clicks.
async function control() {
  const mock = await start(program);
  const page = await open(`${mock.ui}#/faults`);
  await page.getByText('No fault is armed').waitFor();
  await page.getByRole('button', { name: '503 once' }).click();
  await page.getByRole('cell', { name: '0 of 1' }).waitFor();
  const rules = async () => (await mock.admin('GET', 'faults')).faults.map(({ rule }) => rule);
  check(await rules(), [{ status: 503, accountId: '12345', times: 1 }], 'for one account');
  check([await mock.send('GET', USERS), await mock.send('GET', USERS)], [503, 200]);
  await page.getByRole('cell', { name: '1 of 1' }).waitFor();
  await page.getByRole('cell', { name: 'used up' }).waitFor();
  await page.getByLabel('What happens').selectOption('EMPTY_RESPONSE');
  await page.getByLabel('Operation').selectOption('create_user');
  await page.getByLabel('When').selectOption('after');
  await page.getByLabel('Times').fill('1');
  await page.locator('.fields button').click();
  await page.getByText('fault=EMPTY_RESPONSE').waitFor();
  await assert.rejects(mock.send('POST', USERS, { body: USER }));
  check(await mock.send('POST', USERS, { body: USER }), 409, 'it took effect');
  await page.getByLabel('Fault as text or JSON').fill('status=429,every=2,operation=list_roles');
  await page.keyboard.press('Enter');
  await page.getByText('every=2').waitFor();
  check([await mock.send('GET', '/accounts/12345/roles'), await mock.send('GET', '/accounts/12345/roles')], [200, 429]);
  await page.getByLabel('Arm for').selectOption('all accounts');
  await page.getByRole('button', { name: '503 once' }).click();
  await becomes(async () => (await rules()).at(-1), { status: 503, times: 1 }, 'for all accounts');
  await page.getByLabel('Fault as text or JSON').fill('{"stats":503}');
  await page.keyboard.press('Enter');
  await page.locator('.free + .complaint', { hasText: 'unknown key `stats`; did you mean `status`?' }).waitFor();
  check(await focused(page), 'Fault as text or JSON', 'the field keeps the focus');
  page.complaints = page.complaints.filter((text) => !text.includes('400 (Bad Request)'));
  await page.getByRole('button', { name: 'Disarm fault 3' }).click();
  await page.getByRole('button', { name: 'Disarm all' }).click();
  await page.getByText('No fault is armed').waitFor();
  await becomes(async () => (await mock.admin('GET', 'faults')).faults, []);

  // For the server, then for one account alone.
  await view(page, '#/profile/delete.status');
  const behaviour = page.locator('.behaviour');
  await page.locator('[data-key="delete.status=204"]').click();
  await behaviour.getByText('started with 200').waitFor();
  check(await mock.send('DELETE', `${USERS}/u2`), 204, 'the API has changed');
  await page.getByText('profile guide, 1 changed').waitFor();
  await page.getByLabel('changed since the start').check();
  await page.getByLabel('Search behaviours').fill('');
  await becomes(() => behaviour.count(), 1);
  await page.getByRole('button', { name: 'Back to the start: 1 difference' }).click();
  await page.getByText('No behaviour matches').waitFor();
  await page.getByLabel('changed since the start').uncheck();
  const all = Object.keys((await mock.admin('GET', 'profile')).behaviours).length;
  await page.waitForFunction((count) => document.querySelectorAll('.behaviour').length === count, all);
  await undone(page, mock, behaviour);
  const length = page.locator('.behaviour', { hasText: 'password.min_length' });
  await length.getByRole('textbox').fill('11');
  await page.keyboard.press('Enter');
  await length.getByText('started with 8').waitFor();
  await length.getByRole('textbox').fill('none');
  await page.keyboard.press('Enter');
  await length.locator('.complaint', { hasText: 'password.min_length' }).waitFor();
  check(await length.getByRole('textbox').inputValue(), 'none', 'what was typed is lost');
  // A choice that is refused does not look chosen.
  await mock.admin('PATCH', 'profile', { 'password.min_length': '50' });
  await length.getByText('started with 8').waitFor();
  const most = page.locator('.behaviour', { hasText: 'password.max_length' });
  await most.getByText('20', { exact: true }).click();
  await most.locator('.complaint', { hasText: 'password.max_length' }).waitFor();
  await becomes(() => most.locator('input:checked').getAttribute('value'), '128', 'what was refused looks chosen');
  await mock.admin('PATCH', 'profile', { 'password.min_length': '11' });
  page.complaints = page.complaints.filter((text) => !text.includes('400 (Bad Request)'));

  await view(page, '#/accounts');
  await page.getByRole('cell', { name: 'Iris', exact: true }).waitFor();
  await page.getByText('and 67890').waitFor();
  await page.getByRole('link', { name: 'jdoe', exact: true }).click();
  await page.getByText('The log of this user is empty').waitFor();
  await mock.admin('PATCH', 'profile', { 'surface.identity': 'served' });
  check(await mock.send('PUT', `${USERS}/u1`, { body: { LastName: '<b>Roe</b>' } }), 200);
  await page.locator('tr', { hasText: 'USER_PROFILE_UPDATE' }).getByText('lastName: Doe → <b>Roe</b>').waitFor();
  await view(page, '#/accounts/12345/u99');
  await page.getByText('There is no user u99').waitFor();
  await mock.admin('POST', 'accounts', { accountId: 'made-elsewhere', seed: 'demo' });
  await page.getByRole('link', { name: 'made-elsewhere' }).click();
  await page.getByRole('heading', { name: 'Users of made-elsewhere' }).waitFor();
  await page.getByRole('cell', { name: 'jdoe', exact: true }).waitFor();
  await page.getByRole('cell', { name: 'ReadOnly' }).first().waitFor();
  await page.getByRole('button', { name: 'New throwaway account' }).click();
  await page.getByText('Copy the secrets now').waitFor();
  await page.locator('.exports button').click();
  await page.waitForFunction(async () => (await navigator.clipboard.readText()).startsWith('export BW_BASE_URL='));
  const variables = ['BW_ACCOUNT_ID', 'BW_USERNAME', 'BW_PASSWORD'].map((name) => `"$${name}"`).join(' ');
  const [id, username, password] = execFileSync('bash', ['-c', `${await clipboard(page)}printf '%s\\n' ${variables}`]).toString().split('\n');
  check(await mock.send('GET', `/accounts/${id}/users`, { login: `${username}:${password}` }), 200, 'the new login opens it');
  await view(page, `#/profile/delete.status?account=${id}`);
  await page.getByText('This account follows the server').waitFor();
  await page.locator('[data-key="delete.status=204"]').click();
  await page.getByText('This account has a profile of its own').waitFor();
  check((await mock.admin('GET', `accounts/${id}/profile`)).behaviours['delete.status'].option, '204');
  check((await mock.admin('GET', 'profile')).behaviours['delete.status'].option, '200', 'the server has not');
  await view(page, '#/accounts');
  await page.getByRole('link', { name: '12345', exact: true }).click();
  holds(!(await page.locator('.exports').textContent()).includes(password), 'secrets are shown for their account only');
  await page.getByRole('button', { name: `Delete ${id}` }).click();
  await page.getByRole('button', { name: `Sure? Delete ${id}` }).click();
  await page.getByRole('link', { name: id, exact: true }).waitFor({ state: 'detached' });

  await page.locator('.clock summary').click();
  await page.getByRole('button', { name: 'Freeze' }).click();
  await page.getByText('Frozen', { exact: true }).waitFor();
  await page.locator('.clock summary', { hasText: 'frozen' }).waitFor();
  const { epochSeconds: before } = await mock.admin('GET', 'clock');
  await page.getByRole('button', { name: '1 h', exact: true }).click();
  await page.getByLabel('Milliseconds').fill('1500');
  await page.getByRole('button', { name: 'Advance' }).click();
  await page.waitForFunction((time) => document.querySelector('.clock .now').textContent === time, new Date((before + 3601.5) * 1000).toISOString().replace('T', ' '));
  const clock = await mock.admin('GET', 'clock');
  check([clock.frozen, Math.round((clock.epochSeconds - before) * 1000)], [true, 3_601_500]);
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByText('Running', { exact: true }).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.clock:not([open])').waitFor();

  await view(page, '#/reports');
  await page.locator('.sequence', { hasText: 'then tried again once' }).first().waitFor();
  await page.getByRole('link', { name: 'auth.schemes' }).waitFor();
  const kinds = () => page.locator('.reports td .kind').allTextContents();
  holds(new Set(await kinds()).size > 1, 'all kinds are listed');
  await page.getByRole('button', { name: /^\d+ assumed$/ }).click();
  await becomes(async () => [...new Set(await kinds())], ['assumed'], 'one kind is listed');
  await close(page);
  await mock.stop();
}

// A profile change, and another profile, can be undone; the filters and the index lead to behaviours.
async function undone(page, mock, behaviour) {
  const option = async (id) => (await mock.admin('GET', 'profile')).behaviours[id].option;
  await page.locator('[data-key="put.semantics=merge"]').click();
  await page.getByText('put.semantics: replace → merge.').waitFor();
  check(await option('put.semantics'), 'merge');
  await page.keyboard.press('u');
  await becomes(() => option('put.semantics'), 'replace', 'a change is undone');
  await mock.admin('PATCH', 'profile', { 'delete.status': '204' });
  await behaviour.getByText('started with 200').waitFor();
  await page.getByRole('button', { name: 'published', exact: true }).click();
  await page.getByText('Profile guide → published.').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await becomes(async () => [(await mock.admin('GET', 'profile')).name, await option('delete.status'), await option('surface.identity')],
    ['guide', '204', 'absent'], 'another profile is undone');
  await mock.admin('PATCH', 'profile', { 'delete.status': '200' });

  const { behaviours } = await mock.admin('GET', 'behaviours');
  const disputed = behaviours.filter(({ builtIn: { guide, published } }) => guide !== published).length;
  await page.getByLabel('differs between guide and published').check();
  await becomes(() => behaviour.count(), disputed, 'the profiles differ there');
  await page.getByLabel('differs between guide and published').uncheck();
  await becomes(() => behaviour.count(), behaviours.length);
  await page.locator('.index button', { hasText: 'username' }).click();
  await becomes(() => page.evaluate(() => document.activeElement.name.split('.')[0]), 'username', 'the index leads to an area');
  await page.locator('.legend summary').click();
  await page.getByText('No source says it.').waitFor();
}

// Narrow and dark: nothing sticks out of any view.
async function narrow() {
  const mock = await start(program);
  await everyday(mock);
  await mock.send('GET', `/accounts/${'x'.repeat(400)}/users`);
  await mock.admin('POST', 'accounts', {});
  const page = await open(mock.ui, { viewport: { width: 390, height: 740 }, colorScheme: 'dark' });
  await tally(page, '16 requests');
  check(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(13, 17, 23)', 'dark where dark is asked for');
  const cut = () => page.evaluate(() => {
    const boxes = [...document.querySelectorAll('main, main *:not(option), header *')].filter((one) => one.checkVisibility());
    // What a row of the list cuts has a title, and a body scrolls.
    const fits = (one) => one.closest('.row') || (one.getBoundingClientRect().right <= innerWidth + 0.5 && one.scrollWidth <= one.clientWidth + 1);
    const inline = (one) => getComputedStyle(one).display === 'inline';
    const sized = (one) => one.clientWidth > 0;
    return boxes.filter((one) => sized(one) && !inline(one) && !fits(one)).map((one) => `${one.tagName} ${one.className} ${one.textContent.slice(0, 60)}`);
  });
  for (const width of [390, 360]) {
    await page.setViewportSize({ width, height: 740 });
    for (const hash of ['#/requests', '#/requests/4', '#/requests/16', '#/accounts', '#/faults', '#/profile', '#/reports']) {
      await view(page, hash);
      await page.waitForTimeout(400);
      check(await cut(), [], `${hash} at ${width} pixels`);
      if (hash !== '#/requests/4') continue;
      for (const name of ['Request', 'Response', 'Why']) {
        await tab(page, name).click();
        check(await cut(), [], `${name} at ${width} pixels`);
        check(await page.locator('td:visible').evaluateAll((cells) => cells.filter((cell) => cell.clientWidth < innerWidth / 2).length), 0, 'cells have room for words');
      }
      await page.locator('.clock summary').click();
      check(await cut(), [], `the clock at ${width} pixels`);
      await page.keyboard.press('Escape');
      if (screenshots) await page.screenshot({ path: `${folder}/narrow.png` });
    }
  }
  await view(page, '#/requests/4');
  await page.getByRole('button', { name: 'Close' }).click();
  await page.locator('.list').waitFor();
  await close(page);
  await mock.stop();
}

// What axe-core finds that keeps people from using it.
async function accessible() {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const mock = await start(program, '--set', 'put.semantics=merge');
  await everyday(mock);
  await mock.admin('POST', 'accounts', {});
  await mock.admin('PATCH', 'profile', { 'put.semantics': 'replace' });
  for (const colorScheme of ['light', 'dark']) {
    const page = await open(mock.ui, { colorScheme });
    await page.evaluate(axe);
    const look = async (what) => {
      await page.waitForTimeout(300);
      const found = await page.evaluate(async () => (await window.axe.run()).violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]));
      check(found, [], `${what} in ${colorScheme}`);
    };
    for (const hash of ['#/requests', '#/requests/4', '#/requests/11', '#/accounts', '#/faults', '#/profile/put', '#/profile', '#/reports']) {
      await view(page, hash);
      await look(hash);
    }
    await view(page, '#/requests/4');
    for (const name of ['Request', 'Response', 'Why']) {
      await tab(page, name).click();
      await look(name);
    }
    await page.locator('.clock summary').click();
    await look('the clock');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Keys' }).click();
    await look('the keys');
    await page.keyboard.press('Escape');
    await view(page, '#/profile/put');
    await page.locator('.legend summary').click();
    await page.locator('[data-key="put.semantics=merge"]').click();
    await page.getByRole('button', { name: 'Undo' }).waitFor();
    await look('an offer to undo');
    await page.getByRole('button', { name: 'Undo' }).click();
    await view(page, '#/accounts');
    await page.getByRole('button', { name: 'New throwaway account' }).click();
    await page.getByText('Copy the secrets now').waitFor();
    await page.getByRole('button', { name: 'Reset 12345' }).click();
    await look('credentials, and a question');
    await view(page, '#/faults');
    await page.getByLabel('Fault as text or JSON').fill('stats=503');
    await page.keyboard.press('Enter');
    await page.locator('.complaint').waitFor();
    await look('a complaint');
    page.complaints = page.complaints.filter((text) => !text.includes('400 (Bad Request)'));
    await close(page);
  }
  await mock.stop();
}

// Ten thousand requests stay smooth. The figures are those of docs/inspector.md.
async function many() {
  const mock = await start(program, '--journal-entries', '20000', '--journal-bytes', '256MiB');
  await mock.lists(10_000);
  const begun = performance.now();
  const page = await open(mock.ui, {}, () => {
    window.longTasks = [];
    new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' });
  });
  await tally(page, /^10,000 requests/);
  const loaded = performance.now() - begun;
  holds(await rows(page).count() < 100, 'only what can be seen is in the page');
  const measure = () => page.evaluate(async () => {
    const frame = () => new Promise(requestAnimationFrame);
    const search = document.querySelector('.list input');
    const filter = [];
    for (const text of ['n', 'nu', 'num', 'number=77', '77', '']) {
      const from = performance.now();
      search.value = text;
      search.dispatchEvent(new Event('input'));
      await frame();
      filter.push(performance.now() - from);
    }
    window.longTasks.length = 0;
    const box = document.querySelector('#rows');
    const frames = [];
    let last = await frame();
    for (let step = 0; step < 120; step += 1) {
      box.scrollTop = ((step % 60) / 60) * box.scrollHeight;
      const now = await frame();
      frames.push(now - last);
      last = now;
    }
    frames.sort((one, other) => one - other);
    return { filter: Math.max(...filter), median: frames[60], worst: frames.at(-1), longTasks: [...window.longTasks] };
  });
  // Far above the figures, for machines that do much else; a list with an element for each of ten
  // thousand requests is slower still.
  const slow = (ms) => ms > 600;
  const smooth = ({ filter, median, longTasks }) => median < 100 && ![filter, ...longTasks].some(slow);
  let figures = await measure();
  for (let again = 0; again < 2 && !smooth(figures); again += 1) figures = await measure();
  holds(smooth(figures), JSON.stringify(figures));

  // What is read stays where it is while others come, and the button says how many.
  await page.keyboard.press('g');
  const busy = mock.lists(1000);
  await tally(page, /^10,[1-9]/);
  await page.evaluate(() => { document.querySelector('#rows').scrollTop = 5000; });
  await busy;
  await tally(page, /^11,000 requests/);
  await page.locator('.follow[aria-pressed=false]').waitFor();
  await page.evaluate(() => { document.querySelector('#rows').scrollTop = 0; });
  await page.locator('.follow', { hasText: 'Following' }).waitFor();
  await page.evaluate(() => { document.querySelector('#rows').scrollTop = 5000; });
  await page.locator('.follow[aria-pressed=false]').waitFor();
  const top = () => page.evaluate(() => {
    const box = document.querySelector('#rows').getBoundingClientRect();
    return document.elementFromPoint(box.left + 200, box.top + 40).closest('.row').dataset.id;
  });
  await page.waitForTimeout(100);
  const read = await top();
  await page.evaluate(() => { window.longTasks.length = 0; });
  const from = performance.now();
  await mock.lists(2000);
  await tally(page, /^13,000 requests/);
  figures.growing = performance.now() - from;
  await becomes(top, read);
  await becomes(() => page.locator('.follow').textContent(), '↑ 2,000 new');
  figures.tasks = await page.evaluate(() => window.longTasks);
  holds(!figures.tasks.some(slow), `tasks of ${figures.tasks} ms while requests come`);
  await page.keyboard.press('g');
  await page.waitForFunction(() => document.querySelector('#rows').scrollTop === 0);
  await becomes(() => rows(page).first().getAttribute('data-id'), '13000');
  await close(page);
  await mock.stop();
  return { loaded, ...figures };
}

// Where a token is needed.
async function token() {
  const mock = await start(program, '--admin-token', 'a-token-<b>"7');
  await mock.send('GET', USERS);
  const page = await open(mock.ui);
  const dialog = page.getByRole('dialog', { name: 'Enter the admin token' });
  await dialog.waitFor();
  check(await rows(page).count(), 0, 'nothing is shown without it');
  await dialog.getByLabel('Token').fill('wrong');
  await page.keyboard.press('Enter');
  await dialog.getByText('Wrong token').waitFor();
  await dialog.getByLabel('Token').fill('a-token-<b>"7');
  await dialog.getByRole('button', { name: 'Open' }).click();
  await tally(page, '1 request');
  check(await page.evaluate(() => [location.href.includes('token'), document.cookie, localStorage.length]), [false, '', 0], 'it is kept in the tab only');
  await page.reload();
  await tally(page, '1 request');
  await close(page, /401 \(Unauthorized\)/);
  await mock.stop();
}

// A mock that stops and starts again under the page.
async function restarted() {
  const mock = await start(program);
  const options = ['--listen', `127.0.0.1:${mock.port}`];
  await mock.lists(3);
  const page = await open(mock.ui);
  await tally(page, '3 requests');
  const begun = performance.now();
  check(await mock.stop(), 0, 'an inspector does not keep it from stopping');
  holds(performance.now() - begun < 1000, 'it stops at once');
  await page.getByText('The mock does not respond; retrying').waitFor();
  const again = await start(program, ...options);
  await live(page);
  await page.getByText('The mock restarted').waitFor();
  await page.getByText('No requests yet').waitFor();
  await again.send('GET', USERS);
  await tally(page, '1 request');
  await close(page, /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE/);
  await again.stop();
  const off = await start(program, '--journal-entries', '0');
  const other = await open(off.ui);
  await other.getByText('The journal is off').waitFor();
  await close(other);
  await off.stop();
  // A browser that gives the page no clipboard.
  const without = await start(program);
  await without.send('GET', USERS);
  const fourth = await open(`${without.ui}#/requests/1`, {}, () => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
  await fourth.getByRole('button', { name: 'Copy as curl' }).click();
  const box = fourth.getByRole('dialog', { name: 'Copy as curl' }).getByRole('textbox');
  holds((await box.inputValue()).startsWith('curl -i'), 'the text is there to be copied');
  await fourth.keyboard.press('Escape');
  await close(fourth);
  await without.stop();
  // An address of its own.
  const apart = await start(program, '--admin-listen', '127.0.0.1:0');
  const third = await open(`${apart.adminUrl}/ui`);
  await apart.send('GET', USERS);
  await rows(third).first().click();
  await third.getByRole('button', { name: 'Copy as curl' }).click();
  await third.locator('.curl', { hasText: 'Copied' }).waitFor();
  holds((await clipboard(third)).includes(`'${apart.baseUrl}/accounts/12345/users'`), 'the copy goes to the emulated API');
  await third.goto(`${apart.origin}/`);
  check(third.url(), `${apart.adminUrl}/ui`);
  third.complaints = [];
  await close(third);
  await apart.stop();
}

// The page of `record`, in front of a mock that behaves otherwise than expected.
async function recorder() {
  const mock = await start(program, '--set', 'create.status=200');
  const recording = await start(program, 'record', '--upstream', mock.baseUrl, '--out', `${folder}/traffic.har`);
  const page = await open(recording.ui);
  await live(page);
  check(await recording.send('GET', USERS), 200);
  check(await recording.send('POST', USERS, { body: USER }), 200);
  await tally(page, '2 requests');
  await page.locator('.space .row', { hasText: 'POST' }).locator('.mark').waitFor();
  await page.locator('.space .row', { hasText: 'POST' }).click();
  await page.getByText('Beside the profile guide').waitFor();
  const seen = await page.locator('.detail').textContent();
  holds(seen.includes('asmith') && !seen.includes(USER.Password), 'an exchange is shown without its password');
  await page.getByText('behaviours settled').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.detail').waitFor({ state: 'hidden' });
  await close(page, /Failed to load|ERR_/);
  await recording.stop();
  await mock.stop();
}

async function pictures() {
  mkdirSync(screenshots, { recursive: true });
  const mock = await start(program, '--listen', '127.0.0.1:8080').catch(() => start(program));
  await everyday(mock);
  await mock.admin('PATCH', 'profile', { 'put.semantics': 'merge' });
  for (const colorScheme of ['light', 'dark']) {
    const page = await open(mock.ui, { colorScheme, viewport: { width: 1040, height: 700 } });
    const picture = async (name, hash, ready) => {
      await view(page, hash);
      await page.locator(ready).first().waitFor();
      await page.waitForTimeout(500);
      const path = `${screenshots}/inspector-${name}-${colorScheme}.png`;
      await page.screenshot({ path });
      // Few colours are enough for a page.
      spawnSync('pngquant', ['--force', '--ext', '.png', '64', path]);
      spawnSync('optipng', ['-quiet', path]);
    };
    await picture('list', '#/requests', '.space .row');
    await view(page, '#/requests/4');
    await tab(page, 'Why').click();
    await picture('request', '#/requests/4', '.why td');
    await picture('profile', '#/profile/put', '.behaviour');
    await close(page);
  }
  await mock.stop();
}

const milliseconds = (ms) => `${Math.round(ms)} ms`;
try {
  checks += scripts.look(execFileSync);
  const arrival = await everyRequest();
  await hostile();
  await control();
  await narrow();
  await accessible();
  const figures = await many();
  await token();
  await restarted();
  await recorder();
  if (screenshots) await pictures();
  console.log(`a request is in the list after ${milliseconds(arrival)}`);
  console.log(`10,000 requests: shown after ${milliseconds(figures.loaded)}; the slowest filter ${milliseconds(figures.filter)}; `
    + `a frame while scrolling ${milliseconds(figures.median)}, the longest ${milliseconds(figures.worst)}, ${figures.longTasks.length} tasks over 50 ms; `
    + `2,000 more in ${milliseconds(figures.growing)}, the longest task ${milliseconds(Math.max(0, ...figures.tasks))}`);
  console.log(`${checks} checks of the inspector hold`);
} finally {
  await browser.close();
  stopAll();
}
