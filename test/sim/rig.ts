/**
 * Simulated processes with bare transports and no nodes: what the tests of the network stand on. Each peer records
 * what its transport tells it, with the time.
 */

import type { ConnectionId } from '../../src/base/ids.ts'
import { CALM, type LinkFaults } from '../../src/sim/conditions.ts'
import { Member } from '../../src/sim/member.ts'
import { Network } from '../../src/sim/network.ts'
import { Scheduler } from '../../src/sim/scheduler.ts'
import { randomFor } from '../../src/sim/seeds.ts'
import { Trace } from '../../src/sim/trace.ts'
import { Turns } from '../../src/sim/turns.ts'
import type {
  SendResult,
  Transport,
  TransportKeys,
  TransportListener,
} from '../../src/transport/transport.ts'

export interface RigOptions {
  readonly seed?: number
  readonly faults?: Partial<LinkFaults>
  readonly queueBytes?: number
}

/** One process with a transport, and what it heard. */
export interface RigPeer {
  readonly member: Member
  readonly transport: Transport
  /** Lines such as "12 up 1" or "15 receive 1 hello". */
  readonly heard: string[]
  /** The texts of all messages, in order of arrival. */
  readonly texts: string[]
  /** The connections that messages came in on, in that order. */
  readonly from: ConnectionId[]
  /** Sends a text; gives the list that the result will be put into. */
  say(connection: number, text: string): SendResult[]
}

export class Rig {
  readonly scheduler = new Scheduler()
  readonly trace = new Trace()
  readonly network: Network
  readonly #turns = new Turns(this.scheduler)
  readonly #seed: number

  constructor(options: RigOptions = {}) {
    this.#seed = options.seed ?? 1
    this.network = new Network({
      scheduler: this.scheduler,
      random: randomFor(this.#seed, 'network'),
      trace: this.trace,
      faults: { ...CALM, ...options.faults },
      queueBytes: options.queueBytes ?? 1_000_000,
    })
  }

  /** A peer on a new host, or a further run of one that died; with keys in secure mode. */
  peer(name: string, member = new Member(this.network, this.#seed, name), keys?: TransportKeys): RigPeer {
    const heard: string[] = []
    const texts: string[] = []
    const from: ConnectionId[] = []
    const note = (line: string): void => {
      heard.push(`${this.scheduler.nowMs} ${line}`)
    }
    const listener: TransportListener = {
      up: (connection) => note(`up ${connection}`),
      down: (connection, cause) => note(`down ${connection} ${cause}`),
      receive: (connection, frames) => {
        const text = Buffer.concat(frames).toString()
        note(`receive ${connection} ${text}`)
        texts.push(text)
        from.push(connection)
      },
      fault: (_, text) => note(`fault ${text}`),
    }
    const transport = member.boot().world.transport(listener, keys)
    const say = (connection: number, text: string): SendResult[] => {
      const results: SendResult[] = []
      transport.send(connection as ConnectionId, [Buffer.from(text)], (result) => results.push(result))
      return results
    }
    return { member, transport, heard, texts, from, say }
  }

  run(ms: number): Promise<boolean> {
    return this.#turns.run({ limitMs: this.scheduler.nowMs + ms })
  }

  until(condition: () => boolean, maxMs: number): Promise<boolean> {
    return this.#turns.run({ limitMs: this.scheduler.nowMs + maxMs, condition })
  }

  /** A listener "bravo" and a dialler "alpha" whose connection 1 is up. */
  async pair(): Promise<{ readonly alpha: RigPeer; readonly bravo: RigPeer }> {
    const bravo = this.peer('bravo')
    const alpha = this.peer('alpha')
    const listening = bravo.transport.listen('tcp://bravo:7000')
    await this.run(0)
    await listening
    alpha.transport.dial('tcp://bravo:7000')
    await this.until(() => alpha.heard.length > 0, 100)
    alpha.heard.length = 0
    return { alpha, bravo }
  }
}
