/**
 * Counts what ends while a run counts, and with one operation at a time also how long each took. Times by
 * performance.now() of the process that counts.
 *
 * Few operations at a time may be long ones: they are counted from the end of one to the end of another, so that no part of an
 * operation counts as a whole one. Many at a time may end in bursts, which would make that misleading: they are counted in a
 * window of fixed length, which grows until several bursts fit into it.
 */

import { percentile } from './statistics.ts'

/** When a run counts: after `warmUpMs`, for `measureMs`, or longer where too little ends in that time. */
export interface Times {
  readonly warmUpMs: number
  readonly measureMs: number
}

/** What came of a run. The latencies are there when there was one operation at a time. */
export interface Ran {
  readonly perSecond: number
  readonly p50Ms: number | undefined
  readonly p99Ms: number | undefined
}

/** Latencies that one run keeps; later ones are not looked at. Ten seconds of the fastest side. */
const MAX_LATENCIES = 500_000
/** Up to so many at a time are few. */
const FEW = 8
/** So often has each of the many to end in a window. */
const BURSTS = 4
/** A window that is still too short after growing so often is taken as it is. */
const MAX_GROWTHS = 10

export class Tally {
  readonly #measureMs: number
  readonly #inFlight: number
  readonly #latenciesMs: number[] = []
  #beginAt: number
  #endAt: number
  #lastEndAt: number
  #growths = 0
  #count = 0
  #hasBegun: boolean
  #isOver = false

  /** `now` stands in for the clock where a test wants to say what time it is. */
  constructor({ warmUpMs, measureMs }: Times, inFlight: number, now = performance.now()) {
    this.#measureMs = measureMs
    this.#inFlight = inFlight
    this.#lastEndAt = now
    this.#beginAt = now + warmUpMs
    this.#endAt = this.#beginAt + measureMs
    this.#hasBegun = inFlight > FEW
  }

  /** One operation ended now. Gives whether another one is to begin. */
  ended(now = performance.now()): boolean {
    if (this.#isOver) return false
    if (this.#inFlight > FEW) this.#endedOfMany(now)
    else this.#endedOfFew(now)
    // The next operation begins right here, so with one at a time its latency is the time to its end.
    this.#lastEndAt = now
    return !this.#isOver
  }

  #endedOfFew(now: number): void {
    if (now < this.#beginAt) return
    if (!this.#hasBegun) {
      this.#hasBegun = true
      this.#beginAt = now
      return
    }
    this.#count += 1
    if (this.#inFlight === 1 && this.#count <= MAX_LATENCIES) this.#latenciesMs.push(now - this.#lastEndAt)
    if (now < this.#endAt) return
    this.#endAt = now
    this.#isOver = true
  }

  #endedOfMany(now: number): void {
    while (now >= this.#endAt) {
      if (this.#count >= BURSTS * this.#inFlight || this.#growths === MAX_GROWTHS) {
        this.#isOver = true
        return
      }
      this.#growths += 1
      this.#endAt += this.#measureMs
    }
    if (now >= this.#beginAt) this.#count += 1
  }

  get ran(): Ran {
    const perSecond = (this.#count / (this.#endAt - this.#beginAt)) * 1000
    if (this.#latenciesMs.length === 0) return { perSecond, p50Ms: undefined, p99Ms: undefined }
    return {
      perSecond,
      p50Ms: percentile(this.#latenciesMs, 0.5),
      p99Ms: percentile(this.#latenciesMs, 0.99),
    }
  }
}
