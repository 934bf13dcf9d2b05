/**
 * When a link dials again: at once after a good connection broke, then less and less often, with some chance in it, so
 * that peers that lost each other together do not come back in step. It counts pauses and knows no socket and no reason.
 */

/** How a link dials again, in milliseconds. */
export interface RedialTimes {
  /** The pause after a first failed attempt; it doubles with each further one. */
  readonly redialMs: number
  /** The longest pause. */
  readonly redialMaxMs: number
  /** The longest pause after an attempt whose keys were refused. */
  readonly refusedMaxMs: number
}

/**
 * The pause before the first new attempt: the listening socket of a killed process outlives its connections by a moment,
 * in which it still accepts and then resets, so that an attempt at once would not be refused.
 */
export const BREATH_MS = 10

/**
 * A connection that was up for less than this gets no immediate new attempt when it ends: otherwise a peer that accepts
 * and hangs up at once would be dialled in a spin.
 */
const STABLE_MS = 250

/**
 * A secure peer that changes its key ends its connections and listens again a moment later: 5 ms at rest, 45 on a busy
 * machine. For so long after a break nobody takes a refused dial for the end of its process; the next one follows soon.
 */
const REBIND_GRACE_MS = 60
const REBIND_STEP_MS = 30

export class Redial {
  readonly #times: RedialTimes
  readonly #mayRebind: boolean
  #pauseMs = 0
  #upSince = 0
  #brokeAt = Number.NEGATIVE_INFINITY

  /** `mayRebind`: the peer may stop listening for a moment although it is well. */
  constructor(times: RedialTimes, mayRebind: boolean) {
    this.#times = times
    this.#mayRebind = mayRebind
  }

  /** The connection is up. */
  up(): void {
    this.#upSince = performance.now()
  }

  /** The pause after the connection broke. */
  afterBreak(): number {
    this.#brokeAt = performance.now()
    if (this.#brokeAt - this.#upSince < STABLE_MS) return this.afterFailure(false)
    this.#pauseMs = 0
    return BREATH_MS
  }

  /** The pause after nobody listened; undefined when that is to be taken for what it seems. */
  afterRefusal(): number | undefined {
    const isGrace = this.#mayRebind && performance.now() < this.#brokeAt + REBIND_GRACE_MS
    return isGrace ? REBIND_STEP_MS : undefined
  }

  /** The pause after an attempt came to nothing: twice as long each time, and between half and all of it, by chance. */
  afterFailure(isWithoutKey: boolean): number {
    const { redialMs, redialMaxMs, refusedMaxMs } = this.#times
    const maxMs = isWithoutKey ? Math.min(redialMaxMs, refusedMaxMs) : redialMaxMs
    this.#pauseMs = Math.min(maxMs, Math.max(redialMs, this.#pauseMs * 2))
    return this.#pauseMs * (0.5 + Math.random() / 2)
  }

  /** Why it failed so far does not count any more. */
  forgive(): void {
    this.#pauseMs = 0
  }
}
