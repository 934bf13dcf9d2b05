/**
 * The receiving side of transfers: gives memory and credit to what is offered, puts the parts together, and forgets what
 * does not go on. Whether an offer is wanted is decided by its owner before it comes here.
 *
 * What has no memory yet waits without any: its sender is told to wait, and what it sent before that is not kept. So a
 * peer that offers and never sends costs a bounded amount of memory for a bounded time.
 */

import { Deadlines, type Timed } from '../base/deadlines.ts'
import type { ConnectionId } from '../base/ids.ts'
import { LARGE_BODIES_PER_PEER } from '../wire/limits.ts'
import type { Chunk, Freight, Offer } from '../wire/messages.ts'
import type { Out } from '../wire/out.ts'
import { Assembly } from './assembly.ts'
import type { Pace } from './pace.ts'

/** Transfers that one connection may have open towards us: four times what our own sender opens. */
export const MAX_INCOMING_PER_CONNECTION = 16

/** What the transfers of one node may reserve together, unless two of the largest bodies need more. */
export const MAX_INCOMING_BYTES = 256 * 1024 * 1024

/** What the incoming transfers tell. */
export type IncomingEvent =
  /** A part of an answer has arrived, and perhaps all of it. */
  | {
      readonly kind: 'transfer-in'
      readonly now: number
      readonly connection: ConnectionId
      readonly head: Freight
      readonly bytes: number
      readonly totalBytes: number
    }
  /** The other end does not keep to the protocol. */
  | { readonly kind: 'violation'; readonly connection: ConnectionId; readonly text: string }

/** One body on its way here. */
class Arriving implements Timed {
  dueAt = 0
  heapIndex = -1
  /** Undefined while there is no room for it. */
  assembly: Assembly | undefined
  limitBytes = 0
  /** Where something was missing when we last asked the sender to go back. */
  missedAt = -1
  progressAt: number
  head: Freight
  readonly connection: ConnectionId
  readonly transfer: number
  readonly totalBytes: number

  constructor(now: number, connection: ConnectionId, { transfer, totalBytes, head }: Offer) {
    this.connection = connection
    this.transfer = transfer
    this.totalBytes = totalBytes
    this.head = head
    this.progressAt = now
  }
}

/** All bodies that are on their way to one node or client. */
export class IncomingTransfers {
  readonly #pace: Pace
  readonly #out: Out<IncomingEvent>
  readonly #maxBytesPerConnection: number
  readonly #maxBytes: number
  readonly #byConnection = new Map<ConnectionId, Map<number, Arriving>>()
  /** Those without memory, in the order in which they came. */
  readonly #waiting = new Set<Arriving>()
  readonly #deadlines = new Deadlines<Arriving>()
  #reservedBytes = 0

  constructor(pace: Pace, maxBodyBytes: number, out: Out<IncomingEvent>) {
    this.#pace = pace
    this.#out = out
    this.#maxBytesPerConnection = LARGE_BODIES_PER_PEER * maxBodyBytes
    this.#maxBytes = Math.max(MAX_INCOMING_BYTES, this.#maxBytesPerConnection)
  }

  get deadline(): number {
    return this.#deadlines.next
  }

  get count(): number {
    return this.#deadlines.size
  }

  /** Bytes of memory that open transfers have. */
  get reservedBytes(): number {
    return this.#reservedBytes
  }

