/**
 * `zmqnet status`: the table of one node, and the matrix in which a one-way cut must be visible.
 */

import test from 'ava'
import type { Library } from '../../src/cli/io.ts'
import type { NodeStatus } from '../../src/node/api.ts'
import {
  createFakeClient,
  jsonLinesOf,
  jsonOf,
  nodeStatus,
  peerView,
  runFake,
  unreachable,
} from './fake-io.ts'

/** A library whose nodes answer with these; the others do not answer. */
function nodes(statuses: readonly NodeStatus[]): Partial<Library> {
  return {
    connect: async (node) =>
      createFakeClient(node, {
        status: async () => {
          const status = statuses.find((candidate) => candidate.name === node)
          if (status === undefined) throw unreachable(node)
          return status
        },
      }),
  }
}

const alpha = nodeStatus('alpha', [peerView('bravo'), peerView('charlie', { rttMs: 1.5 })])
const bravo = nodeStatus('bravo', [
  peerView('alpha', { busy: true }),
  peerView('charlie', {
    state: 'dead',
    link: 'down',
    rttMs: undefined,
    lastSeenMs: 12_000,
    openMs: undefined,
    outages: { count: 2, longestMs: 1200, totalMs: 3000 },
  }),
])
const charlie = nodeStatus('charlie', [peerView('alpha'), peerView('bravo', { link: 'down' })])

test('the view of one node is a table with states, times and outages', async (t) => {
  const { out, exitCode } = await runFake(['status', '-n', 'bravo'], { library: nodes([bravo]) })
  t.is(exitCode, 0)
  t.deepEqual(out.split('\n'), [
    'bravo at tcp://bravo:1, up 3 min 20 s, run 5, network zmqnet',
    'PEER     ADDRESS          STATE        LINK       SECURITY  ROUND TRIP  LAST HEARD  OPEN FOR   OUTAGES',
    'alpha    tcp://alpha:1    alive, busy  open, tcp  plain        0.42 ms  120 ms ago  1 min 1 s  none',
    'charlie  tcp://charlie:1  dead         down       -                  -  12.0 s ago          -  2, longest 1.2 s, in all 3.0 s',
    'pending 3, sent 1,204, received 1,180, dropped 0, frames sent 300, frames received 290, violations 0, impostors 0, retries 2, resets 1',
    '',
  ])
})

test('the JSON of one node has all that the node said, with null for what is not known', async (t) => {
  const { out } = await runFake(['status', '-n', 'bravo', '--json'], { library: nodes([bravo]) })
  const peers = jsonOf(out).peers as Record<string, unknown>[]
  t.like(jsonOf(out), { name: 'bravo', incarnation: 5, counters: { sent: 1204, resets: 1 } })
  t.like(peers[1], { name: 'charlie', state: 'dead', rttMs: null, openMs: null })
})

test('a link that is encrypted and proven is shown as such, and the matrix counts them', async (t) => {
  const secure = nodeStatus('bravo', [
    peerView('alpha', { encrypted: true, proven: true }),
    peerView('charlie', { encrypted: true, proven: false }),
  ])
  const { out } = await runFake(['status', '-n', 'bravo'], { library: nodes([secure]) })
  t.regex(out, /^alpha .* open, tcp {2}proven {5}/m)
  t.regex(out, /^charlie .* open, tcp {2}encrypted {2}/m)
  const json = await runFake(['status', '-n', 'bravo', '--json'], { library: nodes([secure]) })
  t.like((jsonOf(json.out).peers as Record<string, unknown>[])[0], { encrypted: true, proven: true })
  const all = await runFake(['status'], { library: nodes([secure]) })
  t.regex(all.out, /, 2 of 2 views alive, 1 of 2 links encrypted and proven\n$/)
})

test('on a terminal each state has a colour of its own', async (t) => {
  const states = ['alive', 'suspect', 'dead', 'left'] as const
  const seen = nodeStatus(
    'bravo',
    states.map((state) => peerView(state, { state })),
  )
  const { out } = await runFake(['status', '-n', 'bravo'], { library: nodes([seen]), isTTY: true })
  const colours = states.map((state) => new RegExp(`\u001b\\[(\\d+)m${state}\\s*\u001b`).exec(out)?.[1])
  t.deepEqual(colours, ['32', '33', '31', '2'])
})

test('a node that does not answer exits with 3', async (t) => {
  const { exitCode, err } = await runFake(['status', '-n', 'bravo'], { library: nodes([]) })
  t.is(exitCode, 3)
  t.is(err, 'Cannot reach "bravo": nobody answers\n')
})

