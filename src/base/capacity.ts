/**
 * How much a place may hold, and how much it holds: a number of items, and the bytes of their bodies. Both are bounded,
 * because many small bodies cost their records and few large ones their bytes.
 *
 * It only counts. What is held, in which order, and what becomes of an item that finds no room is the owner's matter.
 */

import { assert } from './assert.ts'
import { BodyBook } from './body-book.ts'

/** What a place may hold. */
export interface Limits {
  readonly maxItems: number
  /** Bytes of all bodies together. */
  readonly maxBytes: number
  /** Bodies from `fromBytes` on are counted apart, up to `maxBytes`. Default: they are counted like all others. */
  readonly large?: { readonly fromBytes: number; readonly maxBytes: number }
}

/** How full a place is, for a message to people. */
export interface Fullness {
  readonly items: number
  readonly maxItems: number
  readonly bytes: number
  readonly maxBytes: number
}

/** The count of one place. */
export class Capacity {
  readonly #maxItems: number
  readonly #bodies: BodyBook
  #items = 0

  constructor({ maxItems, maxBytes, large }: Limits) {
    assert(maxItems > 0 && maxBytes > 0, 'limits are positive')
    this.#maxItems = maxItems
    this.#bodies = new BodyBook({
      smallBytes: maxBytes,
      largeFromBytes: large?.fromBytes ?? Number.POSITIVE_INFINITY,
      largeBytes: large?.maxBytes ?? 0,
    })
  }

  get items(): number {
    return this.#items
  }

  /** How full it is for an item of this size. */
  fullnessFor(sizeBytes: number): Fullness {
    const { bytes, bound } = this.#bodies.classOf(sizeBytes)
    return { items: this.#items, maxItems: this.#maxItems, bytes, maxBytes: bound }
  }

  /** Whether one more item of this size keeps both limits. */
  hasRoom(sizeBytes: number): boolean {
    return this.#items < this.#maxItems && this.#bodies.hasRoom(sizeBytes)
  }

  add(sizeBytes: number): void {
    this.#items += 1
    this.#bodies.add(sizeBytes)
  }

  remove(sizeBytes: number): void {
    assert(this.#items > 0, 'only what was added is removed')
    this.#items -= 1
    this.#bodies.remove(sizeBytes)
  }
}
