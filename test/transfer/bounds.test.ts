/**
 * What transfers may cost and how they end: memory, numbers, silence, a connection that is gone, an owner that has lost
 * interest. After each, nothing may be left.
 */

import test from 'ava'
import { MAX_INCOMING_BYTES, MAX_INCOMING_PER_CONNECTION } from '../../src/transfer/incoming.ts'
import { MAX_WAITING_PER_CONNECTION } from '../../src/transfer/outgoing.ts'
import type { Freight, Offer } from '../../src/wire/messages.ts'
import { connection, reply, request, send } from '../support/samples.ts'
import { bodyOfBytes, End, LINE, MAX_BODY_BYTES, settle, wordOf } from './scene.ts'

const EMPTY = { type: 'raw', bytes: new Uint8Array(0) } as const

function offer(transfer: number, totalBytes: number, head: Freight = request(transfer)): Offer {
  return { kind: 'offer', transfer, totalBytes, head: { ...head, body: EMPTY }, isRepeat: false }
}

test('T15: one connection has memory for two of the largest bodies, and the third waits without any', (t) => {
  const right = new End()
  right.receive(0, [offer(1, MAX_BODY_BYTES), offer(2, MAX_BODY_BYTES), offer(3, MAX_BODY_BYTES)])
  t.deepEqual(right.take().map(wordOf), ['credit 0/0 back'])
  t.is(right.transfers.incoming.reservedBytes, 2 * MAX_BODY_BYTES)
  right.receive(0, [{ kind: 'chunk', transfer: 3, offset: 0, body: bodyOfBytes(10) }])
  t.deepEqual(right.take(), [], 'T8: what comes meanwhile is not kept')
  right.receive(0, [{ kind: 'withdraw', transfer: 1 }])
  t.deepEqual(right.take().map(wordOf), ['credit 0/40 back'])
  t.is(right.transfers.incoming.reservedBytes, 2 * MAX_BODY_BYTES)
})

test('T8: whoever waits is served at the end, in full', (t) => {
  const [left, right] = [new End(), new End()]
  right.receive(0, [offer(101, MAX_BODY_BYTES), offer(102, MAX_BODY_BYTES)])
  right.take()
  left.send(0, request(1, { body: bodyOfBytes(100) }))
  settle(0, left, right)
  t.is(right.arrived.length, 0)
  left.transfers.wake(500)
  settle(500, left, right)
  t.is(right.arrived.length, 0, 'it is told to wait on')
  right.receive(600, [{ kind: 'withdraw', transfer: 102 }])
  settle(600, left, right)
  t.deepEqual(Uint8Array.from(right.arrived[0]?.body.bytes ?? []), bodyOfBytes(100).bytes)
})

test('T15: all connections of a node share one bound', (t) => {
  const half = MAX_INCOMING_BYTES / 2
  const right = new End(half)
  right.receive(0, [offer(1, half)], connection(1))
  right.receive(0, [offer(1, half)], connection(2))
  right.receive(0, [offer(1, 30)], connection(3))
  t.deepEqual(right.take().map(wordOf).at(-1), 'credit 0/0 back')
  right.transfers.drop(0, connection(1))
  t.deepEqual(right.take().map(wordOf), ['credit 0/30 back'])
})

test('T15: of more than 16 on a connection, a request is refused and a reply declined', (t) => {
  const right = new End()
  for (let transfer = 1; transfer <= MAX_INCOMING_PER_CONNECTION; transfer += 1)
    right.receive(0, [offer(transfer, 30)])
  right.take()
  right.receive(0, [offer(17, 30), offer(18, 30, send(4)), offer(19, 30, reply(5))])
  t.like(right.take(), [
    { kind: 'reject', of: 'request', sequence: 17, reason: 'overloaded' },
    { kind: 'decline', transfer: 17 },
    { kind: 'reject', of: 'send', sequence: 4, reason: 'overloaded' },
    { kind: 'decline', transfer: 18 },
    { kind: 'decline', transfer: 19 },
  ])
  t.is(right.judged.length, 19, 'each was judged: one that was seen before must not be told that nothing ran')
})

test('T16: a peer that offers and never sends is forgotten after 10 seconds', (t) => {
  const right = new End()
  right.receive(0, [offer(1, MAX_BODY_BYTES, send(1)), offer(2, MAX_BODY_BYTES, reply(1))])
  right.receive(0, [offer(3, MAX_BODY_BYTES, send(2))])
  right.take()
  t.is(right.transfers.deadline, 10_000)
  right.transfers.wake(9_999)
  t.is(right.count, 3)
  right.transfers.wake(10_000)
  t.deepEqual(
    right
      .take()
      .map(wordOf)
      .filter((word) => word.startsWith('decline'))
      .slice(0, 2),
    ['decline 1', 'decline 2'],
  )
  right.transfers.wake(20_000)
  t.is(right.count, 0)
  t.is(right.transfers.incoming.reservedBytes, 0)
})

