/**
 * How the command starts: as one bundled file, from V8's code, in whatever state the build left them. All runs are of
 * real processes, and end before they would dial anybody or because nobody is there.
 */

import { copyFile, cp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { type Cleanup, makeFolder, programPath, startProgram } from './processes.ts'

const TOP = fileURLToPath(new URL('../../../', import.meta.url))

/** What the package holds, in a folder of its own, with a blank and a percent sign in its path. */
async function copyOfCommand(t: Cleanup): Promise<string> {
  const folder = join(await makeFolder(t), '100 %25')
  await cp(join(TOP, 'bin'), join(folder, 'bin'), { recursive: true })
  await cp(join(TOP, 'dist', 'command'), join(folder, 'dist', 'command'), { recursive: true })
  await copyFile(join(TOP, 'package.json'), join(folder, 'package.json'))
  await symlink(join(TOP, 'node_modules'), join(folder, 'node_modules'), 'junction')
  return folder
}

/** The program as tsc compiled it, without the bundle; its runs count for the coverage. */
const COMPILED = join(TOP, 'dist', 'src', 'cli', 'main.js')

/** Runs Node.js to its end. */
async function node(t: Cleanup, ...argv: readonly string[]) {
  return await startProgram(t, process.execPath, argv).ended()
}

const CODE = /\.code$/

async function codeOf(folder: string): Promise<string> {
  const names = (await readdir(join(folder, 'dist', 'command'))).filter((name) => CODE.test(name))
  return join(folder, 'dist', 'command', names[0] ?? 'missing.code')
}

test('the build leaves code that the Node.js that built takes as it is', async (t) => {
  const program = `const { compile, codePath } = require(${JSON.stringify(programPath)})
    const { cachedDataRejected } = compile(require('node:fs').readFileSync(codePath))
    console.log(cachedDataRejected)`
  const { out, err } = await node(t, '-e', program)
  t.is(out, 'false\n', err)
})

test('the command runs from another folder, with code, with broken code and without', async (t) => {
  const folder = await copyOfCommand(t)
  const code = await codeOf(folder)
  const { version } = JSON.parse(await readFile(join(TOP, 'package.json'), 'utf8')) as { version: string }
  const run = async () => await node(t, join(folder, 'bin', 'zmqnet.js'), '--version')
  const right = { code: 0, signal: null, out: `${version}\n`, err: '' }
  t.deepEqual(await run(), right)
  await writeFile(code, (await readFile(code)).subarray(0, 1000))
  t.deepEqual(await run(), right)
  await writeFile(code, 'no code at all')
  t.deepEqual(await run(), right)
  await rm(code)
  t.deepEqual(await run(), right)
})

test('the bundle prints what its sources print, byte for byte', async (t) => {
  const { NODE_V8_COVERAGE } = process.env
  const env = NODE_V8_COVERAGE === undefined ? {} : { NODE_V8_COVERAGE }
  for (const argv of [['--help'], ['send', '--help'], ['completion', 'zsh'], ['sendd'], ['--version']]) {
    const bundled = await node(t, programPath, ...argv)
    t.true(bundled.out + bundled.err !== '')
    t.deepEqual(bundled, await startProgram(t, process.execPath, [COMPILED, ...argv], { env }).ended())
  }
})

test('a command that is not built says so and exits with 1', async (t) => {
  const folder = await copyOfCommand(t)
  await rm(join(folder, 'dist'), { recursive: true })
  const { code, out, err } = await node(t, join(folder, 'bin', 'zmqnet.js'), '--version')
  t.is(code, 1)
  t.is(out, '')
  t.is(err, 'zmqnet is not built yet: run "npm start" or "npm run build" in its folder first\n')
})

test('send loads the program and zeromq, and nothing else', async (t) => {
  const folder = await makeFolder(t)
  const [peers, spy] = [join(folder, 'peers.json'), join(folder, 'spy.cjs')]
  // Port 1 is nobody's: the command is ready to send, and tells that nobody is there.
  const alpha = { pid: 0, name: 'alpha', ip_address: '127.0.0.1', port: 1 }
  await writeFile(peers, JSON.stringify({ tick: '100ms', log_level: 2, peers: [alpha] }))
  await writeFile(
    spy,
    "process.on('exit', () => process.stdout.write(JSON.stringify(Object.keys(require.cache))))",
  )
  const argv = ['-p', peers, 'send', '-n', 'alpha', '-t', '10ms', '-r', '0', 'text']
  const { code, out, err } = await node(t, '--require', spy, programPath, ...argv)
  t.is(code, 3, err)
  const paths = (JSON.parse(out) as string[]).map((path) => path.replaceAll('\\', '/'))
  const own = paths.filter((path) => !/\/node_modules\/(zeromq|cmake-ts)\//.test(path))
  const expected = [/\/spy\.cjs$/, /\/bin\/zmqnet\.js$/, /\/dist\/command\/zmqnet\.cjs$/]
  t.true(paths.some((path) => path.endsWith('/addon.node')))
  t.deepEqual(
    own.filter((path) => !expected.some((one) => one.test(path))),
    [],
  )
})

test('the licences of all that was bundled are beside it', async (t) => {
  const text = await readFile(join(TOP, 'dist', 'command', 'LICENSES.txt'), 'utf8')
  for (const name of ['msgpackr', 'yargs', 'yargs-parser', 'cliui']) {
    t.true(text.includes(`This folder contains parts of ${name}, under this licence:`), name)
  }
})
