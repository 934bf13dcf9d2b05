/**
 * The books of one peer: what was asked of it, or sent to it, and is not settled. Each entry gets the next number, the
 * entries stand in the order of their numbers, and together they are bounded. A caller and a sender keep the same books,
 * over requests and over one-way messages.
 *
 * They also note the session of the link, because what a number means depends on the window that it was sent to. They
 * settle nothing and know no message: what an entry is, and what becomes of it, is the machine's matter.
 */

import { assert } from './assert.ts'
import { Capacity, type Fullness, type Limits } from './capacity.ts'
import type { WindowId } from './ids.ts'
import { SequenceMap } from './sequence-map.ts'

/** What can stand in the books. */
export interface Entry {
  /** 0 until the books give it its number. */
  sequence: number
  /** Bytes of its body, which are held as long as it stands here. The same at all times. */
  readonly sizeBytes: number
}

/** Everything that one peer owes. */
export class Books<T extends Entry> {
  readonly #entries = new SequenceMap<T>()
  readonly #capacity: Capacity
  #nextSequence = 1
  /** The run of the peer and the window that it keeps for us; undefined while the link is not open. */
  session: WindowId | undefined

  constructor(limits: Limits) {
    this.#capacity = new Capacity(limits)
  }

  get size(): number {
    return this.#entries.size
  }

  /** How full it is for one more of this size. */
  fullnessFor(sizeBytes: number): Fullness {
    return this.#capacity.fullnessFor(sizeBytes)
  }

  /** The entry with the lowest number. */
  get oldest(): T | undefined {
    const { lowest } = this.#entries
    return lowest === undefined ? undefined : this.#entries.get(lowest)
  }

  hasRoom(sizeBytes: number): boolean {
    return this.#capacity.hasRoom(sizeBytes)
  }

  /** Takes an entry in and gives it the next number. */
  enter(entry: T): void {
    assert(entry.sequence === 0, 'an entry gets its number once')
    entry.sequence = this.#nextSequence
    this.#nextSequence += 1
    this.#entries.set(entry.sequence, entry)
    this.#capacity.add(entry.sizeBytes)
  }

  get(sequence: number): T | undefined {
    return this.#entries.get(sequence)
  }

  /** Takes an entry out, if it stands here; gives whether it did. */
  remove(entry: T): boolean {
    if (this.#entries.take(entry.sequence) === undefined) return false
    this.#capacity.remove(entry.sizeBytes)
    return true
  }

  /** Whether a number was ever given. */
  wasGiven(sequence: number): boolean {
    return sequence < this.#nextSequence
  }

  /** The entries with numbers up to `last`, in their order, as they stand now. */
  upTo(last: number): T[] {
    return this.#entries.upTo(last)
  }

  /** All entries in the order of their numbers, as they stand now. */
  all(): T[] {
    return this.#entries.all()
  }
}
