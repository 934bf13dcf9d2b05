/** Each judge acquits a clean history and convicts one with a planted violation. */

import test from 'ava'
import {
  allAlive,
  type Checker,
  judge,
  noTransferLeft,
  outcomesAreHonest,
  runsOnce,
  settlesOnceInTime,
  talliesAddUp,
} from '../../src/sim/checkers.ts'
import { SETTLE_GRACE_MS } from '../../src/sim/due-times.ts'
import type { Handled, History, HistoryEntry, Incident, Settlement } from '../../src/sim/history.ts'
import { broadcast, request } from './asked.ts'

const ran: Handled = {
  kind: 'handled',
  atMs: 110,
  id: 'alpha-1',
  callee: 'bravo',
  incarnation: 1,
  caller: 'alpha',
}
const reply: Settlement = { kind: 'reply', id: 'alpha-1', by: 'bravo' }

const settled = (settlement: Settlement, atMs = 120): HistoryEntry => ({
  kind: 'settled',
  atMs,
  id: 'alpha-1',
  settlement,
})
const failed = (change: Partial<Settlement & { kind: 'error' }>): HistoryEntry =>
  settled({ kind: 'error', code: 'TIMEOUT', outcome: 'unknown', safeToRetry: false, text: '', ...change })
const tally = (acked: readonly string[], missing: readonly string[], expected = 2): HistoryEntry =>
  settled({
    kind: 'tally',
    ok: missing.length === 0,
    expected,
    acked: acked.map((peer) => ({ peer, id: 'alpha-1' })),
    missing: missing.map((peer) => ({ peer, reason: 'not-sent' })),
  })
const history = (entries: readonly HistoryEntry[], incidents: readonly Incident[] = []): History => ({
  names: ['alpha', 'bravo', 'charlie'],
  entries,
  incidents,
  endMs: 10_000,
})

/** What a judge says of a history, and what its sentence must look like; undefined for an acquittal. */
interface Case {
  readonly title: string
  readonly check: Checker
  readonly history: History
  readonly fault: RegExp | undefined
}

const inTime = { check: settlesOnceInTime }
const once = { check: runsOnce }
const honest = { check: outcomesAreHonest }
const adds = { check: talliesAddUp }
const lateMs = 500 + SETTLE_GRACE_MS + 1
const crash: Incident = { kind: 'crash', name: 'alpha', atMs: 200 }
const ranAtCharlie: Handled = { ...ran, callee: 'charlie' }

