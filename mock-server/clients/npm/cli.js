#!/usr/bin/env node
// The program itself, with this command's arguments, input, output, signals and exit code.
'use strict'
const { spawn } = require('node:child_process')
const { constants } = require('node:os')
const { findProgram } = require('./program.js')

/** @param {unknown} error */
function fail(error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}

try {
  const program = findProgram()
  const child = spawn(program, process.argv.slice(2), { stdio: 'inherit' })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill(signal))
  }
  child.on('error', (error) => fail(`bandwidth-mock: cannot start ${program}: ${error.message}`))
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)))
} catch (error) {
  fail(error)
}
