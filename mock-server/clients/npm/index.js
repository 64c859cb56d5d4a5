// The client: starts a mock or joins the one of BANDWIDTH_MOCK_ADMIN_URL, and speaks to its control API.
'use strict'
const { spawn } = require('node:child_process')
const { readFileSync } = require('node:fs')
const { createInterface } = require('node:readline')
const { findProgram } = require('./program.js')

// Taken now: tests replace it.
const { fetch } = globalThis

/**
 * @param {string} url
 * @param {string} [method]
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
async function ask(url, method = 'GET', body) {
  const token = process.env.BANDWIDTH_MOCK_ADMIN_TOKEN
  const response = await fetch(url, {
    method,
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  }).catch((cause) => {
    throw new Error(`bandwidth-mock: there is no answer from ${new URL(url).origin}; does the mock still run?`, { cause })
  })
  if (response.status === 204) return undefined
  const answer = await response.json()
  if (!response.ok) throw new Error(`bandwidth-mock: ${answer.error.message}`)
  return answer
}

class Clock {
  #url
  /** @param {string} owner */
  constructor(owner) {
    this.#url = `${owner}/clock`
  }
  async now() {
    return new Date((await ask(this.#url)).now)
  }
  async freeze() {
    await ask(this.#url, 'POST', { action: 'freeze' })
  }
  /** @param {number} ms */
  async advance(ms) {
    await ask(this.#url, 'POST', { action: 'advance', ms })
  }
  async resume() {
    await ask(this.#url, 'POST', { action: 'resume' })
  }
}

class BandwidthAccount {
  #adminUrl
  #url
  #made
  /**
   * @param {string} adminUrl
   * @param {import('./control-api.js').CreatedAccount} made
   */
  constructor(adminUrl, made) {
    this.#adminUrl = adminUrl
    this.#url = `${adminUrl}/accounts/${made.accountId}`
    this.#made = made
    this.accountId = made.accountId
    this.baseUrl = made.baseUrl
    this.usersUrl = `${made.baseUrl}/accounts/${made.accountId}/users`
    this.domainName = made.domainName
    this.clientId = made.clientId
    this.clock = new Clock(this.#url)
  }
  // Getters, so that an account that is printed shows no secret.
  get auth() {
    return { username: this.#made.username, password: this.#made.password }
  }
  get authorization() {
    const { username, password } = this.#made
    return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  }
  get clientSecret() {
    return this.#made.clientSecret
  }
  /** @param {import('./index.js').FaultRule} rule */
  async fault(rule) {
    const account = this.accountId
    const body = typeof rule === 'string' ? `account=${account},${rule}` : { ...rule, account }
    return (await ask(`${this.#adminUrl}/faults`, 'POST', body)).id
  }
  /** @param {number} [fault] */
  async disarm(fault) {
    const which = fault === undefined ? `?accountId=${this.accountId}` : `/${fault}`
    await ask(`${this.#adminUrl}/faults${which}`, 'DELETE')
  }
  /** @param {import('./index.js').BehaviourOptions} options */
  set(options) {
    return ask(`${this.#url}/profile`, 'PATCH', options)
  }
  /**
   * @param {import('./index.js').Operation} [operation]
   * @param {import('./index.js').Matching} [matching]
   */
  async count(operation, matching) {
    const pattern = { ...matching, operation, accountId: this.accountId }
    return this.#complete(await ask(`${this.#adminUrl}/requests/count`, 'POST', pattern)).count
  }
  async journal() {
    return this.#complete(await ask(`${this.#adminUrl}/requests?accountId=${this.accountId}`)).requests
  }
  async retries() {
    return this.#complete(await ask(`${this.#adminUrl}/retries?accountId=${this.accountId}`)).sequences
  }
  async printJournal() {
    /** @type {import('./control-api.js').RecordedRequest[]} */
    const requests = await this.journal()
    const lines = requests.map(({ method, path, status, operation, fault, why }) => {
      const reasons = [operation, fault ? `fault ${fault.id}` : why.refusal?.rule].filter(Boolean)
      return `  ${method} ${path} -> ${status ?? 'no answer'} (${reasons.join(', ')})`
    })
    console.error([`bandwidth-mock: requests of account ${this.accountId}: ${requests.length}`, ...lines].join('\n'))
  }
  async reset() {
    await ask(`${this.#url}/reset`, 'POST')
  }
  async delete() {
    await ask(this.#url, 'DELETE')
  }
  /** @param {any} report */
  #complete(report) {
    if (report.dropped === 0) return report
    throw new Error(
      `bandwidth-mock: the journal no longer keeps ${report.dropped} requests of account ${this.accountId}; ` +
        'start the mock with a larger --journal-entries or --journal-bytes',
    )
  }
}

class BandwidthMock {
  #end
  /**
   * @param {string} adminUrl
   * @param {() => Promise<void>} end
   */
  constructor(adminUrl, end) {
    this.#end = end
    this.adminUrl = adminUrl
    this.clock = new Clock(adminUrl)
  }
  /** @param {import('./index.js').AccountOptions} [options] */
  async account({ profile, set, ...options } = {}) {
    const file = profile?.endsWith('.toml') ? readFileSync(profile, 'utf8') : undefined
    const chosen = file === undefined ? { profile, set } : { toml: file, set }
    const body = { ...options, profile: profile || set ? chosen : undefined }
    return new BandwidthAccount(this.adminUrl, await ask(`${this.adminUrl}/accounts`, 'POST', body))
  }
  async reset() {
    await ask(`${this.adminUrl}/reset`, 'POST')
  }
  async stop() {
    await this.#end()
  }
}

/** @param {import('./index.js').StartOptions} [options] */
async function start(options = {}) {
  const present = process.env.BANDWIDTH_MOCK_ADMIN_URL
  return present ? new BandwidthMock(present, async () => {}) : launch(options)
}

/** @param {import('./index.js').StartOptions} options */
async function launch({ profile, seed, rateLimit, clock, faults = [], set = {}, args = [] }) {
  const flags = Object.entries({ profile, seed, 'rate-limit': rateLimit, clock })
    .flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}`, value]))
    .concat(faults.flatMap((fault) => ['--fault', fault]))
    .concat(Object.entries(set).flatMap(([behaviour, option]) => ['--set', `${behaviour}=${option}`]))
  const program = findProgram()
  // The mock ends when its standard input closes, so also when this process is killed.
  const fixed = ['--listen', ':0', '--announce', 'json', '--until-stdin-closes']
  const child = spawn(program, [...fixed, ...flags, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)))
  /** @type {string} */
  const line = await new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`bandwidth-mock: cannot start ${program}: ${error.message}`)))
    createInterface(child.stdout).once('line', resolve)
    ended.then((how) => reject(new Error(`bandwidth-mock: ${program} ended with ${how}; stderr has the reason`)))
  })
  // A mock that is not stopped keeps no test run from ending.
  for (const handle of [child, child.stdin, child.stdout]) {
    if ('unref' in handle && typeof handle.unref === 'function') handle.unref()
  }
  return new BandwidthMock(JSON.parse(line).adminUrl, async () => {
    child.ref()
    child.stdin.end()
    await ended
  })
}

/** @type {Promise<BandwidthMock> | undefined} */
let mock
function shared() {
  mock ??= start()
  return mock
}

/**
 * @param {any} options
 * @param {any} body
 */
function withAccount(options, body = options) {
  // Without named parameters: Jest would take the first for its `done`.
  return async (/** @type {unknown[]} */ ...context) => {
    const account = await (await shared()).account(options === body ? {} : options)
    try {
      await body(account, ...context)
    } catch (error) {
      // What went wrong in the test is what its reader needs, also if the mock is gone.
      await account.printJournal().catch((/** @type {Error} */ { message }) => console.error(message))
      await account.delete().catch(() => {})
      throw error
    }
    await account.delete()
  }
}

module.exports = { BandwidthAccount, BandwidthMock, Clock, shared, start, withAccount }
