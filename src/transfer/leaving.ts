/**
 * One body on its way to somebody: how far it was handed over, how far it may go, and how far it is known to have come. Only
 * what is known stands here; what follows from it is decided by outgoing.ts.
 */

import type { Timed } from '../base/deadlines.ts'
import type { ConnectionId } from '../base/ids.ts'
import type { Freight, Offer } from '../wire/messages.ts'

const NO_BYTES = new Uint8Array(0)

/** One body on its way to somebody. */
export class Leaving implements Timed {
  dueAt = 0
  heapIndex = -1
  state: 'waiting' | 'open' | 'over' = 'waiting'
  /** How often the message was handed over: its later attempts are the same transfer. */
  copies = 1
  /** Its owner has handed it over once more. */
  isAskedAgain = false
  position = 0
  limitBytes = 0
  confirmedBytes = 0
  /** Up to here a byte may have left. */
  handedBytes = 0
  hasGoneBack = false
  /** Where we stood when the Offer was repeated last, until that is answered. */
  askedAtBytes: number | undefined
  repeats = 0
  /** When it was offered first. */
  openedAt = 0
  heardAt = 0
  message: Freight
  readonly connection: ConnectionId
  readonly transfer: number

  constructor(connection: ConnectionId, transfer: number, message: Freight) {
    this.connection = connection
    this.transfer = transfer
    this.message = message
  }

  get key(): string {
    return keyOf(this.connection, this.message.kind, this.message.sequence)
  }

  get totalBytes(): number {
    return this.message.body.bytes.length
  }

  /** When nobody wants it any more. */
  get expiresAt(): number {
    const { message } = this
    if (message.kind === 'request') return message.deadlineAt
    return message.kind === 'send' ? message.expiresAt : Number.POSITIVE_INFINITY
  }
}

/** What tells a message from all others on their way, whatever its attempt. */
export function keyOf(connection: ConnectionId, kind: Freight['kind'], sequence: number): string {
  return `${connection}/${kind}/${sequence}`
}

export function offerOf({ transfer, message, totalBytes }: Leaving, isRepeat: boolean): Offer {
  const head = { ...message, body: { type: message.body.type, bytes: NO_BYTES } }
  return { kind: 'offer', transfer, totalBytes, head, isRepeat }
}
