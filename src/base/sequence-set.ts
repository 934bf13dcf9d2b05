/**
 * Which sequence numbers have been seen, in constant space: everything up to `high` except a few that are missing.
 *
 * Numbers arrive nearly in order, so the set is one number and a small set of holes. Holes are bounded: when there are
 * too many, the oldest is closed, which means that its number counts as seen. That errs to the safe side: a message
 * that comes so late is refused, never handled twice.
 */

/** How many holes one set remembers: at 16 bytes each about 16 KiB in the worst case. */
export const MAX_HOLES = 1024

/** A set of positive integers that are added about in order. */
export class SequenceSet {
  #high = 0
  /** Up to here a number may count as seen because its hole was closed; `ranges` says nothing of these. */
  #vague = 0
  readonly #holes = new Set<number>()

  /** The largest number that was added; 0 before the first. */
  get high(): number {
    return this.#high
  }

  get holes(): number {
    return this.#holes.size
  }

  /** Adds `sequence`; gives whether it is new. */
  add(sequence: number): boolean {
    if (sequence === this.#high + 1) {
      this.#high = sequence
      return true
    }
    if (sequence <= this.#high) return this.#holes.delete(sequence)
    // Only the youngest holes are kept, so a jump ahead costs a bounded number of steps.
    const first = Math.max(this.#high + 1, sequence - MAX_HOLES)
    if (first > this.#high + 1) this.#vague = first - 1
    for (let hole = first; hole < sequence; hole += 1) this.#open(hole)
    this.#high = sequence
    return true
  }

  has(sequence: number): boolean {
    return sequence <= this.#high && !this.#holes.has(sequence)
  }

  /** Takes `sequence` out again, as if it had never come. */
  remove(sequence: number): void {
    if (this.has(sequence)) this.#open(sequence)
  }

  /**
   * The numbers that have certainly been seen, as inclusive ranges, ascending; the youngest `limit` ranges when there
   * are more.
   */
  ranges(limit: number): { first: number; last: number }[] {
    const ranges: { first: number; last: number }[] = []
    let last = this.#high
    if (this.#holes.size > 0) {
      const holes = [...this.#holes].sort((left, right) => right - left)
      for (const hole of holes) {
        if (hole <= this.#vague) break
        if (hole < last) ranges.push({ first: hole + 1, last })
        last = hole - 1
        if (ranges.length === limit) break
      }
    }
    if (last > this.#vague && ranges.length < limit) ranges.push({ first: this.#vague + 1, last })
    return ranges.reverse()
  }

  #open(hole: number): void {
    this.#holes.add(hole)
    if (this.#holes.size <= MAX_HOLES) return
    for (const oldest of this.#holes) {
      this.#holes.delete(oldest)
      this.#vague = Math.max(this.#vague, oldest)
      break
    }
  }
}
