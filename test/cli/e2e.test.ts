/**
 * The command line as its users meet it: real processes, through bin/, over real sockets. What needs no mesh is tested
 * without one in the other files of this folder; here is only what a fake cannot show.
 */

import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { jsonLinesOf, jsonOf } from './fake-io.ts'
import {
  type Cleanup,
  hasEvent,
  Mesh,
  makeFolder,
  programPath,
  start,
  startProgram,
  zmqnet,
} from './processes.ts'

/** One mesh for all tests that only look. */
let mesh: Mesh
const afterAll: (() => void | Promise<void>)[] = []
const untilTheEnd: Cleanup = { teardown: (clean) => afterAll.unshift(clean) }

test.before(async () => {
  mesh = await Mesh.create(untilTheEnd)
  await mesh.serve('alpha', 'bravo', 'charlie')
})

test.after.always(async () => {
  for (const clean of afterAll) await clean()
})

test.serial('send prints who acked, with times, and exits with 0', async (t) => {
  const { code, out, err } = await mesh.run(['send', '-n', 'bravo', 'this is a test message'], t)
  t.is(code, 0, err)
  t.is(err, '')
  t.regex(out, /^bravo passed it on to 2 of 2 peers in .* ms\n/)
  t.regex(out, /\n {2}alpha +acked +\S+ ms\n/)
  t.regex(out, /\n {2}charlie +acked +\S+ ms\n/)
})

test.serial('the peers file may come from the environment, and from the folder', async (t) => {
  const byEnv = await zmqnet(t, ['send', '-n', 'alpha', 'text', '--json'], { env: { PEERS_PATH: mesh.path } })
  t.is(byEnv.code, 0, byEnv.err)
  t.like(jsonOf(byEnv.out), { ok: true, node: 'alpha', attempts: 1, missing: [] })
  const byFolder = await zmqnet(t, ['ping', '-n', 'alpha', '-c', '1'], { cwd: mesh.folder })
  t.is(byFolder.code, 0, byFolder.err)
})

test.serial('the text reaches the log of the other nodes', async (t) => {
  const { code } = await mesh.run(['send', '-n', 'bravo', '--', '-odd text 7f3a'], t)
  t.is(code, 0)
  for (const name of ['alpha', 'charlie']) {
    await t.notThrowsAsync(mesh.node(name).untilErr((err) => err.includes('-odd text 7f3a'), 'text'))
  }
})

test.serial('a text may come from standard input', async (t) => {
  const running = start(t, ['-p', mesh.path, 'send', '-n', 'bravo', '-'])
  running.endInput('piped text 51c2\n')
  t.is((await running.ended()).code, 0)
  await t.notThrowsAsync(mesh.node('alpha').untilErr((err) => err.includes('piped text 51c2\n'), 'text'))
})

test.serial('a request takes a large body from standard input, and prints a large reply', async (t) => {
  const text = 'abcdefgh'.repeat(1024 * 1024)
  const running = start(t, ['-p', mesh.path, 'request', '-n', 'bravo', '--raw', 'zmqnet.echo', '-', '--json'])
  running.endInput(text)
  const { code, out, err } = await running.ended()
  t.is(code, 0, err)
  const { ok, reply } = jsonOf(out) as { ok: boolean; reply: string }
  t.true(ok && reply === text)
})

test.serial('status shows the matrix, and one node as a table', async (t) => {
  const all = await mesh.run(['status'], t)
  t.is(all.code, 0, all.err)
  t.regex(all.out, /\nalpha +self +alive .* alive .*\n/)
  t.regex(all.out, /3 of 3 nodes answered, 6 of 6 views alive\n$/)
  t.false(all.out.includes('\u001b'))
  const json = await mesh.run(['status', '--json'], t)
  t.is(jsonOf(json.out).ok, true)
  const one = await mesh.run(['status', '-n', 'bravo'], t)
  t.regex(one.out, /^bravo at tcp:\/\/127\.0\.0\.1:\d+, up /)
  t.regex(one.out, /\nalpha +tcp:\S+ +alive +open, ipc /)
})

test.serial('ping shows all nodes, or one many times', async (t) => {
  const all = await mesh.run(['ping'], t)
  t.is(all.code, 0, all.err)
  t.is(all.out.match(/^(alpha|bravo|charlie) +tcp:\S+ +\S+ ms +ipc$/gm)?.length, 3)
  const one = await mesh.run(['ping', '-n', 'bravo', '-c', '3', '-i', '1ms', '--json'], t)
  t.is(one.code, 0, one.err)
  t.like(jsonLinesOf(one.out).at(-1), {
    summary: { node: 'bravo', transport: 'ipc', sent: 3, answered: 3, lossPercent: 0 },
  })
})

