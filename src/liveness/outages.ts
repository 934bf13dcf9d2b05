/**
 * How long a stream stays open: counts the outages of one link, their longest and their sum.
 */

/** The record of one link. Times in milliseconds. */
export class Outages {
  #count = 0
  #longestMs = 0
  #totalMs = 0
  #openedAt: number | undefined
  #closedAt: number | undefined

  opened(now: number): void {
    if (this.#openedAt !== undefined) return
    this.#openedAt = now
    if (this.#closedAt === undefined) return
    const lostMs = now - this.#closedAt
    this.#closedAt = undefined
    this.#longestMs = Math.max(this.#longestMs, lostMs)
    this.#totalMs += lostMs
  }

  closed(now: number): void {
    if (this.#openedAt === undefined) return
    this.#openedAt = undefined
    this.#closedAt = now
    this.#count += 1
  }

  /** How long the link has been open without a break; undefined while it is not open. */
  openMs(now: number): number | undefined {
    return this.#openedAt === undefined ? undefined : now - this.#openedAt
  }

  /** The outages so far, the present one included. */
  summary(now: number): { readonly count: number; readonly longestMs: number; readonly totalMs: number } {
    const presentMs = this.#closedAt === undefined ? 0 : now - this.#closedAt
    return {
      count: this.#count,
      longestMs: Math.max(this.#longestMs, presentMs),
      totalMs: this.#totalMs + presentMs,
    }
  }
}
