/**
 * What a queue must know of a message: its lane, its size, its deadline, and whether it travels alone (clauses T21 and B8).
 * The queue itself is generic (transport/outbox.ts), and the mailer only passes this on. No state is kept here.
 */

import type { OutboxTraits } from '../transport/outbox.ts'
import { isLarge, sizeOf } from '../wire/batch.ts'
import type { Message } from '../wire/messages.ts'

/** What goes first. Topics will have the lane between requests and bulk. */
const CONTROL_LANE = 0
const RPC_LANE = 1
const BULK_LANE = 3

export const MESSAGE_TRAITS: OutboxTraits<Message> = {
  laneOf: (message) => {
    switch (message.kind) {
      case 'request':
      case 'reply':
      case 'reject':
      case 'send':
      // A Cancel stays behind the request that it cancels.
      case 'cancel':
      // Neither may overtake the Offer or the Reject that it belongs to.
      case 'decline':
      case 'withdraw':
        return RPC_LANE
      case 'chunk':
        return BULK_LANE
      // Repeated, it asks what has become of the chunks that left before it.
      case 'offer':
        return message.isRepeat ? BULK_LANE : RPC_LANE
      default:
        return CONTROL_LANE
    }
  },
  bytesOf: sizeOf,
  expiresAtOf: (message) =>
    message.kind === 'request' || message.kind === 'send' ? message.expiresAt : Number.POSITIVE_INFINITY,
  isLarge,
}
