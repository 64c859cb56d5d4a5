// Packs `bandwidth-mock` and a package for each platform:
//
//   node pack.js OUT FOLDER [PLATFORM=FOLDER...]
//
// A folder has the program and the licences that belong to it. The first is this machine's: its program
// says the version and what the control API is. PLATFORM is Node's name, for example linux-arm64.
// Prints the names of the files.
'use strict'
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { start } = require('./index.js')
const { declarations } = require('./types.js')

/** @param {string} platform */
const programOf = (platform) => (platform.startsWith('win32') ? 'bandwidth-mock.exe' : 'bandwidth-mock')

async function main() {
  const [out, folder, ...others] = process.argv.slice(2)
  if (!out || !folder) throw new Error('usage: node pack.js OUT FOLDER [PLATFORM=FOLDER...]')
  const here = `${process.platform}-${process.arch}`
  const folders = [[here, folder], ...others.map((other) => other.split('='))]
  const program = path.resolve(folder, programOf(here))
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).trim().split(' ')[1]
  const stage = fs.mkdtempSync(path.join(os.tmpdir(), 'bandwidth-mock-npm-'))
  try {
    fs.mkdirSync(out, { recursive: true })
    for (const file of fs.readdirSync(out)) {
      if (/^bandwidth-mock-.*\.tgz$/.test(file)) fs.rmSync(path.join(out, file))
    }
    const manifest = JSON.parse(fs.readFileSync(path.join(__dirname, 'package.json'), 'utf8'))
    const names = folders.map(([platform, from]) => {
      const name = `bandwidth-mock-${platform}`
      const [system, cpu] = platform.split('-')
      const to = path.join(stage, name)
      fs.cpSync(from, to, { recursive: true })
      fs.chmodSync(path.join(to, programOf(platform)), 0o755)
      pack(to, out, {
        name,
        version,
        description: `The program of bandwidth-mock for ${platform}`,
        license: manifest.license,
        os: [system],
        cpu: [cpu],
        preferUnplugged: true,
      })
      return name
    })

    const to = path.join(stage, 'bandwidth-mock')
    fs.cpSync(__dirname, to, { recursive: true })
    for (const licence of ['LICENSE-APACHE', 'LICENSE-MIT']) {
      fs.copyFileSync(path.join(folder, licence), path.join(to, licence))
    }
    fs.writeFileSync(path.join(to, 'control-api.d.ts'), declarations(await description(program)))
    pack(to, out, {
      ...manifest,
      version,
      optionalDependencies: Object.fromEntries(names.map((name) => [name, version])),
    })
  } finally {
    fs.rmSync(stage, { recursive: true })
  }
}

/** @param {string} program */
async function description(program) {
  delete process.env.BANDWIDTH_MOCK_ADMIN_URL
  process.env.BANDWIDTH_MOCK = program
  const mock = await start()
  try {
    return await (await fetch(`${mock.adminUrl}/openapi.json`)).json()
  } finally {
    await mock.stop()
  }
}

/**
 * @param {string} folder
 * @param {string} out
 * @param {object} manifest
 */
function pack(folder, out, manifest) {
  fs.writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  const file = execFileSync('npm', ['pack', '--silent', folder, '--pack-destination', out], { encoding: 'utf8' })
  console.log(file.trim())
}

main().catch((error) => {
  console.error(`error: ${error.message}`)
  process.exit(1)
})
