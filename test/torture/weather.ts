/**
 * Bad weather on the ways between callers and callees: each way has a proxy, and each proxy does something bad to its
 * connections every second or so, for a while. An outage stops all of them at once.
 */

import type { Random } from '../../src/base/random.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import type { Stall } from './judge.ts'
import { machineNow } from './record.ts'

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

/** The way of one caller to one callee. */
interface Way {
  readonly caller: string
  readonly callee: string
  readonly proxy: TcpProxy
}

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
  /** When ways were stalled, outages apart. */
  readonly stalls: Stall[] = []
  readonly #random: Random
  readonly #ways: Way[] = []
  readonly #timers = new Map<Way, NodeJS.Timeout>()

  constructor(random: Random) {
    this.#random = random
  }

  /** A new way of a caller to the port of a callee; gives its address. */
  async open(caller: string, callee: string, targetPort: number): Promise<string> {
    const proxy = await TcpProxy.open(targetPort)
    this.#ways.push({ caller, callee, proxy })
    return proxy.address
  }

  /** Lets the weather begin. */
  begin(): void {
    for (const way of this.#ways) this.#troubleLater(way)
  }

  /** Ends what goes on; all ways are clear. */
  clear(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    for (const { proxy } of this.#ways) calm(proxy)
  }

  /** No byte passes on any way any more, and nobody is told, until `clear`. */
  blackOut(): void {
    this.clear()
    for (const { proxy } of this.#ways) proxy.stall()
  }

  async close(): Promise<void> {
    this.clear()
    await Promise.all(this.#ways.map(({ proxy }) => proxy.close()))
  }

  #troubleLater(way: Way): void {
    const timer = setTimeout(() => this.#trouble(way), this.#between(PAUSE_MS))
    this.#timers.set(way, timer)
  }

  #trouble(way: Way): void {
    const kinds = Object.keys(TROUBLES) as TroubleKind[]
    const kind = kinds[this.#random.below(kinds.length)] as TroubleKind
    this.counts[kind] += 1
    this.#do(way.proxy, kind)
    const fromMs = machineNow()
    const timer = setTimeout(() => {
      calm(way.proxy)
      if (kind === 'stall')
        this.stalls.push({ caller: way.caller, callee: way.callee, fromMs, untilMs: machineNow() })
      this.#troubleLater(way)
    }, this.#between(TROUBLES[kind]))
    this.#timers.set(way, timer)
  }

  #do(proxy: TcpProxy, kind: TroubleKind): void {
    switch (kind) {
      case 'delay':
        proxy.delayMs = 1 + this.#random.below(MAX_DELAY_MS)
        return
      case 'dribble':
        proxy.dribbleBytes = 1 + this.#random.below(MAX_DRIBBLE_BYTES)
        return
      default:
        proxy[kind]()
    }
  }

  #between([least, most]: readonly [number, number]): number {
    return least + this.#random.below(most - least + 1)
  }
}

function calm(proxy: TcpProxy): void {
  proxy.delayMs = 0
  proxy.dribbleBytes = 0
  proxy.mend()
  proxy.resume()
}
