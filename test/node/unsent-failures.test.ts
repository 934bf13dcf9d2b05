/** What becomes of a failure when it turns out that nothing arrived. */

import test from 'ava'
import { unsentRequest, unsentSend } from '../../src/node/unsent-failures.ts'
import { reject } from '../support/samples.ts'

test('T19: a request of which a part never left was not sent, whatever ended it', (t) => {
  t.deepEqual(unsentRequest({ kind: 'timeout' }), { kind: 'not-sent' })
  t.deepEqual(unsentRequest({ kind: 'aborted', sent: true }), { kind: 'aborted', sent: false })
  t.deepEqual(unsentRequest({ kind: 'closed', sent: true }), { kind: 'closed', sent: false })
  const rejected = { kind: 'rejected', reject: reject(1) } as const
  t.is(unsentRequest(rejected), rejected)
})

test('T19: a one-way message of which a part never left was not sent', (t) => {
  t.deepEqual(unsentSend({ kind: 'unknown' }), { kind: 'not-sent' })
  t.deepEqual(unsentSend({ kind: 'restarted' }), { kind: 'not-sent' })
  t.deepEqual(unsentSend({ kind: 'closed', sent: true }), { kind: 'closed', sent: false })
  const rejected = { kind: 'rejected', reject: reject(1, { of: 'send' }) } as const
  t.is(unsentSend(rejected), rejected)
})