  isFull(connection: ConnectionId): boolean {
    return (this.#byConnection.get(connection)?.size ?? 0) >= MAX_INCOMING_PER_CONNECTION
  }

  /** An Offer came again. Gives whether it is one that is known: then the sender is told what has arrived. */
  repeat(now: number, connection: ConnectionId, offer: Offer): boolean {
    const arriving = this.#byConnection.get(connection)?.get(offer.transfer)
    if (arriving === undefined) return false
    const { head, totalBytes } = arriving
    const isSame = head.kind === offer.head.kind && head.sequence === offer.head.sequence
    if (!isSame || totalBytes !== offer.totalBytes) {
      this.#violation(connection, 'offered two bodies under one number')
      return true
    }
    // A later attempt knows more: its number, what of its time remains, what is settled.
    arriving.head = offer.head
    if (arriving.assembly === undefined) arriving.progressAt = now
    this.#credit(arriving, true)
    return true
  }

  /** Takes what is offered: with memory when there is room, else it waits. */
  accept(now: number, connection: ConnectionId, offer: Offer): void {
    const arriving = new Arriving(now, connection, offer)
    let known = this.#byConnection.get(connection)
    if (known === undefined) {
      known = new Map()
      this.#byConnection.set(connection, known)
    }
    known.set(arriving.transfer, arriving)
    this.#deadlines.set(arriving, this.#dueAt(arriving))
    if (this.#hasRoom(arriving)) {
      // No credit yet: what is free is on its way already, and half of it brings the first one back. Unless what was
      // on its way is lost: whoever repeats an offer wants to know where to begin.
      this.#open(now, arriving, this.#pace.freeBytes)
      if (offer.isRepeat) this.#credit(arriving, true)
    } else {
      this.#waiting.add(arriving)
      this.#credit(arriving, true)
    }
  }

  /** A part came. Gives the message when it is whole. What belongs to nothing is ignored: its Offer may come again. */
  chunk(now: number, connection: ConnectionId, { transfer, offset, body }: Chunk): Freight | undefined {
    const arriving = this.#byConnection.get(connection)?.get(transfer)
    const assembly = arriving?.assembly
    if (arriving === undefined || assembly === undefined) return undefined
    if (offset + body.bytes.length > arriving.totalBytes) {
      this.#violation(connection, 'sent more of a body than it offered')
      this.#decline(now, arriving)
      return undefined
    }
    const addition = assembly.add(offset, body.bytes)
    if (addition === 'seen') return undefined
    if (addition === 'early') {
      // Once is enough: all that is on its way behind the gap comes too early as well.
      if (arriving.missedAt === assembly.receivedBytes) return undefined
      arriving.missedAt = assembly.receivedBytes
      this.#credit(arriving, true)
      return undefined
    }
    arriving.progressAt = now
    this.#grown(now, arriving, assembly)
    if (!assembly.isWhole) return undefined
    this.#forget(now, arriving)
    const { head } = arriving
    return { ...head, body: { type: head.body.type, bytes: assembly.take() } }
  }

  /** The sender gives a transfer up. */
  withdraw(now: number, connection: ConnectionId, transfer: number): void {
    const arriving = this.#byConnection.get(connection)?.get(transfer)
    if (arriving !== undefined) this.#forget(now, arriving)
  }

  /** The connection is gone, and all that came on it. */
  drop(now: number, connection: ConnectionId): void {
    const dropped = [...(this.#byConnection.get(connection)?.values() ?? [])]
    // First those that wait, or they would be given the memory of the others.
    for (const arriving of dropped) this.#waiting.delete(arriving)
    for (const arriving of dropped) this.#forget(now, arriving)
  }

  wake(now: number): void {
    this.#deadlines.takeDue(now, (arriving) => {
      // The time of progress moves with each part; the heap is put right only when it rings.
      const dueAt = this.#dueAt(arriving)
      if (dueAt > now) this.#deadlines.set(arriving, dueAt)
      else this.#decline(now, arriving)
    })
  }

  #dueAt({ head, progressAt }: Arriving): number {
    const stalledAt = progressAt + this.#pace.stalledMs
    return head.kind === 'request' ? Math.min(head.deadlineAt, stalledAt) : stalledAt
  }

  #grown(now: number, arriving: Arriving, assembly: Assembly): void {
    const { connection, head, totalBytes } = arriving
    const { receivedBytes } = assembly
    const isHalfUsed = arriving.limitBytes - receivedBytes <= this.#pace.windowBytes / 2
    if (assembly.isWhole || (isHalfUsed && arriving.limitBytes < totalBytes)) {
      arriving.limitBytes = Math.min(totalBytes, receivedBytes + this.#pace.windowBytes)
      this.#credit(arriving, false)
    }
    if (head.kind !== 'reply') return
    this.#out.tell({ kind: 'transfer-in', now, connection, head, bytes: receivedBytes, totalBytes })
  }

  #hasRoom({ connection, totalBytes }: Arriving): boolean {
    if (this.#reservedBytes + totalBytes > this.#maxBytes) return false
    let ownBytes = totalBytes
    for (const { assembly } of this.#byConnection.get(connection)?.values() ?? [])
      ownBytes += assembly?.totalBytes ?? 0
    return ownBytes <= this.#maxBytesPerConnection
  }

  #open(now: number, arriving: Arriving, limitBytes: number): void {
    arriving.assembly = new Assembly(arriving.totalBytes)
    arriving.limitBytes = Math.min(arriving.totalBytes, limitBytes)
    arriving.progressAt = now
    this.#reservedBytes += arriving.totalBytes
  }

  /** There is room again: whoever fits and waited longest goes on. */
  #admit(now: number): void {
    for (const arriving of this.#waiting) {
      if (!this.#hasRoom(arriving)) continue
      this.#waiting.delete(arriving)
      this.#open(now, arriving, this.#pace.windowBytes)
      this.#credit(arriving, true)
    }
  }

  #credit({ connection, transfer, assembly, limitBytes }: Arriving, goBack: boolean): void {
    const receivedBytes = assembly?.receivedBytes ?? 0
    this.#out.send(connection, { kind: 'credit', transfer, receivedBytes, limitBytes, goBack })
  }

  #decline(now: number, arriving: Arriving): void {
    this.#out.send(arriving.connection, { kind: 'decline', transfer: arriving.transfer })
    this.#forget(now, arriving)
  }

  #forget(now: number, arriving: Arriving): void {
    const { connection, transfer, totalBytes } = arriving
    const known = this.#byConnection.get(connection)
    known?.delete(transfer)
    if (known?.size === 0) this.#byConnection.delete(connection)
    this.#deadlines.remove(arriving)
    this.#waiting.delete(arriving)
    if (arriving.assembly === undefined) return
    this.#reservedBytes -= totalBytes
    if (this.#waiting.size > 0) this.#admit(now)
  }

  #violation(connection: ConnectionId, text: string): void {
    this.#out.tell({ kind: 'violation', connection, text: `It ${text}` })
  }
}
