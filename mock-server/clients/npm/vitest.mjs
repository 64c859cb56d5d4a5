// Vitest's `test` with an account of its own for each test.
import { test as base } from 'vitest'
import { shared } from './index.js'

/** @param {import('./index.js').AccountOptions} [options] */
export const testWith = (options) =>
  base.extend({
    // eslint-disable-next-line no-empty-pattern -- Vitest reads the pattern
    bandwidthMock: async ({}, use) => use(await shared()),
    bandwidthAccount: async ({ task }, use) => {
      const account = await (await shared()).account(options)
      await use(account)
      if (task.result?.state === 'fail') await account.printJournal()
      await account.delete()
    },
  })

export const test = testWith()
