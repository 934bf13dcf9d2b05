/**
 * When to give a sign of life: one Beat on every open link, each tick, with jitter, so that many nodes do not beat as
 * one. All links of a node beat together. A Beat asks for an Echo when the link owes something or its peer might seem
 * silent, and now and then to measure the round trip.
 */

import type { ConnectionId } from '../base/ids.ts'
import type { Random } from '../base/random.ts'
import type { Echo } from '../wire/messages.ts'
import type { Out } from '../wire/out.ts'

/** Every so many Beats one asks for an Echo in any case. */
const ECHO_EVERY = 8

/** What this node says of itself in a Beat or Echo. */
export interface OwnLoad {
  readonly loopDelayMs: number
  readonly queuedBytes: number
}

/** The beats on one open link. */
class Pulse {
  number = 0
  /** The Beat whose Echo is awaited, and when it left. */
  askedNumber = 0
  askedAt = 0
  rttMs: number | undefined
  readonly connection: ConnectionId
  readonly wantsEcho: (nextAt: number) => boolean

  constructor(connection: ConnectionId, wantsEcho: (nextAt: number) => boolean) {
    this.connection = connection
    this.wantsEcho = wantsEcho
  }
}

/** The beats of one node or client. */
export class Heart {
  readonly #tickMs: number
  readonly #random: Random
  readonly #ownLoad: (now: number) => OwnLoad
  readonly #out: Pick<Out<never>, 'send'>
  readonly #pulses = new Map<ConnectionId, Pulse>()
  /** When all links beat next: waking once for all of them costs an idle node a tenth of waking for each. */
  #beatAt = Number.POSITIVE_INFINITY

  constructor(
    tickMs: number,
    random: Random,
    ownLoad: (now: number) => OwnLoad,
    out: Pick<Out<never>, 'send'>,
  ) {
    this.#tickMs = tickMs
    this.#random = random
    this.#ownLoad = ownLoad
    this.#out = out
  }

  get deadline(): number {
    return this.#beatAt
  }

  /** The link is open: it beats at once, and from then on with the others. `wantsEcho` is asked before each beat, with the time of the next. */
  start(now: number, connection: ConnectionId, wantsEcho: (nextAt: number) => boolean): void {
    const pulse = new Pulse(connection, wantsEcho)
    this.#pulses.set(connection, pulse)
    if (this.#beatAt === Number.POSITIVE_INFINITY) this.#schedule(now)
    this.#beat(now, pulse)
  }

  stop(connection: ConnectionId): void {
    this.#pulses.delete(connection)
    if (this.#pulses.size === 0) this.#beatAt = Number.POSITIVE_INFINITY
  }

  echo(now: number, connection: ConnectionId, echo: Echo): void {
    const pulse = this.#pulses.get(connection)
    if (pulse === undefined || pulse.askedNumber !== echo.number) return
    pulse.rttMs = now - pulse.askedAt
  }

  rttMs(connection: ConnectionId): number | undefined {
    return this.#pulses.get(connection)?.rttMs
  }

  wake(now: number): void {
    if (now < this.#beatAt) return
    this.#schedule(now)
    for (const pulse of this.#pulses.values()) this.#beat(now, pulse)
  }

  #schedule(now: number): void {
    this.#beatAt = now + this.#tickMs + this.#random.below(this.#tickMs + 1)
  }

  #beat(now: number, pulse: Pulse): void {
    const wantsEcho = pulse.number % ECHO_EVERY === 0 || pulse.wantsEcho(this.#beatAt)
    pulse.number += 1
    if (wantsEcho) {
      pulse.askedNumber = pulse.number
      pulse.askedAt = now
    }
    this.#out.send(pulse.connection, { kind: 'beat', number: pulse.number, wantsEcho, ...this.#ownLoad(now) })
  }
}
