/** The judge of tortures acquits what was honest, and convicts each planted violation. */

import test from 'ava'
import { GRACE_MS, Judge, type Judgement, type Run, type Span, type Stall } from './judge.ts'
import type { Asked, Line, Ran, Settled } from './record.ts'

const FOREVER = Number.POSITIVE_INFINITY
const alpha: Run = { name: 'alpha', upAtMs: 0, killedAtMs: FOREVER }
const bravo: Run = { name: 'bravo', upAtMs: 0, killedAtMs: FOREVER }
const asked: Asked = {
  kind: 'asked',
  id: 'alpha-1',
  callee: 'bravo',
  atMs: 1000,
  deadlineMs: 500,
  idempotent: false,
  hasty: false,
}
const ran: Ran = { kind: 'ran', id: 'alpha-1', callee: 'bravo', incarnation: 7, count: 1, atMs: 1010 }
const reply: Settled = {
  kind: 'settled',
  id: 'alpha-1',
  startedAtMs: 1000,
  atMs: 1020,
  outcome: 'reply',
  incarnation: 7,
  count: 1,
}
const unknown: Settled = {
  kind: 'settled',
  id: 'alpha-1',
  startedAtMs: 1000,
  atMs: 1500,
  outcome: 'unknown',
  code: 'TIMEOUT',
  safeToRetry: false,
}

interface Setting {
  readonly caller?: Run
  readonly callees?: readonly Run[]
  readonly outages?: readonly Span[]
  readonly stalls?: readonly Stall[]
}

function judged(lines: readonly Line[], setting: Setting = {}): Judgement {
  const { caller = alpha, callees = [bravo], outages = [], stalls = [] } = setting
  const judge = new Judge()
  for (const line of lines) judge.read(line.kind === 'ran' ? bravo : caller, line)
  return judge.judge(callees, { outages, stalls })
}

/** Bravo is killed at 700, and its next run is up at 950. */
const restarted: readonly Run[] = [
  { ...bravo, killedAtMs: 700 },
  { ...bravo, upAtMs: 950 },
]
const restart: Settled = { ...unknown, atMs: 1200, code: 'PEER_RESTARTED' }
const stall: Stall = { caller: 'alpha', callee: 'bravo', fromMs: 600, untilMs: 1190 }
const dead: Setting = { callees: [{ ...bravo, killedAtMs: 1100 }] }

const ACQUITTED: readonly (readonly [string, readonly Line[], Setting?])[] = [
  ['a reply', [asked, reply, ran]],
  ['an unknown outcome of a request that ran in a run that died', [asked, unknown, ran], dead],
  ['an unknown outcome of a request that never ran', [asked, unknown], dead],
  ['a refusal of what never ran', [asked, { ...unknown, outcome: 'rejected', safeToRetry: true }], dead],
  [
    'a second run, after a restart, of what may run again',
    [{ ...asked, idempotent: true }, { ...reply, incarnation: 8 }, ran, { ...ran, incarnation: 8 }],
  ],
  [
    'what did not settle, because its caller was killed',
    [asked, ran],
    { caller: { ...alpha, killedAtMs: 1200 } },
  ],
  [
    'what was called late, and settles in time from then on',
    [asked, { ...reply, startedAtMs: 1100, atMs: 1640 }, ran],
  ],
  ['a hasty request that fails at a live callee', [{ ...asked, hasty: true }, unknown]],
  ['what fails in an outage', [asked, unknown], { outages: [{ fromMs: 1200, untilMs: 3000 }] }],
  [
    'what went to a dead run, because a stalled way hid its end from before the kill until it was asked',
    [asked, restart],
    { callees: restarted, stalls: [stall] },
  ],
  [
    'what settles late because the loop stood still',
    [asked, { ...reply, atMs: 1800 }, { kind: 'stalled', fromMs: 1490, untilMs: 1790 }, ran],
  ],
  [
    'what settles late because the loop stood still twice, with no time in between',
    [
      asked,
      { ...reply, atMs: 1800 },
      { kind: 'stalled', fromMs: 1490, untilMs: 1600 },
      { kind: 'stalled', fromMs: 1610, untilMs: 1790 },
      ran,
    ],
  ],
]

for (const [what, lines, setting] of ACQUITTED) {
  test(`acquitted: ${what}`, (t) => {
    t.deepEqual(judged(lines, setting).faults, [])
  })
}

const LIVE = /^only 0 % of the requests to live callees succeeded$/

