/**
 * From what a machine tells to the error that the caller gets: each failure with its outcome, and with the answer to
 * the question whether the same call is safe to make again.
 */

import { unreachable } from '../base/assert.ts'
import type { Fullness } from '../base/capacity.ts'
import { RECORD_BYTES } from '../base/peer-total.ts'
import { type ErrorCode, ZmqnetError } from '../errors.ts'
import type { SendFailure } from '../oneway/sender.ts'
import type { RequestFailure } from '../rpc/caller.ts'
import type { Reject, RejectReason } from '../wire/messages.ts'
import { QUEUE_LIMITS } from './mailer.ts'

/** What failed: "request" or "send", the verb and the peer, and how long it took. */
export interface Attempted {
  readonly action: { toString(): string }
  readonly peer: string
  readonly ms: number
  readonly attempts: number
  readonly isIdempotent: boolean
}

/** The error for a failed request or one-way message. */
export function errorOf(attempted: Attempted, failure: RequestFailure | SendFailure): ZmqnetError {
  const { peer, ms, attempts, isIdempotent } = attempted
  const what = `Cannot ${attempted.action}`
  const unknown = { outcome: 'unknown', safeToRetry: isIdempotent, peer } as const
  const times = attempts > 1 ? ` and ${attempts} attempts` : ''
  switch (failure.kind) {
    case 'not-sent':
      return new ZmqnetError({
        code: 'NOT_SENT',
        peer,
        message: `${what}: not reached within ${ms} ms, nothing was sent`,
      })
    case 'books-full':
    case 'line-full':
    case 'peer-full':
    case 'queue-full':
      return new ZmqnetError({ code: 'QUEUE_FULL', peer, message: `${what}: ${fullBecause(failure)}` })
    case 'timeout':
      return new ZmqnetError({
        code: 'TIMEOUT',
        ...unknown,
        message: `${what}: no answer within ${ms} ms${times}`,
      })
    case 'unknown':
      return new ZmqnetError({
        code: 'TIMEOUT',
        ...unknown,
        message: `${what}: sent, but no receipt within ${ms} ms`,
      })
    case 'restarted':
      return new ZmqnetError({
        code: 'PEER_RESTARTED',
        ...unknown,
        message: `${what}: it restarted after ${ms} ms, before it answered`,
      })
    case 'aborted':
    case 'closed': {
      const code = failure.kind === 'aborted' ? 'ABORTED' : 'CLOSED'
      const why = failure.kind === 'aborted' ? 'the caller aborted it' : 'this node closed'
      const fate = failure.sent ? unknown : ({ outcome: 'not-sent', safeToRetry: true, peer } as const)
      return new ZmqnetError({ code, ...fate, message: `${what}: ${why} after ${ms} ms` })
    }
    case 'rejected':
      return rejectedError(what, attempted, failure.reject)
    default:
      return unreachable(failure)
  }
}

/** What is full, how full, and what helps. */
function fullBecause(
  failure: Extract<
    RequestFailure | SendFailure,
    { kind: 'books-full' | 'line-full' | 'peer-full' | 'queue-full' }
  >,
): string {
  switch (failure.kind) {
    case 'books-full':
      return `${sumOf('requests wait for an answer', failure.books)}; make fewer at a time`
    case 'line-full':
      return `${sumOf('messages wait to be sent', failure.line)}; await some before you send more`
    case 'peer-full':
      return (
        `${failure.bytes} bytes wait for it in all (at most ${failure.maxBytes}, with ${RECORD_BYTES} for each operation); ` +
        'make fewer at a time'
      )
    case 'queue-full': {
      const { maxBytes, maxItems } = QUEUE_LIMITS
      return `its connection takes no more, with ${maxBytes} bytes or ${maxItems} messages queued; make fewer at a time`
    }
    default:
      return unreachable(failure)
  }
}

function sumOf(what: string, { items, maxItems, bytes, maxBytes }: Fullness): string {
  return `${items} ${what} (at most ${maxItems}), with bodies of ${bytes} bytes (at most ${maxBytes})`
}

const CODES: Readonly<Record<RejectReason, ErrorCode>> = {
  'unknown-verb': 'UNKNOWN_VERB',
  'handler-failed': 'HANDLER_FAILED',
  expired: 'EXPIRED',
  overloaded: 'OVERLOADED',
  forgotten: 'FORGOTTEN',
  cancelled: 'REJECTED',
  closing: 'REJECTED',
  'bad-body': 'REJECTED',
  'too-large': 'TOO_LARGE',
  'not-allowed': 'NOT_ALLOWED',
}

function rejectedError(what: string, { peer, isIdempotent }: Attempted, reject: Reject): ZmqnetError {
  const { reason, text } = reject
  const code = CODES[reason]
  const remote = reject.code === '' ? {} : { remoteCode: reject.code }
  switch (reason) {
    case 'handler-failed': {
      const fate = { outcome: 'handled', safeToRetry: isIdempotent, peer } as const
      return new ZmqnetError({ code, ...fate, ...remote, message: `${what}: its handler failed: ${text}` })
    }
    // The handler may have run, or may still run.
    case 'forgotten':
    case 'cancelled':
      return new ZmqnetError({
        code,
        outcome: 'unknown',
        safeToRetry: isIdempotent,
        peer,
        message: `${what}: ${text}`,
      })
    // Nothing ran. The same call may be made again, although the first four would meet the same answer.
    case 'too-large':
    case 'bad-body':
    case 'not-allowed':
    case 'unknown-verb':
    case 'expired':
    case 'overloaded':
    case 'closing':
      return new ZmqnetError({
        code,
        outcome: 'rejected',
        safeToRetry: true,
        peer,
        message: `${what}: ${text}`,
      })
    default:
      return unreachable(reason)
  }
}
