/**
 * `zmqnet bench`: modes, counting, errors, and an early end. Time is the fake one: each operation takes a millisecond.
 */

import test from 'ava'
import { run } from '../../src/cli/run.ts'
import { ZmqnetError } from '../../src/errors.ts'
import type { BodyValue, Client } from '../../src/node/api.ts'
import {
  createFakeClient,
  createFakeIo,
  type FakeIo,
  type FakeSettings,
  jsonOf,
  runFake,
  unreachable,
} from './fake-io.ts'

/** Runs the bench against a node whose operations take a millisecond each, unless the test replaces them. */
async function bench(
  argv: readonly string[],
  parts: (io: FakeIo) => Partial<Client> = () => ({}),
  settings: FakeSettings = {},
) {
  const asked: string[] = []
  const connect = async (node: string) => {
    const took = async (verb: string) => {
      asked.push(verb)
      io.advance(1)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return createFakeClient(node, {
      ping: async () => 1,
      request: async (verb, body: BodyValue) => {
        await took(verb)
        return verb === 'zmqnet.cast' ? { ok: true, expected: 2, acked: [], missing: [], ms: 1 } : body
      },
      send: async (verb) => {
        await took(verb)
        return { peer: node, outcome: 'delivered', ms: 1 }
      },
      ...parts(io),
    })
  }
  const defaults = [
    ...(argv.includes('-d') ? [] : ['-d', '100ms']),
    ...(argv.includes('-c') ? [] : ['-c', '1']),
  ]
  const io: FakeIo = createFakeIo(['bench', ...defaults, ...argv], {
    ...settings,
    library: { connect, ...settings.library },
  })
  const exitCode = await run(io)
  return { exitCode, out: io.out(), err: io.err(), io, asked }
}

interface Result {
  readonly mode: string
  readonly count: number
  readonly errors: Readonly<Record<string, number>>
  readonly elapsedMs: number
  readonly perSecond: number
  readonly latency: Readonly<Record<string, number>>
}

const resultsOf = (out: string) => jsonOf(out).results as Result[]

test('all modes run one after the other, against the first node of the file', async (t) => {
  const { exitCode, out, asked } = await bench(['--json'])
  t.is(exitCode, 0)
  t.deepEqual(
    resultsOf(out).map(({ mode }) => mode),
    ['echo', 'oneway', 'broadcast'],
  )
  t.deepEqual([...new Set(asked)], ['zmqnet.echo', 'zmqnet.sink', 'zmqnet.cast'])
  t.like(jsonOf(out), {
    settings: { node: 'alpha', mode: 'all', durationMs: 100, concurrency: 1, sizeBytes: 100 },
  })
})

test('operations are counted by their time, after the warm-up', async (t) => {
  const { out } = await bench(['--json', '--mode', 'echo', '-n', 'bravo'])
  const [result] = resultsOf(out)
  t.is(result?.count, 100)
  t.is(result?.elapsedMs, 100)
  t.is(result?.perSecond, 1000)
  t.deepEqual(result?.errors, {})
  t.is(result?.latency.p50Ms, 1)
  t.true((result?.latency.p999Ms ?? 0) >= 1 && (result?.latency.maxMs ?? 9) < 1.01)
  t.like(jsonOf(out), {
    transport: 'tcp',
    interrupted: false,
    versions: { zmqnet: '9.9.9', node: process.version },
  })
})

test('the table has a line for each mode', async (t) => {
  const { out } = await bench([])
  t.regex(out, /^alpha: 1 in flight, bodies of 100 bytes, over tcp, zmqnet 9\.9\.9/)
  t.regex(out, /MODE +PER SECOND +COUNT +MEAN +P50 +P90 +P99 +P99\.9 +MAX +ERRORS/)
  t.regex(out, /\necho +1,000 +100 +1\.00 ms .* 0\n/)
  t.regex(out, /\nbroadcast +1,000 /)
})

test('as many are in flight as were asked for', async (t) => {
  let inFlight = 0
  let most = 0
  const parts = (io: FakeIo): Partial<Client> => ({
    request: async (_verb, body) => {
      most = Math.max(most, ++inFlight)
      await new Promise((resolve) => setImmediate(resolve))
      io.advance(1)
      inFlight--
      return body
    },
  })
  await bench(['--mode', 'echo', '-c', '7'], parts)
  t.is(most, 7)
})

test('the body has the size that was asked for', async (t) => {
  const sizes = new Set<number>()
  const parts = (io: FakeIo): Partial<Client> => ({
    request: async (_verb, body: BodyValue) => {
      sizes.add((body as Uint8Array).byteLength)
      io.advance(1)
      return body
    },
  })
  await bench(['--mode', 'echo', '--size', '1234'], parts)
  t.deepEqual([...sizes], [1234])
})

test('errors are counted by code, paused after, and exit with 4', async (t) => {
  let count = 0
  const parts = (io: FakeIo): Partial<Client> => ({
    request: async (_verb, body) => {
      io.advance(1)
      if (++count % 10 === 0) throw new ZmqnetError({ code: 'TIMEOUT', message: 'no answer' })
      return body
    },
  })
  const { exitCode, out, io } = await bench(['--mode', 'echo', '--json'], parts)
  t.is(exitCode, 4)
  t.true((resultsOf(out)[0]?.errors.TIMEOUT ?? 0) >= 1)
  t.true(io.sleeps.includes(50))
})

test('when nothing succeeds it exits with 3, and has no times', async (t) => {
  const { exitCode, out } = await bench(['--mode', 'oneway'], () => ({
    send: () => Promise.reject(unreachable('alpha')),
  }))
  t.is(exitCode, 3)
  t.regex(out, /oneway +0 +0 +- +- .* NOT_SENT/)
})

test('a wrong reply and a partial broadcast are errors', async (t) => {
  const wrong = (io: FakeIo): Partial<Client> => ({
    request: async (verb) => {
      io.advance(1)
      return verb === 'zmqnet.cast' ? { ok: false } : Buffer.alloc(3)
    },
  })
  t.true((resultsOf((await bench(['--json', '--mode', 'echo'], wrong)).out)[0]?.errors.WRONG_REPLY ?? 0) > 0)
  t.true((resultsOf((await bench(['--json', '--mode', 'broadcast'], wrong)).out)[0]?.errors.PARTIAL ?? 0) > 0)
})

test('a node that is not there is one error, and exits with 3', async (t) => {
  const { exitCode, err } = await runFake(['bench', '-n', 'bravo'])
  t.is(exitCode, 3)
  t.is(err, 'Cannot reach "bravo": nobody answers\n')
})

test('an interrupt ends early with the results so far', async (t) => {
  let count = 0
  const parts = (io: FakeIo): Partial<Client> => ({
    request: async (_verb, body) => {
      io.advance(1)
      if (++count === 50) io.interruptBy('SIGINT')
      return body
    },
  })
  const { exitCode, out } = await bench(['--json'], parts)
  t.is(exitCode, 0)
  t.is(jsonOf(out).interrupted, true)
  t.is(resultsOf(out).length, 1)
  t.true((resultsOf(out)[0]?.count ?? 0) <= 50)
})

test('-o writes the same JSON to a file', async (t) => {
  const { io, out } = await bench(['-o', 'results.json', '--json', '--mode', 'echo'])
  t.deepEqual(JSON.parse(io.files.get('results.json') ?? ''), jsonOf(out))
})

test('progress goes to stderr: a line a second, or one that is rewritten on a terminal', async (t) => {
  const slow = (io: FakeIo): Partial<Client> => ({
    request: async (_verb, body) => {
      await new Promise((resolve) => setImmediate(resolve))
      io.advance(1)
      return body
    },
  })
  const piped = await bench(['--mode', 'echo', '-d', '5s'], slow)
  t.regex(piped.err, /^echo: .* of 5\.0 s, .*errors\n/)
  t.notRegex(piped.err, /\r/)
  const onTerminal = await bench(['--mode', 'echo', '-d', '5s'], slow, { isTTY: true })
  t.true(onTerminal.err.startsWith('\r\u001b[Kecho: '))
  t.true(onTerminal.err.endsWith('\r\u001b[K'))
})
