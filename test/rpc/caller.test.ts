/**
 * The asking side of requests as a script: attempts, pauses, deadlines, the budget, answers. What a link does to it is
 * in caller-link.test.ts.
 */

import test from 'ava'
import { PeerTotal, RECORD_BYTES } from '../../src/base/peer-total.ts'
import type { Random } from '../../src/base/random.ts'
import { seededRandom } from '../../src/base/random.ts'
import {
  Caller,
  type CallerEvent,
  MAX_PENDING_BYTES_PER_CALLEE,
  MAX_PENDING_PER_CALLEE,
} from '../../src/rpc/caller.ts'
import { Recorder } from '../support/recorder.ts'
import { bodyOf, connection, incarnation, order, reject, reply } from '../support/samples.ts'

const LIFELESS_MS = 1250
const SESSION = { incarnation: incarnation(1), window: 1 }
const LIMITS = { maxItems: MAX_PENDING_PER_CALLEE, maxBytes: MAX_PENDING_BYTES_PER_CALLEE }

/** A caller whose pauses are the longest, and whose link to bravo is open from time 0. */
function open(): { caller: Caller; out: Recorder<CallerEvent> } {
  const out = new Recorder<CallerEvent>()
  const longest: Random = { next: () => 1, below: (bound) => bound - 1 }
  const caller = new Caller(longest, LIFELESS_MS, out)
  caller.addCallee('bravo', connection(1))
  caller.linkOpened(0, 'bravo', SESSION)
  return { caller, out }
}

/** Wakes the caller at each of its deadlines up to `until`. */
function run(caller: Caller, until: number): void {
  while (caller.deadline <= until) caller.wake(caller.deadline)
}

test('R1: requests to a callee are numbered from 1, and a retry keeps its number', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order())
  caller.request(0, 'bravo', order())
  run(caller, 2600)
  t.deepEqual(
    out.sentOf('request').map(({ sequence, attempt }) => [sequence, attempt]),
    [
      [1, 1],
      [2, 1],
      [1, 2],
      [2, 2],
    ],
  )
  t.is(out.toldOf('request-retried').length, 2)
})

test('R1: each callee has numbers of its own', (t) => {
  const { caller, out } = open()
  caller.addCallee('charlie', connection(2))
  caller.linkOpened(0, 'charlie', SESSION)
  caller.request(0, 'bravo', order())
  caller.request(0, 'charlie', order())
  t.deepEqual(
    out.sentTo().map(({ to, message }) => [to, message.kind === 'request' ? message.sequence : 0]),
    [
      [connection(1), 1],
      [connection(2), 1],
    ],
  )
})

test('R2: while few requests wait, the floor is the oldest of them', (t) => {
  const { caller, out } = open()
  const floors: number[] = []
  for (let sequence = 1; sequence <= 200; sequence += 1) {
    caller.request(0, 'bravo', order())
    const [sent] = out.sentOf('request')
    floors.push(sent?.floor ?? 0)
    t.true((sent?.floor ?? 0) <= Math.max(1, sequence - 1), `${sent?.floor} at ${sequence}`)
    if (sequence > 1) caller.receive(0, 'bravo', reply(sequence - 1))
  }
  t.is(floors[0], 1)
  t.is(floors[199], 199, 'number 199 waited when 200 was made')
})

test('R2: while many wait, the floor is never above the oldest, and follows it at the latest after 64', (t) => {
  const { caller, out } = open()
  const waiting = 100
  for (let sequence = 1; sequence <= 500; sequence += 1) {
    caller.request(0, 'bravo', order())
    const [sent] = out.sentOf('request')
    const oldest = Math.max(1, sequence - waiting)
    const floor = sent?.floor ?? 0
    t.true(floor <= oldest && floor > oldest - 65, `${floor} at ${sequence}`)
    if (sequence > waiting) caller.receive(0, 'bravo', reply(sequence - waiting))
  }
})

