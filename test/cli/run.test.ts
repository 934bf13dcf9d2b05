/**
 * A run as a whole: help, version, faults and their exit codes, in words and in JSON, with and without a stack.
 */

import test from 'ava'
import { commandTable } from '../../src/cli/command-table.ts'
import { type ErrorCode, ZmqnetError } from '../../src/errors.ts'
import { createFakeClient, jsonOf, libraryOf, messageResult, runFake } from './fake-io.ts'

test('the help of the program lists every command and the exit codes, on stdout', async (t) => {
  const { exitCode, out, err } = await runFake(['--help'])
  t.is(exitCode, 0)
  t.is(err, '')
  for (const name of Object.keys(commandTable)) t.regex(out, new RegExp(`zmqnet ${name} +\\S`))
  t.regex(out, /Exit codes: 0 done, 1 unexpected, 2 usage/)
})

for (const [name, command] of Object.entries(commandTable)) {
  test(`the help of ${name} has all its options and an example`, async (t) => {
    const { exitCode, out } = await runFake([name, '--help'])
    t.is(exitCode, 0)
    for (const option of Object.keys(command.options)) t.regex(out, new RegExp(`--${option}\\b`))
    t.regex(out, /--peers\b/)
    t.true(command.examples.length > 0)
    t.regex(out, /Examples:\n +zmqnet /)
    t.false(/\[(string|boolean|number)\]/.test(out))
  })
}

test('the version is that of the package', async (t) => {
  t.deepEqual(await runFake(['--version']).then(({ exitCode, out }) => ({ exitCode, out })), {
    exitCode: 0,
    out: '9.9.9\n',
  })
})

const usageFaults: readonly (readonly string[])[] = [
  [],
  ['bogus'],
  ['send'],
  ['send', '-n', 'bravo'],
  ['send', 'text'],
  ['send', '-n', 'delta', 'text'],
  ['send', '-n', 'bravo', '-n', 'alpha', 'text'],
  ['send', '-n', 'bravo', ''],
  ['send', '-n', 'bravo', ' ', ' '],
  ['send', '-n', 'bravo', '--bogus', 'text'],
  ['send', '-n', 'bravo', '-t', '5', 'text'],
  ['request', '-n', 'bravo'],
  ['request', '-n', 'bravo', ''],
  ['request', '-n', 'bravo', 'verb', 'body', 'more'],
  ['request', 'verb'],
  ['ping', '-n', 'delta'],
  ['ping', '-c', '-1'],
  ['status', '-n', 'delta'],
  ['status', 'bravo'],
  ['bench', '--mode', 'x'],
  ['bench', '-n', 'delta'],
  ['serve', '-n', 'delta'],
  ['serve'],
  ['serve', '--log-level', '9', '-n', 'alpha'],
  ['completion', 'tcsh'],
]

for (const argv of usageFaults) {
  test(`${JSON.stringify(argv)} exits with 2 and one message on stderr`, async (t) => {
    const { exitCode, out, err } = await runFake(argv)
    t.is(exitCode, 2)
    t.is(out, '')
    t.regex(err, /^[A-Z].*\n(.+\n)*See: zmqnet .*--help\n$/)
    t.notRegex(err, / at .*:\d+/)
  })
  test(`${JSON.stringify(['--json', ...argv])} exits with 2 and one object on stdout`, async (t) => {
    const { exitCode, out, err } = await runFake(['--json', ...argv])
    t.is(exitCode, 2)
    t.is(err, '')
    t.like(jsonOf(out), { error: { code: 'USAGE' } })
  })
}

test('an unknown node is answered with the names that there are', async (t) => {
  const { err } = await runFake(['ping', '-n', 'delta'])
  t.regex(err, /^Unknown node "delta": the peers file has alpha, bravo and charlie\n/)
})

test('a peers file with faults exits with 2 and all that the library says about it', async (t) => {
  const library = {
    loadPeers: () => {
      throw new ZmqnetError({ code: 'CONFIG', message: 'The peers file "x" has 2 faults:\n  a\n  b' })
    },
  }
  for (const argv of [
    ['ping'],
    ['status'],
    ['bench'],
    ['send', '-n', 'a', 'x'],
    ['request', '-n', 'a', 'x'],
  ]) {
    const { exitCode, err } = await runFake(argv, { library })
    t.is(exitCode, 2)
    t.is(err, 'The peers file "x" has 2 faults:\n  a\n  b\n')
  }
})