const CASES: readonly Case[] = [
  { ...inTime, title: 'a reply in time', history: history([request, settled(reply)]), fault: undefined },
  {
    ...inTime,
    title: 'a reply with the last of the grace',
    history: history([request, settled(reply, lateMs - 1)]),
    fault: undefined,
  },
  {
    ...inTime,
    title: 'a late reply',
    history: history([request, settled(reply, lateMs)]),
    fault: /later than 520/,
  },
  { ...inTime, title: 'no end at all', history: history([request]), fault: /did not settle by 520/ },
  {
    ...inTime,
    title: 'no end, but it is not due yet',
    history: { ...history([request]), endMs: 519 },
    fault: undefined,
  },
  {
    ...inTime,
    title: 'two ends',
    history: history([request, settled(reply), failed({})]),
    fault: /settled 2 times/,
  },
  { ...inTime, title: 'an end of nothing', history: history([settled(reply)]), fault: /was never asked/ },
  { ...inTime, title: 'a caller that died', history: history([request], [crash]), fault: undefined },
  {
    ...inTime,
    title: 'a caller that died after the deadline',
    history: history([request], [{ ...crash, atMs: lateMs }]),
    fault: /did not settle/,
  },
  {
    ...inTime,
    title: 'a caller that was stopped and left its request open',
    history: history([request], [{ ...crash, kind: 'stop' }]),
    fault: /did not settle/,
  },
  {
    ...inTime,
    title: 'a caller that was stopped while it was paused',
    history: history(
      [request, settled(reply, 901)],
      [
        { kind: 'pause', name: 'alpha', atMs: 150 },
        { kind: 'stop', name: 'alpha', atMs: 200 },
        { kind: 'resume', name: 'alpha', atMs: 900 },
      ],
    ),
    fault: undefined,
  },
  {
    ...inTime,
    title: 'the death of somebody else',
    history: history([request], [{ ...crash, name: 'bravo' }]),
    fault: /did not settle/,
  },
  {
    ...inTime,
    title: 'a caller that was stalled over the deadline',
    history: history(
      [request, settled(reply, 910)],
      [{ kind: 'stall', name: 'alpha', atMs: 450, untilMs: 900 }],
    ),
    fault: undefined,
  },
  {
    ...inTime,
    title: 'a caller that was stalled, and late even so',
    history: history(
      [request, settled(reply, 921)],
      [{ kind: 'stall', name: 'alpha', atMs: 450, untilMs: 900 }],
    ),
    fault: /later than 920/,
  },
  {
    ...inTime,
    title: 'a caller that was paused over the deadline',
    history: history(
      [request, settled(reply, 901)],
      [
        { kind: 'pause', name: 'alpha', atMs: 450 },
        { kind: 'resume', name: 'alpha', atMs: 900 },
      ],
    ),
    fault: undefined,
  },
  {
    ...inTime,
    title: 'a pause that was over long before',
    history: history(
      [request, settled(reply, 901)],
      [
        { kind: 'pause', name: 'alpha', atMs: 150 },
        { kind: 'resume', name: 'alpha', atMs: 200 },
      ],
    ),
    fault: /later than 520/,
  },

  { ...once, title: 'one run', history: history([request, ran]), fault: undefined },
  {
    ...once,
    title: 'two runs',
    history: history([request, ran, { ...ran, atMs: 130 }]),
    fault: /ran twice at bravo, in one run of it: at 110 and at 130 ms/,
  },
  {
    ...once,
    title: 'a run before and one after a restart',
    history: history([request, ran, { ...ran, incarnation: 2 }]),
    fault: /before and after its restart/,
  },
  {
    ...once,
    title: 'the same of an idempotent request',
    history: history([{ ...request, idempotent: true }, ran, { ...ran, incarnation: 2 }]),
    fault: undefined,
  },
  {
    ...once,
    title: 'two runs of an idempotent request in one incarnation',
    history: history([{ ...request, idempotent: true }, ran, ran]),
    fault: /in one run of it/,
  },
  { ...once, title: 'a run that nobody asked for', history: history([ran]), fault: /nobody asked for/ },
  {
    ...once,
    title: 'a run at the wrong node',
    history: history([request, ranAtCharlie]),
    fault: /was handled by charlie/,
  },
  {
    ...once,
    title: 'a run with the wrong caller',
    history: history([request, { ...ran, caller: 'charlie' }]),
    fault: /as from charlie/,
  },
  {
    ...once,
    title: 'one run at each callee',
    history: history([broadcast, ran, ranAtCharlie]),
    fault: undefined,
  },

  {
    ...adds,
    title: 'a tally of all',
    history: history([broadcast, tally(['bravo'], ['charlie'])]),
    fault: undefined,
  },
  {
    ...adds,
    title: 'a peer on both sides',
    history: history([broadcast, tally(['bravo', 'charlie'], ['charlie'], 3)]),
    fault: /names a peer twice/,
  },
  {
    ...adds,
    title: 'a peer on no side',
    history: history([broadcast, tally(['bravo'], [])]),
    fault: /expected 2/,
  },
  {
    ...adds,
    title: 'a stranger',
    history: history([broadcast, tally(['bravo', 'delta'], [])]),
    fault: /names delta, who was not asked/,
  },

  {
    ...honest,
    title: 'a reply to a run',
    history: history([request, ran, settled(reply)]),
    fault: undefined,
  },
  {
    ...honest,
    title: 'a reply without a run',
    history: history([request, settled(reply)]),
    fault: /got a reply, but bravo never ran it/,
  },
  {
    ...honest,
    title: 'the reply to another request',
    history: history([request, ran, settled({ ...reply, id: 'alpha-2' } as Settlement)]),
    fault: /got the reply to alpha-2/,
  },
  {
    ...honest,
    title: 'unknown, whether it ran or not',
    history: history([request, ran, failed({})]),
    fault: undefined,
  },
  {
    ...honest,
    title: 'not sent, but it ran later',
    history: history([request, failed({ outcome: 'not-sent' }), { ...ran, atMs: 900 }]),
    fault: /not-sent.*but bravo ran it/,
  },
  {
    ...honest,
    title: 'rejected, but it ran',
    history: history([request, ran, failed({ outcome: 'rejected' })]),
    fault: /rejected.*but bravo ran it/,
  },
  {
    ...honest,
    title: 'safe to retry, but it ran',
    history: history([request, ran, failed({ safeToRetry: true })]),
    fault: /safe to retry.*but bravo ran it/,
  },
  {
    ...honest,
    title: 'safe to retry because it is idempotent',
    history: history([{ ...request, idempotent: true }, ran, failed({ safeToRetry: true })]),
    fault: undefined,
  },
  {
    ...honest,
    title: 'handled, but it never ran',
    history: history([request, failed({ code: 'HANDLER_FAILED', outcome: 'handled' })]),
    fault: /told that it was handled/,
  },
  {
    ...honest,
    title: 'an error of another kind',
    history: history([request, failed({ code: 'UNKNOWN_ERROR', text: 'TypeError: oops' })]),
    fault: /no ZmqnetError: TypeError: oops/,
  },
  {
    ...honest,
    title: 'a receipt without a run',
    history: history([{ ...request, operation: 'send' }, settled({ kind: 'receipt' })]),
    fault: /got a receipt, but bravo never ran it/,
  },
  {
    ...honest,
    title: 'a receipt of a node that crashed before its handler',
    history: history(
      [{ ...request, operation: 'send' }, settled({ kind: 'receipt' })],
      [{ ...crash, name: 'bravo' }],
    ),
    fault: undefined,
  },
  {
    ...honest,
    title: 'an ack without a run',
    history: history([broadcast, ran, tally(['bravo', 'charlie'], [])]),
    fault: /got an ack of charlie, who never ran it/,
  },
  {
    ...honest,
    title: 'missing as not sent, but it ran',
    history: history([broadcast, ran, ranAtCharlie, tally(['bravo'], ['charlie'])]),
    fault: /was told not sent to charlie, who ran it/,
  },
]

