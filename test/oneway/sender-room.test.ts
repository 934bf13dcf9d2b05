/**
 * One-way messages that wait for room: how many may be under way, how many may wait, and that none overtakes another.
 */

import test from 'ava'
import { PeerTotal, RECORD_BYTES } from '../../src/base/peer-total.ts'
import {
  MAX_UNSETTLED_PER_PEER,
  MAX_WAITING_BYTES_PER_PEER,
  MAX_WAITING_PER_PEER,
} from '../../src/oneway/sender.ts'
import { bodyOf, connection, reject, send } from '../support/samples.ts'
import { ack, closed, numbers, onlySend, open, order, outcomes, SESSION } from './sender-rig.ts'

/** How full the line is. */
function lineOf(items: number, bytes: number) {
  return { items, bytes, maxItems: MAX_WAITING_PER_PEER, maxBytes: MAX_WAITING_BYTES_PER_PEER }
}

test('O11: beyond 32,768 messages or bodies of 4 MiB under way, messages wait for receipts, and none overtakes', (t) => {
  const { sender, out } = open()
  for (let count = 0; count < MAX_UNSETTLED_PER_PEER + 10; count += 1) sender.send(0, 'bravo', order())
  t.is(out.sentOf('send').length, MAX_UNSETTLED_PER_PEER)
  sender.acknowledged(1, 'bravo', ack([1, 3]))
  t.deepEqual(
    numbers(out),
    [1, 2, 3].map((number) => MAX_UNSETTLED_PER_PEER + number),
  )
  t.is(out.toldOf('send-delivered').length, 3)

  const large = open()
  const body = bodyOf(1024 * 1024)
  for (let count = 0; count < 6; count += 1) large.sender.send(0, 'bravo', order({ body }))
  large.sender.send(0, 'bravo', order())
  t.deepEqual(numbers(large.out), [1, 2, 3, 4], 'the small one waits behind the large ones')
  large.sender.rejected(1, 'bravo', reject(2, { of: 'send' }))
  t.deepEqual(numbers(large.out), [5], 'a reject makes room as well')
  large.sender.acknowledged(2, 'bravo', ack([1, 1]))
  t.deepEqual(numbers(large.out), [6, 7])
  t.deepEqual(outcomes(large.out), [
    [2, 'rejected'],
    [1, 'delivered'],
  ])
})

test('O11: a receipt that names what still waits does not deliver it', (t) => {
  const { sender, out } = open()
  const body = bodyOf(2 * 1024 * 1024)
  for (let count = 0; count < 4; count += 1) sender.send(0, 'bravo', order({ body }))
  sender.acknowledged(1, 'bravo', ack([1, 100]))
  t.deepEqual(outcomes(out), [
    [1, 'delivered'],
    [2, 'delivered'],
  ])
  t.deepEqual(numbers(out), [1, 2, 3, 4])
})

test('O11: large bodies and small ones have room of their own, and none overtakes', (t) => {
  const { sender, out } = open()
  const large = bodyOf(1024 * 1024)
  for (let count = 0; count < 5; count += 1) sender.send(0, 'bravo', order({ body: large }))
  sender.send(0, 'bravo', order())
  t.deepEqual(numbers(out), [1, 2, 3, 4], 'the small one would have room, but others wait before it')
  sender.acknowledged(1, 'bravo', ack([1, 1]))
  t.deepEqual(numbers(out), [5, 6])
  sender.send(2, 'bravo', order())
  t.deepEqual(numbers(out), [7], 'four large ones do not take the room of the small')
})

test('O12: beyond 65,536 messages that wait, or bodies of 64 MiB, a message fails at once', (t) => {
  const { sender, out } = closed()
  for (let count = 0; count < MAX_WAITING_PER_PEER; count += 1) sender.send(0, 'bravo', order())
  t.deepEqual(out.told(), [])
  sender.send(0, 'bravo', order())
  const [failed, ...others] = out.toldOf('send-failed')
  t.deepEqual([failed?.failure, others], [{ kind: 'line-full', line: lineOf(MAX_WAITING_PER_PEER, 0) }, []])
  t.is(sender.pendingCount, MAX_WAITING_PER_PEER, 'what failed is not kept')

  const large = closed()
  const body = bodyOf(256 * 1024)
  for (let count = 0; count < 257; count += 1) large.sender.send(0, 'bravo', order({ body }))
  t.deepEqual(
    large.out.toldOf('send-failed').map(({ failure }) => failure),
    [{ kind: 'line-full', line: lineOf(256, MAX_WAITING_BYTES_PER_PEER) }],
  )
  large.sender.linkOpened(1, 'bravo', SESSION)
  large.sender.send(1, 'bravo', order({ body }))
  t.deepEqual(large.out.told(), [], 'what left made room')
})

test('O12: a million messages in one turn: what is held is bounded, and each is told its outcome once', (t) => {
  const { sender, out } = open()
  const count = 1_000_000
  const wholeOrder = order()
  for (let index = 0; index < count; index += 1) sender.send(0, 'bravo', wholeOrder)
  const taken = MAX_UNSETTLED_PER_PEER + MAX_WAITING_PER_PEER
  t.is(sender.pendingCount, taken)
  t.is(out.toldOf('send-failed').length, count - taken)
  let delivered = 0
  for (let last = 0; sender.pendingCount > 0; ) {
    const sent = out.sentOf('send')
    if (sent.length === 0) return t.fail('nothing leaves any more')
    if (sent[0]?.sequence !== last + 1) return t.fail(`${sent[0]?.sequence} left behind ${last}`)
    last += sent.length
    sender.acknowledged(1, 'bravo', ack([1, last]))
    delivered += out.toldOf('send-delivered').length
  }
  t.is(delivered, taken)
})

