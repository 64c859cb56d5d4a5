// Mocks for the tests of the inspector, and clients of theirs.
import { spawn } from 'node:child_process';
import http from 'node:http';
import net from 'node:net';

const LOGIN = 'api-user:Api-Passw0rd!23';
const running = new Set();

// A mock or a recorder that listens; `stop` ends it and waits.
export async function start(program, ...options) {
  const command = options[0] === 'record' ? [options.shift()] : [];
  const arguments_ = [...command, '--announce', 'json', ...(options.includes('--listen') ? [] : ['--listen', ':0']), ...options];
  const child = spawn(program, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  const ended = new Promise((resolve) => { child.once('exit', (code) => { running.delete(child); resolve(code); }); });
  const line = await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the mock ended with ${code}`)));
  });
  const { baseUrl, adminUrl, inspectorUrl } = JSON.parse(line);
  const origin = new URL(baseUrl).origin;
  const mock = {
    origin, baseUrl, adminUrl, ui: inspectorUrl ?? `${adminUrl}/ui`, port: Number(new URL(baseUrl).port),
    stop: () => { child.kill('SIGTERM'); return ended; },
    // The status of a request to the emulated API.
    async send(method, path, { body, login = LOGIN, headers = {} } = {}) {
      const authorization = login ? { Authorization: `Basic ${Buffer.from(login).toString('base64')}` } : {};
      const type = body ? { 'Content-Type': 'application/json' } : {};
      const response = await fetch(`${baseUrl}${path}`, {
        method, body: body && JSON.stringify(body), headers: { Accept: 'application/json', ...authorization, ...type, ...headers },
      });
      await response.arrayBuffer();
      return response.status;
    },
    async admin(method, path, body) {
      const response = await fetch(`${adminUrl}/${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) });
      return JSON.parse(await response.text() || 'null');
    },
    // These bytes on a connection of their own; the status line of the answer.
    raw: (bytes) => new Promise((resolve, reject) => {
      const socket = net.connect(mock.port, '127.0.0.1', () => socket.write(bytes));
      let text = '';
      socket.on('data', (data) => {
        text += data;
        if (text.includes('\r\n')) { socket.destroy(); resolve(text.split('\r\n', 1)[0]); }
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(text));
    }),
    // So many lists of users, several at a time.
    async lists(count, path = '/accounts/12345/users') {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
      let left = count;
      const one = (number) => new Promise((resolve, reject) => {
        http.get(`${baseUrl}${path}?number=${number}`, { agent, auth: LOGIN }, (response) => { response.resume().on('end', resolve); }).on('error', reject);
      });
      await Promise.all(Array.from({ length: 8 }, async () => { while (left > 0) { left -= 1; await one(left); } }));
      agent.destroy();
    },
  };
  return mock;
}

export function stopAll() {
  for (const child of running) child.kill('SIGKILL');
}

export const USER = { Username: 'asmith', FirstName: 'Anna', LastName: 'Smith', Email: 'asmith@example.com', Password: 'Teal-Wagon.47' };
export const USERS = '/accounts/12345/users';

// What a client of a synchronisation sends, with some trouble.
export async function everyday(mock) {
  await mock.send('GET', USERS);
  await mock.send('GET', '/accounts/12345/roles');
  await mock.send('POST', USERS, { body: { ...USER, Roles: ['r2'] } });
  await mock.send('POST', USERS, { body: USER });
  await mock.send('GET', `${USERS}/u2`);
  await mock.send('PUT', `${USERS}/u2`, { body: { FirstName: 'Ann' } });
  await mock.send('GET', USERS, { login: 'api-user:wrong' });
  await mock.send('GET', `${USERS}/u77`);
  await mock.admin('POST', 'faults', 'status=503,operation=list_roles,times=1');
  await mock.admin('POST', 'faults', 'fault=EMPTY_RESPONSE,when=after,operation=create_user,times=1');
  await mock.send('GET', '/accounts/12345/roles');
  await mock.send('GET', '/accounts/12345/roles');
  const other = { ...USER, Username: 'bjones', FirstName: 'Ben', LastName: 'Jones', Email: 'bjones@example.com' };
  await mock.send('POST', USERS, { body: other }).catch(() => {});
  await mock.send('POST', USERS, { body: other });
  await mock.send('DELETE', `${USERS}/u2`);
  await mock.send('POST', USERS, { body: { ...other, Username: 'clee', Password: 'short' } });
  await mock.send('GET', '/accounts/12345/sites');
}
