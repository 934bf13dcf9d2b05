/**
 * One direction of a simulated connection: messages leave on one side and arrive on the other after a delay, in
 * order, unless the conditions lose, repeat or reorder them. While the direction is cut, what arrives waits, as in a
 * kernel that goes on retransmitting, and comes late when the cut is healed and the connection still stands.
 *
 * Bytes count as in flight from the call that sends them until the receiver's event loop takes them, so that a frozen
 * reader fills the stream.
 */

import type { Random } from '../base/random.ts'
import type { Conditions, LinkFaults } from './conditions.ts'
import { copyOf } from './copies.ts'
import type { Injections } from './injections.ts'
import type { SimProcess } from './process.ts'
import type { Scheduler } from './scheduler.ts'

/** What all streams of a network share. */
export interface StreamWorld {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly conditions: Conditions
  /** Where single messages that fared badly are counted. */
  readonly injections: Injections
}

/** The ends of a stream, and what it tells about its messages. */
export interface StreamEnds {
  readonly from: SimProcess
  readonly to: SimProcess
  /** A message reached the receiver's event loop. */
  deliver(message: Packet): void
  /** A message will not arrive. */
  lost(message: Packet, why: string): void
  /** The sender's end was closed, and everything before it has arrived or is lost. */
  ended(): void
  /** The receiver took bytes: there may be room again. */
  drained(): void
}

/** A message of one or two frames on its way. */
export interface Packet {
  readonly frames: readonly Uint8Array[]
  readonly sizeBytes: number
  /** What the sender handed over: it must stay as it was while the message travels. */
  readonly originals: readonly Uint8Array[]
}

/** Reordered messages travel up to this many times as long as the slowest ordinary one. */
const REORDER_FACTOR = 4

/** What travels: a message, or the end of the stream. */
type Item = Packet | 'end'

/** One direction of a connection. */
export class Stream {
  readonly #world: StreamWorld
  readonly #ends: StreamEnds
  /** What arrived while the direction was cut; bounded by the bytes that the ends allow in flight. */
  readonly #waiting: Item[] = []
  #releasing = false
  #lastArrivalMs = 0
  #inFlightBytes = 0
  #broken = false

  constructor(world: StreamWorld, ends: StreamEnds) {
    this.#world = world
    this.#ends = ends
  }

  get inFlightBytes(): number {
    return this.#inFlightBytes
  }

  /** Sends a message on its way. The frames are the stream's own from here on. */
  send(packet: Packet): void {
    const { random, injections } = this.#world
    const { loss, duplicate } = this.#faults()
    if (loss > 0 && random.next() < loss) {
      injections.add('lost')
      this.#ends.lost(packet, 'lost')
      return
    }
    this.#launch(packet)
    if (duplicate > 0 && random.next() < duplicate) {
      injections.add('duplicated')
      this.#launch({ ...packet, frames: packet.frames.map(copyOf) })
    }
  }

  /** Closes the sender's end: the other end learns of it after what was sent before. */
  end(): void {
    this.#travel('end', this.#inOrderArrivalMs())
  }

  /** Closes the receiver's end: whatever still arrives is lost. */
  break(): void {
    this.#broken = true
    this.#startRelease()
  }

  /** The direction was cut or healed. */
  pathChanged(): void {
    this.#startRelease()
  }

  #launch(packet: Packet): void {
    const { random, scheduler, injections } = this.#world
    const { reorder, delayMs } = this.#faults()
    this.#inFlightBytes += packet.sizeBytes
    if (reorder > 0 && random.next() < reorder) {
      injections.add('reordered')
      this.#travel(packet, scheduler.nowMs + random.below(delayMs[1] * REORDER_FACTOR + 1))
    } else {
      this.#travel(packet, this.#inOrderArrivalMs())
    }
  }

  /** Arrives at that time if the way is open and nothing waits, else behind what waits. */
  #travel(item: Item, arrivalMs: number): void {
    this.#world.scheduler.at(arrivalMs, () => {
      if (this.#waiting.length === 0 && this.#isPassable()) this.#arrive(item)
      else this.#waiting.push(item)
    })
  }

  /** Lets what waits arrive, one event each; what arrives meanwhile lines up behind it. */
  #startRelease(): void {
    if (this.#releasing || this.#waiting.length === 0) return
    this.#releasing = true
    this.#world.scheduler.soon(() => this.#release())
  }

  #release(): void {
    this.#releasing = false
    if (!this.#isPassable()) return
    const item = this.#waiting.shift()
    if (item !== undefined) this.#arrive(item)
    this.#startRelease()
  }

  #arrive(item: Item): void {
    if (item === 'end') {
      if (!this.#broken) this.#ends.ended()
    } else if (this.#ends.to.alive) {
      this.#ends.to.runTurn(() => this.#reach(item))
    } else {
      this.#ends.lost(item, 'nobody there')
    }
  }

  /** The receiver's event loop takes a message. */
  #reach(packet: Packet): void {
    this.#inFlightBytes -= packet.sizeBytes
    if (this.#broken) this.#ends.lost(packet, 'too late')
    else this.#ends.deliver(packet)
    this.#ends.drained()
  }

  #inOrderArrivalMs(): number {
    const { scheduler, random } = this.#world
    const [shortest, longest] = this.#faults().delayMs
    const delayMs = shortest + random.below(longest - shortest + 1)
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, scheduler.nowMs + delayMs)
    return this.#lastArrivalMs
  }

  #faults(): LinkFaults {
    return this.#world.conditions.faults(this.#ends.from.host, this.#ends.to.host)
  }

  /** Whether what arrives goes on: to the receiver, or to nowhere when he has closed his end. */
  #isPassable(): boolean {
    return this.#broken || this.#world.conditions.isOpen(this.#ends.from.host, this.#ends.to.host)
  }
}
