/**
 * The sending side of one-way messages: numbers them, lets them wait for the link, and settles each by its receipt.
 *
 * A one-way message is handed over at most once and never repeated. What is not acknowledged in time is `unknown` when
 * it was handed over and `not-sent` when it was not; the difference is what makes the answer honest.
 */

import { assert, unreachable } from '../base/assert.ts'
import { Deadlines, type Timed } from '../base/deadlines.ts'
import { type ConnectionId, isSameWindow, type WindowId } from '../base/ids.ts'
import type { Ack, Body, Reject, Send } from '../wire/messages.ts'
import type { Out, UnsentCause } from '../wire/out.ts'

/** One-way messages that may wait for their receipt from one peer. */
export const MAX_UNSETTLED_PER_PEER = 65_536
/** Bytes of their bodies, which are held while the link is not open: half of the 16 MiB that a peer may cost. */
export const MAX_UNSETTLED_BYTES_PER_PEER = 8 * 1024 * 1024

/** What a sender wants. */
export interface SendOrder {
  readonly verb: string
  readonly body: Body
  /** When the message settles in any case. */
  readonly deadlineAt: number
  /** Whatever the owner wants back when the message settles. */
  readonly ticket: unknown
}

/** Why there is no receipt. */
export type SendFailure =
  | { readonly kind: 'not-sent' }
  | { readonly kind: 'queue-full' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'restarted' }
  | { readonly kind: 'closed'; readonly sent: boolean }
  | { readonly kind: 'rejected'; readonly reject: Reject }

/** What a sender tells. */
export type SenderEvent =
  | { readonly kind: 'send-delivered'; readonly parcel: Parcel; readonly now: number }
  | {
      readonly kind: 'send-failed'
      readonly parcel: Parcel
      readonly now: number
      readonly failure: SendFailure
    }

/** One message from order to receipt. */
export class Parcel implements Timed {
  dueAt = 0
  heapIndex = -1
  state: 'waiting' | 'sent' | 'settled' = 'waiting'
  sentTo: WindowId | undefined
  readonly receiver: Receiver
  readonly sequence: number
  readonly startedAt: number
  readonly order: SendOrder

  constructor(receiver: Receiver, sequence: number, startedAt: number, order: SendOrder) {
    this.receiver = receiver
    this.sequence = sequence
    this.startedAt = startedAt
    this.order = order
  }

  get ticket(): unknown {
    return this.order.ticket
  }

  get peer(): string {
    return this.receiver.peer
  }
}

/** What the sender knows of one peer. */
class Receiver {
  readonly peer: string
  readonly connection: ConnectionId
  /** In the order of their sequences. */
  readonly unsettled = new Map<number, Parcel>()
  unsettledBytes = 0
  nextSequence = 1
  session: WindowId | undefined

  constructor(peer: string, connection: ConnectionId) {
    this.peer = peer
    this.connection = connection
  }
}

/** All one-way messages of one node or client. */
export class Sender {
  readonly #receivers = new Map<string, Receiver>()
  readonly #deadlines = new Deadlines<Parcel>()
  readonly #out: Out<SenderEvent>

  constructor(out: Out<SenderEvent>) {
    this.#out = out
  }

  get deadline(): number {
    return this.#deadlines.next
  }

  get pendingCount(): number {
    return this.#deadlines.size
  }

  addPeer(peer: string, connection: ConnectionId): void {
    this.#receivers.set(peer, new Receiver(peer, connection))
  }

  /** Whether a message to `peer` waits for its receipt. */
  isExpecting(peer: string): boolean {
    return this.#receiver(peer).unsettled.size > 0
  }

  send(now: number, peer: string, order: SendOrder): Parcel {
    const receiver = this.#receiver(peer)
    const parcel = new Parcel(receiver, receiver.nextSequence, now, order)
    const unsettledBytes = receiver.unsettledBytes + order.body.bytes.length
    if (receiver.unsettled.size >= MAX_UNSETTLED_PER_PEER || unsettledBytes > MAX_UNSETTLED_BYTES_PER_PEER) {
      this.#fail(now, parcel, { kind: 'queue-full' })
      return parcel
    }
    receiver.nextSequence += 1
    receiver.unsettled.set(parcel.sequence, parcel)
    receiver.unsettledBytes = unsettledBytes
    this.#deadlines.set(parcel, order.deadlineAt)
    if (receiver.session !== undefined) this.#transmit(parcel)
    return parcel
  }

