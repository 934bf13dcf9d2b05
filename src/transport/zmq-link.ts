/**
 * One dialled connection: a DEALER, dialled again and again until it is hung up.
 *
 * Each attempt gets a socket of its own, and libzmq's own reconnecting is off. It would put a message that waits for
 * room onto the next connection, before the Hello that must come first and without the caller knowing; a socket that
 * lives as long as its connection cannot. For the same reason each attempt has keys of its own, where there are keys.
 *
 * The file knows a socket only by the interface below. What the monitor tells was found out by experiment:
 * a connection that is up: connect:delay, connect, handshake; refused: connect:delay, close; not even routed: close
 * alone; accepted by what is no ZeroMQ peer or takes no key of ours: connect:delay, connect, handshake:error:*,
 * disconnect; swallowed by the network: nothing; an end of any kind: disconnect, without a reason. That a process fell
 * silent is no event: it is asked (probe.ts). On ipc, connect comes without connect:delay. Monitor events are hints: a
 * timer stands behind each attempt.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { assert } from '../base/assert.ts'
import type { ConnectionId } from '../base/ids.ts'
import { canProbe, type ProbeResult } from './probe.ts'
import type { DownCause, SendResult, TransportListener } from './transport.ts'
import type { CurveKeys, DialKeys } from './zmq-dial-keys.ts'
import { checkEndpoint, resolveEndpoint } from './zmq-endpoint.ts'
import { handshakeFault } from './zmq-handshake.ts'
import {
  describeError,
  type MonitorEvent,
  type MonitoredSocket,
  type ReceivingSocket,
  receiveAll,
} from './zmq-receive.ts'
import { BREATH_MS, Redial, type RedialTimes } from './zmq-redial.ts'
import { PatientTimer } from './zmq-timer.ts'

/** What a link needs of a socket; a Dealer of zeromq.js has it. */
export interface LinkSocket extends ReceivingSocket, MonitoredSocket {
  linger: number
  readonly readable: boolean
  send(frames: Uint8Array[]): Promise<void>
}

/** How a link dials, in milliseconds. */
export interface LinkTimes extends RedialTimes {
  /** An attempt that is not up by then is reported as silent, though it goes on. */
  readonly silentAfterMs: number
  /** An attempt that is not up by then is given up. */
  readonly dialTimeoutMs: number
  /** How long what was queued last may take to leave when the link is hung up. */
  readonly lingerMs: number
}

/** Where messages, news and faults of a link go. */
export interface LinkOptions {
  readonly connection: ConnectionId
  readonly endpoint: string
  readonly times: LinkTimes
  readonly listener: TransportListener
  /** What each attempt takes its keys from, in a secure transport. */
  readonly keys?: DialKeys | undefined
  /** Makes a socket; `isIpv6` tells that it will be connected to a literal address of that kind. */
  openSocket(isIpv6: boolean, keys: CurveKeys | undefined): LinkSocket
  /** Asks whether a process answers at an address; `over` is told once, unless the question is ended before. */
  openProbe(endpoint: string, over: (result: ProbeResult) => void): { end(): void }
}

/**
 * How many turns of the event loop are given to messages that arrived before the end of their connection. The receive
 * loop reads up to 256 in each, far more than the high-water mark lets wait.
 */
const FAREWELL_TURNS = 16

export class Link {
  readonly #options: LinkOptions
  #socket: LinkSocket | undefined
  #probe: { end(): void } | undefined
  /** The other end does not hear us: what comes in while the probe is open does not help when that finds nobody. */
  #isDeaf = false
  /** What the present connection leads to, with its name looked up. */
  #address = ''
  #state: 'dialling' | 'up' | 'pausing' | 'ended' = 'pausing'
  /** Counts attempts, so that a late answer to a former one is recognised. */
  #attempt = 0
  /** The endpoint that is dialled in place of the configured one, until it fails or its connection ends. */
  #shortcut: string | undefined
  #isReportedSilent = false
  /** Our keys were refused, or there was none: with other keys it may go at once. */
  #isWithoutKey = false
  /** There are other keys since this attempt began. */
  #hasNewKeys = false
  /** The last fault of dialling, which is not told twice in a row. */
  #complaint = ''
  /** Counts the messages of this connection. */
  #heard = 0
  readonly #timer = new PatientTimer()
  readonly #redial: Redial
  #done: ((result: SendResult) => void) | undefined
  readonly #onSent = (): void => this.#settle('sent')
  readonly #onNotSent = (): void => this.#settle('gone')

  constructor(options: LinkOptions) {
    checkEndpoint(options.endpoint)
    this.#options = options
    this.#redial = new Redial(options.times, options.keys !== undefined)
    this.#dial()
  }

  /** The endpoint that the present attempt or connection is to. */
  get endpoint(): string {
    return this.#shortcut ?? this.#options.endpoint
  }

