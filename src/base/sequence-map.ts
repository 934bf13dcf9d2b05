/**
 * Values by rising numbers, of which mostly the oldest leave: what is pending, what is kept. A ring of slots, so that
 * nothing is allocated for an entry, and the few that stay much longer than their neighbours are set aside in a Map.
 *
 * A Map alone would do, were it not for V8: when entries come and go, it moves to a new table ever so often, and each old
 * table points to its successor. Once one of them has grown old, it keeps all later ones alive, with all that they held, until
 * the next full collection: half of what a caller had ever asked outlived every young one, at twice the CPU.
 */

const LEAST_SLOTS = 64
/** Beyond, entries are set aside rather than given more slots: 65,536 is what a caller may have pending. */
const MOST_SLOTS = 131_072

/** A map from whole numbers from 0 on to values. */
export class SequenceMap<T extends NonNullable<unknown>> {
  /** The key in each slot that has a value. */
  #keys = new Float64Array(LEAST_SLOTS)
  #values: (T | undefined)[] = new Array<T | undefined>(LEAST_SLOTS).fill(undefined)
  #inRing = 0
  /** No key in the ring is below the one, none above the other. */
  #low = 0
  #high = 0
  /** Those whose slot was wanted by a later one. */
  readonly #aside = new Map<number, T>()

  get size(): number {
    return this.#inRing + this.#aside.size
  }

  get(key: number): T | undefined {
    const slot = this.#slotOf(key)
    const value = this.#values[slot]
    if (value !== undefined && this.#keys[slot] === key) return value
    return this.#aside.size === 0 ? undefined : this.#aside.get(key)
  }

  has(key: number): boolean {
    return this.get(key) !== undefined
  }

  set(key: number, value: T): void {
    if (this.#aside.has(key)) {
      this.#aside.set(key, value)
      return
    }
    const slot = this.#slotOf(key)
    const other = this.#values[slot]
    const otherKey = this.#keys[slot] as number
    if (other === undefined || otherKey === key) {
      this.#put(slot, key, value)
    } else if (this.#inRing * 2 >= this.#values.length && this.#values.length < MOST_SLOTS) {
      this.#grow()
      this.set(key, value)
    } else if (otherKey < key) {
      this.#aside.set(otherKey, other)
      this.#clear(slot)
      this.#put(slot, key, value)
    } else {
      this.#aside.set(key, value)
    }
  }

  /** Takes a value out; gives it, or undefined if there was none. */
  take(key: number): T | undefined {
    const slot = this.#slotOf(key)
    const value = this.#values[slot]
    if (value !== undefined && this.#keys[slot] === key) {
      this.#clear(slot)
      return value
    }
    const aside = this.#aside.get(key)
    if (aside !== undefined) this.#aside.delete(key)
    return aside
  }

  /** The lowest key; undefined when there is none. */
  get lowest(): number | undefined {
    const inRing = this.#lowestInRing()
    let lowest = inRing
    for (const key of this.#aside.keys()) if (lowest === undefined || key < lowest) lowest = key
    return lowest
  }

  /** All values by rising key, as they are now: what happens meanwhile changes nothing in the list. */
  all(): T[] {
    return this.upTo(Number.POSITIVE_INFINITY)
  }

  /** The same of all keys up to `last`. What is above it costs nothing while the keys are close together. */
  upTo(last: number): T[] {
    const values: T[] = []
    // Where the keys begin is found first: as it was last known, they would soon seem to be far apart.
    const low = this.#lowestInRing() ?? this.#high
    if (this.#aside.size === 0 && this.#high - low < this.#values.length) {
      for (let key = low; values.length < this.#inRing && key <= last; key += 1) {
        const value = this.#values[this.#slotOf(key)]
        if (value !== undefined) values.push(value)
      }
      return values
    }
    const keys = [...this.#aside.keys()]
    for (let slot = 0; slot < this.#values.length; slot += 1) {
      if (this.#values[slot] !== undefined) keys.push(this.#keys[slot] as number)
    }
    for (const key of keys.sort((a, b) => a - b)) if (key <= last) values.push(this.get(key) as T)
    return values
  }

  /** The value of the lowest key that passes `test`. Cheap when one of the first does. */
  find(test: (value: T) => boolean): T | undefined {
    if (this.#aside.size > 0 || this.#high - this.#low >= this.#values.length) return this.all().find(test)
    let left = this.#inRing
    for (let key = this.#lowestInRing() ?? 0; left > 0; key += 1) {
      const value = this.#values[this.#slotOf(key)]
      if (value === undefined) continue
      if (test(value)) return value
      left -= 1
    }
    return undefined
  }

  /** Cheap while the keys are close together; a search through all slots when there is a gap as wide as the ring. */
  #lowestInRing(): number | undefined {
    if (this.#inRing === 0) return undefined
    const end = this.#low + this.#values.length
    for (let key = this.#low; key < end; key += 1) {
      const slot = this.#slotOf(key)
      if (this.#values[slot] === undefined || this.#keys[slot] !== key) continue
      this.#low = key
      return key
    }
    let lowest = Number.POSITIVE_INFINITY
    for (let slot = 0; slot < this.#values.length; slot += 1) {
      const key = this.#keys[slot] as number
      if (this.#values[slot] !== undefined && key < lowest) lowest = key
    }
    this.#low = lowest
    return lowest
  }

  /** The number of slots is a power of two, so that the lowest bits of the key say where; `&` takes them of any number. */
  #slotOf(key: number): number {
    return key & (this.#values.length - 1)
  }

  #put(slot: number, key: number, value: T): void {
    if (this.#values[slot] === undefined) this.#inRing += 1
    if (this.#inRing === 1) {
      this.#low = key
      this.#high = key
    } else if (key < this.#low) {
      this.#low = key
    } else if (key > this.#high) {
      this.#high = key
    }
    this.#keys[slot] = key
    this.#values[slot] = value
  }

  #clear(slot: number): void {
    this.#values[slot] = undefined
    this.#inRing -= 1
  }

  #grow(): void {
    const keys = this.#keys
    const values = this.#values
    const count = values.length * 2
    this.#keys = new Float64Array(count)
    this.#values = new Array<T | undefined>(count).fill(undefined)
    this.#inRing = 0
    for (let slot = 0; slot < values.length; slot += 1) {
      const value = values[slot]
      if (value !== undefined) this.set(keys[slot] as number, value)
    }
  }
}
