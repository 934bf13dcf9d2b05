/**
 * The receiving side of one-way messages: takes each number once, and owes a receipt for what it took.
 *
 * The receipt names everything that was taken so far, as ranges, so that a receipt that gets lost is made good by the
 * next one. The owner asks for it once for each frame that came in, not for each message.
 */

import { BodyBook } from '../base/body-book.ts'
import { SequenceMap } from '../base/sequence-map.ts'
import { SequenceSet } from '../base/sequence-set.ts'
import { DEFAULT_MAX_BODY_BYTES, LARGE_BODIES_PER_PEER, TRANSFER_BODY_BYTES } from '../wire/limits.ts'
import type { Ack, Send } from '../wire/messages.ts'

/** The ranges of one receipt: enough for 15 holes, a few dozen bytes. */
const MAX_RANGES = 16

/**
 * Messages of one sender whose handlers may run at a time, and the bytes of their bodies. Bodies from
 * TRANSFER_BODY_BYTES on are not counted there: of them, LARGE_BODIES_PER_PEER of the largest size fit.
 */
export const MAX_RUNNING_PER_SENDER = 16_384
export const MAX_RUNNING_BYTES_PER_SENDER = 8 * 1024 * 1024

/** One message whose handler runs. Opaque to the owner, who gives it back when the handler has ended. */
export class Arrival {
  /** Whatever the owner wants to find again when the handler is aborted. */
  ticket: unknown = undefined
  readonly arrivals: Arrivals
  readonly from: string
  readonly message: Send

  constructor(arrivals: Arrivals, from: string, message: Send) {
    this.arrivals = arrivals
    this.from = from
    this.message = message
  }
}

/** What one run of one sender has sent here. */
export class Arrivals {
  readonly #seen = new SequenceSet()
  readonly #running = new SequenceMap<Arrival>()
  readonly #book: BodyBook
  #owesReceipt = false

  constructor(maxBodyBytes = DEFAULT_MAX_BODY_BYTES) {
    this.#book = new BodyBook({
      smallBytes: MAX_RUNNING_BYTES_PER_SENDER,
      largeFromBytes: TRANSFER_BODY_BYTES,
      largeBytes: LARGE_BODIES_PER_PEER * maxBodyBytes,
    })
  }

  get runningCount(): number {
    return this.#running.size
  }

  /** The messages whose handlers run. */
  running(): Arrival[] {
    return this.#running.all()
  }

  /** Whether there is room for one more handler, of a message of this size. */
  hasRoom(sizeBytes: number): boolean {
    return this.#running.size < MAX_RUNNING_PER_SENDER && this.#book.hasRoom(sizeBytes)
  }

  start(from: string, message: Send): Arrival {
    const arrival = new Arrival(this, from, message)
    this.#running.set(message.sequence, arrival)
    this.#book.add(message.body.bytes.length)
    return arrival
  }

  /** The handler has ended. Gives whether it was running. */
  finish(arrival: Arrival): boolean {
    const { sequence } = arrival.message
    if (this.#running.get(sequence) !== arrival) return false
    this.#running.take(sequence)
    this.#book.remove(arrival.message.body.bytes.length)
    return true
  }

  /** Takes a number; gives whether it is new. */
  take(sequence: number): boolean {
    this.#owesReceipt = true
    return this.#seen.add(sequence)
  }

  /** Whether a number was taken before; then its sender is owed a receipt, as it does not know. */
  wasTaken(sequence: number): boolean {
    if (!this.#seen.has(sequence)) return false
    this.#owesReceipt = true
    return true
  }

  /** Nobody wanted the message: its number is not to be receipted. */
  refuse(sequence: number): void {
    this.#seen.remove(sequence)
  }

  /** The receipt that is owed since the last call, or undefined. */
  receipt(): Ack | undefined {
    if (!this.#owesReceipt) return undefined
    this.#owesReceipt = false
    return { kind: 'ack', ranges: this.#seen.ranges(MAX_RANGES) }
  }

  /** The sender is back on another connection: it is owed a receipt of everything. */
  reconnected(): void {
    this.#owesReceipt = this.#seen.high > 0
  }
}
