// The inspector in a real browser: `node inspector.mjs PROGRAM FOLDER [SCREENSHOTS]`, with
// playwright-core to be found, CHROMIUM naming the browser, and the inspector's scripts in ./ui.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { COPIES, copied, sentAgain } from './copies.mjs';
import { film } from './film.mjs';
import { accessible, narrow, pictures } from './looks.mjs';
import { many } from './many.mjs';
import { USER, USERS, everyday, start, stopAll } from './mock.mjs';
import { becomes, browser, check, clipboard, close, focused, folder, held, holds, live, open, program, rows, screenshots, tab, tally, view } from './page.mjs';
import * as scripts from './scripts.mjs';
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
    await becomes(() => rows(page).count(), shown, `${label} ${value}`);
    await page.getByLabel(label, { exact: true }).selectOption('');
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
  await page.getByText('the journal does not have request `999999`').waitFor();
  page.complaints = page.complaints.filter((text) => !text.includes('404'));
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
  // When the head of the page is there, nothing below it moves under a click.
  await page.getByRole('link', { name: 'Profile guide' }).waitFor();
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

// Where a token is needed.
async function token() {
  const mock = await start(program, '--admin-token', 'a-token-<b>"7');
  await mock.send('GET', USERS);
  const page = await open(mock.ui);
  const dialog = page.getByRole('dialog', { name: 'Enter the admin token' });
  await dialog.waitFor();
  check(await rows(page).count(), 0, 'nothing is shown without it');
  check(await page.getByText('frozen', { exact: true }).isVisible(), false, 'a clock is not frozen before the mock says so');
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
  await page.getByText('Compared with the profile guide').waitFor();
  const seen = await page.locator('.detail').textContent();
  holds(seen.includes('asmith') && !seen.includes(USER.Password), 'an exchange is shown without its password');
  await page.getByText('behaviours settled').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.detail').waitFor({ state: 'hidden' });
  await close(page, /Failed to load|ERR_/);
  await recording.stop();
  await mock.stop();
}

const milliseconds = (ms) => `${Math.round(ms)} ms`;
try {
  const looked = scripts.look(execFileSync);
  const arrival = await everyRequest();
  await hostile();
  await control();
  await narrow();
  // Axe on each view, and ten thousand requests.
  const quick = process.env.QUICK !== undefined;
  if (!quick) await accessible();
  const figures = quick ? undefined : await many();
  await token();
  await restarted();
  await recorder();
  if (screenshots) {
    await pictures();
    await film();
  }
  console.log(`a request is in the list after ${milliseconds(arrival)}`);
  if (figures) console.log(`10,000 requests: shown after ${milliseconds(figures.loaded)}; the slowest filter ${milliseconds(figures.filter)}; `
    + `a frame while scrolling ${milliseconds(figures.median)}, the longest ${milliseconds(figures.worst)}, ${figures.longTasks.length} tasks over 50 ms; `
    + `2,000 more in ${milliseconds(figures.growing)}, the longest task ${milliseconds(Math.max(0, ...figures.tasks))}`);
  console.log(`${looked + held()} checks of the inspector hold`);
} finally {
  await browser.close();
  stopAll();
}
