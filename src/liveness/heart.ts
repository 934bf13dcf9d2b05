/**
 * When to give a sign of life: one Beat on every open link, each tick, with jitter, so that many nodes do not beat as
 * one. A Beat asks for an Echo when the link owes something or was quiet, and now and then to measure the round trip.
 */

import { Deadlines, type Timed } from '../base/deadlines.ts'
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
class Pulse implements Timed {
  dueAt = 0
  heapIndex = -1
  number = 0
  /** The Beat whose Echo is awaited, and when it left. */
  askedNumber = 0
  askedAt = 0
  rttMs: number | undefined
  readonly connection: ConnectionId
  readonly wantsEcho: (now: number) => boolean

  constructor(connection: ConnectionId, wantsEcho: (now: number) => boolean) {
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
  readonly #deadlines = new Deadlines<Pulse>()

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
    return this.#deadlines.next
  }

  /** The link is open: beats begin at once. `wantsEcho` is asked before each. */
  start(now: number, connection: ConnectionId, wantsEcho: (now: number) => boolean): void {
    this.stop(connection)
    const pulse = new Pulse(connection, wantsEcho)
    this.#pulses.set(connection, pulse)
    this.#beat(now, pulse)
  }

  stop(connection: ConnectionId): void {
    const pulse = this.#pulses.get(connection)
    if (pulse === undefined) return
    this.#deadlines.remove(pulse)
    this.#pulses.delete(connection)
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
    this.#deadlines.takeDue(now, (pulse) => this.#beat(now, pulse))
  }

  #beat(now: number, pulse: Pulse): void {
    const wantsEcho = pulse.number % ECHO_EVERY === 0 || pulse.wantsEcho(now)
    pulse.number += 1
    if (wantsEcho) {
      pulse.askedNumber = pulse.number
      pulse.askedAt = now
    }
    this.#deadlines.set(pulse, now + this.#tickMs + this.#random.below(this.#tickMs + 1))
    this.#out.send(pulse.connection, { kind: 'beat', number: pulse.number, wantsEcho, ...this.#ownLoad(now) })
  }
}