  /** Sends while the link is up. A send that waits for room settles when there is some, or as `gone` with the socket. */
  send(frames: readonly Uint8Array[], done: (result: SendResult) => void): void {
    assert(this.#done === undefined, 'one send at a time on a connection')
    const socket = this.#socket
    if (this.#state !== 'up' || socket === undefined) {
      done('gone')
      return
    }
    this.#done = done
    try {
      socket.send(frames as Uint8Array[]).then(this.#onSent, this.#onNotSent)
    } catch (error) {
      this.#fault(`Sending failed: ${describeError(error)}`)
      this.#settle('gone')
    }
  }

  /** Throws the socket away, with all that it still holds, and dials at once. */
  reset(): void {
    this.#dialAfresh(undefined)
  }

  /** Throws the socket away, and dials a shortcut to the same peer once. Throws on an endpoint that is none. */
  redirect(shortcut: string): void {
    checkEndpoint(shortcut)
    this.#dialAfresh(shortcut)
  }

  /** Asks whether the process at the other end still runs; see Transport. */
  probe(isDeaf: boolean): void {
    if (isDeaf) this.#isDeaf = true
    // A shortcut leads to the process that listens on the configured address as well.
    const endpoint = this.#shortcut === undefined ? this.#address : this.#options.endpoint
    if (this.#state !== 'up' || this.#probe !== undefined || !canProbe(endpoint)) return
    const heard = this.#heard
    this.#isDeaf = isDeaf
    this.#probe = this.#options.openProbe(endpoint, (result) => {
      this.#probe = undefined
      if (result === 'lives' || result === 'unknown') return
      if (this.#heard === heard || (this.#isDeaf && result === 'unreachable')) this.#broke(result)
    })
  }

  /** There are other keys: dials at once if want of the right one was the reason not to. */
  rekey(): void {
    this.#redial.forgive()
    this.#hasNewKeys = true
    if (this.#state === 'pausing' && this.#isWithoutKey) this.#dial()
  }

  /** Ends the link for good. What was queued last may still leave. */
  end(): void {
    if (this.#state === 'ended') return
    this.#dropSocket(this.#options.times.lingerMs)
    this.#state = 'ended'
  }

  #dialAfresh(shortcut: string | undefined): void {
    if (this.#state === 'ended') return
    this.#dropSocket(0)
    this.#shortcut = shortcut
    this.#dial()
  }

  #dial(): void {
    this.#state = 'dialling'
    this.#isReportedSilent = false
    this.#isWithoutKey = false
    this.#hasNewKeys = false
    this.#attempt += 1
    const attempt = this.#attempt
    this.#timer.set(this.#options.times.silentAfterMs, () => this.#dialIsSlow())
    // Resolved in a microtask even for literal addresses, so that nothing is told from inside a call of the owner.
    resolveEndpoint(this.endpoint).then(
      (endpoint) => {
        if (attempt === this.#attempt && this.#state === 'dialling') this.#connect(endpoint)
      },
      (error: unknown) => {
        if (attempt !== this.#attempt || this.#state !== 'dialling') return
        this.#complain(`Cannot look up the host of ${this.endpoint}: ${describeError(error)}`)
        this.#dialFailed('silent')
      },
    )
  }

  #connect(endpoint: string): void {
    // The lookup of a name does not count.
    this.#timer.set(this.#options.times.silentAfterMs, () => this.#dialIsSlow())
    this.#address = endpoint
    const keys = this.#options.keys?.next()
    if (this.#options.keys !== undefined && keys === undefined) {
      this.#complain(`${endpoint} is not dialled: no key is known for it`)
      this.#isWithoutKey = true
      this.#dialFailed('silent')
      return
    }
    try {
      const socket = this.#options.openSocket(endpoint.includes('['), keys)
      this.#socket = socket
      // The monitor is attached before connect, or the first events would be missed.
      void this.#watch(socket, socket.events)
      this.#read(socket)
      socket.connect(endpoint)
    } catch (error) {
      this.#fault(`Cannot dial ${endpoint}: ${describeError(error)}`)
      this.#dialFailed('silent')
    }
  }

  #read(socket: LinkSocket): void {
    const { connection, listener } = this.#options
    const deliver = (frames: Buffer[]): void => {
      if (this.#socket !== socket) return
      this.#heard += 1
      listener.receive(connection, frames)
    }
    void receiveAll(socket, deliver, (text) => this.#fault(text))
  }

  async #watch(socket: LinkSocket, events: LinkSocket['events']): Promise<void> {
    let isUnderWay = false
    try {
      for (;;) {
        const event = await events.receive()
        if (event === undefined || event.type === 'end') return
        // The monitor of a socket that was dropped is read to its end too: libzmq's I/O thread waits for its reader.
        if (this.#socket !== socket) continue
        if (event.type === 'connect:delay') isUnderWay = true
        else if (event.type === 'handshake') this.#cameUp()
        else if (event.type === 'close') this.#dialFailed(this.#causeOfClose(isUnderWay))
        else if (event.type === 'disconnect') await this.#disconnected(socket)
        else if (event.type.startsWith('handshake:error')) this.#handshakeFailed(event)
      }
    } catch (error) {
      // The monitor ends with its socket. If it fails before, the link would never hear of its end: dial afresh.
      if (this.#socket !== socket) return
      this.#fault(`Watching the link failed: ${describeError(error)}`)
      if (this.#state === 'up') this.#broke('closed')
      else this.#dialFailed('silent')
    }
  }

  #cameUp(): void {
    if (this.#state !== 'dialling') return
    const { keys, listener, connection } = this.#options
    keys?.taken()
    this.#timer.clear()
    this.#state = 'up'
    this.#complaint = ''
    this.#redial.up()
    this.#tell(() => listener.up(connection))
  }

  async #disconnected(socket: LinkSocket): Promise<void> {
    if (this.#state === 'dialling') {
      if (this.#options.keys === undefined) this.#dialFailed('silent')
      else this.#keysRefused(this.#options.keys)
      return
    }
    // What arrived before the end still counts: a goodbye, or the reply that everybody waits for.
    for (let turn = 0; turn < FAREWELL_TURNS && !socket.closed && socket.readable; turn += 1) {
      await nextTurn()
    }
    if (this.#socket === socket) this.#broke('closed')
  }

  /** The connection was up and is no more. */
  #broke(cause: DownCause): void {
    assert(this.#state === 'up', 'only a connection that was up breaks')
    this.#dropSocket(0)
    this.#shortcut = undefined
    this.#dialIn(this.#redial.afterBreak())
    this.#tellDown(cause)
  }

  #handshakeFailed(event: MonitorEvent): void {
    // The end that follows is told as `disconnect`.
    const text = handshakeFault(event, this.#options.keys !== undefined)
    if (text !== undefined) this.#complain(`The handshake with ${this.endpoint} failed: ${text}`)
  }

  /**
   * The other end went away in the middle of a handshake. It refused the keys, or has others; but it may also be busy,
   * or somebody else. So it proves nothing about the peer, and is told as silence once no other keys are left to try.
   */
  #keysRefused(keys: DialKeys): void {
    const isAnotherLeft = this.#shortcut === undefined && (keys.refused() || this.#hasNewKeys)
    this.#isWithoutKey = true
    if (!isAnotherLeft) {
      this.#dialFailed('silent')
      return
    }
    this.#dropSocket(0)
    this.#dialIn(BREATH_MS)
  }

  /** `close` without `connect:delay` on TCP means that our own machine knows no way: nobody has refused anything. */
  #causeOfClose(isUnderWay: boolean): DownCause {
    return isUnderWay || !this.endpoint.startsWith('tcp:') ? 'refused' : 'silent'
  }

  #dialIsSlow(): void {
    if (this.#shortcut !== undefined) {
      this.#dialAfresh(undefined)
      return
    }
    const { dialTimeoutMs, silentAfterMs } = this.#options.times
    this.#isReportedSilent = true
    this.#timer.set(Math.max(0, dialTimeoutMs - silentAfterMs), () => this.#dialFailed('silent'))
    this.#tellDown('silent')
  }

  #dialFailed(cause: DownCause): void {
    if (this.#state !== 'dialling') return
    if (this.#shortcut !== undefined) {
      this.#dialAfresh(undefined)
      return
    }
    this.#dropSocket(0)
    const graceMs = cause === 'refused' ? this.#redial.afterRefusal() : undefined
    this.#dialIn(graceMs ?? this.#redial.afterFailure(this.#isWithoutKey))
    if (graceMs !== undefined || (cause === 'silent' && this.#isReportedSilent)) return
    this.#tellDown(cause)
  }

  #dialIn(delayMs: number): void {
    this.#state = 'pausing'
    this.#timer.set(delayMs, () => this.#dial())
  }

  /** Closes the socket; a send that is pending is rejected by that, and settles as `gone` in a microtask. */
  #dropSocket(lingerMs: number): void {
    this.#timer.clear()
    this.#probe?.end()
    this.#probe = undefined
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined || socket.closed) return
    socket.linger = lingerMs
    socket.close()
  }

  #settle(result: SendResult): void {
    const done = this.#done
    this.#done = undefined
    done?.(result)
  }

  #tellDown(cause: DownCause): void {
    this.#tell(() => this.#options.listener.down(this.#options.connection, cause))
  }

  /** A listener that throws must not keep the link from dialling. */
  #tell(news: () => void): void {
    try {
      news()
    } catch (error) {
      this.#fault(`The listener threw: ${describeError(error)}`)
    }
  }

  /** What is wrong with each attempt alike is told once. */
  #complain(text: string): void {
    if (text === this.#complaint) return
    this.#complaint = text
    this.#fault(text)
  }

  #fault(text: string): void {
    if (this.#state !== 'ended') this.#options.listener.fault(this.#options.connection, text)
  }
}
