/**
 * Connections in memory between whole nodes of one process. They copy, lose and delay nothing, are never full and know no
 * faults; that is what the simulator is for. When things happen is up to whoever makes the network.
 */

import type { ConnectionId } from '../../src/base/ids.ts'
import type {
  SendResult,
  Transport,
  TransportFactory,
  TransportListener,
} from '../../src/transport/transport.ts'
import { connection } from './samples.ts'

/** The other end of a connection. */
interface End {
  readonly transport: MemoryTransport
  readonly id: ConnectionId
}

/** Where those that listen in memory are found. */
export class MemoryNetwork {
  /** Runs a task after the current turn: a connection that comes up, or a message that arrives. */
  readonly later: (task: () => void) => void
  readonly #listening = new Map<string, MemoryTransport>()
  #lastId = 0

  constructor(later: (task: () => void) => void) {
    this.later = later
  }

  readonly factory: TransportFactory = (listener) => new MemoryTransport(this, listener)

  listen(endpoint: string, transport: MemoryTransport): void {
    this.#listening.set(endpoint, transport)
  }

  /** Nobody has to listen there before the task runs that brings the connection up. */
  at(endpoint: string): MemoryTransport {
    const transport = this.#listening.get(endpoint)
    if (transport === undefined) throw new Error(`nobody listens at ${endpoint}`)
    return transport
  }

  newId(): ConnectionId {
    this.#lastId += 1
    return connection(this.#lastId)
  }
}

/** As much of a transport as nodes need that live as long as their network. */
class MemoryTransport implements Transport {
  readonly hostToken = ''
  readonly listener: TransportListener
  readonly ends = new Map<ConnectionId, End>()
  readonly #network: MemoryNetwork

  constructor(network: MemoryNetwork, listener: TransportListener) {
    this.#network = network
    this.listener = listener
  }

  openShortcut(): Promise<string> {
    return Promise.reject(new Error('there is none in memory'))
  }

  listen(endpoint: string): Promise<string> {
    this.#network.listen(endpoint, this)
    return Promise.resolve(endpoint)
  }

  dial(endpoint: string): ConnectionId {
    const id = this.#network.newId()
    this.#network.later(() => {
      const transport = this.#network.at(endpoint)
      const theirs = this.#network.newId()
      this.ends.set(id, { transport, id: theirs })
      transport.ends.set(theirs, { transport: this, id })
      this.listener.up(id)
    })
    return id
  }

  send(id: ConnectionId, frames: readonly Uint8Array[], done: (result: SendResult) => void): void {
    const end = this.ends.get(id)
    this.#network.later(() => {
      done(end === undefined ? 'gone' : 'sent')
      end?.transport.listener.receive(end.id, frames)
    })
  }

  describe(id: ConnectionId): string {
    return `memory ${id}`
  }

  rekey(): Promise<void> {
    return Promise.resolve()
  }

  reset(): void {}

  redirect(): void {}

  probe(): void {}

  hangUp(): void {}

  close(): Promise<void> {
    return Promise.resolve()
  }
}
