// Copies of requests, run as people would run them.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { USERS } from './mock.mjs';
import { LOGIN, check, clipboard, folder, holds, view } from './page.mjs';

const PYTHON = process.env.PYTHON ?? 'python3';

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
export const COPIES = {
  curl: shell,
  python: (text) => run([PYTHON, '-'], text.replace('print(response.status_code, response.text)', 'print(response.status_code, end="")')),
  fetch: (text) => run(['node', '--input-type=module', '-'], text.replace('console.log(response.status, await response.text());', 'process.stdout.write(`${response.status}`);')),
  test: (text) => {
    const [, name, status] = /^def (test_\w+_returns_(\w+))/m.exec(text);
    return run([PYTHON, '-'], `${text}\n${name}()\nprint("${status}", end="")`);
  },
};

// What the key of a copy puts on the clipboard.
export async function copied(page, kind) {
  await page.evaluate(() => navigator.clipboard.writeText(''));
  await page.keyboard.press(kind[0]);
  await page.waitForFunction(async () => (await navigator.clipboard.readText()) !== '');
  const text = await clipboard(page);
  holds(!text.includes(LOGIN.BW_PASSWORD), `${kind} has no secret`);
  return text;
}

// Copied, sent again in four ways, and answered the same.
export async function sentAgain(page, mock) {
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
