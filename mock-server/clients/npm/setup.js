// `globalSetup` of Vitest and of Jest: one mock for the whole run, which all workers join.
'use strict'
const { start } = require('./index.js')

module.exports = async function setup() {
  const present = process.env.BANDWIDTH_MOCK_ADMIN_URL
  const mock = await start()
  process.env.BANDWIDTH_MOCK_ADMIN_URL = mock.adminUrl
  // Vitest calls it at the end. With Jest the mock ends with Jest's process.
  return async function teardown() {
    if (present) return
    delete process.env.BANDWIDTH_MOCK_ADMIN_URL
    await mock.stop()
  }
}
