/**
 * The transport over real ZeroMQ sockets: one ROUTER for those who dial us, one DEALER for each peer that we dial.
 * The only file that imports zeromq.
 *
 * It carries messages and tells what it sees of connections. It does not queue (the outbox does), does not retry, does
 * not know who is at the other end, and does not read what it carries.
 *
 * The ROUTER has no monitor on purpose. libzmq writes monitor events from its I/O thread and waits for room when about
 * 2000 are unread: 767 strangers that connected while the event loop was blocked stopped all traffic of the process.
 */

import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { Context, Dealer, Router, version } from 'zeromq'
import { assert } from '../base/assert.ts'
import type { ConnectionId } from '../base/ids.ts'
import { Probe } from './probe.ts'
import type { SendResult, Transport, TransportFactory, TransportListener } from './transport.ts'
import {
  DescriptorWatch,
  descriptorLimit,
  MIN_DESCRIPTORS_FOR_IPC,
  nextDescriptor,
} from './zmq-descriptors.ts'
import { type Inbound, InboundTable } from './zmq-inbound.ts'
import { Link } from './zmq-link.ts'
import { describeError, receiveAll } from './zmq-receive.ts'
import {
  hostTokenOf,
  newShortcutPlace,
  type ShortcutForm,
  type ShortcutPlace,
  shortcutForm,
} from './zmq-shortcut.ts'

/** How the transport is tuned. All have defaults that fit a mesh in one data centre and on one machine. */
export interface ZmqOptions {
  /** The largest frame that is accepted, in bytes; a peer that sends more is disconnected. Default 1 MiB + 64 KiB. */
  readonly maxFrameBytes?: number
  /** How long a dial may take before it is reported as silent, in milliseconds; it goes on. Default 500. */
  readonly silentAfterMs?: number
  /** How long a dial or a handshake may take before it is given up, in milliseconds. Default 2000. */
  readonly dialTimeoutMs?: number
  /** The pause after a failed dial, in milliseconds; doubles up to `redialMaxMs`, with jitter. Default 100. */
  readonly redialMs?: number
  /** The longest pause between two dials, in milliseconds. Default 2000. */
  readonly redialMaxMs?: number
  /** How long the last queued messages may take to leave after closing, in milliseconds. Default 150. */
  readonly lingerMs?: number
  /** How long `listen` waits for an address that is still taken, in milliseconds. Default 1000. */
  readonly rebindMs?: number
  /** How many inbound connections are remembered. Default 16384, about 5 MiB. */
  readonly maxInbound?: number
  /** What shortcuts are made of. Default: what fits the platform. */
  readonly shortcutForm?: ShortcutForm
}

const DEFAULTS: Required<ZmqOptions> = {
  maxFrameBytes: 1024 * 1024 + 64 * 1024,
  silentAfterMs: 500,
  dialTimeoutMs: 2000,
  redialMs: 100,
  redialMaxMs: 2000,
  lingerMs: 150,
  rebindMs: 1000,
  maxInbound: 16_384,
  shortcutForm: shortcutForm(process.platform),
}

/**
 * High-water marks count messages, not bytes. A message is at most two frames, 64 KiB + 1 MiB = 1.06 MiB, so that 8 in
 * each direction bound what libzmq holds for one connection at 8.5 MiB each way. Under load a message is a full batch
 * of 64 KiB, and 8 of them keep the I/O thread busy: 2 and 4 cost throughput, 16 and more gained little.
 */
const HIGH_WATER_MARK = 8

/** A link takes three sockets (its own and the two ends of its monitor), and closed ones go with a delay. */
const MAX_SOCKETS = 16_384

/**
 * Kernel probes free the inbound connections of machines that vanished: 5 s idle, then 3 probes at 2 s. Unlike the
 * user timeout of TCP they do not take a blocked process, whose window is closed, for a dead one.
 */
const KEEPALIVE = {
  tcpKeepalive: 1,
  tcpKeepaliveIdle: 5,
  tcpKeepaliveInterval: 2,
  tcpKeepaliveCount: 3,
} as const

const REBIND_STEP_MS = 50

/** An hour: the link has closed the socket long before. */
const NEVER_RECONNECT_MS = 3_600_000

/** Below this version of libzmq, known faults let a stranger crash or exhaust the process. */
const MIN_VERSION = [4, 3, 5] as const

/**
 * Contexts of closed transports, for the next ones. zeromq.js ends a context only with the process, so that each would
 * leave two threads and five file descriptors behind. There are never more than transports that were open at once.
 */
const idleContexts: Context[] = []