test('T16: progress puts the end off, and repeated offers without progress do not', (t) => {
  const right = new End()
  right.receive(0, [offer(1, 100, send(1)), offer(2, 100, send(2))])
  right.receive(6_000, [{ kind: 'chunk', transfer: 1, offset: 0, body: bodyOfBytes(10) }])
  right.receive(6_000, [offer(2, 100, send(2))])
  right.take()
  right.transfers.wake(10_000)
  t.deepEqual(right.take().map(wordOf), ['decline 2'])
  t.is(right.transfers.deadline, 16_000)
})

test('T16: a request is declined when its time is over', (t) => {
  const right = new End()
  right.receive(0, [offer(1, 100, request(1, { deadlineAt: 700 }))])
  right.take()
  t.is(right.transfers.deadline, 700)
  right.transfers.wake(700)
  t.deepEqual(right.take().map(wordOf), ['decline 1'])
})

test('T17: a connection that is gone leaves nothing behind at either side', (t) => {
  const [left, right] = [new End(), new End()]
  for (let sequence = 1; sequence <= 6; sequence += 1)
    left.send(0, request(sequence, { body: bodyOfBytes(1000) }))
  right.receive(0, left.take())
  right.transfers.drop(0, LINE)
  left.transfers.drop(0, LINE)
  left.transfers.begin(0)
  t.is(left.count + right.count, 0)
  t.is(right.transfers.incoming.reservedBytes, 0)
  t.is(left.transfers.deadline, Number.POSITIVE_INFINITY)
  t.is(right.transfers.deadline, Number.POSITIVE_INFINITY)
})

test('T19: what did not leave in full is given back when the connection is gone', (t) => {
  const left = new End()
  left.send(0, request(1, { body: bodyOfBytes(30) }))
  left.send(0, send(1, { body: bodyOfBytes(25) }))
  left.receive(0, [{ kind: 'credit', transfer: 2, receivedBytes: 0, limitBytes: 25, goBack: false }])
  left.transfers.drop(0, LINE)
  left.transfers.begin(0)
  t.like(left.events, [{ kind: 'transfer-unsent', copies: 1, cause: 'down', message: { kind: 'request' } }])
  t.is(left.events.length, 1, 'the other one may have arrived')
})

test('T19: a chunk that comes back as unsent proves that the body did not arrive', (t) => {
  const left = new End()
  left.send(0, send(1, { body: bodyOfBytes(25) }))
  left.receive(0, [{ kind: 'credit', transfer: 1, receivedBytes: 0, limitBytes: 25, goBack: false }])
  const last = left.takeOf('chunk').at(-1)
  if (last === undefined) throw new Error('no chunk')
  left.transfers.drop(0, LINE)
  left.transfers.unsent(LINE, last, 'down')
  left.transfers.begin(0)
  t.like(left.events, [{ kind: 'transfer-unsent', cause: 'down', message: { kind: 'send' } }])
})

test('T19: unless another copy of it may have left before', (t) => {
  const left = new End()
  left.send(0, send(1, { body: bodyOfBytes(25) }))
  left.receive(0, [{ kind: 'credit', transfer: 1, receivedBytes: 0, limitBytes: 25, goBack: false }])
  left.receive(0, [{ kind: 'credit', transfer: 1, receivedBytes: 0, limitBytes: 25, goBack: true }])
  const last = left.takeOf('chunk').at(-1)
  if (last === undefined) throw new Error('no chunk')
  left.transfers.unsent(LINE, last, 'down')
  left.transfers.drop(0, LINE)
  left.transfers.begin(0)
  t.deepEqual(left.events, [])
})

test('a chunk for which the queue had no room is sent again after the next silence', (t) => {
  const [left, right] = [new End(), new End()]
  left.send(0, send(1, { body: bodyOfBytes(25) }))
  const [first, ...others] = left.take()
  for (const message of others) if (message.kind === 'chunk') left.transfers.unsent(LINE, message, 'full')
  if (first === undefined) throw new Error('no offer')
  left.transfers.wake(500)
  right.receive(500, [first])
  settle(500, left, right)
  t.is(right.arrived.length, 1)
})

