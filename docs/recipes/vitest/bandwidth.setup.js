// One mock for the whole run, on a free port; tests find what it announces with inject('bandwidth').
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export default async function ({ provide }) {
  const adminUrl = process.env.BANDWIDTH_MOCK_ADMIN_URL
  // Under `bandwidth-mock variants` there is a mock already.
  if (adminUrl) return provide('bandwidth', { adminUrl })
  const program = process.env.BANDWIDTH_MOCK ?? 'bandwidth-mock'
  // It ends when its standard input closes, so also when Vitest is killed.
  const args = ['--listen', ':0', '--announce', 'json', '--until-stdin-closes']
  const mock = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(mock, 'exit')
  const line = await Promise.race([once(createInterface(mock.stdout), 'line'), ended])
  if (mock.exitCode !== null) throw new Error('bandwidth-mock did not start; it says why above')
  provide('bandwidth', JSON.parse(line[0]))
  return async () => {
    mock.stdin.end()
    await ended
  }
}