test('R11: attempts end after their timeout, and the next begins after a pause', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order({ timeoutMs: 1000, deadlineAt: 60_000 }))
  const seen: number[][] = []
  for (let now = 0; now <= 6000; now = Math.max(now + 1, caller.deadline)) {
    if (now > 6000) break
    caller.wake(now)
    for (const sent of out.sentOf('request')) seen.push([now, sent.attempt])
  }
  t.deepEqual(seen, [
    [0, 1],
    [1050, 2],
    [2150, 3],
    [3350, 4],
  ])
  t.is(caller.pendingCount, 0)
})

test('R12: the last attempt that passes is a timeout', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order({ timeoutMs: 1000, retries: 0, deadlineAt: 60_000 }))
  run(caller, 999)
  t.is(out.toldOf('request-failed').length, 0)
  run(caller, 1000)
  t.deepEqual(
    out.toldOf('request-failed').map((event) => [event.failure.kind, event.now]),
    [['timeout', 1000]],
  )
})

test('R12: the deadline ends a request in the middle of an attempt and of a pause', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order({ timeoutMs: 1000, deadlineAt: 700 }))
  caller.request(0, 'bravo', order({ timeoutMs: 1000, deadlineAt: 1020 }))
  run(caller, 5000)
  t.deepEqual(
    out.toldOf('request-failed').map((event) => event.now),
    [700, 1020],
  )
})

test('R12: what is asked with a deadline that has passed settles at the next wake', (t) => {
  const { caller, out } = open()
  caller.request(500, 'bravo', order({ deadlineAt: 400 }))
  t.is(caller.deadline, 400)
  caller.wake(500)
  t.deepEqual(
    out.toldOf('request-failed').map((event) => event.failure.kind),
    ['timeout'],
  )
})

test('R14: requests to a callee that never answers cost 1.09 times their number and 3', (t) => {
  const { caller, out } = open()
  let sent = 0
  for (let count = 1; count <= 300; count += 1) {
    caller.request(count, 'bravo', order({ timeoutMs: 1000, retries: 20, deadlineAt: count + 60_000 }))
  }
  for (; caller.deadline < 100_000; ) {
    caller.wake(caller.deadline)
    sent += out.sentOf('request').length
  }
  t.is(caller.pendingCount, 0)
  t.true(sent <= 300 * 1.09 + 3 + 1e-9, `${sent}`)
  t.true(sent > 300, 'the budget is used')
})

test('R14: an attempt without budget passes without a request, and the answer to the first still counts', (t) => {
  const { caller, out } = open()
  for (let count = 0; count < 4; count += 1) caller.request(0, 'bravo', order({ deadlineAt: 60_000 }))
  out.sent()
  run(caller, 2500 + 50)
  const retried = out.sentOf('request').map(({ sequence }) => sequence)
  t.is(new Set(retried).size, 3)
  const left = [1, 2, 3, 4].find((sequence) => !retried.includes(sequence)) ?? 0
  caller.receive(2600, 'bravo', reply(left))
  t.deepEqual(
    out.toldOf('request-done').map((event) => event.ask.sequence),
    [left],
  )
})

test('R14: every answer earns a retry, also one that nobody waits for', (t) => {
  const { caller, out } = open()
  for (let count = 0; count < 5; count += 1) caller.request(0, 'bravo', order({ deadlineAt: 60_000 }))
  caller.receive(0, 'bravo', reply(5))
  caller.receive(0, 'bravo', reply(5))
  out.sent()
  run(caller, 2550)
  t.is(out.sentOf('request').length, 3, 'the bucket was full at 3')
  caller.receive(2600, 'bravo', reply(5))
  run(caller, 5100)
  t.is(out.sentOf('request').length, 1)
})

