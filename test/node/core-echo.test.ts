/**
 * Which Beats of whole cores want an Echo: the first and every eighth, and all of them while an answer or ACK is awaited.
 * Here the peer is heard often, so that its silence is never the reason; core-mesh.test.ts has that.
 */

import test from 'ava'
import { type Pair, startPair } from '../support/core-mesh.ts'
import { NO_BODY, order } from '../support/samples.ts'

/** Lets `beats` Beats leave alpha while bravo is heard every 50 ms; gives the numbers of those that want an Echo. */
function asking({ mesh, alpha }: Pair, beats: number): number[] {
  const wanted: number[] = []
  for (let count = 0; count < beats; ) {
    // It does nothing but be heard.
    mesh.forge('bravo', 'alpha', { kind: 'cancel', sequence: 99 })
    for (const { message } of alpha.sent.splice(0)) {
      if (message.kind !== 'beat') continue
      count += 1
      if (message.wantsEcho) wanted.push(message.number)
    }
    mesh.pass(50)
  }
  return wanted
}

test('L2: a link on which nothing is awaited asks with the first Beat and every eighth', (t) => {
  t.deepEqual(asking(startPair(), 24), [1, 9, 17])
})

test('L2: a link on which an answer is awaited asks with each Beat, and no more once it came', (t) => {
  const all = startPair()
  const { mesh, alpha, bravo } = all
  const deadlineAt = mesh.now + 60_000
  alpha.core.outreach.caller.request(mesh.now, 'bravo', order({ timeoutMs: 60_000, deadlineAt }))
  mesh.settle()
  t.deepEqual(asking(all, 7), [1, 2, 3, 4, 5, 6, 7])
  for (const { call } of bravo.take('call')) {
    bravo.core.reception.responder.finish(call, { kind: 'done', body: NO_BODY })
  }
  mesh.settle()
  t.is(alpha.take('request-done').length, 1)
  t.deepEqual(asking(all, 16), [9, 17])
})

test('L2: a link on which an ACK is awaited asks with each Beat, and no more once it came', (t) => {
  const all = startPair()
  const { mesh, alpha } = all
  mesh.isLost = (from, _to, { kind }) => from === 'bravo' && kind === 'ack'
  const deadlineAt = mesh.now + 60_000
  const send = (): void => {
    alpha.core.outreach.sender.send(mesh.now, 'bravo', {
      verb: 'note',
      body: NO_BODY,
      deadlineAt,
      ticket: undefined,
    })
    mesh.settle()
  }
  send()
  t.deepEqual(asking(all, 7), [1, 2, 3, 4, 5, 6, 7])
  mesh.isLost = () => false
  send()
  t.is(alpha.take('send-delivered').length, 2)
  t.deepEqual(asking(all, 16), [9, 17])
})
