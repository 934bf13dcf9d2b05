/**
 * What a link does to the requests on it: it opens, closes, opens to another run, hands back what never left, is silent.
 */

import test from 'ava'
import type { Random } from '../../src/base/random.ts'
import { Caller, type CallerEvent } from '../../src/rpc/caller.ts'
import type { Request } from '../../src/wire/messages.ts'
import { Recorder } from '../support/recorder.ts'
import { connection, incarnation, order, reply } from '../support/samples.ts'

const LIFELESS_MS = 1250
const SESSION = { incarnation: incarnation(1), window: 1 }
const RESTARTED = { incarnation: incarnation(2), window: 1 }
const FORGOTTEN = { incarnation: incarnation(1), window: 2 }

/** A caller whose pauses are the longest, and whose link is not open yet. */
function closed(): { caller: Caller; out: Recorder<CallerEvent> } {
  const out = new Recorder<CallerEvent>()
  const longest: Random = { next: () => 1, below: (bound) => bound - 1 }
  const caller = new Caller(longest, LIFELESS_MS, out)
  caller.addCallee('bravo', connection(1))
  return { caller, out }
}

function open(): { caller: Caller; out: Recorder<CallerEvent> } {
  const made = closed()
  made.caller.linkOpened(0, 'bravo', SESSION)
  return made
}

function run(caller: Caller, until: number): void {
  while (caller.deadline <= until) caller.wake(caller.deadline)
}

function failures(out: Recorder<CallerEvent>): string[] {
  return out.toldOf('request-failed').map((event) => event.failure.kind)
}

function onlyRequest(out: Recorder<CallerEvent>): Request {
  const sent = out.sentOf('request')
  if (sent.length !== 1 || sent[0] === undefined) throw new Error(`${sent.length} requests were sent`)
  return sent[0]
}

test('R13: a request waits for the link and is sent when it opens, as the attempt that it is by then', (t) => {
  const { caller, out } = closed()
  caller.request(0, 'bravo', order())
  run(caller, 3000)
  t.deepEqual(out.sent(), [])
  caller.linkOpened(3000, 'bravo', SESSION)
  t.is(onlyRequest(out).attempt, 2)
  caller.receive(3001, 'bravo', reply(1))
  t.deepEqual(out.toldKinds(), ['request-done'])
})

test('R13: a request in its pause is sent when the pause is over, not when the link opens', (t) => {
  const { caller, out } = closed()
  caller.request(0, 'bravo', order())
  run(caller, 2500)
  caller.linkOpened(2510, 'bravo', SESSION)
  t.deepEqual(out.sent(), [])
  run(caller, 2550)
  t.is(onlyRequest(out).attempt, 2)
})

test('R12: when the link never opens, nothing left: not sent', (t) => {
  const { caller, out } = closed()
  caller.request(0, 'bravo', order())
  run(caller, 60_000)
  t.deepEqual(failures(out), ['not-sent'])
})

test('R13: waiting costs no budget', (t) => {
  const { caller, out } = closed()
  for (let count = 0; count < 20; count += 1) caller.request(0, 'bravo', order({ deadlineAt: 60_000 }))
  run(caller, 8000)
  caller.linkOpened(8000, 'bravo', SESSION)
  t.is(out.sentOf('request').length, 20)
})

test('R15: an attempt without a sign of life throws the link away, once for all requests', (t) => {
  const { caller, out } = open()
  for (let count = 0; count < 50; count += 1) caller.request(0, 'bravo', order())
  run(caller, 2500)
  t.deepEqual(
    out.toldOf('link-lifeless').map((event) => event.peer),
    ['bravo'],
  )
})

test('R15: anything that was heard since the attempt left keeps the link', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order())
  caller.heard(1, 'bravo')
  run(caller, 2500)
  t.deepEqual(out.toldOf('link-lifeless'), [])
})

test('R15: silence that is shorter than 2.5 ticks proves nothing', (t) => {
  const { caller, out } = open()
  caller.heard(900, 'bravo')
  caller.request(1000, 'bravo', order({ timeoutMs: 100, retries: 20, deadlineAt: 10_000 }))
  run(caller, 2000)
  t.deepEqual(out.toldOf('link-lifeless'), [])
  run(caller, 2500)
  t.is(out.toldOf('link-lifeless').length, 1, 'but many short attempts together do')
})

test('R15: a request that waits for the link throws nothing away', (t) => {
  const { caller, out } = open()
  caller.linkClosed('bravo')
  caller.request(0, 'bravo', order())
  run(caller, 2500)
  t.deepEqual(out.toldKinds(), [])
})

test('R16: a request that left fails when its callee has restarted, at once and in each phase', (t) => {
  const asked = open()
  asked.caller.request(0, 'bravo', order())
  asked.caller.linkClosed('bravo')
  asked.caller.linkOpened(100, 'bravo', RESTARTED)
  t.deepEqual(failures(asked.out), ['restarted'])

  const pausing = open()
  pausing.caller.request(0, 'bravo', order())
  run(pausing.caller, 2500)
  pausing.out.told()
  pausing.caller.linkClosed('bravo')
  pausing.caller.linkOpened(2510, 'bravo', RESTARTED)
  t.deepEqual(failures(pausing.out), ['restarted'])

  const waiting = open()
  waiting.caller.request(0, 'bravo', order())
  waiting.caller.linkClosed('bravo')
  run(waiting.caller, 2600)
  waiting.caller.linkOpened(2610, 'bravo', RESTARTED)
  t.deepEqual(failures(waiting.out), ['restarted'])
  t.is(waiting.caller.deadline, Number.POSITIVE_INFINITY)
})

