/**
 * The transport of one simulated process: the same contract that zmq.ts fulfils over sockets. It names connections,
 * copies what is sent, and reports everything from turns of its process.
 *
 * It also keeps an eye on its user: two sends at once on one connection, or frames that change after they were handed
 * over, fail the run. Real sockets would answer both with lost or damaged messages, some day.
 */

import { assert } from '../base/assert.ts'
import type { ConnectionId } from '../base/ids.ts'
import type { KeyPair, PublicKey } from '../base/keys.ts'
import type {
  DownCause,
  SendResult,
  Transport,
  TransportKeys,
  TransportListener,
} from '../transport/transport.ts'
import type { Connection, ConnectionSide } from './connection.ts'
import { copyOf } from './copies.ts'
import { describeLater } from './describe.ts'
import { Dial } from './dial.ts'
import type { Acceptor, Network } from './network.ts'
import type { SimProcess } from './process.ts'
import type { Packet } from './stream.ts'

/** The accepting side of a connection; the first message gives it a name. */
class Inbound implements ConnectionSide {
  readonly process: SimProcess
  id: ConnectionId | undefined
  connection: Connection | undefined
  #open = true
  readonly #transport: SimTransport

  constructor(transport: SimTransport, process: SimProcess) {
    this.#transport = transport
    this.process = process
  }

  get open(): boolean {
    return this.#open
  }

  attach(connection: Connection): void {
    this.connection = connection
  }

  deliver(packet: Packet): void {
    this.#transport.receiveInbound(this, packet)
  }

  ended(): void {
    this.#open = false
    this.#transport.forget(this)
  }

  drained(): void {
    // A full connection answered `full`; its user tries again by itself.
  }
}

/** A `Transport` on a simulated network. */
export class SimTransport implements Transport, Acceptor {
  readonly process: SimProcess
  readonly hostToken: string
  readonly #network: Network
  readonly #listener: TransportListener
  readonly #keys: TransportKeys | undefined
  readonly #dials = new Map<ConnectionId, Dial>()
  /** The configured addresses of all links ever dialled, for the trace. */
  readonly #endpoints = new Map<ConnectionId, string>()
  /** Inbound connections that have a name and can be answered. */
  readonly #inbound = new Map<ConnectionId, Inbound>()
  /** All accepted connections that are open, for the end of the process. */
  readonly #accepted = new Set<Inbound>()
  readonly #sending = new Set<ConnectionId>()
  #lastId = 0
  #closed = false

  /** Processes on one `machine` offer each other shortcuts; empty: this one has a machine of its own. */
  constructor(
    network: Network,
    process: SimProcess,
    listener: TransportListener,
    machine = '',
    keys?: TransportKeys | undefined,
  ) {
    this.hostToken = machine
    this.#keys = keys
    this.#network = network
    this.process = process
    this.#listener = listener
  }

  /** Whether all of its sockets are closed. */
  get isClosed(): boolean {
    return this.#closed
  }

  openShortcut(): Promise<string> {
    return this.#bind(() => this.#network.bindShortcut(this))
  }

  listen(endpoint: string): Promise<string> {
    return this.#bind(() => this.#network.bind(endpoint, this))
  }

