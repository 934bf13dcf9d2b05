/**
 * Transfers as a script, from one end to the other: what is sent when, what is asked before anything is taken, and what
 * is left when it is over.
 */

import test from 'ava'
import { bodyLimitOf } from '../../src/transfer/transfers.ts'
import { connection, reply, request, send } from '../support/samples.ts'
import { bodyOfBytes, End, LINE, MAX_BODY_BYTES, PACE, settle, wordOf } from './scene.ts'

test('T1: only bodies from the size on which they are cut become transfers', (t) => {
  const left = new End()
  left.send(0, request(1, { body: bodyOfBytes(24) }))
  left.send(0, request(2, { body: bodyOfBytes(25) }))
  t.deepEqual(left.take().map(wordOf), ['request', 'offer 1', 'chunk 0-10', 'chunk 10-20'])
})

test('T1: who does not take transfers gets the body whole, or the owner hears that it is too large', (t) => {
  const left = new End()
  left.ability = { takesTransfers: false, maxBodyBytes: 100 }
  left.send(0, request(1, { body: bodyOfBytes(100) }))
  t.deepEqual(left.take().map(wordOf), ['request'])
  left.send(0, request(2, { body: bodyOfBytes(101) }))
  t.deepEqual(left.take(), [])
  t.like(left.events, [{ kind: 'transfer-refused', limitBytes: 100 }])
  left.send(0, reply(3, bodyOfBytes(101)))
  t.like(left.take(), [{ kind: 'reject', of: 'request', sequence: 3, reason: 'handler-failed' }])
  t.is(left.count, 0)
})

test('T1: the limit of a party is its largest body, or what travels whole', (t) => {
  t.is(bodyLimitOf({ takesTransfers: true, maxBodyBytes: 2 ** 26 }), 2 ** 26)
  t.is(bodyLimitOf({ takesTransfers: false, maxBodyBytes: 2 ** 26 }), 2 ** 20)
  t.is(bodyLimitOf({ takesTransfers: false, maxBodyBytes: 1000 }), 1000)
})

for (const message of [
  request(7, { body: bodyOfBytes(333) }),
  reply(7, { type: 'msgpack', bytes: bodyOfBytes(333).bytes }),
  send(7, { body: bodyOfBytes(333) }),
]) {
  test(`T5: a ${message.kind} arrives as it was, once, and nothing is left`, (t) => {
    const [left, right] = [new End(), new End()]
    left.send(0, message)
    settle(0, left, right)
    t.is(right.arrived.length, 1)
    const [arrived] = right.arrived
    t.deepEqual({ ...arrived, body: undefined }, { ...message, body: undefined })
    t.is(arrived?.body.type, message.body.type)
    t.deepEqual(Uint8Array.from(arrived?.body.bytes ?? []), message.body.bytes)
    t.is(left.count + right.count, 0)
    t.is(right.transfers.incoming.reservedBytes, 0)
    t.is(left.transfers.deadline, Number.POSITIVE_INFINITY)
    t.is(right.transfers.deadline, Number.POSITIVE_INFINITY)
  })
}

test('T6: without credit only the first part follows, and with it as much as it allows', (t) => {
  const [left, right] = [new End(), new End()]
  left.send(0, request(1, { body: bodyOfBytes(100) }))
  const first = left.take()
  t.deepEqual(first.map(wordOf), ['offer 1', 'chunk 0-10', 'chunk 10-20'])
  right.receive(0, first)
  t.deepEqual(right.sent.map(wordOf), ['credit 10/50'])
  left.receive(0, right.take())
  t.deepEqual(left.take().map(wordOf), ['chunk 20-30', 'chunk 30-40', 'chunk 40-50'])
})

test('T6: a credit for all of a large body lets no more than a window leave', (t) => {
  const left = new End()
  left.send(0, request(1, { body: bodyOfBytes(1000) }))
  left.receive(0, [{ kind: 'credit', transfer: 1, receivedBytes: 10, limitBytes: 1000, goBack: false }])
  t.is(left.take().map(wordOf).at(-1), 'chunk 40-50')
})

test('T7: credit is given again at each half of the window, and at the end', (t) => {
  const [left, right] = [new End(), new End()]
  left.send(0, request(1, { body: bodyOfBytes(100) }))
  const credits: string[] = []
  for (let round = 0; round < 20; round += 1) {
    right.receive(0, left.take())
    credits.push(...right.sent.map(wordOf))
    left.receive(0, right.take())
  }
  t.deepEqual(credits, ['credit 10/50', 'credit 30/70', 'credit 50/90', 'credit 70/100', 'credit 100/100'])
})

test('T3: what is not wanted is declined, and nothing of it is kept', (t) => {
  const [left, right] = [new End(), new End()]
  right.wants = () => false
  left.send(0, request(1, { body: bodyOfBytes(100) }))
  right.receive(0, left.take())
  t.deepEqual(right.sent.map(wordOf), ['decline 1'])
  t.is(right.judged.length, 1)
  t.is(right.count, 0)
  left.receive(0, right.take())
  t.is(left.count, 0)
  t.deepEqual(left.take(), [])
})

