/**
 * Looks, now and then, which peers do not take what waits for them: joins the queues of the mailer with the rule of
 * liveness/slow-peers.ts. While nothing waits for anybody, nothing is looked at.
 */

import type { ConnectionId } from '../base/ids.ts'
import { LOOK_MS, type SlowEvent, SlowPeers } from '../liveness/slow-peers.ts'
import type { Mailer } from './mailer.ts'

/** The watch of one driver. */
export class SlowWatch {
  readonly #mailer: Mailer
  readonly #peers: SlowPeers
  readonly #peerAt: (connection: ConnectionId) => string | undefined
  /** When to look next; Infinity when nothing waits for anybody. */
  #lookAt = Number.POSITIVE_INFINITY

  constructor(
    mailer: Mailer,
    peerAt: (connection: ConnectionId) => string | undefined,
    tell: (event: SlowEvent) => void,
  ) {
    this.#mailer = mailer
    this.#peerAt = peerAt
    this.#peers = new SlowPeers(tell)
  }

  /** When to wake it, as things stand now; to be asked at the end of each turn. */
  deadline(now: number): number {
    if (this.#lookAt === Number.POSITIVE_INFINITY && (this.#mailer.isWaiting || !this.#peers.isIdle))
      this.#lookAt = now + LOOK_MS
    return this.#lookAt
  }

  wake(now: number): void {
    if (now < this.#lookAt) return
    this.#lookAt = Number.POSITIVE_INFINITY
    this.#peers.look(now, this.#mailer.waiting(), this.#peerAt)
  }
}
