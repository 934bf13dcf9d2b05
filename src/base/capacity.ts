/**
 * How much a place may hold, and how much it holds: a number of items, and the bytes of their bodies. Both are bounded,
 * because many small bodies cost their records and few large ones their bytes.
 *
 * It only counts. What is held, in which order, and what becomes of an item that finds no room is the owner's matter.
 */

import { assert } from './assert.ts'

/** What a place may hold. */
export interface Limits {
  readonly maxItems: number
  /** Bytes of all bodies together. */
  readonly maxBytes: number
}

/** How full a place is, for a message to people. */
export interface Fullness extends Limits {
  readonly items: number
  readonly bytes: number
}

/** The count of one place. */
export class Capacity {
  readonly #limits: Limits
  #items = 0
  #bytes = 0

  constructor(limits: Limits) {
    assert(limits.maxItems > 0 && limits.maxBytes > 0, 'limits are positive')
    this.#limits = limits
  }

  get items(): number {
    return this.#items
  }

  get fullness(): Fullness {
    return { items: this.#items, bytes: this.#bytes, ...this.#limits }
  }

  /** Whether one more item of this size keeps both limits. */
  hasRoom(sizeBytes: number): boolean {
    return this.#items < this.#limits.maxItems && this.#bytes + sizeBytes <= this.#limits.maxBytes
  }

  add(sizeBytes: number): void {
    this.#items += 1
    this.#bytes += sizeBytes
  }

  remove(sizeBytes: number): void {
    assert(this.#items > 0 && this.#bytes >= sizeBytes, 'only what was added is removed')
    this.#items -= 1
    this.#bytes -= sizeBytes
  }
}
