// Example tests. Point your own client at `account.users`.
import { describe, expect } from 'vitest'
import { test } from './bandwidth.js'

const anna = {
  Username: 'asmith',
  FirstName: 'Anna',
  LastName: 'Smith',
  Email: 'asmith@example.com',
  Password: 'Teal-Wagon.47',
}
const create = (account) => account.call(account.users, { method: 'POST', body: JSON.stringify(anna) })

// Two at once show that tests do not meet: in one account the name would be taken.
describe.concurrent('users', () => {
  for (const attempt of ['first', 'second']) {
    test(`one is created (${attempt})`, async ({ account }) => {
      expect((await create(account)).status).toBe(201)
      const { Users } = await (await account.call(account.users)).json()
      expect(Users.filter((user) => user.Username === 'asmith')).toHaveLength(1)
    })
  }

  test('a lost answer does not mean that nothing happened', async ({ account }) => {
    await account.fault({ fault: 'EMPTY_RESPONSE', when: 'after', operation: 'create_user', times: 1 })
    await expect(create(account)).rejects.toThrow()
    expect((await create(account)).status).toBe(409)
  })
})