test('T3: a body above the limit of the receiver is answered before a byte of it is kept', (t) => {
  const [left, right] = [new End(), new End(50)]
  left.send(0, request(1, { body: bodyOfBytes(51) }))
  settle(0, left, right)
  t.is(right.tooLarge.length, 1)
  t.is(right.judged.length, 0)
  t.is(left.count + right.count, 0)
})

test('T9: a part that comes too early is asked for once for each gap', (t) => {
  const [left, right] = [new End(), new End()]
  left.send(0, request(1, { body: bodyOfBytes(100) }))
  const [offer, , second] = left.take()
  if (offer === undefined || second === undefined) throw new Error('no offer')
  right.receive(0, [offer, second, second])
  t.deepEqual(right.take().map(wordOf), ['credit 0/20 back'])
})

test('T9: a body arrives whole though each of its chunks is lost once', (t) => {
  const [left, right] = [new End(), new End()]
  const lost = new Set<number>()
  left.send(0, request(1, { body: bodyOfBytes(100) }))
  let now = 0
  for (let round = 0; round < 1000 && right.arrived.length === 0; round += 1) {
    const arriving = left.take().filter((message) => {
      if (message.kind !== 'chunk' || lost.has(message.offset)) return true
      lost.add(message.offset)
      return false
    })
    right.receive(now, arriving)
    left.receive(now, right.take())
    if (left.sent.length > 0) continue
    now = left.transfers.deadline
    left.transfers.wake(now)
  }
  t.is(lost.size, 10)
  t.is(right.arrived.length, 1)
})

test('T10: a credit of nothing is answered with withdraw, and all else of nothing is ignored', (t) => {
  const right = new End()
  right.receive(0, [
    { kind: 'chunk', transfer: 9, offset: 0, body: bodyOfBytes(10) },
    { kind: 'decline', transfer: 9 },
    { kind: 'withdraw', transfer: 9 },
    { kind: 'credit', transfer: 9, receivedBytes: 0, limitBytes: 10, goBack: false },
  ])
  t.deepEqual(right.take().map(wordOf), ['withdraw 9'])
  t.deepEqual(right.events, [])
})

test('T10: the number of another connection is unknown', (t) => {
  const left = new End()
  left.send(0, request(1, { body: bodyOfBytes(100) }))
  left.take()
  left.receive(0, [{ kind: 'decline', transfer: 1 }], connection(2))
  t.is(left.count, 1)
})

test('T11: silence repeats the offer, ever more slowly, and behind the chunks', (t) => {
  const left = new End()
  left.send(0, reply(1, bodyOfBytes(100)))
  left.take()
  const times: number[] = []
  for (let count = 0; count < 5; count += 1) {
    times.push(left.transfers.deadline)
    left.transfers.wake(left.transfers.deadline)
    if (left.count > 0) t.deepEqual(left.take().map(wordOf), ['offer 1 again'])
  }
  t.deepEqual(times, [500, 1500, 3500, 7500, 11_500])
  t.is(left.count, 0, 'T17: a reply is given up')
  t.deepEqual(left.take().map(wordOf), ['withdraw 1'])
})

test('T11: an offer that was lost is judged when it comes again, and the body arrives', (t) => {
  const [left, right] = [new End(), new End()]
  left.send(0, request(1, { body: bodyOfBytes(100) }))
  const [, ...chunks] = left.take()
  right.receive(0, chunks)
  t.deepEqual(right.take(), [])
  left.transfers.wake(500)
  settle(500, left, right)
  t.is(right.arrived.length, 1)
  t.is(left.count + right.count, 0)
})

test('T11: an offer that is repeated after the end is judged anew', (t) => {
  const [left, right] = [new End(), new End()]
  left.send(0, request(1, { body: bodyOfBytes(30) }))
  right.receive(0, left.take())
  left.receive(0, right.take())
  right.receive(0, left.take())
  right.take()
  t.is(right.arrived.length, 1)
  right.wants = () => false
  left.transfers.wake(500)
  settle(500, left, right)
  t.is(left.count + right.count, 0)
  t.is(right.arrived.length, 1)
})

test('T12: what is still on its way is not sent again because of a repeated offer', (t) => {
  const [left, right] = [new End(), new End()]
  left.send(0, request(1, { body: bodyOfBytes(100) }))
  const before = left.take()
  left.transfers.wake(500)
  const repeated = left.take()
  right.receive(600, before)
  left.receive(600, right.take())
  t.deepEqual(left.take().map(wordOf), ['chunk 20-30', 'chunk 30-40', 'chunk 40-50'])
  right.receive(600, repeated)
  t.deepEqual(right.sent.map(wordOf), ['credit 20/50 back'])
  left.receive(600, right.take())
  t.deepEqual(left.take().map(wordOf), [], 'all that left before the repeated offer has arrived')
})

