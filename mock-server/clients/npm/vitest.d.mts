import type { TestAPI } from 'vitest'
import type { AccountOptions, BandwidthAccount, BandwidthMock } from './index.js'

export interface Fixtures {
  /** The mock that the tests share. */
  bandwidthMock: BandwidthMock
  /** An account for this test alone. If the test fails, its journal is printed. */
  bandwidthAccount: BandwidthAccount
}

/** Vitest's `test` with fixtures. */
export const test: TestAPI<Fixtures>

/** The same with options for the account of each test. */
export function testWith(options?: AccountOptions): TestAPI<Fixtures>
