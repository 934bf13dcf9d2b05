/**
 * One side's watch over the other, as libzmq's I/O thread does it with ZMTP heartbeats: a side that gets no answer for
 * a while gives the connection up, although nobody said goodbye. It is the I/O thread of the other process that
 * answers, so that a stalled event loop goes unnoticed here, and a paused process does not.
 */

import type { SimProcess } from './process.ts'
import type { SimEvent } from './scheduler.ts'
import type { StreamWorld } from './stream.ts'

/** Silence is noticed after this time, ... */
const HEARTBEAT_TIMEOUT_MS = 800
/** ... and up to this much later, depending on when the last heartbeat went out. */
const HEARTBEAT_INTERVAL_MS = 400

/** Tells once when the other side has not answered for the time of a heartbeat. */
export class Heartbeat {
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

  /** A direction was cut or healed, or a process was paused or resumed. */
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
    const timeoutMs = HEARTBEAT_TIMEOUT_MS + random.below(HEARTBEAT_INTERVAL_MS)
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

  /** A heartbeat and its answer need both directions, and someone who answers. */
  #isAnswered(): boolean {
    const { conditions } = this.#world
    const here = this.#here.host
    const there = this.#there.host
    return !this.#there.paused && conditions.isOpen(here, there) && conditions.isOpen(there, here)
  }
}
