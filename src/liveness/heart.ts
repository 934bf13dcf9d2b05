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

/** What the heart asks and tells the owner of a link. */
export interface BeatingLink {
  /** Whether a Beat is to ask for an Echo; asked before each, with the time of the next. */
  wantsEcho(nextAt: number): boolean
  /** Whether a Beat is to tell that the peer has been quiet for long; asked before each. */
  hearsNothing(now: number): boolean
  /** The next Beat is due, and the Echo of the last one that asked for it has not come. */
  missesEcho(now: number): void
}

/** The beats on one open link. */
class Rhythm {
  number = 0
  /** The Beat whose Echo is awaited, and when it left. */
  askedNumber = 0
  askedAt = 0
  isAnswered = true
  rttMs: number | undefined
  readonly connection: ConnectionId
  readonly owner: BeatingLink

  constructor(connection: ConnectionId, owner: BeatingLink) {
    this.connection = connection
    this.owner = owner
  }
}

/** The beats of one node or client. */
export class Heart {
  readonly #tickMs: number
  readonly #random: Random
  readonly #ownLoad: (now: number) => OwnLoad
  readonly #out: Pick<Out<never>, 'send'>
  readonly #rhythms = new Map<ConnectionId, Rhythm>()
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

  /** The link is open: it beats at once, and from then on with the others. */
  start(now: number, connection: ConnectionId, owner: BeatingLink): void {
    const rhythm = new Rhythm(connection, owner)
    this.#rhythms.set(connection, rhythm)
    if (this.#beatAt === Number.POSITIVE_INFINITY) this.#schedule(now)
    this.#beat(now, rhythm)
  }

  stop(connection: ConnectionId): void {
    this.#rhythms.delete(connection)
    if (this.#rhythms.size === 0) this.#beatAt = Number.POSITIVE_INFINITY
  }

  /** Beats out of turn on an open link: a question, which tells the peer whether it is heard. */
  ask(now: number, connection: ConnectionId): void {
    const rhythm = this.#rhythms.get(connection)
    if (rhythm !== undefined) this.#send(now, rhythm, 0, true)
  }

  echo(now: number, connection: ConnectionId, echo: Echo): void {
    const rhythm = this.#rhythms.get(connection)
    if (rhythm === undefined || rhythm.askedNumber !== echo.number) return
    rhythm.rttMs = now - rhythm.askedAt
    rhythm.isAnswered = true
  }

  rttMs(connection: ConnectionId): number | undefined {
    return this.#rhythms.get(connection)?.rttMs
  }

  wake(now: number): void {
    if (now < this.#beatAt) return
    this.#schedule(now)
    for (const rhythm of this.#rhythms.values()) this.#beat(now, rhythm)
  }

  #schedule(now: number): void {
    this.#beatAt = now + this.#tickMs + this.#random.below(this.#tickMs + 1)
  }

  #beat(now: number, rhythm: Rhythm): void {
    if (!rhythm.isAnswered) rhythm.owner.missesEcho(now)
    const wantsEcho = rhythm.number % ECHO_EVERY === 0 || rhythm.owner.wantsEcho(this.#beatAt)
    rhythm.number += 1
    if (wantsEcho) {
      rhythm.askedNumber = rhythm.number
      rhythm.askedAt = now
      rhythm.isAnswered = false
    }
    this.#send(now, rhythm, rhythm.number, wantsEcho)
  }

  #send(now: number, { connection, owner }: Rhythm, number: number, wantsEcho: boolean): void {
    const hearsNothing = owner.hearsNothing(now)
    this.#out.send(connection, { kind: 'beat', number, wantsEcho, hearsNothing, ...this.#ownLoad(now) })
  }
}
