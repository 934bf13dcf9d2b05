/**
 * Why a peer is missing in a tally, from what became of the request that was its leg.
 */

import { unreachable } from '../base/assert.ts'
import type { MissingReason } from '../broadcast/tally.ts'
import type { RequestFailure } from '../rpc/caller.ts'

/** The reason, and a sentence for people. */
export function missingBecause(failure: RequestFailure): {
  readonly reason: MissingReason
  readonly text: string
} {
  switch (failure.kind) {
    case 'not-sent':
      return { reason: 'not-sent', text: 'It could not be reached in time' }
    case 'books-full':
    case 'peer-full':
    case 'queue-full':
      return { reason: 'not-sent', text: 'Too much waits for it already' }
    case 'timeout':
      return { reason: 'timeout', text: 'It did not answer in time' }
    case 'restarted':
      return { reason: 'dead', text: 'It restarted before it answered' }
    case 'aborted':
    case 'closed':
      return { reason: failure.sent ? 'timeout' : 'not-sent', text: 'It was not waited for' }
    case 'rejected':
      return { reason: 'refused', text: failure.reject.text }
    default:
      return unreachable(failure)
  }
}
