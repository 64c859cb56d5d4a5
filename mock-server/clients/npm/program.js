// Finds the program: BANDWIDTH_MOCK, else the package of this platform, else the PATH.
'use strict'
const { accessSync, constants, realpathSync } = require('node:fs')
const path = require('node:path')

const name = process.platform === 'win32' ? 'bandwidth-mock.exe' : 'bandwidth-mock'
const platformPackage = `bandwidth-mock-${process.platform}-${process.arch}`

function inPackage() {
  try {
    return require.resolve(`${platformPackage}/${name}`)
  } catch {
    return undefined
  }
}

/** @param {string} folder */
function inFolder(folder) {
  try {
    const program = realpathSync(path.join(folder, name))
    accessSync(program, constants.X_OK)
    // What npm links there is cli.js, which asks here.
    return program.split(path.sep).includes('node_modules') ? undefined : program
  } catch {
    return undefined
  }
}

function findProgram() {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean)
  const found =
    process.env.BANDWIDTH_MOCK || inPackage() || folders.map(inFolder).find((program) => program)
  if (found) return found
  throw new Error(
    `bandwidth-mock: there is no program; install the package ${platformPackage}, ` +
      'or build the program, and put it on the PATH or its path into BANDWIDTH_MOCK',
  )
}

module.exports = { findProgram }
