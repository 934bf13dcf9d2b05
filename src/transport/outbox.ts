/**
 * The queue in front of one connection. What is pushed while a send is pending leaves together in the next message:
 * this is where zmqnet gets its speed from, because a message costs the same whatever its size.
 *
 * It is generic and pure: it knows nothing of the wire, of sockets or of clocks. It asks four functions, given once,
 * for the lane, the size, the deadline and the largeness of an item; their answers must not change while it waits.
 *
 * Lanes are strict: a lower lane number always goes first, and a lane that never ends starves those behind it, whose
 * items then expire and are handed back. Inside a lane the order of pushing is kept.
 */

import { assert } from '../base/assert.ts'

/** What the queue must know about an item. */
export interface OutboxTraits<T> {
  /** The priority class: 0 is control, higher numbers wait longer. Below `LANE_LIMIT`. */
  laneOf(item: T): number
  /** What it will take in a message and holds in memory, in bytes. */
  bytesOf(item: T): number
  /** From when on it must not be sent any more, in milliseconds of the caller's clock; Infinity for never. */
  expiresAtOf(item: T): number
  /** Whether it travels alone, because its body is a frame of its own. */
  isLarge(item: T): boolean
}

/** How much may wait. */
export interface OutboxLimits {
  /** Bytes of all items together; a push above it is refused. */
  readonly maxBytes: number
  /** Number of items; a push above it is refused. */
  readonly maxItems: number
  /** Bytes of one run of small items: the size of the frame that they will share. */
  readonly frameBytes: number
}

/** What `take` gives. Both may be empty. The arrays belong to the caller. */
export interface OutboxBatch<T> {
  /** A run of small items, or exactly one large item. */
  readonly items: T[]
  /** Items that were met on the way and must not be sent any more. */
  readonly expired: T[]
}

/** One more than the highest lane number: enough for control, rpc, topics and bulk, with room to spare. */
export const LANE_LIMIT = 8

/** The lane whose items find room even when the others have filled the queue. */
const CONTROL_LANE = 0

/**
 * Room above the limits for control alone: a Beat, an Ack or a Cancel is below 100 bytes, a Hello below 1 KiB, so this
 * holds hundreds of them, which is minutes of heartbeats behind a peer that takes nothing.
 */
const CONTROL_RESERVE_BYTES = 64 * 1024
const CONTROL_RESERVE_ITEMS = 512

/** How many taken places at the front of a lane are tolerated before its array is cut. */
const SLACK_ITEMS = 1024

/** A bounded queue with lanes, deadlines and batches. Pushing and taking cost amortised constant time for each item. */
export class Outbox<T> {
  readonly #traits: OutboxTraits<T>
  readonly #limits: OutboxLimits
  readonly #lanes: Lane<T>[] = []
  #bytes = 0
  #size = 0