for (const { title, check, history: given, fault } of CASES) {
  test(`${check.name} ${fault === undefined ? 'acquits' : 'convicts'}: ${title}`, (t) => {
    const faults = check(given)
    if (fault === undefined) t.deepEqual(faults, [])
    else
      t.true(
        faults.some((line) => fault.test(line)),
        `said: ${faults.join('; ') || 'nothing'}`,
      )
  })
}

const saw = (name: string, states: Readonly<Record<string, 'alive' | 'suspect' | 'dead'>>): HistoryEntry => ({
  kind: 'saw',
  atMs: 9000,
  name,
  peers: Object.entries(states).map(([peer, state]) => ({ name: peer, state })),
  transfers: 0,
})
const ALL_SEEN = [
  saw('alpha', { bravo: 'alive', charlie: 'alive' }),
  saw('bravo', { alpha: 'alive', charlie: 'alive' }),
  saw('charlie', { alpha: 'alive', bravo: 'alive' }),
]

test('allAlive acquits when all see all, and judges the last view', (t) => {
  t.deepEqual(allAlive(history(ALL_SEEN)), [])
  t.deepEqual(allAlive(history([saw('alpha', { bravo: 'dead', charlie: 'alive' }), ...ALL_SEEN])), [])
  t.deepEqual(allAlive(history([])), [])
})

test('allAlive convicts a view with a dead or an unknown peer, and a node that is not there', (t) => {
  const later = saw('charlie', { alpha: 'suspect' })
  t.deepEqual(allAlive(history([...ALL_SEEN, later])), [
    'charlie sees alpha as suspect at 9000 ms',
    'charlie sees bravo as unknown at 9000 ms',
  ])
  t.deepEqual(allAlive(history(ALL_SEEN.slice(1))), ['alpha was not up to look'])
})

test('noTransferLeft convicts a node that has a body on its way at the end, and only then', (t) => {
  t.deepEqual(noTransferLeft(history(ALL_SEEN)), [])
  const busy = { ...(ALL_SEEN[0] as HistoryEntry), transfers: 2 } as HistoryEntry
  t.deepEqual(noTransferLeft(history([busy, ...ALL_SEEN])), [])
  t.deepEqual(noTransferLeft(history([...ALL_SEEN, busy])), ['alpha has 2 transfers at 9000 ms'])
})

test('all judges together name the promise that was broken', (t) => {
  t.deepEqual(judge(history([request, ran, settled(reply), ...ALL_SEEN])), [])
  const lines = judge(history([request, ran, ran, settled(reply)]))
  t.is(lines.length, 1)
  t.regex(lines[0] as string, /^no handler runs twice for one request: request alpha-1/)
})