  /** Receipts came in on the link to `peer`. */
  acknowledged(now: number, peer: string, ack: Ack): void {
    const { unsettled } = this.#receiver(peer)
    let index = 0
    for (const parcel of unsettled.values()) {
      while (index < ack.ranges.length && (ack.ranges[index]?.last ?? 0) < parcel.sequence) index += 1
      const range = ack.ranges[index]
      if (range === undefined) return
      // A message that still waits here cannot have been received: such a receipt is a lie or a leftover.
      if (parcel.sequence >= range.first && parcel.state === 'sent') {
        this.#settle(parcel, { kind: 'send-delivered', parcel, now })
      }
    }
  }

  /** The peer has no use for the message. Gives whether it answers anything that was ever sent. */
  rejected(now: number, peer: string, reject: Reject): boolean {
    const receiver = this.#receiver(peer)
    const parcel = receiver.unsettled.get(reject.sequence)
    if (parcel?.state === 'sent') this.#fail(now, parcel, { kind: 'rejected', reject })
    return reject.sequence < receiver.nextSequence
  }

  linkOpened(now: number, peer: string, session: WindowId): void {
    const receiver = this.#receiver(peer)
    receiver.session = session
    for (const parcel of receiver.unsettled.values()) {
      if (parcel.state === 'waiting') this.#transmit(parcel)
      else if (!isSameWindow(parcel.sentTo, session)) this.#fail(now, parcel, { kind: 'restarted' })
    }
  }

  linkClosed(peer: string): void {
    this.#receiver(peer).session = undefined
  }

  /** A message that was handed to the link of `peer` never left. */
  unsent(now: number, peer: string, message: Send, cause: UnsentCause): void {
    const receiver = this.#receiver(peer)
    const parcel = receiver.unsettled.get(message.sequence)
    if (parcel === undefined || parcel.state !== 'sent') return
    parcel.state = 'waiting'
    switch (cause) {
      case 'full':
        this.#fail(now, parcel, { kind: 'queue-full' })
        return
      case 'expired':
        this.#fail(now, parcel, { kind: 'not-sent' })
        return
      case 'down':
        if (receiver.session !== undefined) this.#transmit(parcel)
        return
      default:
        unreachable(cause)
    }
  }

  close(now: number): void {
    for (const receiver of this.#receivers.values()) {
      for (const parcel of receiver.unsettled.values()) {
        this.#fail(now, parcel, { kind: 'closed', sent: parcel.state === 'sent' })
      }
    }
  }

  wake(now: number): void {
    this.#deadlines.takeDue(now, (parcel) =>
      this.#fail(now, parcel, { kind: parcel.state === 'sent' ? 'unknown' : 'not-sent' }),
    )
  }

  #transmit(parcel: Parcel): void {
    const { receiver, order } = parcel
    parcel.state = 'sent'
    parcel.sentTo = receiver.session
    this.#out.send(receiver.connection, {
      kind: 'send',
      sequence: parcel.sequence,
      expiresAt: order.deadlineAt,
      verb: order.verb,
      body: order.body,
    })
  }

  #fail(now: number, parcel: Parcel, failure: SendFailure): void {
    this.#settle(parcel, { kind: 'send-failed', parcel, now, failure })
  }

  #settle(parcel: Parcel, event: SenderEvent): void {
    assert(parcel.state !== 'settled', 'a message settles once')
    parcel.state = 'settled'
    this.#deadlines.remove(parcel)
    const { receiver } = parcel
    if (receiver.unsettled.get(parcel.sequence) === parcel) {
      receiver.unsettled.delete(parcel.sequence)
      receiver.unsettledBytes -= parcel.order.body.bytes.length
    }
    this.#out.tell(event)
  }

  #receiver(peer: string): Receiver {
    const receiver = this.#receivers.get(peer)
    assert(receiver !== undefined, `"${peer}" is a peer`)
    return receiver
  }
}
