/**
 * One side's watch over the way to the other, as the operating system keeps it with the probes of TCP: a side whose way
 * is cut for long gives the connection up, although nobody said goodbye. It is the other kernel that answers, so that
 * neither a stalled event loop nor a paused process is noticed here; that is asked with a probe of our own (dial.ts).
 */

import type { SimProcess } from './process.ts'
import type { SimEvent } from './scheduler.ts'
import type { StreamWorld } from './stream.ts'

/** A cut is noticed after this time, ... */
const KEEPALIVE_MS = 6000
/** ... and up to this much later, depending on when the last packet went out. */
const KEEPALIVE_IDLE_MS = 5000

/** Tells once when the way has been cut for so long. */
export class Keepalive {
  readonly #world: StreamWorld
  readonly #here: SimProcess
  readonly #there: SimProcess
  readonly #silent: () => void
  #timer: SimEvent | undefined
  #stopped = false

  constructor(world: StreamWorld, here: SimProcess, there: SimProcess, silent: () => void) {
    this.#world = world
    this.#here = here
    this.#there = there
    this.#silent = silent
  }

  /** A direction was cut or healed. */
  check(): void {
    if (this.#stopped) return
    if (this.#isAnswered()) this.#cancel()
    else this.#timer ??= this.#start()
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  #start(): SimEvent {
    const { scheduler, random } = this.#world
    const timeoutMs = KEEPALIVE_MS + random.below(KEEPALIVE_IDLE_MS)
    return scheduler.at(scheduler.nowMs + timeoutMs, () => {
      this.#timer = undefined
      this.#here.runIo(() => {
        if (!this.#stopped && !this.#isAnswered()) this.#silent()
      })
    })
  }

  #cancel(): void {
    if (this.#timer !== undefined) this.#world.scheduler.cancel(this.#timer)
    this.#timer = undefined
  }

  /** A probe and its answer need both directions. */
  #isAnswered(): boolean {
    const { conditions } = this.#world
    const here = this.#here.host
    const there = this.#there.host
    return conditions.isOpen(here, there) && conditions.isOpen(there, here)
  }
}
