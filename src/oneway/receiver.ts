/**
 * The receiving side of one-way messages: takes each number once, and owes a receipt for what it took.
 *
 * The receipt names everything that was taken so far, as ranges, so that a receipt that gets lost is made good by the
 * next one. The owner asks for it once for each frame that came in, not for each message.
 */

import { SequenceSet } from '../base/sequence-set.ts'
import type { Ack } from '../wire/messages.ts'

/** The ranges of one receipt: enough for 15 holes, a few dozen bytes. */
const MAX_RANGES = 16

/** What one run of one sender has sent here. */
export class Arrivals {
  readonly #seen = new SequenceSet()
  #owesReceipt = false

  /** Takes a number; gives whether it is new. */
  take(sequence: number): boolean {
    this.#owesReceipt = true
    return this.#seen.add(sequence)
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