  #bind(bind: () => string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.process.turn(() => {
        try {
          const bound = bind()
          this.#network.note(this.process, `listens on ${bound}`)
          resolve(bound)
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  dial(endpoint: string, serverKeys?: () => readonly PublicKey[]): ConnectionId {
    const id = this.#nextId()
    assert(!this.#closed, 'a closed transport does not dial')
    const keys = this.#keys && {
      own: () => this.#keys?.own().map(({ publicKey }: KeyPair) => publicKey) ?? [],
      hasPeer: () => (serverKeys?.().length ?? 0) > 0,
    }
    const listener = {
      up: (): void => {
        this.#note(id, 'up')
        this.#listener.up(id)
      },
      down: (cause: DownCause): void => {
        this.#note(id, `down ${cause}`)
        this.#listener.down(id, cause)
      },
      receive: (packet: Packet): void => this.#receive(id, packet),
    }
    this.#dials.set(id, new Dial(this.#network, this.process, endpoint, listener, keys))
    this.#endpoints.set(id, endpoint)
    return id
  }

  rekey(): Promise<void> {
    for (const dial of this.#dials.values()) dial.rekey()
    return Promise.resolve()
  }

  admits(publicKey: PublicKey | undefined): boolean {
    if (this.#keys === undefined) return publicKey === undefined
    return publicKey !== undefined && this.#keys.admits(publicKey)
  }

  reset(connection: ConnectionId): void {
    this.#note(connection, 'reset')
    this.#dials.get(connection)?.reset()
  }

  redirect(connection: ConnectionId, endpoint: string): void {
    this.#note(connection, `redirect to ${endpoint}`)
    this.#dials.get(connection)?.redirect(endpoint)
  }

  probe(connection: ConnectionId, isDeaf: boolean): void {
    this.#dials.get(connection)?.probe(isDeaf)
  }

  hangUp(connection: ConnectionId): void {
    this.#note(connection, 'hang up')
    this.#inbound.delete(connection)
    this.#dials.get(connection)?.hangUp()
    this.#dials.delete(connection)
  }

  send(connection: ConnectionId, frames: readonly Uint8Array[], done: (result: SendResult) => void): void {
    if (!this.process.alive) return
    assert(!this.#sending.has(connection), `one send at a time on ${this.describe(connection)}`)
    assert(
      frames.length === 1 || frames.length === 2,
      `a message has one or two frames, not ${frames.length}`,
    )
    this.#sending.add(connection)
    const packet = packetOf(frames)
    const end = (result: SendResult): void => {
      this.#sending.delete(connection)
      if (result !== 'sent') this.#note(connection, `send failed: ${result}`)
      done(result)
    }
    const where = this.describe(connection)
    const what = describeLater(packet.frames)
    this.#network.note(this.process, () => `send ${where} ${what()}`)
    const dial = this.#dials.get(connection)
    if (dial !== undefined) {
      dial.send(packet, end)
    } else {
      const result = this.#answer(connection, packet)
      this.process.turn(() => end(result))
    }
  }

  describe(connection: ConnectionId): string {
    return this.#dials.get(connection)?.endpoint ?? this.#endpoints.get(connection) ?? `inbound ${connection}`
  }

  close(): Promise<void> {
    this.end()
    return new Promise((resolve) => this.process.turn(resolve))
  }

  /** Closes every socket, without a word to the listener: by `close`, or because the process died. */
  end(): void {
    if (this.#closed) return
    this.#closed = true
    this.#network.unbind(this)
    for (const dial of this.#dials.values()) dial.hangUp()
    for (const inbound of this.#accepted) inbound.connection?.closeAcceptor()
    this.#accepted.clear()
    this.#inbound.clear()
  }

  accept(): Inbound {
    const inbound = new Inbound(this, this.process)
    this.#accepted.add(inbound)
    return inbound
  }

  /** A message came on an accepted connection. */
  receiveInbound(inbound: Inbound, packet: Packet): void {
    const id = inbound.id ?? this.#nextId()
    inbound.id = id
    // At first, and again when it was let go.
    if (inbound.open) this.#inbound.set(id, inbound)
    this.#receive(id, packet)
  }

  /** An accepted connection was closed by the other side. */
  forget(inbound: Inbound): void {
    this.#accepted.delete(inbound)
    if (inbound.id === undefined) return
    this.#note(inbound.id, 'closed by the other side')
    this.#inbound.delete(inbound.id)
  }

  #answer(connection: ConnectionId, packet: Packet): SendResult {
    const stream = this.#inbound.get(connection)?.connection?.toDialler
    if (stream === undefined) return 'gone'
    if (stream.inFlightBytes > 0 && stream.inFlightBytes + packet.sizeBytes > this.#network.queueBytes)
      return 'full'
    stream.send(packet)
    return 'sent'
  }

  #receive(connection: ConnectionId, packet: Packet): void {
    if (this.#closed) return
    assertUnchanged(packet)
    const where = this.describe(connection)
    const what = describeLater(packet.frames)
    this.#network.note(this.process, () => `receive ${where} ${what()}`)
    this.#listener.receive(connection, packet.frames)
  }

  #nextId(): ConnectionId {
    this.#lastId += 1
    return this.#lastId as ConnectionId
  }

  #note(connection: ConnectionId, what: string): void {
    this.#network.note(this.process, `${what} ${this.describe(connection)}`)
  }
}

/** Copies a message, so that nothing is shared between processes. */
function packetOf(frames: readonly Uint8Array[]): Packet {
  let sizeBytes = 0
  for (const frame of frames) sizeBytes += frame.length
  return { frames: frames.map(copyOf), sizeBytes, originals: frames }
}

function assertUnchanged(packet: Packet): void {
  for (const [index, frame] of packet.frames.entries()) {
    const original = packet.originals[index] as Uint8Array
    assert(Buffer.compare(frame, original) === 0, 'a frame was changed by its sender while it travelled')
  }
}
