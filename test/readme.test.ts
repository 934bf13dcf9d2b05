/**
 * The documents are held against the code: what the README shows is run, the examples are run, and docs/errors.md and
 * the table of bounds say what the sources say. A document that nothing checks is wrong within a month.
 */

import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { commandTable } from '../src/cli/command-table.ts'
import { EXIT } from '../src/cli/exit-code.ts'
import { createNode, type PeersConfig } from '../src/index.ts'
import { cleanEnvironment } from './support/environment.ts'
import { peersOf } from './support/mesh.ts'

const LIMIT_MS = 30_000
/** Files among the examples that are parts of others. */
const PARTS = ['free-port.js', 'replicated-counter.js']

/** Lets a program import "zmqnet" as its users do, and get what was compiled together with this test. */
const HOOK = [
  `const url = ${JSON.stringify(new URL('../src/index.js', import.meta.url).href)}`,
  `const simUrl = ${JSON.stringify(new URL('../src/sim/index.js', import.meta.url).href)}`,
  `const urls = { 'zmqnet': url, 'zmqnet/sim': simUrl }`,
  `export const resolve = (name, context, next) => urls[name] ? { url: urls[name], shortCircuit: true } : next(name, context)`,
].join('\n')
const REGISTER = `import { register } from 'node:module'\nregister(${JSON.stringify(asModule(HOOK))})`

function asModule(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`
}

/** A folder with a peers file, which is gone after the test. */
function folderWith(t: ExecutionContext, { peers }: PeersConfig): string {
  const folder = mkdtempSync(join(tmpdir(), 'zmqnet-readme-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'peers.json'), JSON.stringify({ peers }))
  return folder
}

/** Runs a program in a folder; gives the lines that it printed. Rejects when it fails. */
async function run(folder: string, program: string, ...args: readonly string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', asModule(REGISTER), resolve(program), ...args],
    { cwd: folder, env: cleanEnvironment(), timeout: LIMIT_MS },
  )
  return stdout.trimEnd().split('\n')
}

/** The code blocks of a language in a document. */
function codeBlocks(path: string, language: string): string[] {
  const text = readFileSync(path, 'utf8')
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, name, code]) =>
    name === language && code !== undefined ? [code] : [],
  )
}

/** Durations differ from run to run. */
function withoutTimes(line: string): string {
  return line.replace(/\d+ ms/g, 'N ms')
}

const programs = codeBlocks('README.md', 'js')

test('the README opens with an example of five lines and an import', (t) => {
  const [before = ''] = readFileSync('README.md', 'utf8').split('```js')
  t.true(before.trim().split('\n').length === 1)
  const lines = programs[0]?.trim().split('\n') ?? []
  t.true(lines[0]?.startsWith('import '))
  t.is(lines.length, 6)
})

for (const [index, code] of programs.entries()) {
  test(`program ${index + 1} of the README prints what its comments say`, async (t) => {
    const expected = [...code.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map((match) => match[1] ?? '')
    t.true(expected.length > 0)
    const folder = folderWith(t, await peersOf(['alpha', 'bravo']))
    const path = join(folder, 'program.mjs')
    writeFileSync(path, code)
    const lines = await run(folder, path)
    t.deepEqual(lines.map(withoutTimes), expected.map(withoutTimes))
  })
}

test('the README shows peers files that are valid', async (t) => {
  const files = codeBlocks('README.md', 'json')
  t.is(files.length, 2)
  const { parsePeersFile } = await import('../src/discovery/peers-file.ts')
  for (const file of files) {
    const result = parsePeersFile(JSON.parse(file))
    t.true(result.ok, JSON.stringify(result))
  }
})

test('the README names every command and every exit code', (t) => {
  const text = readFileSync('README.md', 'utf8')
  for (const command of Object.keys(commandTable)) t.regex(text, new RegExp(`^\\| \`${command}[ \`]`, 'm'))
  for (const code of Object.values(EXIT)) t.regex(text, new RegExp(`^\\| ${code} \\| `, 'm'))
})

test('the example of a job worker runs and tells the repeatable job from the other', async (t) => {
  const lines = await run(tmpdir(), 'examples/job-worker.js')
  t.deepEqual(lines, [
    "cat.png is resized (worker's life 2)",
    'PEER_RESTARTED: the outcome is unknown, not safe to retry',
  ])
})

test('the example of a majority runs and waits for nobody else', async (t) => {
  const lines = await run(tmpdir(), 'examples/majority.js')
  t.deepEqual(lines, [
    'ok: true, 3 of 5 acked',
    '  bravo agrees to lunch',
    '  charlie agrees to lunch',
    '  delta agrees to lunch',
    '  echo is missing: not-awaited',
    '  foxtrot is missing: not-awaited',
  ])
})

test('the example of a client runs against a mesh and prints the tally', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const nodes = await Promise.all(['alpha', 'bravo'].map((name) => createNode({ name, peers })))
  t.teardown(() => Promise.all(nodes.map((node) => node.close())))
  await Promise.all(nodes.map((node) => node.ready()))
  const lines = await run(folderWith(t, peers), 'examples/client.js', 'bravo', 'hello')
  t.is(lines.length, 2)
  t.regex(lines[0] ?? '', /^alpha has it after \d+ ms$/)
  t.regex(lines[1] ?? '', /^bravo is up for \d+ s and sees 1 peers$/)
})

