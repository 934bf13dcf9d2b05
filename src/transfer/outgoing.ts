/**
 * The sending side of transfers: cuts bodies into chunks and lets each go as far as its receiver gives credit. A chunk
 * is a view of the user's own bytes: nothing is copied.
 *
 * What was handed over and what the receiver confirmed are two numbers, and the difference is what makes outcomes
 * honest: a body of which a byte never left cannot have been handled, whatever became of the rest.
 *
 * There is one timer for everything that may get lost (the Offer, a chunk, a credit): silence. Then the Offer is
 * repeated, behind all chunks, and the answer says what has arrived.
 */

import { Deadlines } from '../base/deadlines.ts'
import type { ConnectionId } from '../base/ids.ts'
import { DEFAULT_MAX_BODY_BYTES, LARGE_BODIES_PER_PEER } from '../wire/limits.ts'
import type { Chunk, Credit, Freight, Offer } from '../wire/messages.ts'
import type { Out, UnsentCause } from '../wire/out.ts'
import { keyOf, Leaving, offerOf } from './leaving.ts'
import type { Pace } from './pace.ts'

/** Transfers that one connection has open at a time; the others wait for their turn. */
export const MAX_OPEN_PER_CONNECTION = 4

/**
 * Transfers that wait for their turn on one connection. Each may be a number that its receiver misses, and a receiver
 * remembers 1,024 missing numbers of requests and as many of one-way messages: a quarter of that.
 */
export const MAX_WAITING_PER_CONNECTION = 256

/** A reply found no room: there is some again when no more than this many transfers wait for their turn. */
const ROOM_WAITING = MAX_WAITING_PER_CONNECTION / 2

/** The longest pause between two repeats, in pauses of the pace. */
const MAX_PAUSES = 8

/** What the outgoing transfers tell. */
export type OutgoingEvent =
  /** The receiver has confirmed more of a body, and perhaps all of it. */
  | {
      readonly kind: 'transfer-out'
      readonly now: number
      readonly connection: ConnectionId
      readonly head: Freight
      readonly bytes: number
      readonly totalBytes: number
    }
  /** The message certainly did not arrive, though it was handed over `copies` times. */
  | {
      readonly kind: 'transfer-unsent'
      readonly now: number
      readonly connection: ConnectionId
      readonly message: Freight
      readonly copies: number
      readonly cause: UnsentCause
    }
  /** A reply was not taken on this connection; now one would be. */
  | { readonly kind: 'transfer-room'; readonly now: number; readonly connection: ConnectionId }
  | { readonly kind: 'violation'; readonly connection: ConnectionId; readonly text: string }

/** The transfers of one connection. */
interface Queue {
  readonly open: Set<Leaving>
  readonly waiting: Set<Leaving>
  /** Bytes of all replies here. Requests and one-way messages are bounded by those who send them. */
  replyBytes: number
  /** A reply was not taken, and nobody has been told of room since. */
  isHoldingUp: boolean
}

/** All bodies that leave one node or client. */
export class OutgoingTransfers {
  readonly #pace: Pace
  readonly #out: Out<OutgoingEvent>
  readonly #queues = new Map<ConnectionId, Queue>()
  readonly #byKey = new Map<string, Leaving>()
  readonly #byNumber = new Map<number, Leaving>()
  readonly #deadlines = new Deadlines<Leaving>()
  /** What `begin` has to look at. Emptied with each turn. */
  readonly #dirty = new Set<ConnectionId>()
  #refused: Leaving[] = []
  /** Their connection is gone; what comes back of them until the end of the turn still counts. */
  readonly #lost = new Map<number, Leaving>()
  #lastTransfer = 0
  readonly #maxReplyBytes: number

  /** Of replies, LARGE_BODIES_PER_PEER of the largest size may be on their way on one connection. */
  constructor(pace: Pace, out: Out<OutgoingEvent>, maxBodyBytes = DEFAULT_MAX_BODY_BYTES) {
    this.#pace = pace
    this.#out = out
    this.#maxReplyBytes = LARGE_BODIES_PER_PEER * maxBodyBytes
  }

