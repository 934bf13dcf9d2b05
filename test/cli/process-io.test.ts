/**
 * The program as a process: signals, streams that end or fail, and its own end. It runs as it was compiled, unlike in the
 * other tests with processes, so that coverage counts it.
 */

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { until } from '../support/mesh.ts'
import { Mesh, makeFolder, type Running, type StartOptions, startProgram } from './processes.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

/** Starts the program, after `before` where something is to be prepared in its process. */
function start(
  t: ExecutionContext,
  argv: readonly string[],
  before = '',
  options: StartOptions = {},
): Running {
  const prepared = ['--import', `data:text/javascript,${encodeURIComponent(before)}`, MAIN, ...argv]
  return startProgram(t, process.execPath, prepared, { ...options, isCounted: true })
}

/** A node of its own that serves. */
async function serving(t: ExecutionContext, before?: string): Promise<Running> {
  const { path } = await Mesh.create(t, ['alpha'])
  const running = start(t, ['-p', path, 'serve', '-n', 'alpha', '--json'], before)
  await running.until((out) => out.includes('"listening"'), 'listening')
  return running
}

test('what was asked for is printed, and the process ends by itself', async (t) => {
  const running = start(t, ['--version'])
  const { code, out, err } = await running.ended()
  t.deepEqual([code, err], [0, ''])
  t.regex(out, /^\d+\.\d+\.\d+\n$/)
})

test('a signal ends what runs in good order', async (t) => {
  const running = await serving(t)
  running.kill('SIGTERM')
  const { code, out } = await running.ended()
  t.is(code, 0)
  t.regex(out, /"event":"closed","node":"alpha","cause":"SIGTERM"\}\n$/)
})

/** Runs `code` with an `io`, in a process of its own. */
function withIo(t: ExecutionContext, code: string): Running {
  const module = new URL('../../src/cli/process-io.js', import.meta.url).href
  const whole = `const { createProcessIo } = await import(${JSON.stringify(module)}); const io = createProcessIo(); ${code}`
  return startProgram(t, process.execPath, ['--input-type=module', '-e', whole], { isCounted: true })
}

test('a second signal ends a process that does not end by itself', async (t) => {
  const running = withIo(
    t,
    `setInterval(() => {}, 1000)
    io.interrupt.addEventListener('abort', () => console.log('first:', io.interrupt.reason))
    console.log('ready')`,
  )
  await running.until((out) => out.includes('ready'), 'ready')
  running.kill('SIGINT')
  await running.until((out) => out.includes('first: SIGINT'), 'first signal')
  running.kill('SIGTERM')
  t.is((await running.ended()).code, 143)
})

test('a sleep ends with its time or with a signal, and what is no terminal has 80 columns', async (t) => {
  const running = withIo(
    t,
    `const abort = new AbortController()
    await io.sleep(1)
    await io.sleep(3_600_000, AbortSignal.abort(), abort.signal)
    const sleeping = io.sleep(3_600_000, abort.signal)
    abort.abort()
    await sleeping
    io.stdout.write(io.stdout.columns + ' ' + io.stdout.isTTY)`,
  )
  const { code, out } = await running.ended()
  t.deepEqual([code, out], [0, '80 false'])
})

test('a reader of stdout that goes away ends it quietly, and nobody can be told that stderr is gone', async (t) => {
  const { path } = await Mesh.create(t, ['alpha'])
  const node = start(t, ['-p', path, 'serve', '-n', 'alpha', '--json'])
  await node.until((out) => out.includes('"listening"'), 'listening')
  const ping = start(
    t,
    ['-p', path, 'ping', '-n', 'alpha', '-c', '0', '-i', '10ms'],
    "process.stderr.on('newListener', () => setImmediate(() => process.stderr.emit('error', new Error('gone'))))",
  )
  await ping.until((out) => out.includes('seq=1'), 'the first answer')
  ping.closeOut()
  const { code, err } = await ping.ended()
  t.deepEqual([code, err], [0, ''])
})

test('stdout that cannot be written is a fault', async (t) => {
  if (!existsSync('/dev/full')) {
    t.pass('this system has no full disk to offer')
    return
  }
  const running = startProgram(
    t,
    'sh',
    ['-c', 'exec "$0" "$@" > /dev/full', process.execPath, MAIN, '--version'],
    {
      isCounted: true,
    },
  )
  const { code, err } = await running.ended()
  t.is(code, 1)
  t.regex(err, /ENOSPC/)
})

