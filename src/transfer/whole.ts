/**
 * Which bodies travel whole although they could be cut. Whole ones cost two thirds of the processor time, because nothing
 * is copied into place and no credit is waited for; but what is sent behind one waits for all of it. So they go whole where
 * nobody would notice: on a connection that carried nothing small lately, that was quick with the last ones that were cut,
 * and that has few of them on their way.
 *
 * It counts and compares, and knows of no message what it is about. "Lately" is counted in large bodies, not in time: what
 * matters is how many of them would have stood in the way.
 */

import type { ConnectionId } from '../base/ids.ts'
import type { Freight } from '../wire/messages.ts'
import type { Pace } from './pace.ts'

/** Bodies that are on their way whole, on one connection: as much as four transfers have there with their windows. */
const MAX_AWAY = 2

/** Where more than this are being cut, small messages wait long enough as it is. */
const MAX_CUT = 2

/** After so many whole ones another is cut, to learn whether the connection is still quick. */
const BODIES_BETWEEN_MEASURES = 64

/** One message that went whole. */
type Away = Pick<Freight, 'kind' | 'sequence'>

/** What is known of one connection. */
interface Way {
  /** Bodies in a row that were cut and arrived quickly, with nothing small sent in between. */
  quickInRow: number
  /** Messages that went whole and are not settled, to the knowledge of this end. At most MAX_AWAY. */
  away: Away[]
  sinceMeasured: number
}

/** The choice for all connections of one node or client. */
export class WholeBodies {
  readonly #pace: Pace
  /** Those on which a body was cut, until their end. */
  readonly #ways = new Map<ConnectionId, Way>()
  #awayCount = 0

  constructor(pace: Pace) {
    this.#pace = pace
  }

  /** Messages that went whole and are not settled. While there is none, nothing needs to be told of what settles. */
  get awayCount(): number {
    return this.#awayCount
  }

  /** Whether a message whose body could be cut may travel whole, beside so many that are cut; then it is on its way. */
  take(connection: ConnectionId, { kind, sequence, body }: Freight, cutCount: number): boolean {
    const way = this.#ways.get(connection)
    if (way === undefined || body.bytes.length > this.#pace.wholeBytes || cutCount > MAX_CUT) return false
    if (way.quickInRow < this.#pace.quickBodies || way.away.length >= MAX_AWAY) return false
    way.away.push({ kind, sequence })
    this.#awayCount += 1
    way.sinceMeasured += 1
    if (way.sinceMeasured === BODIES_BETWEEN_MEASURES) {
      way.sinceMeasured = 0
      way.quickInRow -= 1
    }
    return true
  }

  /** All of a body that was cut has arrived, so long after it was offered. */
  arrived(connection: ConnectionId, sizeBytes: number, tookMs: number): void {
    let way = this.#ways.get(connection)
    if (way === undefined) {
      way = { quickInRow: 0, away: [], sinceMeasured: 0 }
      this.#ways.set(connection, way)
    }
    const { quickMs, wholeBytes, quickBodies } = this.#pace
    const isQuick = tookMs <= quickMs * Math.max(1, sizeBytes / wholeBytes)
    way.quickInRow = isQuick ? Math.min(quickBodies, way.quickInRow + 1) : 0
  }

  /** Something small was sent, or something had to be sent again: large bodies are cut until it was long ago. */
  disturbed(connection: ConnectionId): void {
    if (this.#ways.size === 0) return
    const way = this.#ways.get(connection)
    if (way !== undefined) way.quickInRow = 0
  }

  /** Nobody waits for this message any more: it has arrived, or it never will. */
  settled(connection: ConnectionId, settledKind: Freight['kind'], settledSequence: number): void {
    this.#keep(connection, ({ kind, sequence }) => kind !== settledKind || sequence !== settledSequence)
  }

  /** The other end has all answers below this number. */
  answeredBelow(connection: ConnectionId, floor: number): void {
    this.#keep(connection, ({ kind, sequence }) => kind !== 'reply' || sequence >= floor)
  }

  /** The connection is gone. */
  drop(connection: ConnectionId): void {
    this.#keep(connection, () => false)
    this.#ways.delete(connection)
  }

  #keep(connection: ConnectionId, isAway: (one: Away) => boolean): void {
    const way = this.#ways.get(connection)
    if (way === undefined || way.away.length === 0) return
    const away = way.away.filter(isAway)
    this.#awayCount -= way.away.length - away.length
    way.away = away
  }
}
