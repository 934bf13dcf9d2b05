/**
 * The connections that others opened to our ROUTER, known by the routing id that stands before each of their messages.
 *
 * libzmq tells nobody when such a connection ends, so this table cannot know either: it is bounded, and forgets those
 * that were silent for the longest time. One that was let go may not have ended: what its other end has said already comes
 * in after that, and must not seem to come from another connection. So the last ones of them are kept in mind.
 *
 * Routing ids that libzmq made are five bytes, a zero and a 32-bit number, and are looked up by that number; a peer may
 * choose an id of its own with any other bytes, which is looked up as text.
 */

import type { ConnectionId } from '../base/ids.ts'
import type { SendResult } from './transport.ts'

/** One connection that a stranger opened. Its two handlers are made once, so that a send needs no closure. */
export class Inbound {
  readonly connection: ConnectionId
  readonly routingId: Buffer
  /** The number of the message that was heard last on it, of all messages of the table. */
  heardAt = 0
  /** The caller of the send that is pending, if one is. */
  done: ((result: SendResult) => void) | undefined
  readonly onSent: () => void
  readonly onNotSent: (error: unknown) => void

  /** `judge` says what an error of sending means. */
  constructor(connection: ConnectionId, routingId: Buffer, judge: JudgeError) {
    this.connection = connection
    this.routingId = routingId
    this.onSent = () => this.#settle('sent')
    this.onNotSent = (error) => this.#settle(judge(this, error))
  }

  #settle(result: SendResult): void {
    const done = this.done
    this.done = undefined
    done?.(result)
  }
}

/** Says what an error of sending to an inbound connection means. */
export type JudgeError = (inbound: Inbound, error: unknown) => SendResult

const AUTOMATIC_ID_BYTES = 5

/** When the table is full, this part of it is forgotten at once, so that a flood of connections costs little each. */
const FORGOTTEN_PART = 1 / 16

/** So many that were let go are kept in mind: as many as leave while a message is on its way, and a few hundred KiB. */
const MAX_LEFT = 1024

export class InboundTable {
  readonly #limit: number
  readonly #newConnection: () => ConnectionId
  readonly #judge: JudgeError
  readonly #byNumber = new Map<number, Inbound>()
  readonly #byText = new Map<string, Inbound>()
  readonly #byConnection = new Map<ConnectionId, Inbound>()
  /** Those that were let go, in that order. They are found by their routing ids only. */
  readonly #left = new Set<Inbound>()
  #heard = 0

  /** `limit` is the number of connections that are remembered. */
  constructor(limit: number, newConnection: () => ConnectionId, judge: JudgeError) {
    this.#limit = limit
    this.#newConnection = newConnection
    this.#judge = judge
  }

  get size(): number {
    return this.#byConnection.size
  }

  /** The connection behind a routing id; a new one if it was not known. */
  hear(routingId: Buffer): Inbound {
    const known = this.#find(routingId)
    this.#heard += 1
    if (known !== undefined && !this.#left.has(known)) {
      known.heardAt = this.#heard
      return known
    }
    if (this.size >= this.#limit) this.#forgetOldest()
    const inbound = known ?? this.#made(routingId)
    inbound.heardAt = this.#heard
    this.#left.delete(inbound)
    this.#byConnection.set(inbound.connection, inbound)
    return inbound
  }

  get(connection: ConnectionId): Inbound | undefined {
    return this.#byConnection.get(connection)
  }

  /** Nothing more is to be said on it. When its other end speaks soon, it is the same connection again. */
  letGo(connection: ConnectionId): void {
    const inbound = this.#byConnection.get(connection)
    if (inbound === undefined) return
    this.#byConnection.delete(connection)
    this.#left.add(inbound)
    const [first] = this.#left
    if (this.#left.size > MAX_LEFT && first !== undefined) this.#remove(first)
  }

  /** It has ended. */
  forget(connection: ConnectionId): void {
    const inbound = this.#byConnection.get(connection)
    if (inbound !== undefined) this.#remove(inbound)
  }

  /** Forgets all: the socket that they came to is closed. */
  clear(): void {
    this.#byNumber.clear()
    this.#byText.clear()
    this.#byConnection.clear()
    this.#left.clear()
  }

  #made(routingId: Buffer): Inbound {
    const inbound = new Inbound(this.#newConnection(), ownCopy(routingId), this.#judge)
    if (isAutomatic(routingId)) this.#byNumber.set(routingId.readUInt32BE(1), inbound)
    else this.#byText.set(routingId.toString('latin1'), inbound)
    return inbound
  }

  #remove(inbound: Inbound): void {
    const { connection, routingId } = inbound
    this.#byConnection.delete(connection)
    this.#left.delete(inbound)
    if (isAutomatic(routingId)) this.#byNumber.delete(routingId.readUInt32BE(1))
    else this.#byText.delete(routingId.toString('latin1'))
  }

  #find(routingId: Buffer): Inbound | undefined {
    return isAutomatic(routingId)
      ? this.#byNumber.get(routingId.readUInt32BE(1))
      : this.#byText.get(routingId.toString('latin1'))
  }

  #forgetOldest(): void {
    const oldestFirst = [...this.#byConnection.values()].sort((a, b) => a.heardAt - b.heardAt)
    const count = Math.max(1, Math.floor(this.#limit * FORGOTTEN_PART))
    for (const inbound of oldestFirst.slice(0, count)) this.forget(inbound.connection)
  }
}

/**
 * What is received is a view on something larger, memory of libzmq or a pool of 8 KiB, which must not be held for as long as a
 * connection lasts; and so would be what comes from the pool of `Buffer.from`.
 */
function ownCopy(routingId: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(routingId.length)
  routingId.copy(copy)
  return copy
}

function isAutomatic(routingId: Buffer): boolean {
  return routingId.length === AUTOMATIC_ID_BYTES && routingId[0] === 0
}
