/**
 * The verdict on a peer, every cell of the table in docs/protocol.md, and when it is to be looked at again.
 */

import test from 'ava'
import {
  askAt,
  type Evidence,
  judge,
  reviewAt,
  suspicionTimes,
  type Verdict,
} from '../../src/liveness/suspicion.ts'

const times = suspicionTimes(1000)

test('L4: the thresholds are 2.5 and 3 ticks', (t) => {
  t.like(suspicionTimes(500), { suspectMs: 1250, deadMs: 1500 })
})

test('L4: the table of verdicts, each cell at its first and its last millisecond', (t) => {
  const table: [boolean, boolean, number[], Verdict][] = [
    [true, false, [0, 2499], 'alive'],
    [true, true, [0, 2499], 'alive'],
    [true, false, [2500, 2999, 3000, 1_000_000], 'busy'],
    [true, true, [2500, 2999, 3000, 1_000_000], 'busy'],
    [false, false, [0, 2499], 'alive'],
    [false, false, [2500, 2999], 'suspect'],
    [false, false, [3000, 1_000_000], 'dead'],
    [false, true, [0, 2499, 2500, 2999, 3000, 1_000_000], 'dead'],
  ]
  for (const [linkIsUp, isRefused, quiets, verdict] of table) {
    for (const quietMs of quiets) {
      t.is(judge({ linkIsUp, isRefused, quietMs }, times), verdict, `${linkIsUp} ${isRefused} ${quietMs}`)
    }
  }
})

test('L4: a verdict does not change before its review, and each change has one', (t) => {
  for (const linkIsUp of [true, false]) {
    for (const isRefused of [true, false]) {
      for (let quietMs = 0; quietMs <= 3500; quietMs += 1) {
        const evidence: Evidence = { linkIsUp, isRefused, quietMs }
        const before = judge(evidence, times)
        const after = judge({ ...evidence, quietMs: quietMs + 1 }, times)
        // It was heard at 0, so that the quiet time is the clock.
        const at = reviewAt(0, evidence, times)
        t.true(at > quietMs)
        if (before !== after) t.is(at, quietMs + 1)
      }
    }
  }
})

test('L14: a peer is asked for after 2.25 ticks, and again after each tick, 250 ms at least', (t) => {
  t.is(askAt(100, Number.NEGATIVE_INFINITY, times), 2350)
  t.is(askAt(100, 2350, times), 3350)
  t.is(askAt(9000, 2350, times), 11_250, 'it was heard in between')
  t.is(askAt(0, 1000, suspicionTimes(10)), 1250)
})