test('R18: a reply settles the request and nothing is asked again', (t) => {
  const { caller, out } = open()
  const ticket = { mine: true }
  caller.request(0, 'bravo', order({ ticket }))
  t.true(caller.receive(7, 'bravo', reply(1, bodyOf(3))))
  const [done] = out.toldOf('request-done')
  t.is(done?.ask.ticket, ticket)
  t.is(done?.now, 7)
  t.is(done?.body.bytes.length, 3)
  t.is(caller.deadline, Number.POSITIVE_INFINITY)
  t.false(caller.isExpecting('bravo'))
})

test('R18: a reject settles the request with its reason', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order())
  const message = reject(1, { reason: 'overloaded' })
  caller.receive(7, 'bravo', message)
  t.deepEqual(
    out.toldOf('request-failed').map((event) => event.failure),
    [{ kind: 'rejected', reject: message }],
  )
})

test('R19: an answer to a settled request is ignored, one to nothing is not known', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order())
  caller.receive(1, 'bravo', reply(1))
  out.told()
  t.true(caller.receive(2, 'bravo', reply(1)))
  t.true(caller.receive(2, 'bravo', reject(1)))
  t.false(caller.receive(2, 'bravo', reply(2)))
  t.deepEqual(out.told(), [])
})

test('R20: a request that is taken back tells the callee, once', (t) => {
  const { caller, out } = open()
  const ask = caller.request(0, 'bravo', order())
  out.sent()
  caller.cancel(5, ask)
  caller.cancel(6, ask)
  t.deepEqual(out.sent(), [{ kind: 'cancel', sequence: 1 }])
  t.deepEqual(
    out.toldOf('request-failed').map((event) => event.failure),
    [{ kind: 'aborted', sent: true }],
  )
  t.is(caller.deadline, Number.POSITIVE_INFINITY)
})

test('R20: a request can be taken back during a pause', (t) => {
  const { caller, out } = open()
  const ask = caller.request(0, 'bravo', order())
  run(caller, 2500)
  out.sent()
  caller.cancel(2510, ask)
  t.deepEqual(out.sent(), [{ kind: 'cancel', sequence: 1 }])
  run(caller, 60_000)
  t.deepEqual(out.sent(), [])
  t.is(out.toldOf('request-failed').length, 1)
})

test('R20: nothing is said of a request that never left', (t) => {
  const { caller, out } = open()
  caller.linkClosed('bravo')
  const ask = caller.request(0, 'bravo', order())
  caller.cancel(1, ask)
  t.deepEqual(out.sent(), [])
  t.deepEqual(
    out.toldOf('request-failed').map((event) => event.failure),
    [{ kind: 'aborted', sent: false }],
  )
})

test('R21: requests above 65,536 fail at once and change nothing', (t) => {
  const { caller, out } = open()
  for (let count = 0; count < MAX_PENDING_PER_CALLEE; count += 1) caller.request(0, 'bravo', order())
  out.sent()
  caller.request(0, 'bravo', order())
  t.deepEqual(out.sent(), [])
  t.deepEqual(
    out.toldOf('request-failed').map((event) => event.failure),
    [{ kind: 'books-full', books: { ...LIMITS, items: MAX_PENDING_PER_CALLEE, bytes: 0 } }],
  )
  caller.receive(0, 'bravo', reply(1))
  caller.request(0, 'bravo', order())
  t.deepEqual(
    out.sentOf('request').map(({ sequence }) => sequence),
    [MAX_PENDING_PER_CALLEE + 1],
  )
})

test('R21: bodies above 8 MiB together fail at once, also while the link is not open', (t) => {
  const { caller, out } = open()
  caller.linkClosed('bravo')
  const body = bodyOf(MAX_PENDING_BYTES_PER_CALLEE / 32)
  for (let count = 0; count < 33; count += 1) caller.request(0, 'bravo', order({ body }))
  t.deepEqual(
    out.toldOf('request-failed').map((event) => event.failure),
    [{ kind: 'books-full', books: { ...LIMITS, items: 32, bytes: MAX_PENDING_BYTES_PER_CALLEE } }],
  )
  caller.linkOpened(1, 'bravo', SESSION)
  caller.receive(2, 'bravo', reply(1))
  out.told()
  caller.request(3, 'bravo', order({ body }))
  t.deepEqual(out.told(), [], 'an answer makes room')
})

