/**
 * Makes a checkout ready: installs the dependencies and builds dist/, each only when it is missing or stale. `npm start`
 * and `npm test` run it first, so that both work straight after `git clone`.
 *
 * It uses nothing but Node.js, because it runs before anything is installed. Staleness is decided by hashes of contents,
 * not by times, which git does not keep. A stamp is removed before the work and written after it, so that work that was
 * interrupted is done again. It prints one line for each thing that it does, and nothing when there is nothing to do.
 *
 * Usage: node scripts/setup.js [--install | --build]     (without an option: both)
 */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The top of the checkout. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

const INSTALL_STAMP = join(ROOT, 'node_modules', '.zmqnet-installed')
const BUILD_STAMP = join(ROOT, 'dist', '.zmqnet-built')
const BUILD_INFO = join(ROOT, 'dist', '.tsbuildinfo')
const BUNDLER = join(ROOT, 'scripts', 'bundle.js')
/** What bin/zmqnet.js starts, and what `import 'zmqnet'` finds. */
const BUNDLES = ['command/zmqnet.cjs', 'library/index.js', 'library/sim.js'].map((path) =>
  join(ROOT, 'dist', path),
)
/** What decides about the build besides the sources. */
const BUILD_FILES = [join(ROOT, 'tsconfig.json'), BUNDLER, join(ROOT, 'bin', 'zmqnet.js')]
const SOURCE_FOLDERS = ['src', 'test', 'bench', 'examples']
/** What in package.json decides about node_modules; a new script or a new word in the description does not. */
const INSTALL_FIELDS = [
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'overrides',
  'allowScripts',
]

/** Installs what the lock file says, if node_modules does not hold it already. Gives whether all is well. */
export function install() {
  const wanted = installHash()
  if (readStamp(INSTALL_STAMP) === wanted) return true
  say('Installing the dependencies (npm ci)')
  rmSync(INSTALL_STAMP, { force: true })
  // Development packages are needed to build, also where NODE_ENV says production.
  const result = runNpm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`)
    say(`npm ci failed${result.error ? `: ${result.error.message}` : ` with code ${result.status}`}`)
    return false
  }
  writeStamp(INSTALL_STAMP, wanted)
  return true
}

/**
 * Compiles the sources into dist/ and bundles them, if they changed since the last time. Gives whether there was no
 * fault.
 */
export function build() {
  const sources = SOURCE_FOLDERS.flatMap((folder) => filesUnder(join(ROOT, folder))).filter(isSource)
  const wanted = buildHash(sources)
  const complete = sources.every((path) => existsSync(outputOf(path)))
  const bundled = BUNDLES.every((path) => existsSync(path))
  if (complete && bundled && readStamp(BUILD_STAMP) === wanted) return true
  say('Building (tsc, esbuild)')
  rmSync(BUILD_STAMP, { force: true })
  // The compiler trusts its build info: where an output is missing, the info has to go, or the output stays missing.
  if (!complete) rmSync(BUILD_INFO, { force: true })
  removeOrphans(sources)
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const pretty = process.stdout.isTTY ? ['--pretty'] : []
  const result = spawnSync(process.execPath, [tsc, '--project', ROOT, ...pretty], {
    cwd: ROOT,
    stdio: 'inherit',
  })
  if (result.status !== 0) {
    say('The sources do not compile')
    return false
  }
  const bundle = spawnSync(process.execPath, [BUNDLER], { cwd: ROOT, stdio: 'inherit' })
  if (bundle.status !== 0) {
    say('The command and the library cannot be bundled')
    return false
  }
  writeStamp(BUILD_STAMP, wanted)
  return true
}

/** Names what node_modules has to hold, and for which machine: it has binaries. */
function installHash() {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const hash = createHash('sha256')
  hash.update(JSON.stringify(INSTALL_FIELDS.map((field) => manifest[field])))
  hash.update(readFileSync(join(ROOT, 'package-lock.json')))
  hash.update(`${process.platform} ${process.arch}`)
  return hash.digest('hex')
}

function buildHash(sources) {
  const hash = createHash('sha256')
  hash.update(readStamp(INSTALL_STAMP) ?? '')
  for (const path of [...BUILD_FILES, ...sources]) {
    const bytes = readFileSync(path)
    hash.update(`${relative(ROOT, path)} ${bytes.length}\n`)
    hash.update(bytes)
  }
  return hash.digest('hex')
}

/** Deletes what an earlier build left of sources that are gone, or deleted tests would go on running. */
function removeOrphans(sources) {
  const outputs = new Set(sources.map(outputOf))
  for (const folder of SOURCE_FOLDERS) {
    for (const path of filesUnder(join(ROOT, 'dist', folder))) {
      const output = path.replace(/(\.d\.ts|\.js\.map)$/, '.js')
      if (!outputs.has(output)) rmSync(path, { force: true })
    }
  }
}

function isSource(path) {
  return path.endsWith('.ts') && !path.endsWith('.d.ts')
}

function outputOf(source) {
  return join(ROOT, 'dist', relative(ROOT, source).replace(/\.ts$/, '.js'))
}

/** All files below a folder, in an order that does not depend on the file system. */
export function filesUnder(folder) {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return filesUnder(path)
    return entry.isFile() ? [path] : []
  })
}

/** Runs the npm that runs us, or else the one on the path; keeps its chatter for the case that it fails. */
function runNpm(args) {
  const own = process.env.npm_execpath
  const options = { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }
  if (own?.endsWith('npm-cli.js')) return spawnSync(process.execPath, [own, ...args], options)
  return spawnSync('npm', args, { ...options, shell: process.platform === 'win32' })
}

function readStamp(path) {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}

function writeStamp(path, text) {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, `${text}\n`)
}

function say(text) {
  process.stdout.write(`setup: ${text}\n`)
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [only] = process.argv.slice(2)
  const done = (only === '--build' || install()) && (only === '--install' || build())
  if (!done) {
    process.exitCode = 1
    // `npm test` stops here, and its last line says how many passed and failed, whatever happens.
    if (process.env.npm_lifecycle_event === 'pretest') process.stdout.write('0 passed, 1 failed\n')
  }
}
