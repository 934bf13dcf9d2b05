/**
 * One message, many acks. A broadcast is one request to each expected peer, side by side; this machine keeps the tally
 * and decides when it is over. How a request travels, is repeated and is never run twice is not its business: its owner
 * makes the requests and reports what became of each.
 *
 * A peer that is dead at the start, or dies meanwhile, is missing at once: it costs its line in the result and no time.
 * When the stop rule is met early, the others still get the message; nobody waits for them any more.
 */

import { assert } from '../base/assert.ts'
import { SequenceMap } from '../base/sequence-map.ts'
import type { Body } from '../wire/messages.ts'
import type { StopRule } from './stop-rule.ts'
import { type MissingReason, Tally } from './tally.ts'

/** What the sender of a broadcast wants. */
export interface CastOrder {
  readonly peers: readonly { readonly name: string; readonly isDead: boolean }[]
  readonly until: StopRule
  readonly ticket: unknown
}

/** One broadcast from order to result. */
export class Cast {
  isOver = false
  /** Which broadcast of the caster it is. */
  readonly number: number
  readonly startedAt: number
  readonly tally: Tally
  readonly ticket: unknown
  /** One for each peer that was not dead at the start. */
  readonly legs: Leg[] = []

  constructor(number: number, startedAt: number, order: CastOrder) {
    this.number = number
    this.startedAt = startedAt
    this.ticket = order.ticket
    const names = order.peers.map((peer) => peer.name)
    this.tally = new Tally(names, order.until)
  }
}

/** One peer's part of a broadcast: the ticket of the request that carries it. */
export class Leg {
  /** Whatever the owner wants to find again: the request that carries this leg. */
  ticket: unknown = undefined
  readonly cast: Cast
  readonly peer: string

  constructor(cast: Cast, peer: string) {
    this.cast = cast
    this.peer = peer
  }
}

/** What a caster tells. */
export type CasterEvent =
  /** The request of this leg is to be made. */
  | { readonly kind: 'leg'; readonly leg: Leg }
  | { readonly kind: 'cast-done'; readonly cast: Cast; readonly now: number }

/** All broadcasts of one node. */
export class Caster {
  readonly #casts = new SequenceMap<Cast>()
  #lastNumber = 0
  readonly #tell: (event: CasterEvent) => void

  constructor(tell: (event: CasterEvent) => void) {
    this.#tell = tell
  }

  get pendingCount(): number {
    return this.#casts.size
  }

  /** Starts a broadcast. Its result is told exactly once, perhaps before this returns. */
  cast(now: number, order: CastOrder): Cast {
    this.#lastNumber += 1
    const cast = new Cast(this.#lastNumber, now, order)
    this.#casts.set(cast.number, cast)
    for (const peer of order.peers) {
      if (peer.isDead) cast.tally.miss({ peer: peer.name, reason: 'dead', text: 'It was dead at the start' })
    }
    for (const peer of order.peers) {
      if (peer.isDead) continue
      const leg = new Leg(cast, peer.name)
      cast.legs.push(leg)
      this.#tell({ kind: 'leg', leg })
    }
    this.#endIfOver(now, cast)
    return cast
  }

  acked(now: number, leg: Leg, body: Body): void {
    const { cast, peer } = leg
    if (cast.isOver || !cast.tally.isOpen(peer)) return
    cast.tally.ack({ peer, body, ms: now - cast.startedAt })
    this.#endIfOver(now, cast)
  }

  missed(now: number, leg: Leg, reason: MissingReason, text: string): void {
    const { cast, peer } = leg
    if (cast.isOver || !cast.tally.isOpen(peer)) return
    cast.tally.miss({ peer, reason, text })
    this.#endIfOver(now, cast)
  }

  /** A peer died: every broadcast that still waits for it stops doing so. */
  peerDied(now: number, peer: string, text: string): void {
    for (const cast of this.#casts.all()) {
      if (cast.isOver || !cast.tally.isOpen(peer)) continue
      cast.tally.miss({ peer, reason: 'dead', text })
      this.#endIfOver(now, cast)
    }
  }

  /** The sender no longer wants the result. */
  cancel(now: number, cast: Cast, text: string): void {
    if (cast.isOver) return
    cast.tally.close('not-awaited', text)
    this.#end(now, cast)
  }

  close(now: number): void {
    for (const cast of this.#casts.all()) this.cancel(now, cast, 'The node closed')
  }

  #endIfOver(now: number, cast: Cast): void {
    if (cast.isOver || !cast.tally.isOver) return
    cast.tally.close('not-awaited', 'Enough others had acked')
    this.#end(now, cast)
  }

  #end(now: number, cast: Cast): void {
    assert(!cast.isOver, 'a broadcast ends once')
    cast.isOver = true
    this.#casts.take(cast.number)
    this.#tell({ kind: 'cast-done', cast, now })
  }
}