test('T13: a later attempt joins the transfer that is open', (t) => {
  const [left, right] = [new End(), new End()]
  const body = bodyOfBytes(100)
  left.send(0, request(1, { body }))
  left.take()
  left.send(10, request(1, { body, attempt: 2 }))
  const again = left.take()
  t.deepEqual(again.map(wordOf), ['offer 1 again'])
  t.is(left.count, 1)
  right.receive(10, again)
  settle(10, left, right)
  t.like(right.arrived, [{ kind: 'request', attempt: 2 }])
})

test('T13: a later attempt that needs a new transfer asks before it sends anything', (t) => {
  const [left, right] = [new End(), new End()]
  left.send(0, request(1, { body: bodyOfBytes(100), attempt: 2 }))
  const first = left.take()
  t.deepEqual(first.map(wordOf), ['offer 1 again'])
  right.receive(0, first)
  t.deepEqual(right.sent.map(wordOf), ['credit 0/20 back'])
  settle(0, left, right)
  t.is(right.arrived.length, 1)
})

test('T13: an offer under a number that stands for something else is a violation', (t) => {
  const [left, right] = [new End(), new End()]
  left.send(0, request(1, { body: bodyOfBytes(100) }))
  const [offer] = left.take()
  if (offer?.kind !== 'offer') throw new Error('no offer')
  right.receive(0, [offer, { ...offer, head: { ...offer.head, sequence: 2 } }])
  t.like(right.events, [{ kind: 'violation', text: 'It offered two bodies under one number' }])
  t.is(right.count, 1)
})

test('T14: four are open on a connection, the others wait for their turn in order', (t) => {
  const [left, right] = [new End(), new End()]
  for (let sequence = 1; sequence <= 6; sequence += 1)
    left.transfers.send(LINE, request(sequence, { body: bodyOfBytes(30) }))
  left.send(0, request(7, { body: bodyOfBytes(30) }), connection(2))
  t.is(left.sent.filter((message) => message.kind === 'offer').length, 5)
  settle(0, left, right)
  const order = right.arrived.map(({ sequence }) => sequence)
  t.deepEqual(
    order.filter((sequence) => sequence < 7),
    [1, 2, 3, 4, 5, 6],
  )
})

test('T14: more than 256 that wait are refused as queue full', (t) => {
  const left = new End()
  for (let sequence = 1; sequence <= 258; sequence += 1)
    left.transfers.send(LINE, request(sequence, { body: bodyOfBytes(30) }))
  left.transfers.begin(0)
  t.deepEqual(
    left.events.map((event) => event.kind === 'transfer-unsent' && [event.message.sequence, event.cause]),
    [
      [257, 'full'],
      [258, 'full'],
    ],
  )
})

test('T16: who brings more than it offered loses the transfer', (t) => {
  const [left, right] = [new End(), new End()]
  left.send(0, request(1, { body: bodyOfBytes(30) }))
  const [offer] = left.take()
  if (offer === undefined) throw new Error('no offer')
  right.receive(0, [offer, { kind: 'chunk', transfer: 1, offset: 25, body: bodyOfBytes(10) }])
  t.like(right.events, [{ kind: 'violation', text: 'It sent more of a body than it offered' }])
  t.is(right.take().map(wordOf).at(-1), 'decline 1')
  t.is(right.count, 0)
})

test('a receiver that confirms what was not sent breaks the protocol and changes nothing', (t) => {
  const left = new End()
  left.send(0, request(1, { body: bodyOfBytes(100) }))
  left.take()
  left.receive(0, [{ kind: 'credit', transfer: 1, receivedBytes: 50, limitBytes: 90, goBack: false }])
  t.like(left.events, [{ kind: 'violation' }])
  t.deepEqual(left.take(), [])
})

test('T18: both ends tell progress, up to the whole', (t) => {
  const [left, right] = [new End(), new End()]
  left.send(0, request(1, { body: bodyOfBytes(60) }))
  settle(0, left, right)
  t.deepEqual(
    left.events.map((event) => event.kind === 'transfer-out' && event.bytes),
    [10, 30, 60],
  )
  right.send(0, reply(1, bodyOfBytes(40)))
  settle(0, right, left)
  t.deepEqual(
    left.events.slice(3).map((event) => event.kind === 'transfer-in' && event.bytes),
    [10, 20, 30, 40],
  )
})

test('a body is not copied on its way out, and copied once on its way in', (t) => {
  const [left, right] = [new End(), new End()]
  const body = bodyOfBytes(1000)
  left.send(0, request(1, { body }))
  let chunks = 0
  for (let round = 0; round < 100 && right.arrived.length === 0; round += 1) {
    for (const message of left.sent) {
      if (message.kind !== 'chunk') continue
      chunks += 1
      t.is(message.body.bytes.buffer, body.bytes.buffer)
    }
    right.receive(0, left.take())
    left.receive(0, right.take())
  }
  t.is(chunks, 1000 / PACE.chunkBytes)
  t.not(right.arrived[0]?.body.bytes.buffer, body.bytes.buffer)
  t.is(right.arrived[0]?.body.bytes.buffer.byteLength, 1000)
  t.true(MAX_BODY_BYTES >= 1000)
})
