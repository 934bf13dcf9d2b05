/**
 * `zmqnet serve`: which node it is, what it says on stdout, how it ends.
 */

import test from 'ava'
import { run } from '../../src/cli/run.ts'
import { ZmqnetError } from '../../src/errors.ts'
import type { Logger, NodeOptions, PeersConfig } from '../../src/node/api.ts'
import {
  CONFIG,
  createFakeIo,
  createFakeNode,
  eventsOf,
  type FakeSettings,
  jsonLinesOf,
  jsonOf,
  runFake,
} from './fake-io.ts'

async function serve(
  argv: readonly string[],
  settings: FakeSettings & { readonly config?: PeersConfig } = {},
) {
  const made: NodeOptions[] = []
  const closed: unknown[] = []
  const library = {
    loadPeers: () => settings.config ?? CONFIG,
    createNode: async (options: NodeOptions) => {
      made.push(options)
      return createFakeNode({
        name: options.name,
        events: () => eventsOf([{ kind: 'peer:alive', peer: 'bravo', incarnation: 3 }] as const),
        close: async (close) => {
          closed.push(close)
        },
      })
    },
  }
  const result = await runFake(['serve', ...argv], { library, ...settings })
  return { ...result, made, closed }
}

test('it listens, says so in one line, and stops when the uptime is over', async (t) => {
  const { exitCode, out, io, closed } = await serve(['-n', 'alpha', '-u', '10s'])
  t.is(exitCode, 0)
  t.is(out, 'alpha listens on tcp://127.0.0.1:3001\n')
  t.is(io.sleeps[0], 10_000)
  t.deepEqual(closed, [{ drain: 1000 }])
})

test('the options reach the node', async (t) => {
  const { made, closed } = await serve([
    '-n',
    'alpha',
    '-u',
    '1s',
    '--tick',
    '200ms',
    '--bind',
    '0.0.0.0:0',
    '--no-same-host',
    '--drain',
    '5s',
  ])
  t.like(made[0], { name: 'alpha', tick: 200, bind: '0.0.0.0:0', sameHost: false })
  t.is(made[0]?.peers, CONFIG)
  t.deepEqual(closed, [{ drain: 5000 }])
})

test('what is not given is left to the library', async (t) => {
  const { made } = await serve(['-n', 'alpha', '-u', '1s'])
  t.deepEqual(Object.keys(made[0] ?? {}).sort(), ['log', 'name', 'peers'])
})

for (const signal of ['SIGINT', 'SIGTERM', 'EPIPE']) {
  test(`${signal} drains and exits with 0`, async (t) => {
    const { exitCode, closed, out } = await serve(['-n', 'alpha', '-u', '1h', '--json'], {
      onSleep: (_ms, io) => io.interruptBy(signal),
    })
    t.is(exitCode, 0)
    t.is(closed.length, 1)
    t.deepEqual(jsonLinesOf(out).at(-1), { event: 'closed', node: 'alpha', cause: signal })
  })
}

test('without an uptime it serves until a signal comes', async (t) => {
  const io = createFakeIo(['serve', '-n', 'alpha', '--json'], {
    library: { createNode: async () => createFakeNode({ events: () => eventsOf([]) }) },
  })
  const serving = run(io)
  setImmediate(() => setImmediate(() => io.interruptBy('SIGINT')))
  t.is(await serving, 0)
  t.like(jsonLinesOf(io.out()).at(-1), { event: 'closed', cause: 'SIGINT' })
})

test('a signal that comes while the node starts stops it as soon as it has started', async (t) => {
  let closes = 0
  const library = {
    createNode: async () => {
      io.interruptBy('SIGTERM')
      return createFakeNode({
        close: async () => {
          closes++
        },
      })
    },
  }
  const io = createFakeIo(['serve', '-n', 'alpha'], { library })
  t.is(await run(io), 0)
  t.is(closes, 1)
})

test('with --json there is a line for listening, for each event and for the end', async (t) => {
  const { out } = await serve(['-n', 'alpha', '-u', '1s', '--json'])
  t.deepEqual(jsonLinesOf(out), [
    { event: 'listening', node: 'alpha', endpoint: 'tcp://127.0.0.1:3001', incarnation: 5, pid: 42 },
    { event: 'peer:alive', peer: 'bravo', incarnation: 3 },
    { event: 'closed', node: 'alpha', cause: 'uptime is over' },
  ])
})

test('a close that hangs is given up after its drain', async (t) => {
  const library = { createNode: async () => createFakeNode({ close: () => new Promise<void>(() => {}) }) }
  const { exitCode, io } = await runFake(['serve', '-n', 'alpha', '-u', '1s', '--drain', '2s'], { library })
  t.is(exitCode, 0)
  t.deepEqual(io.sleeps, [1000, 2500])
})

test('--key and --insecure reach the node', async (t) => {
  const { made } = await serve(['-n', 'alpha', '-u', '1s', '--key', 'safe/alpha.key', '--insecure'])
  t.like(made[0], { key: 'safe/alpha.key', insecure: true })
  const bare = await serve(['-n', 'alpha', '-u', '1s'])
  t.false('key' in (bare.made[0] ?? {}) || 'insecure' in (bare.made[0] ?? {}))
})