  get deadline(): number {
    return this.#deadlines.next
  }

  /** Whether there is nothing that could be withdrawn. */
  get isEmpty(): boolean {
    return this.#byKey.size === 0
  }

  /** Transfers that are not over. */
  get count(): number {
    return this.#byKey.size + this.#refused.length + this.#lost.size
  }

  /**
   * Takes a message; it is offered with the next `begin`. A later attempt of one that is on its way joins it. Gives whether
   * there was room: a reply without it stays with its sender, anything else is given back with the next `begin`.
   */
  add(connection: ConnectionId, message: Freight): boolean {
    this.#dirty.add(connection)
    const known = this.#byKey.get(keyOf(connection, message.kind, message.sequence))
    if (known !== undefined) {
      known.copies += 1
      known.message = message
      known.isAskedAgain = true
      return true
    }
    const queue = this.#queue(connection)
    const isReply = message.kind === 'reply'
    if (isReply && !this.#hasRoomForReply(queue, message.body.bytes.length)) {
      queue.isHoldingUp = true
      return false
    }
    this.#lastTransfer += 1
    const leaving = new Leaving(connection, this.#lastTransfer, message)
    if (queue.waiting.size >= MAX_WAITING_PER_CONNECTION) {
      this.#refused.push(leaving)
      return false
    }
    if (isReply) queue.replyBytes += leaving.totalBytes
    queue.waiting.add(leaving)
    this.#byKey.set(leaving.key, leaving)
    this.#byNumber.set(leaving.transfer, leaving)
    return true
  }

  /** The end of a turn: offers what is new, and says of what got lost in it that it did not arrive. */
  begin(now: number): void {
    if (this.#dirty.size === 0 && this.#lost.size === 0) return
    const refused = this.#refused
    this.#refused = []
    for (const leaving of refused) this.#giveBack(now, leaving, 'full')
    const lost = [...this.#lost.values()]
    this.#lost.clear()
    for (const leaving of lost) this.#giveBack(now, leaving, 'down')
    for (const connection of this.#dirty) {
      this.#dirty.delete(connection)
      const queue = this.#queues.get(connection)
      if (queue !== undefined) this.#beginQueue(now, connection, queue)
    }
  }

  /** Transfers on one connection that are not over. */
  countOn(connection: ConnectionId): number {
    const queue = this.#queues.get(connection)
    return queue === undefined ? 0 : queue.open.size + queue.waiting.size
  }

  /** Whether a message is on its way or waits for its turn. */
  has(connection: ConnectionId, { kind, sequence }: Freight): boolean {
    return this.#byKey.has(keyOf(connection, kind, sequence))
  }

  /** The receiver says what has arrived and how far we may go. Gives the transfer if that ends it. */
  credit(now: number, connection: ConnectionId, credit: Credit): Leaving | undefined {
    const leaving = this.#find(connection, credit.transfer)
    if (leaving === undefined) {
      this.#out.send(connection, { kind: 'withdraw', transfer: credit.transfer })
      return undefined
    }
    const { receivedBytes, limitBytes } = credit
    if (receivedBytes > leaving.handedBytes) {
      this.#out.tell({ kind: 'violation', connection, text: 'It confirmed bytes that were not sent' })
      return undefined
    }
    leaving.heardAt = now
    leaving.repeats = 0
    if (receivedBytes > leaving.confirmedBytes) this.#confirm(now, leaving, receivedBytes)
    if (leaving.confirmedBytes === leaving.totalBytes) {
      this.#end(leaving)
      return leaving
    }
    if (credit.goBack) this.#goBack(leaving, receivedBytes, limitBytes)
    else leaving.limitBytes = Math.max(leaving.limitBytes, limitBytes)
    this.#push(leaving)
    this.#setTimer(now, leaving)
    return undefined
  }

  /** The receiver does not want it: its owner hears why, or has heard it. */
  decline(connection: ConnectionId, transfer: number): void {
    const leaving = this.#find(connection, transfer)
    if (leaving !== undefined) this.#end(leaving)
  }

  /** A part that was handed over never left. */
  unsent(connection: ConnectionId, message: Offer | Chunk): void {
    const leaving = this.#lost.get(message.transfer) ?? this.#find(connection, message.transfer)
    if (leaving === undefined || message.kind === 'offer') return
    leaving.position = Math.min(leaving.position, message.offset)
    // Another copy of the same part may have left before.
    if (!leaving.hasGoneBack) leaving.handedBytes = Math.min(leaving.handedBytes, message.offset)
  }

  /** Nobody waits for the message any more. Gives of how many of its copies it is certain that they did not arrive. */
  withdraw(connection: ConnectionId, kind: Freight['kind'], sequence: number): number {
    const leaving = this.#byKey.get(keyOf(connection, kind, sequence))
    if (leaving === undefined) return 0
    if (leaving.state === 'open') this.#out.send(connection, { kind: 'withdraw', transfer: leaving.transfer })
    this.#end(leaving)
    return leaving.handedBytes < leaving.totalBytes ? leaving.copies : 0
  }

  /** The connection is gone. What certainly did not arrive is told with the next `begin`. */
  drop(connection: ConnectionId): void {
    const queue = this.#queues.get(connection)
    if (queue === undefined) return
    for (const leaving of [...queue.open, ...queue.waiting]) {
      this.#end(leaving)
      this.#lost.set(leaving.transfer, leaving)
    }
    this.#queues.delete(connection)
  }

  wake(now: number): void {
    this.#deadlines.takeDue(now, (leaving) => {
      const isGivenUp = leaving.message.kind === 'reply' && now - leaving.heardAt >= this.#pace.stalledMs
      if (now >= leaving.expiresAt || isGivenUp) this.#expire(now, leaving)
      else this.#repeat(now, leaving)
    })
  }

  #queue(connection: ConnectionId): Queue {
    let queue = this.#queues.get(connection)
    if (queue === undefined) {
      queue = { open: new Set(), waiting: new Set(), replyBytes: 0, isHoldingUp: false }
      this.#queues.set(connection, queue)
    }
    return queue
  }