/** Makes transports that use ZeroMQ. Throws when the installed libzmq is too old. */
export function zmqTransport(options: ZmqOptions = {}): TransportFactory {
  checkVersion(version)
  const settings = { ...DEFAULTS, ...options }
  return (listener) => new ZmqTransport(settings, listener)
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

class ZmqTransport implements Transport {
  readonly #settings: Required<ZmqOptions>
  readonly #listener: TransportListener
  readonly #context: Context
  readonly #links = new Map<ConnectionId, Link>()
  readonly #inbounds: InboundTable
  #router: Router | undefined
  #descriptors: DescriptorWatch | undefined
  #isListening = false
  #shortcut: ShortcutPlace | undefined
  #lastConnection = 0
  #isClosed = false

  constructor(settings: Required<ZmqOptions>, listener: TransportListener) {
    this.#settings = settings
    this.#listener = listener
    this.#context =
      idleContexts.pop() ?? new Context({ blocky: false, ioThreads: 1, maxSockets: MAX_SOCKETS })
    this.#inbounds = new InboundTable(
      settings.maxInbound,
      () => this.#newConnection(),
      (inbound, error) => this.#judgeInbound(inbound, error),
    )
  }

  get hostToken(): string {
    return hostTokenOf(this.#settings.shortcutForm)
  }

  rekey(): Promise<void> {
    return Promise.resolve()
  }

  async openShortcut(beside: string): Promise<string> {
    assert(this.#router === undefined && !this.#isClosed, 'a shortcut is opened once, and before listening')
    const limit = descriptorLimit()
    if (limit < MIN_DESCRIPTORS_FOR_IPC) throw new Error(`${limit} file descriptors are too few`)
    const place = newShortcutPlace(this.#settings.shortcutForm)
    this.#shortcut = place
    // The same socket that will listen: whoever comes this way is served like all others. zeromq.js lets a socket that
    // binds neither send nor receive, hence before listening.
    const router = this.#openRouter(beside.includes('['))
    this.#router = router
    try {
      await router.bind(place.endpoint)
    } catch (error) {
      place.remove()
      throw error
    }
    return place.endpoint
  }

  async listen(endpoint: string): Promise<string> {
    assert(!this.#isListening && !this.#isClosed, 'a transport listens once, and not after close')
    this.#isListening = true
    const router = this.#router ?? this.#openRouter(endpoint.includes('['))
    this.#router = router
    await this.#bind(router, endpoint)
    if (this.#isClosed) throw new Error(`Cannot listen on ${endpoint}: the transport was closed`)
    this.#descriptors = new DescriptorWatch({
      limit: descriptorLimit(),
      next: nextDescriptor,
      changed: (isScarce) => this.#descriptorsChanged(isScarce),
    })
    void receiveAll(
      router,
      (frames) => this.#receiveInbound(frames),
      (text) => {
        if (!this.#isClosed) this.#listener.fault(undefined, text)
      },
    )
    return router.lastEndpoint ?? endpoint
  }

  dial(endpoint: string): ConnectionId {
    assert(!this.#isClosed, 'a closed transport dials nobody')
    const connection = this.#newConnection()
    const link = new Link({
      connection,
      endpoint,
      times: this.#settings,
      listener: this.#listener,
      openSocket: (isIpv6) => this.#openDealer(isIpv6),
      openProbe: (at, over) => new Probe(at, over),
    })
    this.#links.set(connection, link)
    return connection
  }

  reset(connection: ConnectionId): void {
    this.#links.get(connection)?.reset()
  }

  redirect(connection: ConnectionId, endpoint: string): void {
    this.#links.get(connection)?.redirect(endpoint)
  }

  probe(connection: ConnectionId): void {
    this.#links.get(connection)?.probe()
  }

  hangUp(connection: ConnectionId): void {
    this.#links.get(connection)?.end()
    this.#links.delete(connection)
    this.#inbounds.forget(connection)
  }

  send(connection: ConnectionId, frames: readonly Uint8Array[], done: (result: SendResult) => void): void {
    const link = this.#links.get(connection)
    if (link !== undefined) {
      link.send(frames, done)
      return
    }
    const inbound = this.#inbounds.get(connection)
    if (inbound === undefined || this.#isClosed) done('gone')
    else this.#sendInbound(inbound, frames, done)
  }

  describe(connection: ConnectionId): string {
    return this.#links.get(connection)?.endpoint ?? `inbound ${connection}`
  }

  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true
      for (const link of this.#links.values()) link.end()
      if (this.#router !== undefined) {
        this.#router.linger = this.#settings.lingerMs
        this.#router.close()
      }
      this.#descriptors?.end()
      this.#shortcut?.remove()
      idleContexts.push(this.#context)
    }
    // The sends that closing rejected settle in microtasks: after this turn each caller has been told.
    await nextTurn()
  }

  /**
   * Takes the shortcut away while descriptors are scarce; see zmq-descriptors.ts. The links on it end and come back over tcp, for
   * which there is still room. `unbind` would block sending and receiving for a while, and `unbindSync` of zeromq.js 6.8.0 binds; for libzmq
   * both are the same call as `disconnect`.
   */
  #descriptorsChanged(isScarce: boolean): void {
    this.#listener.fault(
      undefined,
      isScarce
        ? 'File descriptors run out: new connections wait until some are free'
        : 'There are enough file descriptors again',
    )
    const endpoint = this.#shortcut?.endpoint
    if (endpoint === undefined || this.#router === undefined) return
    try {
      if (isScarce) this.#router.disconnect(endpoint)
      else this.#router.bindSync(endpoint)
    } catch (error) {
      this.#listener.fault(undefined, `Cannot move the shortcut: ${describeError(error)}`)
    }
  }

  #receiveInbound(frames: Buffer[]): void {
    const routingId = frames.shift()
    if (routingId === undefined || this.#isClosed) return
    this.#listener.receive(this.#inbounds.hear(routingId).connection, frames)
  }

  #sendInbound(inbound: Inbound, frames: readonly Uint8Array[], done: (result: SendResult) => void): void {
    assert(inbound.done === undefined, 'one send at a time on a connection')
    inbound.done = done
    // With a send timeout of 0 the promise is settled already, so that sends to several peers never meet as EBUSY.
    try {
      const message = [inbound.routingId, ...frames] as Buffer[]
      ;(this.#router as Router).send(message).then(inbound.onSent, inbound.onNotSent)
    } catch (error) {
      inbound.onNotSent(error)
    }
  }

  #judgeInbound(inbound: Inbound, error: unknown): SendResult {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EAGAIN') return 'full'
    this.#inbounds.forget(inbound.connection)
    if (code !== 'EHOSTUNREACH' && !this.#isClosed) {
      this.#listener.fault(inbound.connection, `Sending failed: ${describeError(error)}`)
    }
    return 'gone'
  }

  async #bind(router: Router, endpoint: string): Promise<void> {
    // Closing is asynchronous in libzmq: an address that this process used a moment ago may still be taken.
    const giveUpAt = performance.now() + this.#settings.rebindMs
    for (;;) {
      try {
        await router.bind(endpoint)
        return
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'EUNKNOWN'
        const mayRetry = code === 'EADDRINUSE' && !this.#isClosed && performance.now() < giveUpAt
        if (!mayRetry) {
          this.#router = undefined
          router.close()
          throw listenError(endpoint, code, error)
        }
        await delay(REBIND_STEP_MS)
      }
    }
  }

  #openRouter(isIpv6: boolean): Router {
    return new Router({
      ...this.#socketOptions(isIpv6),
      // Without `mandatory` a ROUTER drops in silence; with it, but without a timeout of 0, one full peer holds up all.
      mandatory: true,
      sendTimeout: 0,
    })
  }

  #openDealer(isIpv6: boolean): Dealer {
    // Without `immediate`: with it, libzmq drops what was received and not yet read when the connection ends, and that
    // is the answer for which a closing peer has waited. The link sends only while it is up, so nothing is queued for a
    // peer that is not there.
    return new Dealer({
      ...this.#socketOptions(isIpv6),
      // A socket lives as long as its connection; see zmq-link.ts. Far away rather than off: when libzmq knows that it
      // will not reconnect, it drops what was received and not yet read.
      reconnectInterval: NEVER_RECONNECT_MS,
      // The link gives up first, so that every `close` before that is an answer.
      connectTimeout: this.#settings.dialTimeoutMs * 2,
    })
  }

  /** What all sockets share. No ZMTP heartbeats: they fail behind a full queue; see probe.ts. */
  #socketOptions(isIpv6: boolean) {
    const { dialTimeoutMs, lingerMs, maxFrameBytes } = this.#settings
    return {
      context: this.#context,
      ipv6: isIpv6,
      linger: lingerMs,
      maxMessageSize: maxFrameBytes,
      sendHighWaterMark: HIGH_WATER_MARK,
      receiveHighWaterMark: HIGH_WATER_MARK,
      handshakeInterval: dialTimeoutMs,
      ...KEEPALIVE,
    }
  }

  #newConnection(): ConnectionId {
    this.#lastConnection += 1
    return this.#lastConnection as ConnectionId
  }
}

function listenError(endpoint: string, code: string, cause: unknown): Error {
  const reason = code === 'EADDRINUSE' ? 'the address is in use' : describeError(cause)
  return Object.assign(new Error(`Cannot listen on ${endpoint}: ${reason}`, { cause }), { code })
}
