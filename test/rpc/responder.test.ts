/**
 * The answering side of requests as a script: what runs, what attaches, what is answered again, what is refused.
 */

import test from 'ava'
import {
  type Call,
  Inbound,
  MAX_RUNNING_PER_CALLER,
  Responder,
  type ResponderEvent,
} from '../../src/rpc/responder.ts'
import { Recorder } from '../support/recorder.ts'
import { bodyOf, connection, reply, request } from '../support/samples.ts'

interface Scene {
  readonly responder: Responder
  readonly out: Recorder<ResponderEvent>
  readonly caller: Inbound
}

function scene(verbs: readonly string[] = ['greet']): Scene {
  const out = new Recorder<ResponderEvent>()
  const responder = new Responder((verb) => verbs.includes(verb), out)
  const caller = new Inbound('bravo')
  caller.connection = connection(1)
  return { responder, out, caller }
}

function onlyCall(out: Recorder<ResponderEvent>): Call {
  const calls = out.toldOf('call')
  if (calls.length !== 1 || calls[0] === undefined) throw new Error(`${calls.length} calls were told`)
  return calls[0].call
}

const DONE = { kind: 'done', body: bodyOf(2) } as const

test('R3: a new request runs, and its reply goes back', (t) => {
  const { responder, out, caller } = scene()
  responder.receive(0, caller, request(1))
  const call = onlyCall(out)
  t.deepEqual(out.sent(), [])
  responder.finish(call, DONE)
  t.deepEqual(out.sentTo(), [{ to: connection(1), message: reply(1, bodyOf(2)) }])
  t.is(responder.runningCount, 0)
})

test('R3: a handler that failed is a reject, with its code and message', (t) => {
  const { responder, out, caller } = scene()
  responder.receive(0, caller, request(1))
  responder.finish(onlyCall(out), { kind: 'failed', reason: 'handler-failed', code: 'E_X', text: 'broken' })
  t.deepEqual(out.sent(), [
    { kind: 'reject', of: 'request', sequence: 1, reason: 'handler-failed', code: 'E_X', text: 'broken' },
  ])
})

test('R3: the answer goes where the caller is by then', (t) => {
  const { responder, out, caller } = scene()
  responder.receive(0, caller, request(1))
  const call = onlyCall(out)
  responder.reconnected(0, caller, connection(2))
  responder.finish(call, DONE)
  t.deepEqual(
    out.sentTo().map(({ to }) => to),
    [connection(2)],
  )
})

test('R4: a retry that meets a running call attaches to it', (t) => {
  const { responder, out, caller } = scene()
  responder.receive(0, caller, request(1))
  const call = onlyCall(out)
  responder.receive(10, caller, request(1, { attempt: 2 }))
  t.deepEqual([out.told(), out.sent()], [[], []])
  responder.finish(call, DONE)
  t.is(out.sent().length, 1)
})

test('R5: a retry of a call that has ended gets the kept answer', (t) => {
  const { responder, out, caller } = scene()
  responder.receive(0, caller, request(1))
  responder.finish(onlyCall(out), DONE)
  out.sent()
  responder.receive(10, caller, request(1, { attempt: 2 }))
  t.deepEqual(out.told(), [])
  t.deepEqual(out.sent(), [reply(1, bodyOf(2))])
})

test('R5: a failure is kept like a reply', (t) => {
  const { responder, out, caller } = scene()
  responder.receive(0, caller, request(1))
  responder.finish(onlyCall(out), { kind: 'failed', reason: 'handler-failed', code: '', text: 'broken' })
  const [first] = out.sent()
  responder.receive(10, caller, request(1, { attempt: 2 }))
  t.deepEqual(out.sent(), [first])
  t.deepEqual(out.told(), [])
})

test('R6: what is below the floor and not running is forgotten', (t) => {
  const { responder, out, caller } = scene()
  for (const sequence of [1, 2]) {
    responder.receive(0, caller, request(sequence))
    if (sequence === 1) responder.finish(onlyCall(out), DONE)
  }
  responder.receive(0, caller, request(3, { floor: 3 }))
  out.sent()
  out.told()
  responder.receive(10, caller, request(1))
  t.deepEqual(
    out.sentOf('reject').map(({ sequence, reason }) => [sequence, reason]),
    [[1, 'forgotten']],
  )
  responder.receive(10, caller, request(2))
  t.deepEqual([out.sent(), out.told()], [[], []], 'it still runs')
})