test('O12: what gives up in the line leaves no hole in the numbers', (t) => {
  const { sender, out } = closed()
  sender.send(0, 'bravo', order({ deadlineAt: 100 }))
  sender.send(0, 'bravo', order({ ticket: 'kept' }))
  const given = sender.send(0, 'bravo', order())
  sender.send(0, 'bravo', order({ ticket: 'kept' }))
  sender.wake(100)
  sender.cancel(100, given)
  t.deepEqual(
    outcomes(out).map(([, outcome]) => outcome),
    ['not-sent', 'aborted'],
  )
  sender.linkOpened(101, 'bravo', SESSION)
  t.deepEqual(numbers(out), [1, 2])
  sender.acknowledged(102, 'bravo', ack([1, 2]))
  t.deepEqual(
    out.toldOf('send-delivered').map(({ parcel }) => parcel.ticket),
    ['kept', 'kept'],
  )
})

test('O13: what found no room in the queue waits, and leaves before all others when there is room', (t) => {
  const { sender, out } = open()
  for (let count = 0; count < 4; count += 1) sender.send(0, 'bravo', order())
  const [, second, third] = out.sentOf('send')
  if (second === undefined || third === undefined) return t.fail('not sent')
  sender.unsent(1, 'bravo', second, 'full')
  sender.unsent(1, 'bravo', third, 'full')
  sender.send(1, 'bravo', order())
  sender.acknowledged(2, 'bravo', ack([1, 1], [4, 4]))
  t.deepEqual(
    [numbers(out), outcomes(out)],
    [
      [],
      [
        [1, 'delivered'],
        [4, 'delivered'],
      ],
    ],
    'nothing overtakes',
  )
  sender.roomAgain('bravo')
  t.deepEqual(numbers(out), [2, 3, 5])
  sender.roomAgain('bravo')
  t.deepEqual([numbers(out), out.told()], [[], []])
})

test('O13: room that is told of while the link is not open lets nothing out; its opening does', (t) => {
  const { sender, out } = open()
  sender.send(0, 'bravo', order())
  const sent = onlySend(out)
  sender.unsent(1, 'bravo', sent, 'full')
  sender.linkClosed('bravo')
  sender.roomAgain('bravo')
  t.deepEqual(out.sent(), [])
  sender.linkOpened(2, 'bravo', SESSION)
  t.is(onlySend(out).sequence, 1)
})

test('O13: what waits for room settles at its deadline as not sent, and makes way for the next', (t) => {
  const { sender, out } = open()
  const body = bodyOf(2 * 1024 * 1024)
  sender.send(0, 'bravo', order({ body, deadlineAt: 100 }))
  sender.send(0, 'bravo', order({ body }))
  sender.send(0, 'bravo', order({ body, deadlineAt: 50 }))
  sender.send(0, 'bravo', order({ body }))
  sender.wake(50)
  t.deepEqual([numbers(out), outcomes(out)], [[1, 2], [[0, 'not-sent']]])
  sender.wake(100)
  t.deepEqual([numbers(out), outcomes(out)], [[3], [[1, 'unknown']]])
})

test('O14: who no longer wants to wait settles as aborted, with the truth about what left', (t) => {
  const { sender, out } = open()
  const body = bodyOf(2 * 1024 * 1024)
  sender.send(0, 'bravo', order({ body }))
  const [first, second, third] = [0, 0, 0].map(() => sender.send(0, 'bravo', order({ body })))
  if (first === undefined || second === undefined || third === undefined) return t.fail('not taken')
  out.sent()
  sender.cancel(1, second)
  sender.cancel(1, first)
  t.deepEqual(numbers(out), [3], 'what it held is free')
  sender.unsent(1, 'bravo', send(3, { body }), 'down')
  sender.linkClosed('bravo')
  t.deepEqual(numbers(out), [3])
  sender.unsent(2, 'bravo', send(3, { body }), 'down')
  sender.cancel(3, third)
  sender.cancel(4, third)
  t.deepEqual(
    out.toldOf('send-failed').map(({ failure }) => failure),
    [
      { kind: 'aborted', sent: false },
      { kind: 'aborted', sent: true },
      { kind: 'aborted', sent: false },
    ],
  )
  t.is(sender.pendingCount, 1, 'only the one before them')
})

test('O15: one-way messages under way and in line have one total, and what settles makes room', (t) => {
  const { sender, out } = closed()
  const total = new PeerTotal(4 * RECORD_BYTES)
  sender.addPeer('bravo', connection(1), total)
  sender.linkOpened(0, 'bravo', SESSION)
  for (let count = 0; count < 4; count += 1) sender.send(0, 'bravo', order())
  sender.linkClosed('bravo')
  const [parcel] = [sender.send(0, 'bravo', order())]
  t.deepEqual(outcomes(out), [[0, 'peer-full']])
  t.is(parcel?.phase, 'settled')
  sender.linkOpened(1, 'bravo', SESSION)
  sender.acknowledged(1, 'bravo', ack([1, 2]))
  sender.linkClosed('bravo')
  const standing = sender.send(2, 'bravo', order())
  t.is(total.bytes, 3 * RECORD_BYTES)
  sender.cancel(2, standing)
  sender.wake(5000)
  t.is(total.bytes, 0)
})