test.serial('Ctrl-C ends a ping with its summary', async (t) => {
  const running = start(t, ['-p', mesh.path, 'ping', '-n', 'bravo', '-c', '0', '-i', '10ms'])
  await running.until((out) => out.includes('seq=3'), 'third answer')
  running.kill('SIGINT')
  const { code, out, err } = await running.ended()
  t.is(code, 0)
  t.is(err, '')
  t.regex(out, /ping statistics ---\n\d+ sent, \d+ answered, 0 % lost/)
})

test.serial('a reader that goes away ends a ping quietly', async (t) => {
  const running = start(t, ['-p', mesh.path, 'ping', '-n', 'bravo', '-c', '0', '-i', '10ms'])
  await running.until((out) => out.includes('seq=1'), 'first answer')
  running.closeOut()
  const { code, err } = await running.ended()
  t.is(code, 0)
  t.is(err, '')
})

test.serial('request prints the reply, and an unknown verb exits with 1', async (t) => {
  const echo = await mesh.run(['request', '-n', 'alpha', 'zmqnet.echo', '{"a":[1,"x"]}', '--json'], t)
  t.is(echo.code, 0, echo.err)
  t.like(jsonOf(echo.out), { ok: true, node: 'alpha', verb: 'zmqnet.echo', reply: { a: [1, 'x'] } })
  const unknown = await mesh.run(['request', '-n', 'alpha', 'nothing', '--json'], t)
  t.is(unknown.code, 1)
  t.like(jsonOf(unknown.out), { error: { code: 'UNKNOWN_VERB' } })
})

test.serial('bench measures all modes, shows progress and writes its results', async (t) => {
  const file = join(mesh.folder, 'results.json')
  const argv = ['bench', '-n', 'bravo', '-d', '1100ms', '-c', '20', '-o', file, '--json']
  const { code, out, err } = await mesh.run(argv, t)
  t.is(code, 0, err)
  const report = jsonOf(out) as { results: { mode: string; count: number; latency: { p50Ms: number } }[] }
  t.deepEqual(
    report.results.map(({ mode }) => mode),
    ['echo', 'oneway', 'broadcast'],
  )
  for (const { count, latency } of report.results) t.true(count > 0 && latency.p50Ms > 0)
  t.deepEqual(JSON.parse(await readFile(file, 'utf8')), report)
  t.regex(err, /^echo: .*, 0 errors$/m)
})

test.serial('Ctrl-C ends a bench with the results so far', async (t) => {
  const running = start(t, ['-p', mesh.path, 'bench', '-n', 'bravo', '-d', '1h', '-c', '5', '--json'])
  await running.untilErr((err) => err.includes('/s'), 'progress')
  running.kill('SIGINT')
  const { code, out } = await running.ended()
  t.is(code, 0)
  t.like(jsonOf(out), { interrupted: true })
})

test.serial('a second node with the same address exits with 2 and names it', async (t) => {
  const { code, err } = await mesh.run(['serve', '-n', 'alpha'], t)
  t.is(code, 2)
  t.regex(err, /tcp:\/\/127\.0\.0\.1:\d+.*in use/)
  t.notRegex(err, / at .*:\d+:\d+/)
})

test.serial('Ctrl-C during the delay of a send exits with 130 at once', async (t) => {
  const running = start(t, ['-p', mesh.path, 'send', '-n', 'bravo', '-d', '1h', 'late text 99aa'])
  await running.untilErr((err) => err.includes('Sending in'), 'announcement')
  running.kill('SIGINT')
  const { code } = await running.ended()
  t.is(code, 130)
  t.notRegex(mesh.node('alpha').err, /99aa/)
})

test('a node that is not there exits with 3', async (t) => {
  const empty = await Mesh.create(t)
  const send = await empty.run(['send', '-n', 'bravo', '-t', '200ms', '-r', '0', 'x'])
  t.is(send.code, 3)
  t.is(send.out, '')
  t.regex(send.err, /^.*bravo.*\n$/)
  t.is((await empty.run(['status', '-t', '200ms'])).code, 3)
  t.is((await empty.run(['ping', '-t', '200ms'])).code, 3)
})