const CONVICTED: readonly (readonly [string, RegExp, readonly Line[], Setting?])[] = [
  ['no end', /^alpha-1 did not settle$/, [asked, ran]],
  ['two ends', /^alpha-1 settled 2 times$/, [asked, reply, reply, ran]],
  ['a late end', /^alpha-1 settled 51 ms after its deadline$/, [asked, { ...reply, atMs: 1551 }, ran]],
  [
    'a late end long after the loop stood still',
    /settled 300 ms after/,
    [asked, { ...reply, atMs: 1800 }, { kind: 'stalled', fromMs: 1400, untilMs: 1600 }, ran],
  ],
  ['two runs in one', /ran twice in one run of bravo$/, [asked, reply, ran, { ...ran, count: 2 }]],
  [
    'a second run after a restart',
    /ran again after a restart of bravo$/,
    [asked, { ...reply, incarnation: 8 }, ran, { ...ran, incarnation: 8 }],
  ],
  ['a run that nobody asked for', /^bravo ran alpha-2, which nobody asked for$/, [{ ...ran, id: 'alpha-2' }]],
  [
    'a run at the wrong callee',
    /^alpha-1 was for charlie, and bravo ran it$/,
    [{ ...asked, callee: 'charlie' }, ran],
  ],
  ['an end that nobody asked for', /^alpha-1 settled but was never asked$/, [reply]],
  [
    'a counter with a gap',
    /^run 7 of bravo counted 2 after 0$/,
    [asked, { ...reply, count: 2 }, { ...ran, count: 2 }],
  ],
  [
    'a reply of another run',
    /got the reply 1 of a run that it did not have$/,
    [asked, { ...reply, incarnation: 6 }, ran],
  ],
  [
    '"not sent" of what ran',
    /ran and ended as not-sent/,
    [asked, { ...unknown, outcome: 'not-sent' }, ran],
    dead,
  ],
  [
    '"rejected" of what ran',
    /ran and ended as rejected/,
    [asked, { ...unknown, outcome: 'rejected' }, ran],
    dead,
  ],
  [
    '"safe to retry" of what ran',
    /\(TIMEOUT\), safe to retry$/,
    [asked, { ...unknown, safeToRetry: true }, ran],
    dead,
  ],
  [
    '"handled" of what never ran',
    /was told "handled" and never ran$/,
    [asked, { ...unknown, outcome: 'handled' }],
    dead,
  ],
  ['a request for the run before, and nothing hid its end', LIVE, [asked, restart], { callees: restarted }],
  [
    'a request for the run before, whose end another way hid',
    LIVE,
    [asked, restart],
    { callees: restarted, stalls: [{ ...stall, callee: 'charlie' }] },
  ],
  [
    'a request for the run before, on a way that was stalled later only',
    LIVE,
    [asked, restart],
    { callees: restarted, stalls: [{ ...stall, fromMs: 751 }] },
  ],
  [
    'a request for the run before, after its end could be known',
    LIVE,
    [asked, restart],
    { callees: restarted, stalls: [{ ...stall, untilMs: 949 }] },
  ],
  [
    'no answer in time on a way that is stalled',
    LIVE,
    [asked, unknown],
    { callees: restarted, stalls: [stall] },
  ],
  ['a failure at a live callee', LIVE, [asked, unknown]],
]

for (const [what, pattern, lines, setting] of CONVICTED) {
  test(`convicted: ${what}`, (t) => {
    const { faults } = judged(lines, setting)
    t.true(
      faults.some((fault) => pattern.test(fault)),
      faults.join('; ') || 'no fault',
    )
  })
}

test('one late by exactly the grace is in time', (t) => {
  const { faults, figures } = judged([asked, { ...reply, atMs: 1500 + GRACE_MS }, ran])
  t.deepEqual(faults, [])
  t.is(figures.latestMs, GRACE_MS)
})

test('the worst ten seconds of an outage are found, and judged', (t) => {
  const outages = [{ fromMs: 0, untilMs: 30_000 }]
  const wired = (sentAt: (second: number) => number): Line[] =>
    Array.from({ length: 300 }, (_, index) => {
      return {
        kind: 'wired',
        atMs: (index + 1) * 100,
        offered: 10,
        sent: sentAt(Math.floor(index / 10)),
      } as const
    })
  t.is(
    judged(
      wired(() => 11),
      { outages },
    ).figures.worstWireRatio,
    1.1,
  )
  t.deepEqual(
    judged(
      wired(() => 11),
      { outages },
    ).faults,
    [],
  )
  const bursts = judged(
    wired((second) => (second >= 12 && second < 22 ? 12 : 0)),
    { outages },
  )
  t.is(bursts.figures.worstWireRatio, 1.2)
  t.deepEqual(bursts.faults, ['in an outage 1.2 requests left for each that was made'])
  t.is(judged(wired(() => 99)).figures.worstWireRatio, undefined, 'no outage, no ratio')
})

test('the figures count requests, executions and outcomes', (t) => {
  const { figures } = judged(
    [asked, reply, { ...asked, id: 'alpha-2' }, { ...unknown, id: 'alpha-2' }, ran],
    dead,
  )
  t.like(figures, {
    requests: 2,
    executions: 1,
    outcomes: { reply: 1, 'unknown (TIMEOUT)': 1 },
    live: 1,
    liveFailed: 0,
  })
})
