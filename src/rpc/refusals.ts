/**
 * The answers of a callee that are no replies: how a REJECT of a request is made, and the sentences that are said in more
 * than one place. When which of them is given is decided by the responder.
 */

import type { Reject, RejectReason, Reply } from '../wire/messages.ts'

/** What a request is answered with. */
export type Answer = Reply | Reject

export const PUT_OFF = 'Its handler had not begun, because too many answers wait for this caller'
export const LATE = 'Its handler had not begun, because this node has more to do than it has time for'

export function forgotten(sequence: number, text: string): Reject {
  return reject(sequence, 'forgotten', text)
}

export function reject(sequence: number, reason: RejectReason, text: string, code = ''): Reject {
  return { kind: 'reject', of: 'request', sequence, reason, code, text }
}