test('SIGHUP has the node read its keys again, and what is wrong with them is only told', async (t) => {
  let reloads = 0
  const library = {
    createNode: async () =>
      createFakeNode({
        reload: () => {
          if (++reloads === 2) throw new Error('Fault in the peers file')
        },
      }),
  }
  const { exitCode, err } = await runFake(['serve', '-n', 'alpha', '-u', '1s'], {
    library,
    onSleep: (_ms, io) => {
      io.hangUp()
      io.hangUp()
    },
  })
  t.is(exitCode, 0)
  t.is(reloads, 2)
  t.regex(err, /error SIGHUP changes nothing: Fault in the peers file\n/)
})

test('an address in use exits with 2 and names it', async (t) => {
  const message = 'Cannot listen on tcp://127.0.0.1:3001: the address is in use'
  const library = { createNode: () => Promise.reject(new ZmqnetError({ code: 'ADDRESS_IN_USE', message })) }
  const { exitCode, err } = await runFake(['serve', '-n', 'alpha'], { library })
  t.is(exitCode, 2)
  t.is(err, `${message}\n`)
  const json = await runFake(['serve', '-n', 'alpha', '--json'], { library })
  t.deepEqual(jsonOf(json.out), { error: { code: 'ADDRESS_IN_USE', message } })
})

test('the name is that of the one peer whose host is this machine', async (t) => {
  const full = await serve(['-u', '1s'], { hostname: 'Bravo.example' })
  t.is(full.made[0]?.name, 'bravo')
  const label = await serve(['-u', '1s'], { hostname: 'charlie' })
  t.is(label.made[0]?.name, 'charlie')
})

test('without a name and with no or several nodes on this machine it exits with 2', async (t) => {
  const none = await serve([], { hostname: 'elsewhere' })
  t.is(none.exitCode, 2)
  t.regex(
    none.err,
    /^Say which node with -n NAME \(alpha, bravo, charlie\): .* no node on this machine \(elsewhere\)/,
  )
  const config = {
    peers: CONFIG.peers.map((peer) => ({ ...peer, host: peer.name === 'alpha' ? 'other' : 'here' })),
  }
  const several = await serve([], { hostname: 'here', config })
  t.is(several.exitCode, 2)
  t.regex(several.err, /^Say which node with -n NAME \(bravo, charlie\): .* 2 nodes on this machine \(here\)/)
})

async function logWith(
  argv: readonly string[],
  level: keyof Logger,
  settings: FakeSettings = {},
  logLevel?: number,
) {
  const config = logLevel === undefined ? CONFIG : { ...CONFIG, logLevel }
  const library = {
    loadPeers: () => config,
    createNode: async ({ log }: NodeOptions) => {
      if (typeof log === 'object') log[level]('bravo is alive')
      return createFakeNode({})
    },
  }
  return await runFake(['serve', '-n', 'alpha', '-u', '1s', ...argv], { library, ...settings })
}

test('the log is on stderr, with time and level', async (t) => {
  const { out, err } = await logWith([], 'info')
  t.regex(err, /^\d\d:\d\d:\d\d\.\d{3} info {2}bravo is alive\n/)
  t.regex(err, /info {2}Stopping: uptime is over\n$/)
  t.notRegex(out, /alive/)
})

test('with --log-json each line of the log is an object', async (t) => {
  const { err } = await logWith(['--log-json'], 'warn')
  t.like(jsonLinesOf(err)[0], { level: 'warn', message: 'bravo is alive', node: 'alpha' })
  t.regex(String(jsonLinesOf(err)[0]?.timestamp), /^\d{4}-\d\d-\d\dT/)
})

const levels: readonly (readonly [string, readonly string[], number | undefined, keyof Logger, boolean])[] = [
  ['debug is silent by default', [], undefined, 'debug', false],
  ['--log-level debug shows it', ['--log-level', 'debug'], undefined, 'debug', true],
  ['--log-level 3 shows it', ['--log-level', '3'], undefined, 'debug', true],
  ['the level of the file counts', [], 1, 'info', false],
  ['the option wins over the file', ['--log-level', '2'], 0, 'info', true],
  ['level 0 shows errors', ['--log-level', '0'], undefined, 'error', true],
  ['level 0 hides warnings', ['--log-level', '0'], undefined, 'warn', false],
]

for (const [name, argv, fileLevel, level, isShown] of levels) {
  test(`log level: ${name}`, async (t) => {
    const { err } = await logWith(argv, level, {}, fileLevel)
    t.is(err.includes('bravo is alive'), isShown)
  })
}

test('the log has colours on a terminal, and none with NO_COLOR', async (t) => {
  const colored = await logWith([], 'error', { isTTY: true })
  t.true(colored.err.includes('\u001b[31merror\u001b[0m'))
  const plain = await logWith([], 'error', { isTTY: true, env: { NO_COLOR: '1' } })
  t.false(plain.err.includes('\u001b'))
})
