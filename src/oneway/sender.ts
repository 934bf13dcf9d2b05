/**
 * The sending side of one-way messages: lets them wait for the link and for room, numbers them as they leave, and settles
 * each by its receipt.
 *
 * A one-way message is handed over at most once and never repeated. What is not acknowledged in time is `unknown` when
 * it was handed over and `not-sent` when it was not; the difference is what makes the answer honest.
 *
 * A message stands in the line of its peer until the link is open and the books have room, then in the books until its
 * receipt. It gets its number when it enters the books, so that one that gives up in the line leaves no hole behind in
 * what the receiver remembers.
 */

import { assert, unreachable } from '../base/assert.ts'
import { Books, type Entry } from '../base/books.ts'
import type { Fullness, Limits } from '../base/capacity.ts'
import { Deadlines, type Timed } from '../base/deadlines.ts'
import { type ConnectionId, isSameWindow, type WindowId } from '../base/ids.ts'
import type { PeerTotal } from '../base/peer-total.ts'
import { DEFAULT_MAX_BODY_BYTES, LARGE_BODIES_PER_PEER, TRANSFER_BODY_BYTES } from '../wire/limits.ts'
import type { Ack, Body, Reject, Send } from '../wire/messages.ts'
import type { Out, UnsentCause } from '../wire/out.ts'
import { type Standing, WaitingLine } from './waiting-line.ts'

/**
 * One-way messages that may be under way to one peer without a receipt, and the bytes of their bodies: half of what the
 * outbox of a connection takes, so that requests find room beside them, and far more than a receipt needs to come back.
 */
export const MAX_UNSETTLED_PER_PEER = 32_768
export const MAX_UNSETTLED_BYTES_PER_PEER = 4 * 1024 * 1024

/**
 * One-way messages that may wait for one peer, and the bytes of their bodies. Raw bodies are the user's own memory, and
 * a user who awaits what he sends never comes near; the bound is for the loop that does not. Bodies from
 * TRANSFER_BODY_BYTES on are counted apart, in both places: of them, LARGE_BODIES_PER_PEER of the largest size fit.
 */
export const MAX_WAITING_PER_PEER = 65_536
export const MAX_WAITING_BYTES_PER_PEER = 64 * 1024 * 1024

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
  | { readonly kind: 'line-full'; readonly line: Fullness }
  | { readonly kind: 'peer-full'; readonly bytes: number; readonly maxBytes: number }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'restarted' }
  | { readonly kind: 'aborted'; readonly sent: boolean }
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

/**
 * `standing`: in the line, without a number. `sent`: handed to the link. `returned`: in the books, and handed back unsent.
 */
type Phase = 'standing' | 'sent' | 'returned' | 'settled'

/** One message from order to receipt. Opaque to the owner, except for `ticket` and `peer`. */
export class Parcel implements Timed, Entry, Standing<Parcel> {
  dueAt = 0
  heapIndex = -1
  ahead: Parcel | undefined = undefined
  behind: Parcel | undefined = undefined
  phase: Phase = 'standing'
  sentTo: WindowId | undefined
  /** 0 while it stands in the line. */
  sequence = 0
  readonly receiver: Receiver
  readonly startedAt: number
  readonly order: SendOrder

  constructor(receiver: Receiver, startedAt: number, order: SendOrder) {
    this.receiver = receiver
    this.startedAt = startedAt
    this.order = order
  }

  get ticket(): unknown {
    return this.order.ticket
  }

  get peer(): string {
    return this.receiver.peer
  }

  get sizeBytes(): number {
    return this.order.body.bytes.length
  }
}

/** What the sender knows of one peer. */
class Receiver {
  readonly peer: string
  readonly connection: ConnectionId
  readonly books: Books<Parcel>
  readonly line: WaitingLine<Parcel>
  /** The queue of the connection had no room for a message, and nobody has told since that it has. */
  isHeldUp = false

  readonly total: PeerTotal | undefined

  constructor(
    peer: string,
    connection: ConnectionId,
    { window, line, total }: { window: Limits; line: Limits; total: PeerTotal | undefined },
  ) {
    this.peer = peer
    this.connection = connection
    this.books = new Books(window)
    this.line = new WaitingLine(line)
    this.total = total
  }