test('T17: whoever loses interest withdraws, and knows whether all of it may have arrived', (t) => {
  const left = new End()
  const body = bodyOfBytes(30)
  left.send(0, request(1, { body }))
  left.send(0, request(1, { body, attempt: 2 }))
  left.take()
  t.is(left.transfers.outgoing.withdraw(LINE, 'request', 1), 2, 'both copies did not arrive')
  t.deepEqual(left.take().map(wordOf), ['withdraw 1'])
  t.is(left.transfers.outgoing.withdraw(LINE, 'request', 1), 0)

  left.send(0, request(2, { body }))
  left.receive(0, [{ kind: 'credit', transfer: 2, receivedBytes: 0, limitBytes: 30, goBack: false }])
  t.is(left.transfers.outgoing.withdraw(LINE, 'request', 2), 0, 'it may have arrived')
  t.is(left.count, 0)
})

test('T17: what waits for its turn is withdrawn without a word', (t) => {
  const left = new End()
  for (let sequence = 1; sequence <= 5; sequence += 1) left.send(0, send(sequence, { body: bodyOfBytes(30) }))
  left.take()
  t.is(left.transfers.outgoing.withdraw(LINE, 'send', 5), 1)
  t.deepEqual(left.take(), [])
})

test('a message expires while it waits for its turn, or on its way', (t) => {
  const left = new End()
  for (let sequence = 1; sequence <= 5; sequence += 1)
    left.send(0, send(sequence, { body: bodyOfBytes(30), expiresAt: sequence === 5 ? 300 : 400 }))
  left.take()
  left.transfers.wake(300)
  t.like(left.events, [{ kind: 'transfer-unsent', cause: 'expired', message: { sequence: 5 } }])
  t.deepEqual(left.take(), [])
  left.transfers.wake(400)
  t.is(left.take().filter((message) => message.kind === 'withdraw').length, 4)
  t.is(left.count, 0)
})

test('R6a: replies beyond two of the largest are not taken, and room is told when half of them are over', (t) => {
  const left = new End()
  const right = new End()
  const take = (sequence: number, sizeBytes: number): boolean =>
    left.transfers.send(LINE, reply(sequence, bodyOfBytes(sizeBytes)))
  const rooms = (): number => left.events.filter((event) => event.kind === 'transfer-room').length
  t.deepEqual(
    [1, 2, 3, 4, 5].map((sequence) => take(sequence, MAX_BODY_BYTES / 2)),
    [true, true, true, true, false],
  )
  t.true(
    left.transfers.send(LINE, request(5, { body: bodyOfBytes(100) })),
    'a request is bounded by its caller',
  )
  left.transfers.begin(0)
  t.is(rooms(), 0)
  settle(0, left, right)
  t.is(rooms(), 1)
  t.true(take(5, MAX_BODY_BYTES / 2))
  left.transfers.begin(0)
  settle(0, left, right)
  t.deepEqual(right.arrived.map(({ sequence }) => sequence).sort(), [1, 2, 3, 4, 5, 5])
  t.deepEqual([rooms(), left.count, right.count], [1, 0, 0])
})

test('R6a: a reply has room when none is before it, and no more than 256 wait for their turn', (t) => {
  const left = new End()
  const send = (sequence: number, sizeBytes: number): boolean =>
    left.transfers.send(LINE, reply(sequence, bodyOfBytes(sizeBytes)))
  const taken = Array.from({ length: MAX_WAITING_PER_CONNECTION + 3 }, (_, index) => send(index + 1, 30))
  t.deepEqual(taken.lastIndexOf(true), MAX_WAITING_PER_CONNECTION - 1)
  t.deepEqual(
    left.events.filter(({ kind }) => kind !== 'transfer-out'),
    [],
    'nothing is given back: it never was taken',
  )
  t.true(send(1, 30), 'a later copy joins the one that waits')
  const right = new End()
  left.transfers.begin(0)
  settle(0, left, right)
  t.is(right.arrived.length, MAX_WAITING_PER_CONNECTION)
  t.is(left.events.filter(({ kind }) => kind === 'transfer-room').length, 1)
})

test('R6a: replies that are dropped with their connection take no room on it any more', (t) => {
  const left = new End()
  for (let round = 1; round <= 3; round += 1) {
    for (const sequence of [1, 2])
      t.true(left.transfers.send(LINE, reply(sequence, bodyOfBytes(MAX_BODY_BYTES))))
    t.false(left.transfers.send(LINE, reply(3, bodyOfBytes(100))))
    left.transfers.begin(0)
    left.transfers.drop(0, LINE)
    left.transfers.begin(0)
    t.is(left.count, 0)
  }
})