  #find(connection: ConnectionId, transfer: number): Leaving | undefined {
    const leaving = this.#byNumber.get(transfer)
    return leaving?.connection === connection && leaving.state === 'open' ? leaving : undefined
  }

  #beginQueue(now: number, connection: ConnectionId, queue: Queue): void {
    for (const leaving of queue.open) if (leaving.isAskedAgain) this.#repeat(now, leaving)
    for (const leaving of queue.waiting) {
      if (queue.open.size >= MAX_OPEN_PER_CONNECTION) {
        if (leaving.heapIndex === -1) this.#deadlines.set(leaving, leaving.expiresAt)
        continue
      }
      queue.waiting.delete(leaving)
      queue.open.add(leaving)
      leaving.state = 'open'
      leaving.isAskedAgain = false
      leaving.openedAt = now
      leaving.heardAt = now
      // A later attempt has probably been seen before: it asks first, and its body stays here until it is wanted.
      const isLater = leaving.message.kind === 'request' && leaving.message.attempt > 1
      leaving.limitBytes = isLater ? 0 : this.#pace.freeBytes
      this.#out.send(connection, offerOf(leaving, isLater))
      this.#push(leaving)
      this.#setTimer(now, leaving)
    }
    if (queue.open.size === 0 && queue.waiting.size === 0) this.#queues.delete(connection)
    this.#tellOfRoom(now, connection, queue)
  }

  /** A single reply has room whatever its size. */
  #hasRoomForReply({ waiting, replyBytes }: Queue, sizeBytes: number): boolean {
    if (waiting.size >= MAX_WAITING_PER_CONNECTION) return false
    return replyBytes === 0 || replyBytes + sizeBytes <= this.#maxReplyBytes
  }

  /** Half of it is free, so that what was held up comes in large portions. */
  #tellOfRoom(now: number, connection: ConnectionId, queue: Queue): void {
    if (!queue.isHoldingUp || queue.waiting.size > ROOM_WAITING) return
    if (queue.replyBytes > this.#maxReplyBytes / 2) return
    queue.isHoldingUp = false
    this.#out.tell({ kind: 'transfer-room', now, connection })
  }

  #confirm(now: number, leaving: Leaving, receivedBytes: number): void {
    const { connection, message: head, totalBytes } = leaving
    leaving.confirmedBytes = receivedBytes
    this.#out.tell({ kind: 'transfer-out', now, connection, head, bytes: receivedBytes, totalBytes })
  }

  /** Whoever answers a repeated Offer has seen all that left before it: then nothing that left after it is lost. */
  #goBack(leaving: Leaving, receivedBytes: number, limitBytes: number): void {
    const isAnswer = leaving.askedAtBytes !== undefined && receivedBytes >= leaving.askedAtBytes
    leaving.askedAtBytes = undefined
    leaving.limitBytes = limitBytes
    if (isAnswer || receivedBytes >= leaving.position) return
    leaving.position = receivedBytes
    leaving.hasGoneBack = true
  }

  #push(leaving: Leaving): void {
    const { connection, transfer, totalBytes } = leaving
    const { bytes } = leaving.message.body
    // Whatever a receiver allows, no more than a window is on the way: our queue is not its to fill.
    const { windowBytes, freeBytes, chunkBytes } = this.#pace
    const allowedBytes = leaving.confirmedBytes + Math.max(windowBytes, freeBytes)
    const end = Math.min(leaving.limitBytes, allowedBytes, totalBytes)
    while (leaving.position < end) {
      const offset = leaving.position
      const part = bytes.subarray(offset, Math.min(offset + chunkBytes, end))
      leaving.position += part.length
      leaving.handedBytes = Math.max(leaving.handedBytes, leaving.position)
      this.#out.send(connection, { kind: 'chunk', transfer, offset, body: { type: 'raw', bytes: part } })
    }
  }

  #repeat(now: number, leaving: Leaving): void {
    leaving.isAskedAgain = false
    leaving.repeats += 1
    leaving.askedAtBytes = leaving.position
    this.#out.send(leaving.connection, offerOf(leaving, true))
    this.#setTimer(now, leaving)
  }

  /** Each repeat without an answer doubles what is waited for. */
  #setTimer(now: number, leaving: Leaving): void {
    const pauseMs = this.#pace.againMs * Math.min(MAX_PAUSES, 2 ** leaving.repeats)
    this.#deadlines.set(leaving, Math.min(now + pauseMs, leaving.expiresAt))
  }

  #expire(now: number, leaving: Leaving): void {
    const { connection, transfer } = leaving
    if (leaving.state === 'open') this.#out.send(connection, { kind: 'withdraw', transfer })
    this.#end(leaving)
    this.#giveBack(now, leaving, 'expired')
  }

  #giveBack(now: number, leaving: Leaving, cause: UnsentCause): void {
    const { connection, message, copies, handedBytes, totalBytes } = leaving
    if (handedBytes === totalBytes) return
    this.#out.tell({ kind: 'transfer-unsent', now, connection, message, copies, cause })
  }

  #end(leaving: Leaving): void {
    const { connection, transfer } = leaving
    leaving.state = 'over'
    this.#deadlines.remove(leaving)
    this.#byKey.delete(leaving.key)
    this.#byNumber.delete(transfer)
    this.#dirty.add(connection)
    const queue = this.#queues.get(connection)
    if (queue === undefined) return
    queue.open.delete(leaving)
    queue.waiting.delete(leaving)
    if (leaving.message.kind === 'reply') queue.replyBytes -= leaving.totalBytes
  }
}