test('R16: another window of the same run is as good as a restart', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order())
  caller.linkClosed('bravo')
  caller.linkOpened(100, 'bravo', FORGOTTEN)
  t.deepEqual(failures(out), ['restarted'])
})

test('R16: an idempotent request is not asked again of the same run with another window', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order({ idempotent: true }))
  caller.linkClosed('bravo')
  out.sent()
  caller.linkOpened(100, 'bravo', FORGOTTEN)
  t.deepEqual(failures(out), ['restarted'])
  t.deepEqual(out.sent(), [])
})

test('R16: an idempotent request is asked again of the new run', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order({ idempotent: true }))
  caller.linkClosed('bravo')
  out.sent()
  caller.linkOpened(100, 'bravo', RESTARTED)
  t.is(onlyRequest(out).sequence, 1)
  t.deepEqual(failures(out), [])
  caller.receive(101, 'bravo', reply(1))
  t.deepEqual(out.toldKinds(), ['request-done'])
})

test('R16: an idempotent request in its pause waits for the end of it', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order({ idempotent: true }))
  run(caller, 2500)
  out.sent()
  caller.linkOpened(2510, 'bravo', RESTARTED)
  t.deepEqual(out.sent(), [])
  run(caller, 2550)
  t.is(onlyRequest(out).attempt, 2)
})

test('R16: what left is asked again when the same run is met on a new connection, without budget', (t) => {
  const { caller, out } = open()
  for (let count = 0; count < 20; count += 1) caller.request(0, 'bravo', order())
  caller.linkClosed('bravo')
  out.sent()
  caller.linkOpened(100, 'bravo', { ...SESSION })
  t.deepEqual(
    out.sentOf('request').map(({ sequence, attempt }) => [sequence, attempt]),
    Array.from({ length: 20 }, (_, index) => [index + 1, 1]),
  )
  run(caller, 2550)
  t.is(out.sentOf('request').length, 3, 'the budget was not touched')
})

test('R16: of what is in its pause, nothing is asked before the pause is over', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order())
  run(caller, 2500)
  caller.linkClosed('bravo')
  out.sent()
  caller.linkOpened(2510, 'bravo', { ...SESSION })
  t.deepEqual(out.sent(), [])
  run(caller, 2550)
  t.is(onlyRequest(out).attempt, 2)
})

test('R16: of what was handed back and never left, the new run is asked', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order())
  const sent = onlyRequest(out)
  caller.linkClosed('bravo')
  caller.unsent(10, 'bravo', sent, 'down')
  caller.linkOpened(100, 'bravo', RESTARTED)
  t.is(onlyRequest(out).sequence, 1)
  t.deepEqual(failures(out), [])
})

test('R17: what is handed back after the link is open again has left as another copy', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order())
  const sent = onlyRequest(out)
  caller.linkClosed('bravo')
  caller.linkOpened(5, 'bravo', SESSION)
  t.is(onlyRequest(out).attempt, 1)
  caller.unsent(6, 'bravo', sent, 'down')
  t.deepEqual(out.sent(), [])
  caller.linkClosed('bravo')
  caller.linkOpened(7, 'bravo', RESTARTED)
  t.deepEqual(failures(out), ['restarted'], 'the second copy did leave')
})

test('R17: what comes back from an earlier attempt starts nothing anew', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order())
  const first = onlyRequest(out)
  run(caller, 2550)
  t.is(onlyRequest(out).attempt, 2)
  caller.unsent(2560, 'bravo', first, 'down')
  t.deepEqual(out.sent(), [])
  caller.linkClosed('bravo')
  caller.linkOpened(2570, 'bravo', RESTARTED)
  t.deepEqual(failures(out), ['restarted'], 'the second attempt did leave')
})

test('R17: a request whose every copy came back is not sent, though it was tried', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order({ timeoutMs: 100, retries: 1 }))
  caller.unsent(100, 'bravo', onlyRequest(out), 'expired')
  run(caller, 150)
  caller.unsent(250, 'bravo', onlyRequest(out), 'expired')
  run(caller, 1000)
  t.deepEqual(failures(out), ['not-sent'])
})

test('R17: an expired copy of an earlier attempt does not hide that another left', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order({ timeoutMs: 100, retries: 1 }))
  const first = onlyRequest(out)
  run(caller, 150)
  caller.unsent(151, 'bravo', first, 'expired')
  run(caller, 1000)
  t.deepEqual(failures(out), ['timeout'])
})

test('R17: without room in the queue a request fails, unless an earlier attempt left', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order())
  caller.unsent(1, 'bravo', onlyRequest(out), 'full')
  t.deepEqual(failures(out), ['queue-full'])
  caller.request(10, 'bravo', order({ deadlineAt: 60_000 }))
  out.sent()
  run(caller, 2560)
  caller.unsent(2561, 'bravo', onlyRequest(out), 'full')
  t.deepEqual(failures(out), [])
  caller.receive(2562, 'bravo', reply(2))
  t.deepEqual(out.toldKinds(), ['request-done'])
})

test('R17: what comes back after the request has settled changes nothing', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order())
  const sent = onlyRequest(out)
  caller.receive(1, 'bravo', reply(1))
  out.told()
  for (const cause of ['down', 'full', 'expired'] as const) caller.unsent(2, 'bravo', sent, cause)
  t.deepEqual([out.sent(), out.told()], [[], []])
})

test('R20: a request that is taken back while the link is down is not told, and not sent later', (t) => {
  const { caller, out } = open()
  const ask = caller.request(0, 'bravo', order())
  caller.linkClosed('bravo')
  out.sent()
  caller.cancel(1, ask)
  caller.linkOpened(2, 'bravo', SESSION)
  t.deepEqual(out.sent(), [])
  t.deepEqual(failures(out), ['aborted'])
})
