/**
 * From a failure to the error that the caller gets: code, outcome, and whether the same call is safe to make again.
 */

import test from 'ava'
import type { Fullness } from '../../src/base/capacity.ts'
import type { ErrorCode, Outcome } from '../../src/errors.ts'
import { errorOf } from '../../src/node/failures.ts'
import { missingBecause } from '../../src/node/missing.ts'
import type { SendFailure } from '../../src/oneway/sender.ts'
import type { RequestFailure } from '../../src/rpc/caller.ts'
import { REJECT_REASONS, type RejectReason } from '../../src/wire/messages.ts'
import { reject } from '../support/samples.ts'

const attempted = {
  action: 'request "greet" from "bravo"',
  peer: 'bravo',
  ms: 120,
  attempts: 2,
  isIdempotent: false,
}

function rejected(reason: RejectReason): RequestFailure {
  return { kind: 'rejected', reject: reject(1, { reason, text: 'For a reason' }) }
}

const FULL: Fullness = { items: 65_536, maxItems: 65_536, bytes: 70_000, maxBytes: 8_388_608 }

const TABLE: [RequestFailure | SendFailure, ErrorCode, Outcome, boolean][] = [
  [{ kind: 'not-sent' }, 'NOT_SENT', 'not-sent', true],
  [{ kind: 'queue-full' }, 'QUEUE_FULL', 'not-sent', true],
  [{ kind: 'books-full', books: FULL }, 'QUEUE_FULL', 'not-sent', true],
  [{ kind: 'line-full', line: FULL }, 'QUEUE_FULL', 'not-sent', true],
  [{ kind: 'peer-full', bytes: 70_000, maxBytes: 71_000 }, 'QUEUE_FULL', 'not-sent', true],
  [{ kind: 'timeout' }, 'TIMEOUT', 'unknown', false],
  [{ kind: 'unknown' }, 'TIMEOUT', 'unknown', false],
  [{ kind: 'restarted' }, 'PEER_RESTARTED', 'unknown', false],
  [{ kind: 'aborted', sent: true }, 'ABORTED', 'unknown', false],
  [{ kind: 'aborted', sent: false }, 'ABORTED', 'not-sent', true],
  [{ kind: 'closed', sent: true }, 'CLOSED', 'unknown', false],
  [{ kind: 'closed', sent: false }, 'CLOSED', 'not-sent', true],
  [rejected('unknown-verb'), 'UNKNOWN_VERB', 'rejected', true],
  [rejected('handler-failed'), 'HANDLER_FAILED', 'handled', false],
  [rejected('expired'), 'EXPIRED', 'rejected', true],
  [rejected('overloaded'), 'OVERLOADED', 'rejected', true],
  [rejected('forgotten'), 'FORGOTTEN', 'unknown', false],
  [rejected('closing'), 'REJECTED', 'rejected', true],
  [rejected('bad-body'), 'REJECTED', 'rejected', true],
  [rejected('too-large'), 'TOO_LARGE', 'rejected', true],
  [rejected('not-allowed'), 'NOT_ALLOWED', 'rejected', true],
]

function nameOf(failure: RequestFailure | SendFailure): string {
  return failure.kind === 'rejected' ? failure.reject.reason : failure.kind
}

test('each failure has its code, its outcome, and the honest word on a retry', (t) => {
  for (const [failure, code, outcome, safeToRetry] of TABLE) {
    const error = errorOf(attempted, failure)
    t.deepEqual([error.code, error.outcome, error.safeToRetry], [code, outcome, safeToRetry], nameOf(failure))
    t.is(error.peer, 'bravo')
  }
})

test('a message begins with what was tried, and ends without a period', (t) => {
  for (const [failure] of TABLE) {
    const { message } = errorOf(attempted, failure)
    t.true(message.startsWith('Cannot request "greet" from "bravo": '), message)
    t.false(message.endsWith('.'), message)
  }
})

test('when something is full, the message says what, how full it is, and what helps', (t) => {
  const messageOf = (failure: RequestFailure | SendFailure): string => errorOf(attempted, failure).message
  const what = 'Cannot request "greet" from "bravo":'
  t.deepEqual(
    [
      messageOf({ kind: 'books-full', books: FULL }),
      messageOf({ kind: 'line-full', line: FULL }),
      messageOf({ kind: 'queue-full' }),
    ],
    [
      `${what} 65536 requests wait for an answer (at most 65536), with bodies of 70000 bytes (at most 8388608); make fewer at a time`,
      `${what} 65536 messages wait to be sent (at most 65536), with bodies of 70000 bytes (at most 8388608); await some before you send more`,
      `${what} its connection takes no more, with 7864320 bytes or 65536 messages queued; make fewer at a time`,
    ],
  )
})

test('an idempotent call is always safe to make again', (t) => {
  for (const [failure] of TABLE) {
    t.true(errorOf({ ...attempted, isIdempotent: true }, failure).safeToRetry, nameOf(failure))
  }
})

test('every reason of a reject has an error', (t) => {
  for (const reason of REJECT_REASONS) t.is(errorOf(attempted, rejected(reason)).peer, 'bravo', reason)
})

test('a reject of which a handler may have run is never called safe', (t) => {
  // The bytes of these reasons are 0x80 and above: docs/protocol.md, B43.
  for (const reason of ['handler-failed', 'forgotten', 'cancelled'] as const) {
    t.false(errorOf(attempted, rejected(reason)).safeToRetry, reason)
  }
})

test('the code of a remote error travels, an empty one does not', (t) => {
  const failure = (code: string): RequestFailure => ({
    kind: 'rejected',
    reject: reject(1, { reason: 'handler-failed', code, text: 'broken' }),
  })
  t.is(errorOf(attempted, failure('E_NO_INK')).remoteCode, 'E_NO_INK')
  t.is(errorOf(attempted, failure('')).remoteCode, undefined)
})

test('C7: each failure of a leg has its reason in the tally', (t) => {
  const table: [RequestFailure, string][] = [
    [{ kind: 'not-sent' }, 'not-sent'],
    [{ kind: 'queue-full' }, 'not-sent'],
    [{ kind: 'books-full', books: FULL }, 'not-sent'],
    [{ kind: 'timeout' }, 'timeout'],
    [{ kind: 'restarted' }, 'dead'],
    [{ kind: 'aborted', sent: false }, 'not-sent'],
    [{ kind: 'aborted', sent: true }, 'timeout'],
    [{ kind: 'closed', sent: false }, 'not-sent'],
    [{ kind: 'closed', sent: true }, 'timeout'],
    [rejected('unknown-verb'), 'refused'],
  ]
  for (const [failure, reason] of table)
    t.is(missingBecause(failure).reason, reason as never, nameOf(failure))
  t.is(missingBecause(rejected('closing')).text, 'For a reason')
})
