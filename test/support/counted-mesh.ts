/**
 * Whole nodes over connections in memory, for tests that count: what each gives to its transport, how often it sets its
 * alarm, and how many turns that takes. No sockets, no chance, and a clock that stands still until a test moves it.
 */

import type { Clock } from '../../src/base/clock.ts'
import { seededRandom } from '../../src/base/random.ts'
import type { Node } from '../../src/node/api.ts'
import { startNode } from '../../src/node/node.ts'
import type { World } from '../../src/node/world.ts'
import type { Transport, TransportListener } from '../../src/transport/transport.ts'
import { decodeFrames } from '../../src/wire/batch.ts'
import type { Message } from '../../src/wire/messages.ts'
import { MemoryNetwork } from './memory-transport.ts'

/** Whatever a test does is over after fewer turns. */
const MAX_TURNS = 10_000

/** One ZeroMQ message that a node gave to its transport. */
export interface SentFrames {
  readonly from: string
  readonly frames: readonly Uint8Array[]
  readonly messages: readonly Message[]
}

/** What is known of one node. */
interface Party {
  alarmAt: number
  ring: () => void
}

/** The mesh. Time starts at 1000 ms. */
export class CountedMesh {
  nowMs = 1000
  /** How often a node set its alarm, by name. */
  readonly alarms = new Map<string, number>()
  /** How often each node asked for the end of a turn. */
  readonly turnEnds = new Map<string, number>()
  /** How many turns were taken. */
  turns = 0
  #sent: SentFrames[] = []
  #tasks: (() => void)[] = []
  readonly #parties = new Map<string, Party>()
  readonly #network = new MemoryNetwork((task) => this.#tasks.push(task))

  /** Starts nodes that know each other and waits until all links are open. */
  async start(...names: readonly string[]): Promise<Node[]> {
    const peers = names.map((name) => ({ name, address: name }))
    const times = { tickMs: 500, statusEveryMs: 1_000_000 }
    const settings = {
      network: 'test',
      peers,
      ...times,
      log: undefined,
      sameHost: false,
      maxBodyBytes: 1024 ** 3,
    }
    const nodes: Node[] = []
    for (const name of names) {
      nodes.push(await startNode({ ...settings, name, bind: name }, this.#world(name)))
    }
    await this.settle()
    this.takeSent()
    return nodes
  }

  /** What was given to transports since the last call. */
  takeSent(): SentFrames[] {
    const sent = this.#sent
    this.#sent = []
    return sent
  }

  /** Takes one turn: everything that is due now, and then what promises make of it. */
  async turn(): Promise<void> {
    this.turns += 1
    for (const task of this.#tasks.splice(0)) task()
    await new Promise((resolve) => setImmediate(resolve))
  }

  /** Takes turns until nothing is left to do. */
  async settle(): Promise<void> {
    for (let count = 0; this.#tasks.length > 0; count += 1) {
      if (count === MAX_TURNS) throw new Error(`still busy after ${MAX_TURNS} turns`)
      await this.turn()
    }
  }

  /** Moves time on and rings the alarms that are due. */
  async advance(byMs: number): Promise<void> {
    this.nowMs += byMs
    for (const party of this.#parties.values()) {
      const { alarmAt, ring } = party
      if (alarmAt > this.nowMs) continue
      party.alarmAt = Number.POSITIVE_INFINITY
      ring()
    }
    await this.settle()
  }

  #world(name: string): World {
    this.#parties.set(name, { alarmAt: Number.POSITIVE_INFINITY, ring: () => {} })
    const transport = (listener: TransportListener): Transport => {
      const plain = this.#network.factory(listener)
      const deliver = plain.send.bind(plain)
      const send: Transport['send'] = (id, frames, done) => {
        const { messages } = decodeFrames(frames, this.nowMs)
        this.#sent.push({ from: name, frames, messages })
        deliver(id, frames, done)
      }
      return Object.assign(plain, { send })
    }
    return { clock: this.#clock(name), random: seededRandom(name.length), transport }
  }

  #clock(name: string): Clock {
    return {
      now: () => this.nowMs,
      preciseNow: () => this.nowMs,
      wallNow: () => this.nowMs,
      setAlarm: (at, ring) => {
        this.alarms.set(name, (this.alarms.get(name) ?? 0) + 1)
        const party = this.#parties.get(name)
        if (party !== undefined) Object.assign(party, { alarmAt: at, ring })
      },
      defer: (task) => {
        this.turnEnds.set(name, (this.turnEnds.get(name) ?? 0) + 1)
        this.#tasks.push(task)
      },
    }
  }
}