  constructor(traits: OutboxTraits<T>, limits: OutboxLimits) {
    assert(limits.maxBytes > 0 && limits.maxItems > 0 && limits.frameBytes > 0, 'outbox limits are positive')
    this.#traits = traits
    this.#limits = limits
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** Items that wait. */
  get size(): number {
    return this.#size
  }

  /** When to call `expire` next: nothing that waits expires earlier, though perhaps later. Infinity when nothing will. */
  get expiresAt(): number {
    let earliest = Number.POSITIVE_INFINITY
    for (const lane of this.#lanes) if (lane.expiresAt < earliest) earliest = lane.expiresAt
    return earliest
  }

  /** Adds an item behind all others of its lane. False: no room for it, and nothing was changed. */
  push(item: T): boolean {
    const traits = this.#traits
    const laneNumber = traits.laneOf(item)
    const itemBytes = traits.bytesOf(item)
    const isControl = laneNumber === CONTROL_LANE
    if (this.#bytes + itemBytes > this.#limits.maxBytes + (isControl ? CONTROL_RESERVE_BYTES : 0))
      return false
    if (this.#size >= this.#limits.maxItems + (isControl ? CONTROL_RESERVE_ITEMS : 0)) return false
    this.#lane(laneNumber).push(item, itemBytes, traits)
    this.#bytes += itemBytes
    this.#size += 1
    return true
  }

  /**
   * Takes out what the next message shall carry: small items in the order of their lanes up to the size of a frame, or
   * one large item. An item is expired when its deadline is `now` or earlier. An item that is bigger than a frame
   * without being large goes alone. When `items` is empty, nothing waits any more.
   */
  take(now: number): OutboxBatch<T> {
    const batch: Batch<T> = { items: [], expired: [], roomBytes: this.#limits.frameBytes }
    for (const lane of this.#lanes) {
      const bytesBefore = lane.bytes
      const sizeBefore = lane.size
      if (sizeBefore === 0) continue
      if (lane.fitsWhole(now, batch)) lane.takeWhole(batch)
      else lane.takeSome(now, batch, this.#traits, this.#limits.frameBytes)
      this.#bytes -= bytesBefore - lane.bytes
      this.#size -= sizeBefore - lane.size
      if (batch.roomBytes < 0) break
    }
    return { items: batch.items, expired: batch.expired }
  }

  /** Takes out every item whose deadline is `now` or earlier. Cheap when none is. */
  expire(now: number): T[] {
    const expired: T[] = []
    for (const lane of this.#lanes) {
      if (now < lane.expiresAt) continue
      const bytesBefore = lane.bytes
      const sizeBefore = lane.size
      lane.expire(now, expired, this.#traits)
      this.#bytes -= bytesBefore - lane.bytes
      this.#size -= sizeBefore - lane.size
    }
    return expired
  }

  /** Takes out everything, in the order of the lanes: for example because the connection is gone. */
  drain(): T[] {
    const batch: Batch<T> = { items: [], expired: [], roomBytes: 0 }
    for (const lane of this.#lanes) lane.takeWhole(batch)
    this.#bytes = 0
    this.#size = 0
    return batch.items
  }

  #lane(laneNumber: number): Lane<T> {
    const lane = this.#lanes[laneNumber]
    if (lane !== undefined) return lane
    assert(
      Number.isInteger(laneNumber) && laneNumber >= 0 && laneNumber < LANE_LIMIT,
      'a lane is a small number',
    )
    while (this.#lanes.length <= laneNumber) this.#lanes.push(new Lane())
    return this.#lanes[laneNumber] as Lane<T>
  }
}

/** A batch in the making. */
interface Batch<T> {
  items: T[]
  readonly expired: T[]
  /** What is left of the frame; negative once the batch is closed. */
  roomBytes: number
}

/**
 * One priority class: an array that is taken from its front by moving an index, with sums that tell whether all of it
 * can leave at once. That is the usual case; then no item is looked at again and the array itself is handed over.
 */
class Lane<T> {
  bytes = 0
  /** No item expires before this moment. Only a bound: it may be earlier than the earliest that still waits. */
  expiresAt = Number.POSITIVE_INFINITY
  #items: (T | undefined)[] = []
  #head = 0
  #largeCount = 0

  get size(): number {
    return this.#items.length - this.#head
  }

  push(item: T, itemBytes: number, traits: OutboxTraits<T>): void {
    this.#items.push(item)
    this.bytes += itemBytes
    if (traits.isLarge(item)) this.#largeCount += 1
    const expiresAt = traits.expiresAtOf(item)
    if (expiresAt < this.expiresAt) this.expiresAt = expiresAt
  }

  /** Whether all items may leave in this batch, for certain. */
  fitsWhole(now: number, batch: Batch<T>): boolean {
    return this.#largeCount === 0 && this.bytes <= batch.roomBytes && this.expiresAt > now
  }

  takeWhole(batch: Batch<T>): void {
    const items = (this.#head === 0 ? this.#items : this.#items.slice(this.#head)) as T[]
    batch.roomBytes -= this.bytes
    this.#clear()
    if (batch.items.length === 0) batch.items = items
    else for (const item of items) batch.items.push(item)
  }

  /** Takes items one by one until the batch is closed or the lane is empty. */
  takeSome(now: number, batch: Batch<T>, traits: OutboxTraits<T>, frameBytes: number): void {
    while (this.#head < this.#items.length && batch.roomBytes >= 0) {
      const item = this.#items[this.#head] as T
      const itemBytes = traits.bytesOf(item)
      const isLarge = traits.isLarge(item)
      if (traits.expiresAtOf(item) <= now) {
        batch.expired.push(item)
      } else {
        const goesAlone = isLarge || itemBytes > frameBytes
        if (batch.items.length > 0 && (goesAlone || itemBytes > batch.roomBytes)) {
          batch.roomBytes = -1
          break
        }
        batch.items.push(item)
        batch.roomBytes = goesAlone ? -1 : batch.roomBytes - itemBytes
      }
      // The place is emptied at once: a body must not be kept alive by an array that is cut later.
      this.#items[this.#head] = undefined
      this.#head += 1
      this.bytes -= itemBytes
      if (isLarge) this.#largeCount -= 1
    }
    this.#trim()
  }

  expire(now: number, expired: T[], traits: OutboxTraits<T>): void {
    const waiting = this.#items.slice(this.#head) as T[]
    this.#clear()
    for (const item of waiting) {
      if (traits.expiresAtOf(item) <= now) expired.push(item)
      else this.push(item, traits.bytesOf(item), traits)
    }
  }

  /** Lets go of taken places once they are many and at least half, so that each item is moved at most once more. */
  #trim(): void {
    if (this.#head === this.#items.length) {
      this.#clear()
    } else if (this.#head >= SLACK_ITEMS && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
  }

  #clear(): void {
    this.#items = []
    this.#head = 0
    this.#largeCount = 0
    this.bytes = 0
    this.expiresAt = Number.POSITIVE_INFINITY
  }
}
