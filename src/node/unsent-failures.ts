/**
 * What becomes of a failure when it turns out that nothing of it arrived: a body that travels in chunks may leave in
 * part, and as long as a byte of it never left, nobody can have handled it. The machines of requests and one-way messages
 * cannot know this; whoever carries their bodies does.
 */

import type { SendFailure } from '../oneway/sender.ts'
import type { RequestFailure } from '../rpc/caller.ts'

/** The failure of a request that certainly did not arrive. */
export function unsentRequest(failure: RequestFailure): RequestFailure {
  switch (failure.kind) {
    case 'timeout':
      return { kind: 'not-sent' }
    case 'aborted':
    case 'closed':
      return { kind: failure.kind, sent: false }
    default:
      return failure
  }
}

/** The failure of a one-way message that certainly did not arrive. */
export function unsentSend(failure: SendFailure): SendFailure {
  switch (failure.kind) {
    case 'unknown':
    case 'restarted':
      return { kind: 'not-sent' }
    case 'closed':
      return { kind: 'closed', sent: false }
    default:
      return failure
  }
}
