/**
 * Which peers are slow to take what we have for them: clause L19. A frame that has waited for its peer for half a second says
 * so, long before a heartbeat would: what is lost is memory here, and the time of whoever waits.
 *
 * The rule for one connection is a leaf (`Wait`); the machine joins the connections of one peer, of which there may be
 * two, and tells each episode once, at its beginning and at its end. It does not know queues: their owner says at each look what
 * waits. Nothing is held back or thrown away for being slow.
 */

import type { ConnectionId } from '../base/ids.ts'
import type { DetectorEvent } from './detector.ts'

/** A frame that has waited so long for its peer to take it makes the peer slow. */
export const SLOW_MS = 500
/** A slow peer whose frames wait less than that is slow no more after this time. */
export const SLOW_OVER_MS = 1000
/** How often queues in which something waits are looked at: an episode is told at most this much late. */
export const LOOK_MS = 200

/** The queue of one connection, at one look. */
export interface Waiting {
  readonly connection: ConnectionId
  /** Since when the frame that is to leave next waits for the peer. */
  readonly since: number
  readonly queuedBytes: number
}

/** What the machine tells. */
export interface SlowEvent {
  readonly kind: 'peer-slow'
  readonly peer: string
  readonly slow: boolean
  /** Bytes that wait on its slow connections. */
  readonly queuedBytes: number
}

/** What is told of peers: whether they are there, and whether they keep up. */
export type LivenessEvent = DetectorEvent | SlowEvent

/** Whether one connection is slow: plain arithmetic on what each look shows. */
export class Wait {
  #lastLongAt = Number.NEGATIVE_INFINITY
  #isSlow = false

  get isSlow(): boolean {
    return this.#isSlow
  }

  /** Something waits on it, since that time. */
  look(now: number, since: number): void {
    if (now - since >= SLOW_MS) {
      this.#isSlow = true
      this.#lastLongAt = now
    } else if (now - this.#lastLongAt >= SLOW_OVER_MS) this.#isSlow = false
  }
}

/** What is watched of one connection. */
interface Watched {
  readonly peer: string
  readonly wait: Wait
  queuedBytes: number
}

/** All connections of one node on which something waits. Bounded by them. */
export class SlowPeers {
  readonly #watched = new Map<ConnectionId, Watched>()
  readonly #slow = new Set<string>()
  readonly #tell: (event: SlowEvent) => void

  constructor(tell: (event: SlowEvent) => void) {
    this.#tell = tell
  }

  /** Whether nobody is watched, so that a look at nothing would change nothing. */
  get isIdle(): boolean {
    return this.#watched.size === 0
  }

  /** A look at all queues in which something waits. `peerAt` names who is at the other end, where that is known. */
  look(
    now: number,
    waiting: Iterable<Waiting>,
    peerAt: (connection: ConnectionId) => string | undefined,
  ): void {
    const seen = new Set<ConnectionId>()
    for (const { connection, since, queuedBytes } of waiting) {
      const peer = this.#watched.get(connection)?.peer ?? peerAt(connection)
      if (peer === undefined) continue
      const watched = this.#watched.get(connection) ?? { peer, wait: new Wait(), queuedBytes }
      this.#watched.set(connection, watched)
      watched.queuedBytes = queuedBytes
      watched.wait.look(now, since)
      seen.add(connection)
    }
    for (const connection of this.#watched.keys()) if (!seen.has(connection)) this.#watched.delete(connection)
    this.#report()
  }

  /** Tells whose state is another than at the last look. */
  #report(): void {
    const bytes = new Map<string, number>()
    for (const { peer, wait, queuedBytes } of this.#watched.values()) {
      if (wait.isSlow) bytes.set(peer, (bytes.get(peer) ?? 0) + queuedBytes)
    }
    for (const [peer, queuedBytes] of bytes) {
      if (this.#slow.has(peer)) continue
      this.#slow.add(peer)
      this.#tell({ kind: 'peer-slow', peer, slow: true, queuedBytes })
    }
    for (const peer of this.#slow) {
      if (bytes.has(peer)) continue
      this.#slow.delete(peer)
      this.#tell({ kind: 'peer-slow', peer, slow: false, queuedBytes: 0 })
    }
  }
}