  /** Whether a message may be handed to the link now, ahead of the line. */
  hasRoom(sizeBytes: number): boolean {
    return this.books.session !== undefined && !this.isHeldUp && this.books.hasRoom(sizeBytes)
  }
}

/** All one-way messages of one node or client. */
export class Sender {
  readonly #receivers = new Map<string, Receiver>()
  readonly #deadlines = new Deadlines<Parcel>()
  readonly #out: Out<SenderEvent>

  readonly #window: Limits
  readonly #line: Limits

  constructor(out: Out<SenderEvent>, maxBodyBytes = DEFAULT_MAX_BODY_BYTES) {
    this.#out = out
    const large = { fromBytes: TRANSFER_BODY_BYTES, maxBytes: LARGE_BODIES_PER_PEER * maxBodyBytes }
    this.#window = { maxItems: MAX_UNSETTLED_PER_PEER, maxBytes: MAX_UNSETTLED_BYTES_PER_PEER, large }
    this.#line = { maxItems: MAX_WAITING_PER_PEER, maxBytes: MAX_WAITING_BYTES_PER_PEER, large }
  }

  get deadline(): number {
    return this.#deadlines.next
  }

  get pendingCount(): number {
    return this.#deadlines.size
  }

  /** `total`: what may wait for this peer in all its places. */
  addPeer(peer: string, connection: ConnectionId, total?: PeerTotal): void {
    const limits = { window: this.#window, line: this.#line, total }
    this.#receivers.set(peer, new Receiver(peer, connection, limits))
  }

  /** Whether a message to `peer` waits for its receipt. */
  isExpecting(peer: string): boolean {
    return this.#receiver(peer).books.size > 0
  }

  /** Starts a message. Its outcome is told exactly once, perhaps before this returns. */
  send(now: number, peer: string, order: SendOrder): Parcel {
    const receiver = this.#receiver(peer)
    const { line, total } = receiver
    const parcel = new Parcel(receiver, now, order)
    if (total?.hasRoom(parcel.sizeBytes) === false) {
      this.#tellFailed(now, parcel, { kind: 'peer-full', bytes: total.bytes, maxBytes: total.maxBytes })
    } else if (line.size === 0 && receiver.hasRoom(parcel.sizeBytes)) {
      this.#take(parcel)
      this.#handOver(parcel)
    } else if (line.hasRoom(parcel.sizeBytes)) {
      this.#take(parcel)
      line.join(parcel)
    } else {
      this.#tellFailed(now, parcel, { kind: 'line-full', line: line.fullnessFor(parcel.sizeBytes) })
    }
    return parcel
  }

  /** The message with this number that is not settled. */
  unsettled(peer: string, sequence: number): Parcel | undefined {
    return this.#receiver(peer).books.get(sequence)
  }

  /** The caller no longer wants to wait for the receipt. Does nothing when the message is settled. */
  cancel(now: number, parcel: Parcel): void {
    if (parcel.phase === 'settled') return
    this.#fail(now, parcel, { kind: 'aborted', sent: parcel.phase === 'sent' })
    this.#letIn(parcel.receiver)
  }

  /** Receipts came in on the link to `peer`. */
  acknowledged(now: number, peer: string, ack: Ack): void {
    const receiver = this.#receiver(peer)
    let index = 0
    for (const parcel of receiver.books.upTo(ack.ranges.at(-1)?.last ?? 0)) {
      while (index < ack.ranges.length && (ack.ranges[index]?.last ?? 0) < parcel.sequence) index += 1
      const range = ack.ranges[index]
      if (range === undefined) break
      // A message that came back unsent cannot have been received: such a receipt is a lie or a leftover.
      if (parcel.sequence >= range.first && parcel.phase === 'sent') {
        this.#settle(parcel, { kind: 'send-delivered', parcel, now })
      }
    }
    this.#letIn(receiver)
  }

  /** The peer has no use for the message. Gives whether it answers anything that was ever sent. */
  rejected(now: number, peer: string, reject: Reject): boolean {
    const receiver = this.#receiver(peer)
    const { books } = receiver
    const parcel = books.get(reject.sequence)
    if (parcel?.phase === 'sent') {
      this.#fail(now, parcel, { kind: 'rejected', reject })
      this.#letIn(receiver)
    }
    return books.wasGiven(reject.sequence)
  }

  linkOpened(now: number, peer: string, session: WindowId): void {
    const receiver = this.#receiver(peer)
    receiver.books.session = session
    receiver.isHeldUp = false
    for (const parcel of receiver.books.all()) {
      if (parcel.phase === 'returned') this.#transmit(parcel)
      else if (!isSameWindow(parcel.sentTo, session)) this.#fail(now, parcel, { kind: 'restarted' })
    }
    this.#letIn(receiver)
  }

  linkClosed(peer: string): void {
    this.#receiver(peer).books.session = undefined
  }

  /** A message that was handed to the link of `peer` never left. */
  unsent(now: number, peer: string, message: Send, cause: UnsentCause): void {
    const receiver = this.#receiver(peer)
    const parcel = receiver.books.get(message.sequence)
    if (parcel?.phase !== 'sent') return
    parcel.phase = 'returned'
    switch (cause) {
      case 'full':
        receiver.isHeldUp = true
        return
      case 'expired':
        this.#fail(now, parcel, { kind: 'not-sent' })
        this.#letIn(receiver)
        return
      case 'down':
        if (receiver.books.session !== undefined && !receiver.isHeldUp) this.#transmit(parcel)
        return
      default:
        unreachable(cause)
    }
  }

  /** The queue of the link to `peer` had no room for a message, and has some again. */
  roomAgain(peer: string): void {
    const receiver = this.#receiver(peer)
    receiver.isHeldUp = false
    if (receiver.books.session === undefined) return
    for (const parcel of receiver.books.all()) if (parcel.phase === 'returned') this.#transmit(parcel)
    this.#letIn(receiver)
  }

  close(now: number): void {
    for (const { books, line } of this.#receivers.values()) {
      for (const parcel of books.all()) {
        this.#fail(now, parcel, { kind: 'closed', sent: parcel.phase === 'sent' })
      }
      for (let parcel = line.first; parcel !== undefined; parcel = line.first) {
        this.#fail(now, parcel, { kind: 'closed', sent: false })
      }
    }
  }

  wake(now: number): void {
    if (now < this.#deadlines.next) return
    this.#deadlines.takeDue(now, (parcel) =>
      this.#fail(now, parcel, { kind: parcel.phase === 'sent' ? 'unknown' : 'not-sent' }),
    )
    for (const receiver of this.#receivers.values()) this.#letIn(receiver)
  }

  #take(parcel: Parcel): void {
    this.#deadlines.set(parcel, parcel.order.deadlineAt)
    parcel.receiver.total?.add(parcel.sizeBytes)
  }

  /** Lets in from the line whatever has room. */
  #letIn(receiver: Receiver): void {
    const { line } = receiver
    for (let parcel = line.first; parcel !== undefined; parcel = line.first) {
      if (!receiver.hasRoom(parcel.sizeBytes)) return
      line.leave(parcel)
      this.#handOver(parcel)
    }
  }

  #handOver(parcel: Parcel): void {
    parcel.receiver.books.enter(parcel)
    this.#transmit(parcel)
  }

  #transmit(parcel: Parcel): void {
    const { receiver, order } = parcel
    assert(receiver.books.session !== undefined, 'a message leaves on an open link only')
    parcel.phase = 'sent'
    parcel.sentTo = receiver.books.session
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

  /** A message that was never taken in. */
  #tellFailed(now: number, parcel: Parcel, failure: SendFailure): void {
    parcel.phase = 'settled'
    this.#out.tell({ kind: 'send-failed', parcel, now, failure })
  }

  #settle(parcel: Parcel, event: SenderEvent): void {
    assert(parcel.phase !== 'settled', 'a message settles once')
    const { receiver } = parcel
    this.#deadlines.remove(parcel)
    receiver.total?.remove(parcel.sizeBytes)
    if (parcel.phase === 'standing') receiver.line.leave(parcel)
    else receiver.books.remove(parcel)
    parcel.phase = 'settled'
    this.#out.tell(event)
  }

  #receiver(peer: string): Receiver {
    const receiver = this.#receivers.get(peer)
    assert(receiver !== undefined, `"${peer}" is a peer`)
    return receiver
  }
}