test('R7: refusals come before anything runs, and are not remembered', (t) => {
  const { responder, out, caller } = scene()
  responder.receive(0, caller, request(1, { verb: 'sing' }))
  responder.receive(5, caller, request(2, { deadlineAt: 5 }))
  t.deepEqual(
    out.sentOf('reject').map(({ reason }) => reason),
    ['unknown-verb', 'expired'],
  )
  t.deepEqual(out.told(), [])
  responder.receive(6, caller, request(2, { deadlineAt: 100, attempt: 2 }))
  t.is(onlyCall(out).sequence, 2)
  responder.receive(6, caller, request(1))
  t.is(onlyCall(out).sequence, 1)
})

test('R7, P10: what the caller may not use is refused before its handler is looked up, and may be asked again', (t) => {
  const { responder, out, caller } = scene()
  caller.allows = (verb) => verb === 'note'
  for (const verb of ['greet', 'unknown']) {
    responder.receive(0, caller, request(1, { verb }))
    t.like(out.sent(), [{ kind: 'reject', sequence: 1, reason: 'not-allowed' }])
    t.false(responder.isWanted(0, caller, request(2, { verb }), 1))
    t.like(out.sent(), [{ kind: 'reject', sequence: 2, reason: 'not-allowed' }])
  }
  responder.receive(2_000_000, caller, request(1))
  t.like(out.sent(), [{ reason: 'expired' }])
  t.deepEqual(out.told(), [])
  caller.allows = () => true
  responder.receive(0, caller, request(1))
  const call = onlyCall(out)
  // What ran is answered again, whatever the rules are by then.
  caller.allows = () => false
  responder.finish(call, DONE)
  responder.receive(0, caller, request(1))
  t.deepEqual(
    out.sent().map(({ kind }) => kind),
    ['reply', 'reply'],
  )
})

test('R7: refused requests leave no deadline behind', (t) => {
  const { responder, caller } = scene()
  responder.receive(5, caller, request(1, { deadlineAt: 5 }))
  responder.receive(5, caller, request(2, { verb: 'sing' }))
  t.is(responder.deadline, Number.POSITIVE_INFINITY)
})

test('R7: a duplicate of a refused request is refused again, not forgotten', (t) => {
  const { responder, out, caller } = scene()
  responder.receive(0, caller, request(1, { verb: 'sing' }))
  responder.receive(0, caller, request(1, { verb: 'sing' }))
  t.deepEqual(
    out.sentOf('reject').map(({ reason }) => reason),
    ['unknown-verb', 'unknown-verb'],
  )
})

test('R7: more calls of one caller than 16,384 are overload, of another not', (t) => {
  const { responder, out, caller } = scene()
  for (let sequence = 1; sequence <= MAX_RUNNING_PER_CALLER; sequence += 1) {
    responder.receive(0, caller, request(sequence))
  }
  const [first] = out.toldOf('call')
  responder.receive(0, caller, request(MAX_RUNNING_PER_CALLER + 1))
  t.deepEqual(
    out.sentOf('reject').map(({ reason }) => reason),
    ['overloaded'],
  )
  const other = new Inbound('charlie')
  responder.receive(0, other, request(1))
  t.is(onlyCall(out).caller, other)
  if (first !== undefined) responder.finish(first.call, DONE)
  responder.receive(0, caller, request(MAX_RUNNING_PER_CALLER + 1, { attempt: 2 }))
  t.is(onlyCall(out).sequence, MAX_RUNNING_PER_CALLER + 1)
})

test('R7: calls that hold bodies above 8 MiB together are overload', (t) => {
  const { responder, out, caller } = scene()
  const body = bodyOf(256 * 1024)
  for (let sequence = 1; sequence <= 33; sequence += 1)
    responder.receive(0, caller, request(sequence, { body }))
  t.deepEqual(
    out.sentOf('reject').map(({ sequence, reason }) => [sequence, reason]),
    [[33, 'overloaded']],
  )
  responder.receive(0, caller, request(34))
  const calls = out.toldOf('call')
  t.is(calls.length, 33, 'small ones still run')
})

