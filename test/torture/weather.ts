/**
 * Bad weather on the ways between callers and callees: each way has a proxy, and each proxy does something bad to its
 * connections every second or so, for a while. An outage stops all of them at once.
 */

import type { Random } from '../../src/base/random.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

/** What may happen on a way, with the time that it may last, in milliseconds. */
const TROUBLES = {
  delay: [300, 1500],
  dribble: [200, 1000],
  stall: [50, 1000],
  cut: [50, 800],
  halfClose: [0, 0],
  drop: [0, 0],
  reset: [0, 0],
} as const

export type TroubleKind = keyof typeof TROUBLES

/** The time between two troubles of one way, in milliseconds. */
const PAUSE_MS = [200, 1800] as const
const MAX_DELAY_MS = 80
const MAX_DRIBBLE_BYTES = 200

/** All ways, and what happens on them. */
export class Weather {
  /** How often each trouble was made. */
  readonly counts: Record<TroubleKind, number> = {
    delay: 0,
    dribble: 0,
    stall: 0,
    cut: 0,
    halfClose: 0,
    drop: 0,
    reset: 0,
  }
  readonly #random: Random
  readonly #ways: TcpProxy[] = []
  readonly #timers = new Map<TcpProxy, NodeJS.Timeout>()

  constructor(random: Random) {
    this.#random = random
  }

  /** A new way to a port; gives its address. */
  async open(targetPort: number): Promise<string> {
    const way = await TcpProxy.open(targetPort)
    this.#ways.push(way)
    return way.address
  }

  /** Lets the weather begin. */
  begin(): void {
    for (const way of this.#ways) this.#troubleLater(way)
  }

  /** Ends what goes on; all ways are clear. */
  clear(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    for (const way of this.#ways) calm(way)
  }

  /** No byte passes on any way any more, and nobody is told, until `clear`. */
  blackOut(): void {
    this.clear()
    for (const way of this.#ways) way.stall()
  }

  async close(): Promise<void> {
    this.clear()
    await Promise.all(this.#ways.map((way) => way.close()))
  }

  #troubleLater(way: TcpProxy): void {
    const timer = setTimeout(() => this.#trouble(way), this.#between(PAUSE_MS))
    this.#timers.set(way, timer)
  }

  #trouble(way: TcpProxy): void {
    const kinds = Object.keys(TROUBLES) as TroubleKind[]
    const kind = kinds[this.#random.below(kinds.length)] as TroubleKind
    this.counts[kind] += 1
    this.#do(way, kind)
    const timer = setTimeout(() => {
      calm(way)
      this.#troubleLater(way)
    }, this.#between(TROUBLES[kind]))
    this.#timers.set(way, timer)
  }

  #do(way: TcpProxy, kind: TroubleKind): void {
    switch (kind) {
      case 'delay':
        way.delayMs = 1 + this.#random.below(MAX_DELAY_MS)
        return
      case 'dribble':
        way.dribbleBytes = 1 + this.#random.below(MAX_DRIBBLE_BYTES)
        return
      default:
        way[kind]()
    }
  }

  #between([least, most]: readonly [number, number]): number {
    return least + this.#random.below(most - least + 1)
  }
}

function calm(way: TcpProxy): void {
  way.delayMs = 0
  way.dribbleBytes = 0
  way.mend()
  way.resume()
}