test('X4: whatever waits when the caller closes is told once, and whether it left', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order())
  caller.linkClosed('bravo')
  caller.request(0, 'bravo', order())
  caller.close(5)
  caller.close(6)
  t.deepEqual(
    out.toldOf('request-failed').map((event) => event.failure),
    [
      { kind: 'closed', sent: true },
      { kind: 'closed', sent: false },
    ],
  )
  t.is(caller.deadline, Number.POSITIVE_INFINITY)
})

test('a caller without requests has no deadline, and a wake before the deadline does nothing', (t) => {
  const { caller, out } = open()
  t.is(caller.deadline, Number.POSITIVE_INFINITY)
  caller.wake(1_000_000)
  caller.request(0, 'bravo', order())
  out.sent()
  t.is(caller.deadline, 2500)
  caller.wake(2499)
  t.deepEqual([out.sent(), out.told(), caller.deadline], [[], [], 2500])
})

test('a callee that was never added is a mistake of ours', (t) => {
  const caller = new Caller(seededRandom(1), LIFELESS_MS, new Recorder<CallerEvent>())
  t.throws(() => caller.request(0, 'zulu', order()), { message: /"zulu" is a callee/ })
})

test('R22: while its body makes progress, an attempt is counted from the last of it, up to the deadline', (t) => {
  const { caller, out } = open()
  const ask = caller.request(0, 'bravo', order({ timeoutMs: 1000, retries: 0, deadlineAt: 3000 }))
  for (const at of [900, 1800, 2700]) {
    run(caller, at)
    t.is(caller.progressed(at, 'bravo', 1), ask)
  }
  t.is(caller.deadline, 3000)
  out.told()
  run(caller, 3000)
  t.deepEqual(
    out.toldOf('request-failed').map(({ failure }) => failure.kind),
    ['timeout'],
  )
  t.is(caller.progressed(3001, 'bravo', 1), undefined)
})

test('R22: progress ends a pause: there is nothing to ask again', (t) => {
  const { caller, out } = open()
  caller.request(0, 'bravo', order({ timeoutMs: 1000, deadlineAt: 60_000 }))
  caller.wake(1000)
  caller.progressed(1010, 'bravo', 1)
  t.is(caller.deadline, 2010)
  t.is(out.sentOf('request').length, 1)
})

test('R19: what is expected of a peer is known by its number', (t) => {
  const { caller } = open()
  caller.request(0, 'bravo', order())
  caller.request(0, 'bravo', order())
  caller.receive(1, 'bravo', reply(1))
  t.deepEqual(
    [1, 2, 3].map((sequence) => caller.expects('bravo', sequence)),
    ['no', 'yes', 'unknown'],
  )
})

test('O15: requests to a peer count in its total until they settle, whatever else counts there', (t) => {
  const { caller, out } = open()
  const total = new PeerTotal(3 * RECORD_BYTES)
  caller.addCallee('bravo', connection(1), total)
  caller.linkOpened(0, 'bravo', SESSION)
  total.add(0)
  caller.request(0, 'bravo', order())
  caller.request(0, 'bravo', order())
  caller.request(0, 'bravo', order())
  t.deepEqual(
    out.toldOf('request-failed').map((event) => event.failure),
    [{ kind: 'peer-full', bytes: 3 * RECORD_BYTES, maxBytes: 3 * RECORD_BYTES }],
  )
  caller.receive(1, 'bravo', reply(1))
  t.is(total.bytes, 2 * RECORD_BYTES)
  caller.close(2)
  t.is(total.bytes, RECORD_BYTES)
})
