// One mock for the whole run, on a free port; tests find what it announces with inject('bandwidth').
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export default async function ({ provide }) {
  const program = process.env.BANDWIDTH_MOCK ?? 'bandwidth-mock'
  const mock = spawn(program, ['--listen', ':0', '--announce', 'json'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(mock, 'exit')
  const line = await Promise.race([once(createInterface(mock.stdout), 'line'), ended])
  if (mock.exitCode !== null) throw new Error('bandwidth-mock did not start; it says why above')
  provide('bandwidth', JSON.parse(line[0]))
  return async () => {
    mock.kill()
    await ended
  }
}
