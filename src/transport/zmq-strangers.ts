/**
 * How strangers that were turned away are told: the first one at once, those that follow within a second as one number.
 * Whoever dials in a loop shall fill no log and cost no time. It keeps a number and the last one, nothing of the others.
 */

import type { ZapAnswer } from './zmq-zap.ts'

/** How often strangers are told at most. */
const EVERY_MS = 1000

export class StrangerTally {
  readonly #tell: (address: string, count: number, text: string) => void
  #timer: NodeJS.Timeout | undefined
  #count = 0
  #last: ZapAnswer | undefined

  constructor(tell: (address: string, count: number, text: string) => void) {
    this.#tell = tell
  }

  /** One more was turned away. */
  add(answer: ZapAnswer): void {
    this.#count += 1
    this.#last = answer
    // From a fresh turn, like all that a transport tells.
    this.#timer ??= setTimeout(() => this.#ring(), 0)
  }

  /** Tells nothing more. */
  end(): void {
    clearTimeout(this.#timer)
    this.#count = 0
  }

  #ring(): void {
    this.#timer = undefined
    const last = this.#last
    if (this.#count === 0 || last === undefined) return
    const count = this.#count
    this.#count = 0
    this.#last = undefined
    // Those who come before it rings again are told together then.
    this.#timer = setTimeout(() => this.#ring(), EVERY_MS)
    this.#tell(last.address, count, textOf(last))
  }
}

/** A public key is no secret, and whoever should have been let in is found by it. */
function textOf({ publicKey, text }: ZapAnswer): string {
  return publicKey === undefined ? text : `${text}: ${publicKey}`
}