test('a text comes from standard input; one that cannot be read is a fault', async (t) => {
  const { path } = await Mesh.create(t, ['alpha'])
  const send = ['-p', path, 'send', '-n', 'alpha', '-t', '100ms', '-r', '0', '-']
  const running = start(t, send)
  running.endInput('a text\n')
  t.is((await running.ended()).code, 3, 'nobody is there')
  const broken = start(
    t,
    send,
    "process.stdin.on('newListener', (name) => name === 'readable' && process.stdin.destroy(new Error('no EIO')))",
  )
  const { code, err } = await broken.ended()
  t.is(code, 1)
  t.regex(err, /no EIO/)
})

test('files are read, written, replaced and listed where the user says', async (t) => {
  const { path, folder } = await Mesh.create(t, ['alpha'])
  const run = async (...argv: readonly string[]) => {
    const running = start(t, ['-p', path, 'keys', ...argv])
    const { code, err } = await running.ended()
    t.deepEqual([code, err], [0, ''], argv.join(' '))
  }
  await run('new', '-n', 'alpha')
  await run('trust')
  await run('rotate', '-n', 'alpha')
  t.deepEqual((await readdir(join(folder, 'keys'))).sort(), ['alpha.key', 'alpha.pub'])
  const { public_key } = JSON.parse(await readFile(join(folder, 'keys', 'alpha.pub'), 'utf8'))
  const { peers } = JSON.parse(await readFile(path, 'utf8'))
  t.is(peers[0].public_key, public_key)
  t.truthy(peers[0].former_key)
})

test('a signal ends the wait for standard input', async (t) => {
  const { path } = await Mesh.create(t, ['alpha'])
  const running = start(
    t,
    ['-p', path, 'send', '-n', 'alpha', '-'],
    "process.stdin.on('newListener', (name) => name === 'readable' && console.error('reading'))",
  )
  await running.untilErr((err) => err.includes('reading'), 'that it reads')
  running.kill('SIGINT')
  t.is((await running.ended()).code, 130)
})

test('a fault of our own is one line and exits with 1', async (t) => {
  const running = await serving(t, "process.once('SIGUSR2', () => { throw new Error('a bug') })")
  running.kill('SIGUSR2')
  const { code, out } = await running.ended()
  t.is(code, 1)
  t.regex(out, /"error":\{"code":"UNEXPECTED","message":"Unexpected: a bug"\}/)
})

test('what keeps the process alive after its end is stopped', async (t) => {
  const running = start(t, ['--version'], 'setInterval(() => {}, 1000)', { env: { ZMQNET_DEBUG: '1' } })
  const { code, err } = await running.ended()
  t.is(code, 0)
  t.regex(err, /Something kept the process alive after its end; it was stopped\n$/)
})

test('without a terminal SIGHUP asks for the files again', async (t) => {
  const running = await serving(t)
  running.kill('SIGHUP')
  await running.untilErr((err) => err.includes('SIGHUP changes nothing'), 'the answer')
  running.kill('SIGTERM')
  t.is((await running.ended()).code, 0)
})

/** Whether a terminal can be made here: `script` of util-linux does it. */
function hasScript(): boolean {
  try {
    return execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux')
  } catch {
    return false
  }
}

test('a terminal that is closed ends it in good order, by the signal that says so', async (t) => {
  if (!hasScript()) {
    t.pass('this system cannot make a terminal')
    return
  }
  const { path } = await Mesh.create(t, ['alpha'])
  const out = join(await makeFolder(t), 'out')
  // A process that a signal ends writes no coverage by itself.
  const before = `
    import { takeCoverage } from "node:v8"
    const { kill } = process
    process.kill = (...given) => { takeCoverage(); return kill.apply(process, given) }`
  const program = `exec '${process.execPath}' --import 'data:text/javascript,${encodeURIComponent(before)}' '${MAIN}'`
  // Nobody could end it, did it not end with its terminal: hence the uptime.
  const command = `${program} -p '${path}' serve -n alpha -u 1m --json > '${out}'`
  const terminal = startProgram(t, 'script', ['-qec', command, '/dev/null'], { isCounted: true })
  const textOf = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '')
  let text = ''
  const look = setInterval(() => void textOf(out).then((now) => (text = now)), 10)
  t.teardown(() => clearInterval(look))
  await until(() => text.includes('"listening"'), 'listening')
  terminal.kill('SIGKILL')
  await until(() => text.includes('"cause":"SIGHUP"'), 'its end')
  t.regex(text, /"event":"closed","node":"alpha","cause":"SIGHUP"\}\n$/)
})
