// The client against the program, from an installed package: `node --test client.test.mjs`.
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { inspect } from 'node:util'
import { shared, start, withAccount } from 'bandwidth-mock'

const list = ({ usersUrl, authorization }, headers = {}) =>
  fetch(usersUrl, { headers: { Authorization: authorization, Accept: 'application/json', ...headers } })

/** Runs this as a module, and returns its exit code and output. */
const module = (source, env = {}) =>
  spawnSync(process.execPath, ['--input-type=module', '--eval', source], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, ...env },
  })

test('an account has its users, login and addresses', withAccount({ seed: 'demo' }, async (account) => {
  assert.equal(account.usersUrl, `${account.baseUrl}/accounts/${account.accountId}/users`)
  assert.equal(account.authorization, `Basic ${btoa(`${account.auth.username}:${account.auth.password}`)}`)
  const { Users } = await (await list(account)).json()
  assert.equal(Users.length, 1)
  for (const secret of [account.auth.password, account.clientSecret]) {
    assert.ok(secret && !inspect(account, { depth: 9, showHidden: true }).includes(secret))
  }
}))

test('a fault hits this account alone, and is counted', withAccount(async (account) => {
  const other = await (await shared()).account()
  await account.fault('status=503,times=1')
  await account.fault({ status: 504, times: 1 })
  assert.equal((await list(other)).status, 200)
  assert.deepEqual([(await list(account)).status, (await list(account)).status], [503, 504])
  const fault = await account.fault('status=502')
  await account.fault('status=500')
  await account.disarm(fault)
  assert.equal((await list(account)).status, 500)
  await account.disarm()
  assert.equal((await list(account)).status, 200)
  assert.equal(await account.count('list_users'), 4)
  assert.equal(await account.count('list_users', { status: 503 }), 1)
  assert.equal(await account.count(), 4)
  assert.deepEqual((await account.journal()).map(({ status }) => status), [503, 504, 500, 200])
  const [{ attempts, outcome }] = await account.retries()
  assert.deepEqual([attempts.length, outcome], [4, 'recovered'])
  await other.delete()
}))

test('options of an account', withAccount({ profile: 'published', set: { 'errors.shape': 'errors' }, rateLimit: '1/1m', faults: ['status=503,times=1'], clock: '2030-01-31T12:00:00Z' }, async (account) => {
  assert.equal((await account.clock.now()).toISOString().slice(0, 10), '2030-01-31')
  const response = await list(account)
  assert.equal(response.status, 503)
  assert.deepEqual(Object.keys(await response.json()), ['errors'])
}))

test('set keeps the rest of the profile', withAccount({ set: { 'delete.status': 204 } }, async (account) => {
  const { name, behaviours } = await account.set({ 'put.semantics': 'merge' })
  assert.equal(name, 'guide')
  assert.deepEqual([behaviours['delete.status'].option, behaviours['put.semantics'].option], ['204', 'merge'])
}))

test('a profile is a file, too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bandwidth-mock-'))
  const profile = join(folder, 'ours.toml')
  writeFileSync(profile, 'format = 1\nname = "ours"\nbase = "published"\n')
  await withAccount({ profile, set: { 'put.semantics': 'merge' } }, async (account) => {
    const { name, behaviours } = await account.set({ 'delete.status': 204 })
    assert.deepEqual([name, behaviours['put.semantics'].option], ['ours', 'merge'])
  })()
  rmSync(folder, { recursive: true })
})

test('the clock of an account moves a rate limit', withAccount({ rateLimit: '1/1m' }, async (account) => {
  await account.clock.freeze()
  assert.deepEqual([(await list(account)).status, (await list(account)).status], [200, 429])
  await account.clock.advance(60_000)
  assert.equal((await list(account)).status, 200)
  await account.clock.resume()
  await account.reset()
  assert.equal(await account.count(), 0)
}))

test('an error says what is wrong', withAccount(async (account) => {
  await assert.rejects(account.fault('status=1000'), /^Error: bandwidth-mock: .*status/)
  await assert.rejects(account.count('list_user'), /unknown operation `list_user`/)
}))

test('withAccount passes what the runner passes', withAccount(async (account, context) => {
  assert.equal(context.name, 'withAccount passes what the runner passes')
  assert.equal(withAccount(() => {}).length, 0)
}))

