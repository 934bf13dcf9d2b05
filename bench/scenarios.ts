/**
 * What is measured, as a table: one line for each figure. Both sides, zmqnet and raw zeromq.js, get the same lines.
 */

/** `echo`: ask and wait for the same body. `oneway`: counted where it arrives. `broadcast`: ask two, wait for both. */
export type ScenarioKind = 'echo' | 'oneway' | 'broadcast'

/** One figure. */
export interface Scenario {
  readonly title: string
  readonly kind: ScenarioKind
  readonly bodyBytes: number
  /** Operations that are under way at a time. Raw one-way messages have no receipt, so there it means nothing. */
  readonly inFlight: number
}

const KIB = 1024

/** The figures in the order of the table. */
export const scenarios: readonly Scenario[] = [
  { title: 'echo 64 B, 1 in flight', kind: 'echo', bodyBytes: 64, inFlight: 1 },
  { title: 'echo 64 B, 100 in flight', kind: 'echo', bodyBytes: 64, inFlight: 100 },
  { title: 'echo 64 B, 1000 in flight', kind: 'echo', bodyBytes: 64, inFlight: 1000 },
  { title: 'echo 4 KiB, 1 in flight', kind: 'echo', bodyBytes: 4 * KIB, inFlight: 1 },
  { title: 'echo 4 KiB, 100 in flight', kind: 'echo', bodyBytes: 4 * KIB, inFlight: 100 },
  // A node queues at most 3.5 MiB for a peer, so that 1000 of these at once would be refused with QUEUE_FULL.
  { title: 'echo 4 KiB, 800 in flight', kind: 'echo', bodyBytes: 4 * KIB, inFlight: 800 },
  { title: 'echo 64 KiB, 8 in flight', kind: 'echo', bodyBytes: 64 * KIB, inFlight: 8 },
  { title: 'echo 1 MiB, 2 in flight', kind: 'echo', bodyBytes: KIB * KIB, inFlight: 2 },
  { title: 'one-way 64 B, 1000 without receipt', kind: 'oneway', bodyBytes: 64, inFlight: 1000 },
  { title: 'broadcast 64 B to 2, 1 in flight', kind: 'broadcast', bodyBytes: 64, inFlight: 1 },
  { title: 'broadcast 64 B to 2, 100 in flight', kind: 'broadcast', bodyBytes: 64, inFlight: 100 },
]

/** When a run counts: after `warmUpMs`, for `measureMs`. */
export interface Times {
  readonly warmUpMs: number
  readonly measureMs: number
}

/** Counts what ends while a run counts. Times by performance.now() of the process that counts. */
export class Tally {
  readonly endAt: number
  readonly #beginAt: number
  #count = 0

  constructor({ warmUpMs, measureMs }: Times) {
    this.#beginAt = performance.now() + warmUpMs
    this.endAt = this.#beginAt + measureMs
  }

  /** One operation ended now. Gives whether another one is to begin. */
  ended(): boolean {
    const now = performance.now()
    if (now >= this.endAt) return false
    if (now >= this.#beginAt) this.#count += 1
    return true
  }

  get perSecond(): number {
    return (this.#count / (this.endAt - this.#beginAt)) * 1000
  }
}
