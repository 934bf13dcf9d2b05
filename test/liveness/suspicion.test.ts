/**
 * The verdict on a peer, every cell of the table in docs/protocol.md, and when it is to be looked at again.
 */

import test from 'ava'
import {
  askAt,
  type Evidence,
  graceOf,
  judge,
  reviewAt,
  suspicionTimes,
  type Verdict,
} from '../../src/liveness/suspicion.ts'

const times = suspicionTimes(1000)

test('L4, L14: the thresholds are 2.5, 3 and 20 ticks', (t) => {
  t.like(suspicionTimes(500), { suspectMs: 1250, deadMs: 1500, hungMs: 10_000 })
})

test('L4: the table of verdicts, each cell at its first and its last millisecond', (t) => {
  const table: [link: string, quiets: number[], verdict: Verdict][] = [
    ['up', [0, 2499], 'alive'],
    ['up', [2500, 2999, 3000, 19_999], 'busy'],
    ['up', [20_000, 1_000_000], 'hung'],
    ['up, refused', [0, 2499], 'alive'],
    ['up, cut off', [2500, 3000, 19_999], 'busy'],
    ['down', [0, 2499], 'alive'],
    ['down', [2500, 2999], 'suspect'],
    ['down', [3000, 1_000_000], 'dead'],
    ['down, cut off', [0, 2499, 2500, 2999, 3000, 1_000_000], 'dead'],
    ['down, refused', [0, 2499, 2500, 2999, 3000, 1_000_000], 'dead'],
    ['down, refused, cut off', [0, 2499, 2500, 2999, 3000, 1_000_000], 'dead'],
  ]
  for (const [link, quiets, verdict] of table) {
    const linkIsUp = link.startsWith('up')
    const facts = { linkIsUp, isRefused: link.includes('refused'), isCutOff: link.includes('cut off') }
    for (const quietMs of quiets) t.is(judge({ ...facts, quietMs }, times), verdict, `${link} ${quietMs}`)
  }
})

test('L4: a verdict does not change before its review, and each change has one', (t) => {
  for (const linkIsUp of [true, false]) {
    for (const isRefused of [true, false]) {
      for (const isCutOff of [true, false]) {
        for (const quietMs of [...Array(3500).keys(), 19_998, 19_999, 20_000]) {
          const evidence: Evidence = { linkIsUp, isRefused, isCutOff, quietMs }
          const before = judge(evidence, times)
          const after = judge({ ...evidence, quietMs: quietMs + 1 }, times)
          // It was heard at 0, so that the quiet time is the clock.
          const at = reviewAt(0, evidence, times)
          t.true(at > quietMs)
          if (before !== after) t.is(at, quietMs + 1)
        }
      }
    }
  }
})

test('L21: silence counts less by four times the delay of turns, from a tenth of a tick on, by 3000 ms at the most', (t) => {
  t.deepEqual(
    [0, 200, 300, 600, 950, 951, 60_000].map((delayMs) => graceOf(delayMs, times)),
    [0, 0, 400, 1600, 3000, 3000, 3000],
  )
  t.is(graceOf(30, suspicionTimes(100)), 40)
})

test('L17: a peer is asked for after 2.1 ticks, and again after each tick, 250 ms at least', (t) => {
  t.is(askAt(100, Number.NEGATIVE_INFINITY, times), 2200)
  t.is(askAt(100, 2200, times), 3200)
  t.is(askAt(9000, 2200, times), 11_100, 'it was heard in between')
  t.is(askAt(0, 1000, suspicionTimes(10)), 1250)
})