test('the path of -p and the environment reach the library', async (t) => {
  const seen: unknown[] = []
  const library = {
    loadPeers: (source: string | undefined, env: Readonly<Record<string, string | undefined>>) => {
      seen.push(source, env.PEERS_PATH)
      throw new ZmqnetError({ code: 'CONFIG', message: 'no' })
    },
  }
  await runFake(['-p', 'a.json', 'ping'], { library, env: { PEERS_PATH: 'b.json' } })
  await runFake(['ping'], { library, env: { PEERS_PATH: 'b.json' } })
  t.deepEqual(seen, ['a.json', 'b.json', undefined, 'b.json'])
})

const exitCodes: Readonly<Record<ErrorCode, number>> = {
  CONFIG: 2,
  INVALID_ARGUMENT: 2,
  NOT_SENT: 3,
  QUEUE_FULL: 3,
  TIMEOUT: 3,
  PEER_RESTARTED: 3,
  UNKNOWN_VERB: 1,
  HANDLER_FAILED: 1,
  OVERLOADED: 1,
  EXPIRED: 3,
  FORGOTTEN: 1,
  REJECTED: 1,
  NOT_ALLOWED: 1,
  ABORTED: 1,
  TOO_LARGE: 2,
  ADDRESS_IN_USE: 2,
  REFUSED: 3,
  CLOSED: 3,
}

for (const [code, expected] of Object.entries(exitCodes)) {
  test(`the error ${code} exits with ${expected}`, async (t) => {
    const fail = () => Promise.reject(new ZmqnetError({ code: code as ErrorCode, message: 'It failed' }))
    const human = await runFake(['send', '-n', 'bravo', 'x'], { library: libraryOf({ message: fail }) })
    t.is(human.exitCode, expected)
    t.is(human.err, 'It failed\n')
    const json = await runFake(['send', '-n', 'bravo', 'x', '--json'], {
      library: libraryOf({ message: fail }),
    })
    t.is(json.exitCode, expected)
    t.is(json.err, '')
    t.deepEqual(jsonOf(json.out), { error: { code, message: 'It failed' } })
  })
}

test('a fault of our own exits with 1, without a stack but with the way to get one', async (t) => {
  const library = libraryOf({ message: () => Promise.reject(new TypeError('x is not a function')) })
  const plain = await runFake(['send', '-n', 'bravo', 'x'], { library })
  t.is(plain.exitCode, 1)
  t.regex(plain.err, /^Unexpected: x is not a function\n.*--debug.*\n$/)
  const json = await runFake(['send', '-n', 'bravo', 'x', '--json'], { library })
  t.deepEqual(jsonOf(json.out), { error: { code: 'UNEXPECTED', message: 'Unexpected: x is not a function' } })
})

test('--debug and ZMQNET_DEBUG print the stack and the cause', async (t) => {
  const error = new Error('outer', { cause: new Error('inner') })
  const library = libraryOf({ message: () => Promise.reject(error) })
  const byFlag = await runFake(['send', '-n', 'bravo', 'x', '--debug'], { library })
  t.regex(byFlag.err, /Error: outer\n +at [\s\S]*caused by Error: inner\n +at /)
  const byEnv = await runFake(['send', '-n', 'bravo', 'x'], { library, env: { ZMQNET_DEBUG: '1' } })
  t.regex(byEnv.err, /Error: outer\n +at /)
})

test('an interrupt exits as the shell expects it, and the client is closed', async (t) => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['EPIPE', 0],
  ] as const) {
    let isClosed = false
    const library = {
      connect: async (node: string) =>
        createFakeClient(node, {
          message: () => {
            interrupt(signal)
            return Promise.reject(new ZmqnetError({ code: 'ABORTED', message: 'aborted' }))
          },
          close: async () => {
            isClosed = true
          },
        }),
    }
    let interrupt = (_signal: string) => {}
    const settings = {
      library,
      onSleep: (_ms: number, io: { interruptBy(signal: string): void }) => bind(io),
    }
    const bind = (io: { interruptBy(signal: string): void }) => {
      interrupt = (name) => io.interruptBy(name)
    }
    const { exitCode, err } = await runFake(['send', '-n', 'bravo', '-d', '1ms', 'x'], settings)
    t.is(exitCode, code)
    t.is(err, `Sending in 1 ms\n${signal === 'EPIPE' ? '' : `Interrupted by ${signal}\n`}`)
    t.true(isClosed)
  }
})

test('a client is closed after success, too', async (t) => {
  const closed: unknown[] = []
  const library = libraryOf({
    message: async () => messageResult(),
    close: async (options) => {
      closed.push(options)
    },
  })
  t.is((await runFake(['send', '-n', 'bravo', 'x'], { library })).exitCode, 0)
  t.deepEqual(closed, [{ drain: 0 }])
})
