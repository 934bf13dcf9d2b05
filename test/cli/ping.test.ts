/**
 * `zmqnet ping`: lines, summary, and the exit codes for all, some and none.
 */

import test from 'ava'
import type { Library } from '../../src/cli/io.ts'
import { run } from '../../src/cli/run.ts'
import {
  createFakeClient,
  createFakeIo,
  type FakeSettings,
  jsonLinesOf,
  runFake,
  unreachable,
} from './fake-io.ts'

/** A library whose nodes answer in turn with these times; an undefined time is a loss. */
function nodesAnswering(times: Readonly<Record<string, readonly (number | undefined)[]>>): Partial<Library> {
  return {
    connect: async (node) => {
      const left = [...(times[node] ?? [])]
      let isGreeted = false
      return createFakeClient(node, {
        ping: async () => {
          // The first answered ping is the greeting, and does not count.
          if (!isGreeted && left[0] !== undefined) {
            isGreeted = true
            return 99
          }
          isGreeted = true
          const ms = left.shift()
          if (ms === undefined) throw unreachable(node)
          return ms
        },
      })
    },
  }
}

const ping = (
  argv: readonly string[],
  times: Parameters<typeof nodesAnswering>[0],
  settings: FakeSettings = {},
) => runFake(['ping', ...argv], { library: nodesAnswering(times), ...settings })

test('each answer is a line, and the summary is that of ping(8)', async (t) => {
  const { out, exitCode } = await ping(['-n', 'bravo', '-c', '3'], { bravo: [1, 2, 3] })
  t.is(exitCode, 0)
  t.deepEqual(out.split('\n'), [
    'PING bravo (tcp://127.0.0.1:3002)',
    'bravo: seq=1 time=1.00 ms',
    'bravo: seq=2 time=2.00 ms',
    'bravo: seq=3 time=3.00 ms',
    '',
    '--- bravo ping statistics ---',
    '3 sent, 3 answered, 0 % lost, time 2.0 s',
    'rtt min/avg/max/mdev = 1.000/2.000/3.000/0.816 ms over tcp',
    '',
  ])
})

test('the interval is kept between pings and not after the last', async (t) => {
  const { io } = await ping(['-n', 'bravo', '-c', '3', '-i', '200ms'], { bravo: [1, 1, 1] })
  t.deepEqual(io.sleeps, [200, 200])
})

test('four are sent by default', async (t) => {
  const { out } = await ping(['-n', 'bravo'], { bravo: [1, 1, 1, 1, 1] })
  t.regex(out, /\n4 sent, 4 answered/)
})

test('some losses exit with 4, and say why', async (t) => {
  const { out, exitCode } = await ping(['-n', 'bravo', '-c', '3'], { bravo: [1, undefined, 3] })
  t.is(exitCode, 4)
  t.regex(out, /seq=2 Cannot reach "bravo"/)
  t.regex(out, /3 sent, 2 answered, 33.3 % lost/)
})

test('no answer at all exits with 3, and has no times', async (t) => {
  const { out, exitCode } = await ping(['-n', 'bravo', '-c', '2'], { bravo: [undefined, undefined] })
  t.is(exitCode, 3)
  t.regex(out, /2 sent, 0 answered, 100 % lost/)
  t.notRegex(out, /rtt/)
})

test('with -c 0 it goes on until the interrupt, and then prints the summary', async (t) => {
  let count = 0
  const { out, exitCode } = await ping(
    ['-n', 'bravo', '-c', '0'],
    { bravo: Array.from({ length: 50 }, () => 1) },
    {
      onSleep: (_ms, io) => {
        if (++count === 20) io.interruptBy('SIGINT')
      },
    },
  )
  t.is(exitCode, 0)
  t.regex(out, /\n20 sent, 20 answered, 0 % lost/)
})

test('an interrupt before the first answer exits with 3', async (t) => {
  const library: Partial<Library> = {
    connect: async (node) =>
      createFakeClient(node, {
        ping: async () => {
          io.interruptBy('SIGINT')
          throw unreachable(node)
        },
      }),
  }
  const io = createFakeIo(['ping', '-n', 'bravo'], { library })
  t.is(await run(io), 3)
  t.regex(io.out(), /0 sent, 0 answered/)
  t.is(io.err(), '')
})

test('the JSON is one object per ping and a summary', async (t) => {
  const { out } = await ping(['-n', 'bravo', '-c', '2', '--json'], { bravo: [1.5, undefined] })
  t.deepEqual(jsonLinesOf(out), [
    { node: 'bravo', seq: 1, ms: 1.5, transport: 'tcp' },
    { node: 'bravo', seq: 2, error: { code: 'NOT_SENT', message: 'Cannot reach "bravo": nobody answers' } },
    {
      summary: {
        node: 'bravo',
        transport: 'tcp',
        sent: 2,
        answered: 1,
        lossPercent: 50,
        minMs: 1.5,
        avgMs: 1.5,
        maxMs: 1.5,
        mdevMs: 0,
      },
    },
  ])
})

test('without -n there is one line per node of the file', async (t) => {
  const { out, exitCode } = await ping([], { alpha: [0.5], bravo: [1], charlie: [12] })
  t.is(exitCode, 0)
  t.is(
    out,
    [
      'alpha    tcp://127.0.0.1:3001  0.50 ms  tcp',
      'bravo    tcp://127.0.0.1:3002  1.00 ms  tcp',
      'charlie  tcp://127.0.0.1:3003  12.0 ms  tcp',
      '',
    ].join('\n'),
  )
})

test('without -n, some nodes missing exit with 4 and all missing with 3', async (t) => {
  const some = await ping([], { alpha: [0.5], bravo: [1], charlie: [undefined] })
  t.is(some.exitCode, 4)
  t.regex(some.out, /charlie +tcp:\S+ +no answer +Cannot reach "charlie"/)
  const none = await ping([], { alpha: [undefined], bravo: [undefined], charlie: [undefined] })
  t.is(none.exitCode, 3)
})

test('without -n the JSON has a summary for each node', async (t) => {
  const { out } = await ping(['--json', '-c', '2'], { alpha: [1, 1], bravo: [1, undefined], charlie: [] })
  const lines = jsonLinesOf(out)
  t.like(lines[0], { summary: { node: 'alpha', sent: 2, answered: 2 } })
  t.like(lines[1], { summary: { node: 'bravo', answered: 1, lossPercent: 50 }, error: { code: 'NOT_SENT' } })
  t.like(lines[2], { summary: { node: 'charlie', transport: null, answered: 0, minMs: null } })
})
