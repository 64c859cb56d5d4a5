// A mock in a container for a test file, with Testcontainers for Node.js and node:test.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { GenericContainer, Wait } from 'testcontainers'

// The image needs a token for its control API; else it makes one, which only its log has.
const token = 'for-tests-only'
let container, account

before(async () => {
  container = await new GenericContainer('bandwidth-mock')
    .withEnvironment({ BANDWIDTH_MOCK_ADMIN_TOKEN: token })
    .withExposedPorts(8080)
    .withWaitStrategy(Wait.forHttp('/__admin/ready', 8080).forStatusCode(200))
    .start()
  const url = `http://${container.getHost()}:${container.getMappedPort(8080)}`
  const made = await fetch(`${url}/__admin/accounts`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
    body: JSON.stringify({ seed: 'demo' }),
  })
  account = await made.json()
})

after(() => container?.stop())

test('an account starts with the demo user', async () => {
  const { baseUrl, accountId, username, password } = account
  const users = await fetch(`${baseUrl}/accounts/${accountId}/users`, {
    headers: { Accept: 'application/json', Authorization: `Basic ${btoa(`${username}:${password}`)}` },
  })
  const { Users } = await users.json()
  assert.deepEqual(Users.map((user) => user.Username), ['jdoe'])
})
