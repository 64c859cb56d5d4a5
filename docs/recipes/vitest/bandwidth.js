// `test` with an account of its own for each test: accountId, users (a URL), call() and fault().
import { inject, test as base } from 'vitest'

const json = { Accept: 'application/json', 'Content-Type': 'application/json' }
const post = (url, body, headers = json) => fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })

export const test = base.extend({
  // eslint-disable-next-line no-empty-pattern -- Vitest reads the pattern
  account: async ({}, use) => {
    const { adminUrl } = inject('bandwidth')
    const made = await (await post(`${adminUrl}/accounts`, {})).json()
    const { accountId, username, password } = made
    const login = { Authorization: `Basic ${btoa(`${username}:${password}`)}`, ...json }
    await use({
      accountId,
      users: `${made.baseUrl}/accounts/${accountId}/users`,
      call: (url, options) => fetch(url, { headers: login, ...options }),
      fault: (rule) => post(`${adminUrl}/faults`, { account: accountId, ...rule }),
    })
    await fetch(`${adminUrl}/accounts/${accountId}`, { method: 'DELETE' })
  },
})
