// Example tests. Point your own client at `usersUrl` with `auth`.
import { describe, expect } from 'vitest'
import { test } from 'bandwidth-mock/vitest'

const anna = {
  Username: 'asmith',
  FirstName: 'Anna',
  LastName: 'Smith',
  Email: 'asmith@example.com',
  Password: 'Teal-Wagon.47',
}

const call = ({ usersUrl, authorization }, options) => {
  const headers = { Authorization: authorization, Accept: 'application/json', 'Content-Type': 'application/json' }
  return fetch(usersUrl, { headers, ...options })
}
const create = (account) => call(account, { method: 'POST', body: JSON.stringify(anna) })

// Two at once show that tests do not meet: in one account the name would be taken.
describe.concurrent('users', () => {
  for (const attempt of ['first', 'second']) {
    test(`one is created (${attempt})`, async ({ bandwidthAccount }) => {
      expect((await create(bandwidthAccount)).status).toBe(201)
      const { Users } = await (await call(bandwidthAccount)).json()
      expect(Users.filter((user) => user.Username === 'asmith')).toHaveLength(1)
    })
  }

  test('a lost answer does not mean that nothing happened', async ({ bandwidthAccount }) => {
    await bandwidthAccount.fault('fault=EMPTY_RESPONSE,when=after,operation=create_user,times=1')
    await expect(create(bandwidthAccount)).rejects.toThrow()
    expect((await create(bandwidthAccount)).status).toBe(409)
    expect(await bandwidthAccount.count('create_user')).toBe(2)
  })
})
