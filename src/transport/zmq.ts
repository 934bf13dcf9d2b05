/**
 * The transport over real ZeroMQ sockets: one ROUTER for those who dial us (zmq-listening.ts), one DEALER for each peer
 * that we dial (zmq-link.ts), all of them with CURVE when there are keys. Only this file and its neighbours named zmq-*
 * import zeromq.
 *
 * It carries messages and tells what it sees of connections. It does not queue (the outbox does), does not retry, does
 * not know who is at the other end, and does not read what it carries.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { capability, version } from 'zeromq'
import { assert } from '../base/assert.ts'
import type { ConnectionId } from '../base/ids.ts'
import type { PublicKey } from '../base/keys.ts'
import { Probe } from './probe.ts'
import type {
  SendResult,
  Transport,
  TransportFactory,
  TransportKeys,
  TransportListener,
} from './transport.ts'
import { DialKeys } from './zmq-dial-keys.ts'
import { Link } from './zmq-link.ts'
import { Listening } from './zmq-listening.ts'
import { ZMQ_DEFAULTS, type ZmqOptions } from './zmq-options.ts'
import { hostTokenOf } from './zmq-shortcut.ts'
import { ZmqSockets } from './zmq-sockets.ts'

export type { ZmqOptions } from './zmq-options.ts'

/** Below this version of libzmq, known faults let a stranger crash or exhaust the process. */
const MIN_VERSION = [4, 3, 5] as const

/**
 * Makes transports that use ZeroMQ, secure ones for those that give keys. Throws when the installed libzmq is too old, and
 * with keys also when it has no CURVE.
 */
export function zmqTransport(options: ZmqOptions = {}): TransportFactory {
  checkVersion(version)
  const settings = { ...ZMQ_DEFAULTS, ...options }
  return (listener, keys) => new ZmqTransport(settings, listener, keys)
}

/** Throws unless `installed`, such as "4.3.5", is recent enough. */
export function checkVersion(installed: string): void {
  const parts = installed.split('.').map(Number)
  for (const [index, wanted] of MIN_VERSION.entries()) {
    const part = parts[index] ?? 0
    if (part > wanted) return
    if (!(part < wanted)) continue
    throw new Error(`libzmq ${installed} is too old: zmqnet needs ${MIN_VERSION.join('.')} or newer`)
  }
}

/** Throws unless libzmq can do what keys need. */
export function checkCurve(hasCurve: boolean): void {
  if (!hasCurve) throw new Error('This libzmq was built without CURVE, which keys need')
}

class ZmqTransport implements Transport {
  readonly #settings: Required<ZmqOptions>
  readonly #listener: TransportListener
  readonly #keys: TransportKeys | undefined
  readonly #sockets: ZmqSockets
  readonly #listening: Listening
  readonly #links = new Map<ConnectionId, Link>()
  #lastConnection = 0
  #isClosed = false

  constructor(settings: Required<ZmqOptions>, listener: TransportListener, keys: TransportKeys | undefined) {
    if (keys !== undefined) checkCurve(capability.curve === true)
    this.#settings = settings
    this.#listener = listener
    this.#keys = keys
    this.#sockets = new ZmqSockets(settings, keys !== undefined)
    this.#listening = new Listening({
      settings,
      sockets: this.#sockets,
      listener,
      keys,
      newConnection: () => this.#newConnection(),
    })
  }

  get hostToken(): string {
    return hostTokenOf(this.#settings.shortcutForm)
  }

  openShortcut(beside: string): Promise<string> {
    return this.#listening.openShortcut(beside)
  }

  listen(endpoint: string): Promise<string> {
    return this.#listening.listen(endpoint)
  }

  dial(endpoint: string, serverKeys?: () => readonly PublicKey[]): ConnectionId {
    assert(!this.#isClosed, 'a closed transport dials nobody')
    const keys = this.#dialKeys(serverKeys)
    const connection = this.#newConnection()
    const link = new Link({
      connection,
      endpoint,
      times: this.#settings,
      listener: this.#listener,
      keys,
      openSocket: (isIpv6, curve) => this.#sockets.dealer(isIpv6, curve),
      openProbe: (at, over) => new Probe(at, over),
    })
    this.#links.set(connection, link)
    return connection
  }

  async rekey(): Promise<void> {
    if (this.#isClosed) return
    for (const link of this.#links.values()) link.rekey()
    await this.#listening.rekey()
  }

  reset(connection: ConnectionId): void {
    this.#links.get(connection)?.reset()
  }

  redirect(connection: ConnectionId, endpoint: string): void {
    this.#links.get(connection)?.redirect(endpoint)
  }

  probe(connection: ConnectionId, isDeaf: boolean): void {
    this.#links.get(connection)?.probe(isDeaf)
  }

  hangUp(connection: ConnectionId): void {
    this.#links.get(connection)?.end()
    this.#links.delete(connection)
    this.#listening.letGo(connection)
  }

  send(connection: ConnectionId, frames: readonly Uint8Array[], done: (result: SendResult) => void): void {
    const link = this.#links.get(connection)
    if (link !== undefined) {
      link.send(frames, done)
      return
    }
    const inbound = this.#listening.get(connection)
    if (inbound === undefined || this.#isClosed) done('gone')
    else this.#listening.send(inbound, frames, done)
  }

  describe(connection: ConnectionId): string {
    return this.#links.get(connection)?.endpoint ?? `inbound ${connection}`
  }

  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true
      for (const link of this.#links.values()) link.end()
      this.#listening.close()
      this.#sockets.release()
    }
    // The sends that closing rejected settle in microtasks: after this turn each caller has been told.
    await nextTurn()
  }

  #dialKeys(serverKeys: (() => readonly PublicKey[]) | undefined): DialKeys | undefined {
    const keys = this.#keys
    assert(
      (keys === undefined) === (serverKeys === undefined),
      'a secure transport dials with keys, a plain one without',
    )
    return keys && serverKeys && new DialKeys(() => keys.own(), serverKeys)
  }

  #newConnection(): ConnectionId {
    this.#lastConnection += 1
    return this.#lastConnection as ConnectionId
  }
}