test('R8: who reconnects gets every kept answer again', (t) => {
  const { responder, out, caller } = scene()
  for (const sequence of [1, 2]) {
    responder.receive(0, caller, request(sequence))
    responder.finish(onlyCall(out), DONE)
  }
  out.sent()
  responder.reconnected(0, caller, connection(2))
  t.deepEqual(out.sentTo(), [
    { to: connection(2), message: reply(1, bodyOf(2)) },
    { to: connection(2), message: reply(2, bodyOf(2)) },
  ])
})

test('R8: an answer for a caller that is away is kept until it is back', (t) => {
  const { responder, out, caller } = scene()
  responder.receive(0, caller, request(1))
  caller.connection = undefined
  responder.finish(onlyCall(out), DONE)
  t.deepEqual(out.sent(), [])
  responder.reconnected(0, caller, connection(2))
  t.deepEqual(out.sent(), [reply(1, bodyOf(2))])
})

test('R9: a cancel aborts once what runs, and its answer is still sent', (t) => {
  const { responder, out, caller } = scene()
  responder.receive(0, caller, request(1))
  const call = onlyCall(out)
  responder.cancel(caller, 1)
  responder.cancel(caller, 1)
  responder.cancel(caller, 7)
  t.deepEqual(out.told(), [{ kind: 'call-aborted', call, reason: 'cancelled' }])
  responder.finish(call, DONE)
  t.is(out.sent().length, 1)
})

test('R10: a call whose deadline passes is aborted, and may still answer', (t) => {
  const { responder, out, caller } = scene()
  responder.receive(0, caller, request(1, { deadlineAt: 50 }))
  const call = onlyCall(out)
  t.is(responder.deadline, 50)
  responder.wake(49)
  t.deepEqual(out.told(), [], 'too early')
  responder.wake(50)
  t.deepEqual(out.told(), [{ kind: 'call-aborted', call, reason: 'expired' }])
  t.is(responder.deadline, Number.POSITIVE_INFINITY)
  t.is(responder.runningCount, 1)
  responder.finish(call, DONE)
  t.is(out.sent().length, 1)
})

test('R10: a request without an end has no deadline', (t) => {
  const { responder, out, caller } = scene()
  responder.receive(0, caller, request(1, { deadlineAt: Number.POSITIVE_INFINITY }))
  t.is(responder.deadline, Number.POSITIVE_INFINITY)
  t.is(onlyCall(out).sequence, 1)
})

test('R10: a call that ends in time leaves no deadline behind', (t) => {
  const { responder, out, caller } = scene()
  responder.receive(0, caller, request(1, { deadlineAt: 50 }))
  responder.finish(onlyCall(out), DONE)
  t.is(responder.deadline, Number.POSITIVE_INFINITY)
})

test('X2: while it drains, new requests are refused, and retries answered as before', (t) => {
  const { responder, out, caller } = scene()
  responder.receive(0, caller, request(1))
  responder.finish(onlyCall(out), DONE)
  responder.receive(0, caller, request(2))
  const running = onlyCall(out)
  out.sent()
  responder.drain()
  responder.receive(1, caller, request(1, { attempt: 2 }))
  responder.receive(1, caller, request(2, { attempt: 2 }))
  t.deepEqual(out.sent(), [reply(1, bodyOf(2))])
  responder.receive(1, caller, request(3))
  t.deepEqual(
    out.sentOf('reject').map(({ reason }) => reason),
    ['closing'],
  )
  responder.finish(running, DONE)
  t.is(out.sent().length, 1)
})

test('X4: at the end, each call that runs is aborted once', (t) => {
  const { responder, out, caller } = scene()
  responder.receive(0, caller, request(1))
  responder.receive(0, caller, request(2))
  out.told()
  responder.cancel(caller, 1)
  out.told()
  responder.abortAll([caller])
  t.deepEqual(
    out.toldOf('call-aborted').map(({ call, reason }) => [call.sequence, reason]),
    [[2, 'closing']],
  )
})

test('a handler that reports its end twice is heard once', (t) => {
  const { responder, out, caller } = scene()
  responder.receive(0, caller, request(1))
  const call = onlyCall(out)
  responder.finish(call, DONE)
  responder.finish(call, { kind: 'failed', reason: 'handler-failed', code: '', text: 'late' })
  t.is(out.sent().length, 1)
  t.is(responder.runningCount, 0)
  responder.receive(0, caller, request(1, { attempt: 2 }))
  t.deepEqual(out.sent(), [reply(1, bodyOf(2))])
})
