/**
 * The arithmetic of ping: how many were sent and answered, and the spread of the times. Sums only, so that a ping that
 * runs for a year needs no more memory than one of a second.
 */

/** What the pings so far amount to. Times are undefined while nothing was answered. */
export interface RoundTripSummary {
  readonly sent: number
  readonly answered: number
  /** From 0 to 100, with one decimal. */
  readonly lossPercent: number
  readonly minMs: number | undefined
  readonly avgMs: number | undefined
  readonly maxMs: number | undefined
  /** The standard deviation, which ping(8) calls mdev. */
  readonly mdevMs: number | undefined
}

/** Counts round trips. */
export class RoundTrips {
  #answered = 0
  #lost = 0
  #minMs = Number.POSITIVE_INFINITY
  #maxMs = 0
  #meanMs = 0
  /** The sum of the squared distances from the mean, kept as in Welford's method (Technometrics 4, 1962). */
  #squares = 0

  addAnswer(durationMs: number): void {
    this.#answered += 1
    this.#minMs = Math.min(this.#minMs, durationMs)
    this.#maxMs = Math.max(this.#maxMs, durationMs)
    const distance = durationMs - this.#meanMs
    this.#meanMs += distance / this.#answered
    this.#squares += distance * (durationMs - this.#meanMs)
  }

  addLoss(): void {
    this.#lost += 1
  }

  summarize(): RoundTripSummary {
    const answered = this.#answered
    const sent = answered + this.#lost
    const lossPercent = sent === 0 ? 0 : Math.round((this.#lost / sent) * 1000) / 10
    if (answered === 0) {
      return {
        sent,
        answered,
        lossPercent,
        minMs: undefined,
        avgMs: undefined,
        maxMs: undefined,
        mdevMs: undefined,
      }
    }
    const mdevMs = Math.sqrt(this.#squares / answered)
    return {
      sent,
      answered,
      lossPercent,
      minMs: this.#minMs,
      avgMs: this.#meanMs,
      maxMs: this.#maxMs,
      mdevMs,
    }
  }
}