test('a killed node is missing, one that left is not, unless --strict', async (t) => {
  const own = await Mesh.create(t)
  await own.serve('alpha', 'bravo', 'charlie')
  own.node('alpha').kill('SIGTERM')
  t.is((await own.node('alpha').ended()).code, 0)
  await own.node('bravo').until(hasEvent('peer:left', 'alpha'), 'peer:left')
  t.is((await own.run(['send', '-n', 'bravo', 'x'])).code, 0)
  const strict = await own.run(['send', '-n', 'bravo', '--strict', '--json', 'x'])
  t.is(strict.code, 4)
  t.like(jsonOf(strict.out), { ok: false, missing: [{ peer: 'alpha', reason: 'left' }] })

  own.node('charlie').kill('SIGKILL')
  await own.node('bravo').until(hasEvent('peer:dead', 'charlie'), 'peer:dead')
  const partial = await own.run(['send', '-n', 'bravo', '--json', 'x'])
  t.is(partial.code, 4)
  t.like(jsonOf(partial.out), { ok: false, acked: [], missing: [{ peer: 'charlie', reason: 'dead' }] })
  const status = await own.run(['status', '-t', '300ms'])
  t.is(status.code, 4)
  t.regex(status.out, /\nbravo +left +self +dead\n/)
  t.is((await own.run(['ping', '-t', '300ms'])).code, 4)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`serve drains and exits with 0 after ${signal}`, async (t) => {
    const own = await Mesh.create(t, ['alpha'])
    await own.serve('alpha')
    own.node('alpha').kill(signal)
    const { code, out } = await own.node('alpha').ended()
    t.is(code, 0)
    t.deepEqual(jsonLinesOf(out).at(-1), { event: 'closed', node: 'alpha', cause: signal })
  })
}

test('serve stops by itself when its uptime is over', async (t) => {
  const own = await Mesh.create(t, ['alpha'])
  const { code, out, err } = await own.run(['serve', '-n', 'alpha', '-u', '100ms'])
  t.is(code, 0)
  t.regex(out, /^alpha listens on tcp:\/\/127\.0\.0\.1:\d+\n$/)
  t.regex(err, /uptime is over/)
})

const badFiles: readonly (readonly [string, string | undefined, RegExp])[] = [
  ['missing', undefined, /does not exist/],
  ['no JSON', '{"peers": [', /JSON/],
  ['empty', '{"peers": []}', /peers/],
  [
    'two of the same name',
    '{"peers": [{"name":"alpha","ip_address":"127.0.0.1","port":1},{"name":"alpha","ip_address":"127.0.0.1","port":70000}]}',
    /alpha[\s\S]*port|port[\s\S]*alpha/,
  ],
]

for (const [name, text, expected] of badFiles) {
  test(`a peers file that is ${name} exits with 2 and a clear message`, async (t) => {
    const path = join(await makeFolder(t), 'peers.json')
    if (text !== undefined) await writeFile(path, text)
    const { code, out, err } = await zmqnet(t, ['-p', path, 'send', '-n', 'alpha', 'x'])
    t.is(code, 2)
    t.is(out, '')
    t.regex(err, expected)
    t.notRegex(err, /^ +at /m)
  })
}

test('help and version cost no peers file, and a fault is one message', async (t) => {
  t.regex((await zmqnet(t, ['--help'])).out, /Commands:\n +zmqnet serve/)
  t.regex((await zmqnet(t, ['--version'])).out, /^\d+\.\d+\.\d+\S*\n$/)
  const fault = await zmqnet(t, ['sned'])
  t.deepEqual(
    { ...fault },
    {
      code: 2,
      signal: null,
      out: '',
      err: 'Unknown command "sned"; did you mean send?\nSee: zmqnet --help\n',
    },
  )
})

test('bash completes commands, options and the names of nodes', async (t) => {
  const own = await Mesh.create(t)
  await symlink(programPath, join(own.folder, 'zmqnet'))
  const complete = async (...words: string[]) => {
    const script = `
      source <(zmqnet completion bash)
      COMP_WORDS=(zmqnet ${words.map((word) => `'${word}'`).join(' ')})
      COMP_CWORD=${words.length}
      _zmqnet_yargs_completions
      printf '%s\\n' "\${COMPREPLY[@]}"`
    const env = { PATH: `${own.folder}:${process.env.PATH}`, SHELL: '/bin/bash', ZSH_NAME: '' }
    const running = startProgram(t, 'bash', ['-c', script], { env, cwd: own.folder })
    return (await running.ended()).out.trim().split('\n')
  }
  t.deepEqual(await complete('se'), ['serve', 'send'])
  t.deepEqual(await complete('send', '-n', ''), ['alpha', 'bravo', 'charlie'])
  t.deepEqual(await complete('send', '--str'), ['--strict'])
})
