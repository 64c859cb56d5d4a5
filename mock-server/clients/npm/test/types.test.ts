// The types, as a user with `strict` sees them: this file is compiled, and Vitest runs it.
import { expect } from 'vitest'
import { type BandwidthAccount, type Operation, type RecordedRequest, shared, start, withAccount } from 'bandwidth-mock'
import { test, testWith } from 'bandwidth-mock/vitest'

const operation: Operation = 'create_user'
// @ts-expect-error -- there is no such operation
const wrong: Operation = 'create_users'

test('fixtures have types', async ({ bandwidthAccount, bandwidthMock }) => {
  const account: BandwidthAccount = bandwidthAccount
  const requests: RecordedRequest[] = await account.journal()
  expect(requests.map((request) => request.why.refusal?.rule)).toEqual([])
  expect(await account.count(operation, { status: 201 })).toBe(0)
  expect((await account.set({ 'put.semantics': 'merge' })).name).toBe('guide')
  expect(await bandwidthMock.clock.now()).toBeInstanceOf(Date)
  expect(wrong).not.toBe(operation)
})

testWith({ seed: 'demo', set: { 'password.min_length': 12 } })('options have types', async ({ bandwidthAccount }) => {
  // @ts-expect-error -- faults are texts or objects
  await expect(bandwidthAccount.fault(503)).rejects.toThrow('bandwidth-mock: ')
})

// @ts-expect-error -- a profile is a name or a path
testWith({ profile: 1 })

test('each way to a mock has types', async () => {
  const mock = await start({ rateLimit: '100/1m' })
  expect(await mock.stop()).toBeUndefined()
  expect((await shared()).adminUrl).toContain('/__admin')
  const body: (name: string) => Promise<void> = withAccount(async (account, name: string) => {
    expect(account.accountId).not.toBe(name)
  })
  await body('anna')
})
