/**
 * scripts/setup.js, the program that runs before anything is installed: it does what is missing or stale, does nothing
 * twice, and takes nothing for done that was interrupted. npm, the compiler and the bundler are replaced by scripts that keep a diary.
 */

import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'

const NPM = `
import { appendFileSync, mkdirSync, existsSync } from 'node:fs'
appendFileSync('diary', 'npm ' + process.argv[2] + '\\n')
if (existsSync('npm-fails')) { console.error('npm says why'); process.exit(1) }
mkdirSync('node_modules', { recursive: true })
`
const TSC = `
import { appendFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
appendFileSync('diary', 'tsc' + (existsSync('dist/.tsbuildinfo') ? ' again' : '') + '\\n')
mkdirSync('dist/src', { recursive: true })
for (const name of readdirSync('src')) writeFileSync('dist/src/' + name.replace('.ts', '.js'), '')
writeFileSync('dist/.tsbuildinfo', '')
if (existsSync('tsc-fails')) process.exit(2)
`
const BUNDLER = `
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
appendFileSync('diary', 'esbuild\\n')
if (existsSync('esbuild-fails')) process.exit(1)
mkdirSync('dist/command', { recursive: true })
writeFileSync('dist/command/zmqnet.cjs', '')
mkdirSync('dist/library', { recursive: true })
for (const name of ['index.js', 'sim.js']) writeFileSync('dist/library/' + name, '')
`

/** A small project in a folder of its own, with a blank in its path. */
class Project {
  readonly folder: string

  constructor(t: ExecutionContext) {
    const parent = mkdtempSync(join(tmpdir(), 'zmqnet-setup-'))
    t.teardown(() => rmSync(parent, { recursive: true, force: true }))
    this.folder = join(parent, 'a project')
    mkdirSync(join(this.folder, 'scripts'), { recursive: true })
    copyFileSync('scripts/setup.js', join(this.folder, 'scripts', 'setup.js'))
    this.write('package.json', '{"type": "module", "dependencies": {"x": "1"}}')
    this.write('package-lock.json', '{}')
    this.write('tsconfig.json', '{}')
    this.write('scripts/bundle.js', BUNDLER)
    this.write('bin/zmqnet.js', '')
    this.write('src/a.ts', 'a')
    this.write('src/b.ts', 'b')
    this.write('fake/npm-cli.js', NPM)
    this.write('node_modules/typescript/bin/tsc', TSC)
    this.write('node_modules/typescript/package.json', '{"type": "module"}')
  }

  write(path: string, text: string): void {
    const whole = join(this.folder, path)
    mkdirSync(dirname(whole), { recursive: true })
    writeFileSync(whole, text)
  }

  remove(path: string): void {
    rmSync(join(this.folder, path))
  }

  has(path: string): boolean {
    return existsSync(join(this.folder, path))
  }

  /** Runs the set-up: gives its exit code, what npm and the compiler did, and what it printed. */
  setup(...args: readonly string[]): { code: number | null; did: string; printed: string } {
    this.write('diary', '')
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/setup.js', ...args], {
      cwd: this.folder,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, npm_execpath: join(this.folder, 'fake', 'npm-cli.js') },
    })
    const did = readFileSync(join(this.folder, 'diary'), 'utf8').trim().split('\n').join(', ')
    return { code: status, did, printed: stdout + stderr }
  }
}

test('the set-up does everything at first and nothing the second time', (t) => {
  const project = new Project(t)
  t.deepEqual(project.setup(), {
    code: 0,
    did: 'npm ci, tsc, esbuild',
    printed: 'setup: Installing the dependencies (npm ci)\nsetup: Building (tsc, esbuild)\n',
  })
  t.deepEqual(project.setup(), { code: 0, did: '', printed: '' })
})

test('the set-up does only its one half when it is asked to', (t) => {
  const project = new Project(t)
  t.is(project.setup('--install').did, 'npm ci')
  t.is(project.setup('--build').did, 'tsc, esbuild')
  t.is(project.setup().did, '')
})

test('the set-up installs again for another lock file or dependency, but not for another script', (t) => {
  const project = new Project(t)
  project.setup()
  project.write('package.json', '{"type": "module", "dependencies": {"x": "1"}, "scripts": {"y": "z"}}')
  t.is(project.setup().did, '')
  project.write('package.json', '{"type": "module", "dependencies": {"x": "2"}}')
  t.is(project.setup().did, 'npm ci, tsc again, esbuild')
  project.write('package-lock.json', '{"x": 1}')
  t.is(project.setup().did, 'npm ci, tsc again, esbuild')
})

test('the set-up builds again for a source that is new, different or gone', (t) => {
  const project = new Project(t)
  project.setup()
  project.write('src/a.ts', 'other')
  t.is(project.setup().did, 'tsc again, esbuild')
  project.write('tsconfig.json', '{"x": 1}')
  t.is(project.setup().did, 'tsc again, esbuild')
  project.write('bin/zmqnet.js', 'other')
  t.is(project.setup().did, 'tsc again, esbuild')
  project.remove('src/b.ts')
  t.true(project.has('dist/src/b.js'))
  t.is(project.setup().did, 'tsc again, esbuild')
  t.false(project.has('dist/src/b.js'))
  project.write('src/c.ts', 'c')
  t.is(project.setup().did, 'tsc, esbuild')
  t.true(project.has('dist/src/c.js'))
})

test('the set-up builds from the ground when an output is missing', (t) => {
  const project = new Project(t)
  project.setup()
  project.remove('dist/src/a.js')
  t.is(project.setup().did, 'tsc, esbuild')
  project.remove('dist/command/zmqnet.cjs')
  t.is(project.setup().did, 'tsc again, esbuild')
  t.is(project.setup().did, '')
})

test('an installation that failed is told with the words of npm, and done again', (t) => {
  const project = new Project(t)
  project.write('npm-fails', '')
  const { code, did, printed } = project.setup()
  t.is(code, 1)
  t.is(did, 'npm ci')
  t.true(printed.includes('npm says why') && printed.includes('setup: npm ci failed with code 1'))
  project.remove('npm-fails')
  t.is(project.setup().did, 'npm ci, tsc, esbuild')
})

test('a build that failed is done again, even when nothing has changed', (t) => {
  const project = new Project(t)
  project.write('tsc-fails', '')
  const { code, printed } = project.setup()
  t.is(code, 1)
  t.true(printed.includes('setup: The sources do not compile'))
  t.is(project.setup().code, 1)
  project.remove('tsc-fails')
  t.deepEqual([project.setup().code, project.setup().did], [0, ''])
})

test('a bundle that cannot be made is told and tried again, even when nothing has changed', (t) => {
  const project = new Project(t)
  project.write('esbuild-fails', '')
  const { code, printed } = project.setup()
  t.is(code, 1)
  t.true(printed.includes('setup: The command and the library cannot be bundled'))
  t.is(project.setup('--build').did, 'tsc again, esbuild')
  project.remove('esbuild-fails')
  t.deepEqual([project.setup().code, project.setup().did], [0, ''])
})
