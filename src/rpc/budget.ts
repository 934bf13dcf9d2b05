/**
 * How many retries one peer may cost: a token bucket that only offered work and answers fill. While a peer answers
 * nothing, retries stay below a tenth of the offered load, so that a dead peer is not hammered the moment it comes back.
 * The same idea as gRPC's retry throttling (proposal A6) and Finagle's retry budget.
 */

/** What one more request earns: less than a tenth, so that with those that were saved up retries are a tenth of the load, in any time in which 300 requests are made. */
const PER_REQUEST = 0.09
/** What one answer earns: a peer that loses a third of all messages can still be retried each time. */
const PER_ANSWER = 1
/** What a bucket holds at most, and at the start: the three retries of a lone request. */
const CAPACITY = 3

/** Tokens for retries to one peer. */
export class RetryBudget {
  #tokens = CAPACITY

  /** A request was made. */
  offered(): void {
    this.#tokens = Math.min(CAPACITY, this.#tokens + PER_REQUEST)
  }

  /** The peer answered something. */
  answered(): void {
    this.#tokens = Math.min(CAPACITY, this.#tokens + PER_ANSWER)
  }

  /** Takes one retry, if there is one. */
  take(): boolean {
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}
