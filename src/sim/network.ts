/**
 * The simulated network: which hosts there are, who listens where, and every connection between them. Each simulated
 * process reaches it through a transport of its own; faults change its conditions and its processes.
 *
 * Hosts stay up when their process dies, so that a re-dial is refused at once; what is not answered at all is a host
 * that is cut off, or a process that is paused.
 */

import type { PublicKey } from '../base/keys.ts'
import type { Random } from '../base/random.ts'
import { ZmqnetError } from '../errors.ts'
import { Conditions, type LinkFaults } from './conditions.ts'
import { Connection, type ConnectionObserver, type ConnectionSide } from './connection.ts'
import { describeLater } from './describe.ts'
import { Injections } from './injections.ts'
import type { SimProcess } from './process.ts'
import type { Scheduler } from './scheduler.ts'
import type { Packet } from './stream.ts'
import type { Trace } from './trace.ts'

/** What may be in flight in one direction of a connection before the sender is held up: 8 MiB, as with libzmq. */
export const DEFAULT_QUEUE_BYTES = 8 * 2 ** 20

/** Where the operating system starts to look for a free port. */
const FIRST_FREE_PORT = 49_152

/** What a network is made of. */
export interface NetworkParts {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly trace: Trace
  readonly faults: LinkFaults
  readonly queueBytes: number
}

/** Someone who listens at an address. */
export interface Acceptor {
  readonly process: SimProcess
  /** A connection was made: gives its accepting side and is handed the connection afterwards. */
  accept(): ConnectionSide & { attach(connection: Connection): void }
  /** Whether a dialler with this key, or with none, may connect. Nothing is encrypted here: it is only asked. */
  admits(publicKey: PublicKey | undefined): boolean
}

/** Hosts, listeners and connections. */
export class Network implements ConnectionObserver {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly trace: Trace
  readonly conditions: Conditions
  readonly queueBytes: number
  readonly injections = new Injections()
  readonly #hosts = new Set<string>()
  readonly #acceptors = new Map<string, Acceptor>()
  #shortcuts = 0
  readonly #connections = new Set<Connection>()

  constructor(parts: NetworkParts) {
    this.scheduler = parts.scheduler
    this.random = parts.random
    this.trace = parts.trace
    this.queueBytes = parts.queueBytes
    this.conditions = new Conditions(parts.faults, () => this.pathsChanged())
  }

  addHost(host: string): void {
    this.#hosts.add(host)
  }

  hasHost(host: string): boolean {
    return this.#hosts.has(host)
  }

  /** Lets `acceptor` listen; gives the endpoint with its real port. Throws EADDRINUSE, as sockets do. */
  bind(endpoint: string, acceptor: Acceptor): string {
    const { host } = acceptor.process
    let port = parseEndpoint(endpoint).port
    if (port === 0) {
      port = FIRST_FREE_PORT
      while (this.#acceptors.has(`tcp://${host}:${port}`)) port += 1
    }
    const bound = `tcp://${host}:${port}`
    if (this.#acceptors.has(bound)) {
      throw Object.assign(new Error(`Cannot listen on ${bound}: the address is in use`), {
        code: 'EADDRINUSE',
      })
    }
    this.#acceptors.set(bound, acceptor)
    return bound
  }

  /** Lets `acceptor` be reached by a shortcut, too: a name that nobody had before. */
  bindShortcut(acceptor: Acceptor): string {
    this.#shortcuts += 1
    const endpoint = `ipc://@zmqnet-${this.#shortcuts.toString(16).padStart(32, '0')}`
    this.#acceptors.set(endpoint, acceptor)
    return endpoint
  }

  unbind(acceptor: Acceptor): void {
    for (const [endpoint, other] of this.#acceptors) if (other === acceptor) this.#acceptors.delete(endpoint)
  }

  acceptorAt(endpoint: string): Acceptor | undefined {
    return this.#acceptors.get(endpoint)
  }

  /** Makes a connection that both hosts have agreed to. */
  connect(dialler: ConnectionSide, acceptor: Acceptor): Connection {
    const accepted = acceptor.accept()
    const connection = new Connection(this, this, dialler, accepted)
    accepted.attach(connection)
    this.#connections.add(connection)
    connection.pathChanged()
    return connection
  }

  /** Lets every connection see what is cut now. */
  pathsChanged(): void {
    for (const connection of this.#connections) {
      if (connection.over) this.#connections.delete(connection)
      else connection.pathChanged()
    }
  }

  /** How long a packet of the operating system travels now, in milliseconds. */
  delayMs(from: string, to: string): number {
    const [shortest, longest] = this.conditions.faults(from, to).delayMs
    return shortest + this.random.below(longest - shortest + 1)
  }

  /** Adds a line to the trace. */
  note(process: SimProcess, what: string | (() => string)): void {
    this.trace.add(this.scheduler.nowMs, process.name, what)
  }

  lost(from: SimProcess, to: SimProcess, packet: Packet, why: string): void {
    const what = describeLater(packet.frames)
    this.note(from, () => `drop ${why} on the way to ${to.name}: ${what()}`)
  }
}

/** The host and the port of "tcp://host:port". */
export function parseEndpoint(endpoint: string): { readonly host: string; readonly port: number } {
  const match = /^tcp:\/\/([^:/]+):(\d+)$/.exec(endpoint)
  if (match === null) {
    throw new ZmqnetError({
      code: 'INVALID_ARGUMENT',
      message: `Cannot use "${endpoint}" in the simulator: not tcp://host:port`,
    })
  }
  return { host: match[1] as string, port: Number(match[2]) }
}