test('a test that fails shows its journal, and fails for its own reason', () => {
  const failing = `
    import { withAccount } from 'bandwidth-mock'
    await withAccount(async ({ usersUrl }) => {
      await fetch(usersUrl)
      throw new Error('the reason')
    })()`
  const { status, stderr } = module(failing)
  assert.equal(status, 1)
  assert.match(stderr, /requests of account \d+: 1\n  GET \/api\/accounts\/\d+\/users -> 401 \(list_users, credentials_missing_or_wrong\)/)
  assert.match(stderr, /Error: the reason/)
})

test('start has the options of the program', async () => {
  const own = { BANDWIDTH_MOCK_ADMIN_URL: '' }
  const options = { profile: 'published', set: { 'delete.status': 204 }, seed: 'empty', rateLimit: '1/1m', faults: ['status=503,times=1'], clock: '2030-01-31T12:00:00Z', args: ['--users', '2'] }
  const { stdout, stderr } = module(`
    import { start } from 'bandwidth-mock'
    const mock = await start(${JSON.stringify(options)})
    const [{ profile, users }] = (await (await fetch(mock.adminUrl + '/accounts')).json()).accounts
    const { faults } = await (await fetch(mock.adminUrl + '/faults')).json()
    console.log(JSON.stringify([profile, users, faults.length, (await mock.clock.now()).getUTCFullYear()]))
    await mock.stop()
    await mock.account().catch(({ message }) => console.log(message))`, own)
  const [line, message] = stdout.split('\n')
  assert.deepEqual(JSON.parse(line), ['published', 2, 1, 2030], stderr)
  assert.match(message, /^bandwidth-mock: there is no answer from http:\/\/127\.0\.0\.1:\d+; does the mock still run\?$/)
})

test('a mock is joined, and left running', async () => {
  const first = await start()
  const { stdout } = module(
    `import { start } from 'bandwidth-mock'
    const mock = await start()
    const { accountId } = await mock.account()
    await mock.stop()
    console.log(accountId)`,
    { BANDWIDTH_MOCK_ADMIN_URL: first.adminUrl },
  )
  const view = await fetch(`${first.adminUrl}/accounts/${stdout.trim()}`)
  assert.equal(view.status, 200)
  await first.stop()
})

test('a mock ends when its parent is killed, and does not keep it alive', { timeout: 60_000 }, async () => {
  const source = (then) => `import { start } from 'bandwidth-mock'
    console.log((await start()).adminUrl)
    ${then}`
  const own = { ...process.env, BANDWIDTH_MOCK_ADMIN_URL: '' }
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', source('setInterval(() => {}, 1000)')], { env: own })
  const [line] = await once(parent.stdout, 'data')
  const url = `${String(line).trim()}/ready`
  assert.equal((await fetch(url)).status, 200)
  parent.kill('SIGKILL')
  const gone = () => fetch(url).then(() => false, () => true)
  while (!(await gone())) await new Promise(setImmediate)
  // Without an interval it ends by itself.
  assert.equal(module(source(''), own).status, 0)
})

test('a program that is missing or does not start is one clear line', () => {
  const first = (source, env) => module(source, { BANDWIDTH_MOCK_ADMIN_URL: '', ...env })
  const tell = `import { start } from 'bandwidth-mock'
    await start({ seed: 'nowhere' }).catch(({ message }) => console.log(message))`
  assert.match(first(tell, { BANDWIDTH_MOCK: '/nowhere' }).stdout, /^bandwidth-mock: cannot start \/nowhere: .*ENOENT\n$/)
  assert.match(first(tell, {}).stdout, /^bandwidth-mock: .* ended with 2; stderr has the reason\n$/)
})

test('the command is the program: arguments, exit code, signals', async () => {
  const npx = ['--no-install', 'bandwidth-mock']
  assert.match(execFileSync('npx', [...npx, '--version'], { encoding: 'utf8' }), /^bandwidth-mock \d+\.\d+\.\d+\n$/)
  assert.equal(spawnSync('npx', [...npx, '--no-such-flag']).status, 2)
  const cli = spawn('node_modules/.bin/bandwidth-mock', ['--listen', ':0', '--announce', 'json'])
  const [announced] = await once(cli.stdout, 'data')
  cli.kill('SIGTERM')
  const [code] = await once(cli, 'exit')
  assert.equal(code, 0)
  await assert.rejects(fetch(JSON.parse(announced).adminUrl))
})
