/**
 * The greatest of some delays, which counts less and less with time: what was late once is late no more when enough time has
 * passed, and a longer delay replaces what has faded. It knows nothing of what was late, nor why.
 */

export class Fading {
  readonly #memoryMs: number
  readonly #mostMs: number
  #delayMs = 0
  #notedAt = 0

  /** A delay has faded to 0 after `memoryMs`; one above `mostMs` is taken for that. */
  constructor(memoryMs: number, mostMs = Number.POSITIVE_INFINITY) {
    this.#memoryMs = memoryMs
    this.#mostMs = mostMs
  }

  note(now: number, delayMs: number): void {
    const takenMs = Math.min(delayMs, this.#mostMs)
    if (takenMs < this.at(now)) return
    this.#delayMs = takenMs
    this.#notedAt = now
  }

  /** What is left of it, in whole milliseconds. */
  at(now: number): number {
    const faded = 1 - (now - this.#notedAt) / this.#memoryMs
    return faded <= 0 ? 0 : Math.round(this.#delayMs * faded)
  }
}
