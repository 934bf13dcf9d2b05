/**
 * One party of a simulation, a node or a client: its name, which stays, and the process that runs it now, which comes
 * and goes with crashes and restarts. Gives each run a world of its own: clock, chance and transport.
 */

import type { World } from '../node/world.ts'
import { type ClockSkew, SimClock } from './clock.ts'
import type { Network } from './network.ts'
import { SimProcess } from './process.ts'
import { randomFor } from './seeds.ts'
import { SimTransport } from './transport.ts'

/** Monotonic clocks begin anywhere below this, in milliseconds: 11 days. */
const MAX_CLOCK_START_MS = 1_000_000_000

/** One run of a program. */
export interface Run {
  readonly process: SimProcess
  readonly world: World
  /** Adds a line to the trace while the process lives. */
  note(what: string): void
}

/** A named place for one process after the other. */
export class Member {
  readonly name: string
  process: SimProcess
  readonly #network: Network
  readonly #seed: number
  readonly #machine: string
  readonly #transports: SimTransport[] = []
  /** The clock of the present or the last process. */
  #clock: SimClock
  #runs = 0

  /** `skew` is how the clocks of the host go at first; `machine` is shared with other members; empty: it has its own. */
  constructor(network: Network, seed: number, name: string, skew: ClockSkew = {}, machine = '') {
    this.#machine = machine
    this.#network = network
    this.#seed = seed
    this.name = name
    this.process = new SimProcess(network.scheduler, name, name)
    this.process.kill()
    const { rate = 1, wallAheadMs: wallMs = 0 } = skew
    this.#clock = new SimClock(network.scheduler, this.process, { monotonicMs: 0, wallMs, rate })
    network.addHost(name)
  }

  get alive(): boolean {
    return this.process.alive
  }

  /** Starts a new process. */
  boot(): Run {
    this.#runs += 1
    const process = new SimProcess(this.#network.scheduler, this.name, this.name)
    this.process = process
    const random = randomFor(this.#seed, `${this.name} ${this.#runs}`)
    const chance = randomFor(this.#seed, `nonces of ${this.name} ${this.#runs}`)
    // A host's clocks go on while none of its processes runs.
    const { rate, wallAheadMs: wallMs } = this.#clock
    const offsets = { monotonicMs: random.below(MAX_CLOCK_START_MS), wallMs, rate }
    this.#clock = new SimClock(this.#network.scheduler, process, offsets)
    const world: World = {
      clock: this.#clock,
      random,
      entropy: (sizeBytes) => Uint8Array.from({ length: sizeBytes }, () => chance.below(256)),
      transport: (listener, keys) => {
        const transport = new SimTransport(this.#network, process, listener, this.#machine, keys)
        this.#transports.push(transport)
        return transport
      },
    }
    // What a dead process still finds in its promises is never written down.
    return { process, world, note: (what) => process.alive && this.note(what) }
  }

  /** Kills the process; its host closes the connections. */
  kill(): void {
    this.process.kill()
    for (const transport of this.#transports.splice(0)) transport.end()
  }

  /** Changes the clocks of the host. */
  skew(change: ClockSkew): void {
    this.#clock.skew(change)
  }

  /** What a closed process would still hold: an alarm, and sockets that are open. Nothing, if it closed well. */
  get remains(): { readonly hasAlarm: boolean; readonly sockets: number } {
    const sockets = this.#transports.filter(({ isClosed }) => !isClosed).length
    return { hasAlarm: this.#clock.isArmed, sockets }
  }

  /** Adds a line to the trace. */
  note(what: string): void {
    this.#network.trace.add(this.#network.scheduler.nowMs, this.name, what)
  }
}
