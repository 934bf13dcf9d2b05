/**
 * The sending side of one-way messages as a script: each settles once, by its receipt or by the honest reason. How
 * messages wait for room is in sender-room.test.ts.
 */

import test from 'ava'
import { incarnation, reject } from '../support/samples.ts'
import { ack, closed, onlySend, open, order, outcomes, SESSION } from './sender-rig.ts'

test('O1: messages to a receiver are numbered from 1', (t) => {
  const { sender, out } = open()
  for (let count = 0; count < 3; count += 1) sender.send(0, 'bravo', order())
  t.deepEqual(
    out.sentOf('send').map(({ sequence }) => sequence),
    [1, 2, 3],
  )
})

test('O2: a message waits for the link, leaves once, and is not repeated', (t) => {
  const { sender, out } = closed()
  sender.send(0, 'bravo', order())
  t.deepEqual(out.sent(), [])
  sender.linkOpened(10, 'bravo', SESSION)
  t.is(onlySend(out).sequence, 1)
  sender.linkClosed('bravo')
  sender.linkOpened(20, 'bravo', SESSION)
  t.deepEqual([out.sent(), out.told()], [[], []])
})

test('O2: a message that came back because the link went down waits again', (t) => {
  const { sender, out } = open()
  sender.send(0, 'bravo', order())
  const sent = onlySend(out)
  sender.linkClosed('bravo')
  sender.unsent(5, 'bravo', sent, 'down')
  t.deepEqual(out.sent(), [])
  sender.linkOpened(10, 'bravo', { incarnation: incarnation(2), window: 1 })
  t.is(onlySend(out).sequence, 1)
  t.deepEqual(outcomes(out), [], 'it never reached the former run')
})

test('O2: a message that comes back when the link is open again leaves at once', (t) => {
  const { sender, out } = open()
  sender.send(0, 'bravo', order())
  const sent = onlySend(out)
  sender.linkClosed('bravo')
  sender.linkOpened(5, 'bravo', SESSION)
  sender.unsent(6, 'bravo', sent, 'down')
  t.is(onlySend(out).sequence, 1)
})

test('O7: receipts deliver what they name, each once', (t) => {
  const { sender, out } = open()
  for (let count = 0; count < 6; count += 1) sender.send(0, 'bravo', order())
  sender.acknowledged(1, 'bravo', ack([2, 3], [5, 5]))
  t.deepEqual(outcomes(out), [
    [2, 'delivered'],
    [3, 'delivered'],
    [5, 'delivered'],
  ])
  sender.acknowledged(2, 'bravo', ack([1, 5]))
  t.deepEqual(outcomes(out), [
    [1, 'delivered'],
    [4, 'delivered'],
  ])
  t.true(sender.isExpecting('bravo'))
  sender.acknowledged(3, 'bravo', ack([1, 100]))
  t.deepEqual(outcomes(out), [[6, 'delivered']])
  t.false(sender.isExpecting('bravo'))
  t.is(sender.deadline, Number.POSITIVE_INFINITY)
})

test('O7: a receipt without ranges settles nothing', (t) => {
  const { sender, out } = open()
  sender.send(0, 'bravo', order())
  sender.acknowledged(1, 'bravo', ack())
  t.deepEqual(out.told(), [])
})

test('O7: a reject settles its message; of what was sent before it is known', (t) => {
  const { sender, out } = open()
  sender.send(0, 'bravo', order())
  t.true(sender.rejected(1, 'bravo', reject(1, { of: 'send' })))
  t.deepEqual(outcomes(out), [[1, 'rejected']])
  t.true(sender.rejected(1, 'bravo', reject(1, { of: 'send' })))
  t.false(sender.rejected(1, 'bravo', reject(2, { of: 'send' })))
  t.deepEqual(out.told(), [])
})

test('O7: at its deadline, what left is unknown and what did not is not sent', (t) => {
  const { sender, out } = open()
  sender.send(0, 'bravo', order({ deadlineAt: 100 }))
  sender.linkClosed('bravo')
  sender.send(0, 'bravo', order({ deadlineAt: 100 }))
  t.is(sender.deadline, 100)
  sender.wake(99)
  t.deepEqual(out.told(), [], 'too early')
  sender.wake(100)
  t.deepEqual(
    outcomes(out).sort((left, right) => left[0] - right[0]),
    [
      [0, 'not-sent'],
      [1, 'unknown'],
    ],
  )
  t.is(sender.deadline, Number.POSITIVE_INFINITY)
})

test('O7: what expired in the queue is not sent', (t) => {
  const { sender, out } = open()
  sender.send(0, 'bravo', order())
  const sent = onlySend(out)
  sender.unsent(5000, 'bravo', sent, 'expired')
  sender.unsent(5000, 'bravo', sent, 'expired')
  t.deepEqual(outcomes(out), [[1, 'not-sent']])
})

test('O8: what left for a former run or window is unknown at once', (t) => {
  for (const session of [
    { incarnation: incarnation(2), window: 1 },
    { incarnation: incarnation(1), window: 2 },
  ]) {
    const { sender, out } = open()
    sender.send(0, 'bravo', order())
    sender.linkClosed('bravo')
    sender.send(0, 'bravo', order())
    out.sent()
    sender.linkOpened(10, 'bravo', session)
    t.deepEqual(outcomes(out), [[1, 'restarted']])
    t.is(onlySend(out).sequence, 2)
  }
})

test('O9: a receipt for what has not left is ignored', (t) => {
  const { sender, out } = closed()
  sender.send(0, 'bravo', order())
  sender.acknowledged(1, 'bravo', ack([1, 9]))
  sender.rejected(1, 'bravo', reject(1, { of: 'send' }))
  t.deepEqual(out.told(), [])
})

test('O9: a receipt for what came back unsent is ignored', (t) => {
  const { sender, out } = open()
  sender.send(0, 'bravo', order())
  sender.unsent(1, 'bravo', onlySend(out), 'full')
  sender.acknowledged(2, 'bravo', ack([1, 1]))
  t.deepEqual(outcomes(out), [])
  sender.roomAgain('bravo')
  sender.acknowledged(3, 'bravo', ack([1, 1]))
  t.deepEqual(outcomes(out), [[1, 'delivered']])
})

test('X4: at the end each message that waits is told once, and whether it left', (t) => {
  const { sender, out } = open()
  sender.send(0, 'bravo', order())
  sender.linkClosed('bravo')
  sender.send(0, 'bravo', order())
  sender.close(1)
  sender.close(2)
  t.deepEqual(
    out.toldOf('send-failed').map(({ failure }) => failure),
    [
      { kind: 'closed', sent: true },
      { kind: 'closed', sent: false },
    ],
  )
  t.is(sender.pendingCount, 0)
})

test('a sender without messages has no deadline', (t) => {
  const { sender, out } = open()
  t.is(sender.deadline, Number.POSITIVE_INFINITY)
  sender.wake(1_000_000)
  t.deepEqual(out.told(), [])
})