test('the matrix shows a cut in one direction, and a link that is down under a living peer', async (t) => {
  const { out, exitCode } = await runFake(['status'], { library: nodes([alpha, bravo, charlie]) })
  t.is(exitCode, 0)
  t.deepEqual(out.split('\n'), [
    'NODE SEES  alpha                bravo             charlie',
    'alpha      self                 alive 0.42 ms     alive 1.50 ms',
    'bravo      alive, busy 0.42 ms  self              dead',
    'charlie    alive 0.42 ms        alive, link down  self',
    '3 of 3 nodes answered, 4 of 6 views alive',
    '',
  ])
})

test('a node that sees another and is not seen by it is told apart, in words and in JSON', async (t) => {
  const sees = nodeStatus('alpha', [peerView('bravo')])
  for (const [back, how] of [
    [peerView('alpha', { link: 'down' }), 'link down'],
    [peerView('alpha', { state: 'dead', link: 'down' }), 'dead'],
  ] as const) {
    const library = nodes([sees, nodeStatus('bravo', [back])])
    const { out } = await runFake(['status'], { library })
    t.true(out.includes(`\nalpha sees bravo, bravo does not see alpha (${how})\n`), out)
    const json = jsonOf((await runFake(['status', '--json'], { library })).out)
    t.deepEqual(json.oneWay, [{ sees: 'alpha', seen: 'bravo' }])
  }
})

test('a peer whose loop hangs is shown as hung', async (t) => {
  const hung = nodeStatus('alpha', [peerView('bravo', { busy: true, hung: true })])
  t.regex((await runFake(['status'], { library: nodes([hung]) })).out, /alive, hung/)
  t.regex((await runFake(['status', '-n', 'alpha'], { library: nodes([hung]) })).out, /alive, hung/)
})

test('a node that does not answer stands in the matrix as such, and exits with 4', async (t) => {
  const { out, exitCode } = await runFake(['status'], { library: nodes([alpha, bravo]) })
  t.is(exitCode, 4)
  t.regex(out, /\ncharlie +\? +\? +self\n/)
  t.regex(out, /\ncharlie does not answer: Cannot reach "charlie": nobody answers\n2 of 3 nodes answered/)
})

test('when nobody answers it exits with 3, and still shows the matrix', async (t) => {
  const { out, exitCode } = await runFake(['status'], { library: nodes([]) })
  t.is(exitCode, 3)
  t.regex(out, /0 of 3 nodes answered/)
})

test('the JSON of all is complete, and ok only when everybody sees everybody alive', async (t) => {
  const { out } = await runFake(['status', '--json'], { library: nodes([alpha, bravo]) })
  const { ok, nodes: rows } = jsonOf(out) as { ok: boolean; nodes: Record<string, unknown>[] }
  t.false(ok)
  t.like(rows[0], { name: 'alpha', reachable: true, status: { name: 'alpha' } })
  t.like(rows[2], { name: 'charlie', reachable: false, error: { code: 'NOT_SENT' } })
  const whole = ['alpha', 'bravo', 'charlie'].map((name) => {
    const others = ['alpha', 'bravo', 'charlie'].filter((other) => other !== name)
    return nodeStatus(
      name,
      others.map((other) => peerView(other)),
    )
  })
  t.is(jsonOf((await runFake(['status', '--json'], { library: nodes(whole) })).out).ok, true)
})

test('the states have colours on a terminal', async (t) => {
  const { out } = await runFake(['status'], { library: nodes([alpha, bravo]), isTTY: true })
  t.true(out.includes('\u001b[31mdead\u001b[0m'))
  t.true(out.includes('\u001b[33malive, busy 0.42 ms\u001b[0m'))
  t.true(out.includes('\u001b[32malive 1.50 ms\u001b[0m'))
})

test('--watch asks at the interval until the interrupt, and survives a node that does not answer', async (t) => {
  let rounds = 0
  const { out, io, exitCode } = await runFake(['status', '-n', 'bravo', '--watch', '-i', '3s', '--json'], {
    library: {
      connect: async (node) =>
        createFakeClient(node, {
          status: async () => {
            if (++rounds === 2) throw unreachable(node)
            return bravo
          },
        }),
    },
    onSleep: (_ms, fake) => {
      if (rounds === 3) fake.interruptBy('SIGINT')
    },
  })
  t.is(exitCode, 0)
  t.deepEqual(io.sleeps, [3000, 3000, 3000])
  const lines = jsonLinesOf(out)
  t.is(lines.length, 3)
  t.like(lines[1], { error: { code: 'NOT_SENT' } })
})
