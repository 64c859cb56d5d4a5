import type { Pattern, ProfileView, RecordedRequest, Sequence } from './control-api.js'

export type * from './control-api.js'

/** An operation of the emulated API, for example `create_user`. */
export type Operation = NonNullable<Pattern['operation']>

/** Further conditions on the counted requests. */
export type Matching = Omit<Pattern, 'operation' | 'accountId'>

/** A fault: the text that `--fault` takes, for example `status=503,times=1`, or its keys as an object. */
export type FaultRule = string | Record<string, unknown>

/** Options by behaviour, for example `{ 'put.semantics': 'merge' }`. */
export type BehaviourOptions = Record<string, string | number>

export interface AccountOptions {
  /** By default one that is free. */
  accountId?: string
  /** The name of its identity domain. By default made from its id. */
  domainName?: string
  /** `guide`, `published`, or the path of a profile file that ends in `.toml`. Default: the mock's own. */
  profile?: string
  /** Behaviours that differ from the profile. */
  set?: BehaviourOptions
  /** `demo`, `empty`, `published`, or the content of a seed file. Default: roles, and no users. */
  seed?: string | Record<string, unknown>
  /** For example `100/1m,burst=20`. */
  rateLimit?: string
  faults?: FaultRule[]
  /** When its clock starts (RFC 3339). */
  clock?: string
}

/** The same options for a mock as a whole. Each is a flag of the program. */
export interface StartOptions {
  /** `guide`, `published`, or the path of a profile file. */
  profile?: string
  set?: BehaviourOptions
  /** `demo`, `empty`, `published`, or the path of a seed file. */
  seed?: string
  rateLimit?: string
  faults?: string[]
  clock?: string
  /** Further flags, for example `['--tls']`. */
  args?: string[]
}

/** The clock of an account or of a mock. */
export interface Clock {
  now(): Promise<Date>
  freeze(): Promise<void>
  advance(ms: number): Promise<void>
  resume(): Promise<void>
}

/** An account of its own: its users, login, faults, clock and journal. */
export interface BandwidthAccount {
  readonly accountId: string
  /** The Basic login, in the form that axios takes. */
  readonly auth: { username: string; password: string }
  /** The same login as the value of the header `Authorization`. */
  readonly authorization: string
  /** The base of the emulated API. */
  readonly baseUrl: string
  /** The absolute URL of the account's users. */
  readonly usersUrl: string
  /** The identity domain that the account is in. */
  readonly domainName: string
  /** The API credential, for tokens. */
  readonly clientId: string
  readonly clientSecret: string
  readonly clock: Clock
  /** Arms a fault for this account. Returns its id. */
  fault(rule: FaultRule): Promise<number>
  /** Disarms one fault, or all of this account. */
  disarm(fault?: number): Promise<void>
  /** Changes options of behaviours. */
  set(options: BehaviourOptions): Promise<ProfileView>
  /** The number of requests, for example of `count('create_user', { status: 201 })`. */
  count(operation?: Operation, matching?: Matching): Promise<number>
  /** The requests in order of arrival, each with its answer and the reasons for it. */
  journal(): Promise<RecordedRequest[]>
  /** Retries of the client after a 429, a 5xx or a dropped response. */
  retries(): Promise<Sequence[]>
  /** Prints the journal on stderr, one line for a request. */
  printJournal(): Promise<void>
  /** Everything as it was when the account was made. */
  reset(): Promise<void>
  /** Removes the account with its users, faults and journal. */
  delete(): Promise<void>
}

/** A mock that runs. */
export interface BandwidthMock {
  /** The base of its control API. */
  readonly adminUrl: string
  /** Moves the clocks of all accounts. */
  readonly clock: Clock
  /** Makes an account. */
  account(options?: AccountOptions): Promise<BandwidthAccount>
  /** Everything as it was at the start. The accounts of tests are gone. */
  reset(): Promise<void>
  /** Ends the mock, unless `start` joined it. */
  stop(): Promise<void>
}

/**
 * Starts a mock on a free port.
 *
 * If BANDWIDTH_MOCK_ADMIN_URL is set, it joins that mock instead, whose options stay as they are.
 */
export function start(options?: StartOptions): Promise<BandwidthMock>

/** The mock that this process shares. The first call starts it; it ends with the process. */
export function shared(): Promise<BandwidthMock>

/**
 * A test body with an account of its own, for Jest, `node:test`, Mocha and others.
 *
 * If the body throws, the account's journal is printed on stderr.
 */
export function withAccount<Context extends unknown[]>(
  body: (account: BandwidthAccount, ...context: Context) => unknown,
): (...context: Context) => Promise<void>
export function withAccount<Context extends unknown[]>(
  options: AccountOptions,
  body: (account: BandwidthAccount, ...context: Context) => unknown,
): (...context: Context) => Promise<void>
