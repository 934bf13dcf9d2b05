/**
 * How many bytes of bodies are held for one peer. Small and large bodies have a bound each: a single large one must not
 * fill the room of thousands of small ones, nor be kept out by them.
 *
 * Only the sums are here; what is held, and what happens when there is no room, is the matter of the machines.
 */

import { assert } from './assert.ts'

/** The bounds of one book, in bytes. */
export interface BodyBounds {
  readonly smallBytes: number
  /** Bodies from this size on are large. */
  readonly largeFromBytes: number
  readonly largeBytes: number
}

/** The sums of one peer. */
export class BodyBook {
  readonly #smallBound: number
  readonly #largeBound: number
  readonly #largeFrom: number
  #smallBytes = 0
  #largeBytes = 0

  constructor({ smallBytes, largeFromBytes, largeBytes }: BodyBounds) {
    this.#smallBound = smallBytes
    this.#largeBound = largeBytes
    this.#largeFrom = largeFromBytes
  }

  /** All bytes together. */
  get bytes(): number {
    return this.#smallBytes + this.#largeBytes
  }

  /** The sum and the bound of the class that a body of this size belongs to. */
  classOf(sizeBytes: number): { readonly bytes: number; readonly bound: number } {
    if (sizeBytes >= this.#largeFrom) return { bytes: this.#largeBytes, bound: this.#largeBound }
    return { bytes: this.#smallBytes, bound: this.#smallBound }
  }

  isLarge(sizeBytes: number): boolean {
    return sizeBytes >= this.#largeFrom
  }

  hasRoom(sizeBytes: number): boolean {
    if (sizeBytes >= this.#largeFrom) return this.#largeBytes + sizeBytes <= this.#largeBound
    return this.#smallBytes + sizeBytes <= this.#smallBound
  }

  /** Whether bodies of this one's class take more than they may; a single body never does. */
  isOver(sizeBytes: number): boolean {
    if (sizeBytes < this.#largeFrom)
      return this.#smallBytes > this.#smallBound && this.#smallBytes > sizeBytes
    return this.#largeBytes > this.#largeBound && this.#largeBytes > sizeBytes
  }

  add(sizeBytes: number): void {
    if (sizeBytes >= this.#largeFrom) this.#largeBytes += sizeBytes
    else this.#smallBytes += sizeBytes
  }

  remove(sizeBytes: number): void {
    assert(this.classOf(sizeBytes).bytes >= sizeBytes, 'only what was added is removed')
    if (sizeBytes >= this.#largeFrom) this.#largeBytes -= sizeBytes
    else this.#smallBytes -= sizeBytes
  }
}
