/**
 * Where one-way messages to one peer stand until there is room for them: first come, first served, and bounded. It is
 * what makes `send` wait instead of failing.
 *
 * A doubly linked list, because a message may leave from the middle, when its time is over or its caller gives it up, and
 * then must leave nothing behind, least of all its body.
 */

import { assert } from '../base/assert.ts'
import { Capacity, type Fullness, type Limits } from '../base/capacity.ts'

/** What can stand in a line. The two neighbours belong to the line while it stands there. */
export interface Standing<T> {
  ahead: T | undefined
  behind: T | undefined
  /** Bytes of its body. The same at all times. */
  readonly sizeBytes: number
}

/** One line. */
export class WaitingLine<T extends Standing<T>> {
  readonly #capacity: Capacity
  #first: T | undefined
  #last: T | undefined

  constructor(limits: Limits) {
    this.#capacity = new Capacity(limits)
  }

  get size(): number {
    return this.#capacity.items
  }

  /** How full it is for one more of this size. */
  fullnessFor(sizeBytes: number): Fullness {
    return this.#capacity.fullnessFor(sizeBytes)
  }

  /** Who has waited longest. */
  get first(): T | undefined {
    return this.#first
  }

  hasRoom(sizeBytes: number): boolean {
    return this.#capacity.hasRoom(sizeBytes)
  }

  /** Goes to the end of the line. */
  join(item: T): void {
    item.ahead = this.#last
    if (this.#last === undefined) this.#first = item
    else this.#last.behind = item
    this.#last = item
    this.#capacity.add(item.sizeBytes)
  }

  /** Leaves the line, from wherever it stands in it. */
  leave(item: T): void {
    const { ahead, behind } = item
    assert(ahead !== undefined || this.#first === item, 'only who stands in a line leaves it')
    if (ahead === undefined) this.#first = behind
    else ahead.behind = behind
    if (behind === undefined) this.#last = ahead
    else behind.ahead = ahead
    item.ahead = undefined
    item.behind = undefined
    this.#capacity.remove(item.sizeBytes)
  }
}