test('the example of an application in the simulator passes, and finds the bug in the hasty one', async (t) => {
  const lines = await run(tmpdir(), 'examples/replicated-counter.test.js')
  t.true(lines.includes('# pass 1') && lines.includes('# fail 0'), lines.join('\n'))
  process.env.COUNTER = 'hasty'
  t.teardown(() => {
    delete process.env.COUNTER
  })
  const { stdout } = await t.throwsAsync<Error & { stdout: string }>(
    run(tmpdir(), 'examples/replicated-counter.test.js'),
  )
  t.regex(stdout, /Seed \d+ failed: Expected values to be strictly deep-equal/)
  t.regex(stdout, /Replay it: ZMQNET_SEED=\d+ /)
  t.regex(stdout, /The last 20 lines of its trace/)
})

test('each example has a test here and a line in its README', (t) => {
  const names = readdirSync('examples').filter((name) => name.endsWith('.js') && !PARTS.includes(name))
  const readme = readFileSync('examples/README.md', 'utf8')
  t.deepEqual(names.sort(), ['client.js', 'job-worker.js', 'majority.js', 'replicated-counter.test.js'])
  for (const name of names) t.true(readme.includes(`node examples/${name}`))
})

test('docs/errors.md has a section for each error code and no other, each with its outcome and what to do', (t) => {
  const [, union = ''] =
    /export type ErrorCode =\n((?: {2}\|.*\n)+)/.exec(readFileSync('src/errors.ts', 'utf8')) ?? []
  const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map((match) => match[1])
  t.true(codes.length > 10)
  const [, ...sections] = readFileSync('docs/errors.md', 'utf8').split(/^## /m)
  t.deepEqual(
    sections.map((section) => section.split('\n')[0]),
    codes,
  )
  for (const section of sections) {
    t.regex(section, /^- Outcome: .*Safe to retry: /ms)
    t.regex(section, /^- What to do: /m)
  }
})

test('every bound in docs/architecture.md stands in the file that it names', (t) => {
  const rows = [...readFileSync('docs/architecture.md', 'utf8').matchAll(/\| `(\w+)` in (\S+\.ts) \|/g)]
  t.true(rows.length >= 20)
  for (const [, name = '', path = ''] of rows) {
    const source = readFileSync(join('src', path), 'utf8')
    t.regex(source, new RegExp(`(?:const ${name}\\b|^ {2}${name}: )`, 'm'), `${name} in ${path}`)
  }
})

test('every room of the source has its line in docs/architecture.md', (t) => {
  const text = readFileSync('docs/architecture.md', 'utf8')
  const rooms = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory())
  t.deepEqual(
    rooms.map(({ name }) => name).filter((name) => !text.includes(`\n| \`src/${name}/\` |`)),
    [],
  )
})

test('every file that docs/architecture.md names is there', (t) => {
  const text = readFileSync('docs/architecture.md', 'utf8')
  const names = [...text.matchAll(/`((?:[\w-]+\/)*[\w-]+\.ts)`/g)].map((match) => match[1] ?? '')
  t.true(names.length > 20)
  const all = readdirSync('src', { recursive: true, encoding: 'utf8' }).map((path) =>
    path.replaceAll('\\', '/'),
  )
  t.deepEqual(
    names.filter((name) => !all.some((path) => `/src/${path}`.endsWith(`/${name}`))),
    [],
  )
})

const documents = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'bench/README.md',
  'examples/README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path)),
]

test('every link in the documents leads to a file', (t) => {
  for (const document of documents) {
    const links = [...readFileSync(document, 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
    for (const [, link = ''] of links) {
      const target = resolve(dirname(document), link)
      t.true(existsSync(target), `${document}: ${link} (${pathToFileURL(target).pathname})`)
    }
  }
})
