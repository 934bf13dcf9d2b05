/**
 * Calls that wait for their turn, when handlers take more time than there is. The first come is the first served, as long as
 * the line is short; once the first has waited for too long, the last come is: under lasting overload a first-come line makes
 * everybody wait until just before the end of his patience, and every answer comes too late. Those at the far end are not worse
 * off than they would have been, and expire. (Ben Maurer, "Fail at Scale", ACM Queue 13(8), 2015: adaptive LIFO)
 *
 * It holds no more than run: each call counts as running from when it came (MAX_RUNNING_PER_CALLER). It does not judge whose
 * time is over; the responder does.
 */

/** How long the first may have waited before the last is served first, in milliseconds: longer than a burst takes, shorter than anybody's patience. */
export const STALE_MS = 100

/** What waits. The line keeps its own links in it, so that what is over leaves at once, wherever it stands. */
export interface InLine<T> {
  /** When it came; undefined while it does not wait. */
  lineSince: number | undefined
  before: T | undefined
  behind: T | undefined
}

/** One line. */
export class CallLine<T extends InLine<T>> {
  #first: T | undefined
  #last: T | undefined

  get isEmpty(): boolean {
    return this.#first === undefined
  }

  /** Puts it at the end. */
  add(now: number, item: T): void {
    if (item.lineSince !== undefined) return
    item.lineSince = now
    item.before = this.#last
    if (this.#last === undefined) this.#first = item
    else this.#last.behind = item
    this.#last = item
  }

  /** Takes out whose turn it is. */
  take(now: number): T | undefined {
    const isStale = now - (this.#first?.lineSince ?? now) >= STALE_MS
    const item = isStale ? this.#last : this.#first
    if (item !== undefined) this.remove(item)
    return item
  }

  /** Takes it out, wherever it stands. Does nothing when it does not wait. */
  remove(item: T): void {
    if (item.lineSince === undefined) return
    const { before, behind } = item
    if (before === undefined) this.#first = behind
    else before.behind = behind
    if (behind === undefined) this.#last = before
    else behind.before = before
    item.lineSince = undefined
    item.before = undefined
    item.behind = undefined
  }
}
