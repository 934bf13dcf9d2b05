/**
 * The dialling side of a link: makes a connection, keeps it, makes it again with backoff when it breaks, until it is
 * hung up. It plays the DEALER of the real transport: nothing is queued while it is down, and one pending send at a
 * time is the backpressure while the other side does not read.
 */

import { assert } from '../base/assert.ts'
import type { PublicKey } from '../base/keys.ts'
import type { DownCause, SendResult } from '../transport/transport.ts'
import type { Connection, ConnectionSide } from './connection.ts'
import { type Acceptor, type Network, parseEndpoint } from './network.ts'
import type { SimProcess } from './process.ts'
import type { SimEvent } from './scheduler.ts'
import type { Packet } from './stream.ts'

/** A dial without any answer is told as silent after this time, ... */
const SILENT_AFTER_MS = 500
/** ... and given up after this. */
const DIAL_TIMEOUT_MS = 2000
/** The operating system repeats the first packet after this time. */
const KNOCK_AGAIN_MS = 1000
/** The pause after a dial that failed; each further one doubles it, ... */
const REDIAL_MIN_MS = 100
/** ... up to this. */
const REDIAL_MAX_MS = 2000
/** A probe without an answer ends after this time; it knocks several times, ... */
const PROBE_MS = 400
/** ... each so much later than the one before. */
const PROBE_KNOCKS_MS = [0, 130, 260] as const
/** An end that comes so late is no answer. */
const PROBE_LATE_MS = 400
/** A connection that was up for so long is dialled again at once when it ends. */
const STABLE_MS = 1000

/** What a dial tells its transport; each call is a turn of the process. */
export interface DialListener {
  up(): void
  down(cause: DownCause): void
  receive(packet: Packet): void
}

/** What a dial in secure mode shows and wants. */
export interface DialKeys {
  /** Our keys, one of which is shown at each attempt. */
  own(): readonly PublicKey[]
  /** Whether the peer has a key at all; nobody is dialled without. */
  hasPeer(): boolean
}

/** A send that waits for room. */
interface PendingSend {
  readonly packet: Packet
  readonly done: (result: SendResult) => void
}

/** One dialled link. */
export class Dial implements ConnectionSide {
  readonly process: SimProcess
  readonly #configured: string
  /** Dialled in place of the configured endpoint, until it fails or its connection ends. */
  #shortcut: string | undefined
  readonly #network: Network
  readonly #listener: DialListener
  readonly #keys: DialKeys | undefined
  readonly #peerHost: string
  #connection: Connection | undefined
  #pending: PendingSend | undefined
  #timer: SimEvent | undefined
  #redialMs = REDIAL_MIN_MS
  /** Answers to earlier attempts are no answers to this one. */
  #attempt = 0
  /** Counts our own resets: what was about to be told of the time before is not told any more. */
  #epoch = 0
  #toldSilent = false
  #upSinceMs = 0
  #hungUp = false
  /** The end of the probe that is under way. */
  #probeEnd: SimEvent | undefined
  /** The other end does not hear us: what comes in while the probe is under way does not help when that finds nobody. */
  #isDeaf = false
  /** Counts the messages that came in. */
  #heard = 0

  constructor(
    network: Network,
    process: SimProcess,
    endpoint: string,
    listener: DialListener,
    keys?: DialKeys | undefined,
  ) {
    this.#keys = keys
    this.#network = network
    this.process = process
    this.#configured = endpoint
    this.#listener = listener
    this.#peerHost = parseEndpoint(endpoint).host
    this.#dial()
  }

  /** The endpoint that is dialled or connected now. */
  get endpoint(): string {
    return this.#shortcut ?? this.#configured
  }

  /** Throws the connection away and dials at once. */
  reset(): void {
    this.#dialAfresh(undefined)
  }

  /** The same, but dials a shortcut to the same peer once. */
  redirect(shortcut: string): void {
    this.#dialAfresh(shortcut)
  }

  /** Keys changed: whoever was refused, or had no key, is dialled at once. */
  rekey(): void {
    if (this.#connection === undefined) this.#dialAfresh(undefined)
  }

  /** Ends the link for good; a pending send is told `gone`. Also what the kernel does for a dead process. */
  hangUp(): void {
    this.#hungUp = true
    this.#drop()
  }

  /** Sends now, or as soon as there is room; `done` comes in a turn of its own. */
  send(packet: Packet, done: (result: SendResult) => void): void {
    assert(this.#pending === undefined, `one send at a time on ${this.endpoint}`)
    this.#pending = { packet, done }
    this.#flush()
  }

  /** Asks whether the process at the other end runs; the connection is silent when not. */
  probe(isDeaf: boolean): void {
    if (isDeaf) this.#isDeaf = true
    const connection = this.#connection
    if (connection === undefined || this.#probeEnd !== undefined) return
    const { scheduler } = this.#network
    const heard = this.#heard
    this.#isDeaf = isDeaf
    let isReachable = false
    const dueMs = scheduler.nowMs + PROBE_MS
    const end = scheduler.at(dueMs, () => {
      this.#probeEnd = undefined
      this.process.turn(() => {
        // Late means that this process stood still, which says nothing of the other.
        const isLate = scheduler.nowMs > dueMs + PROBE_LATE_MS
        const isQuiet = heard === this.#heard || (this.#isDeaf && !isReachable)
        if (!isLate && connection === this.#connection && isQuiet)
          connection.silence(isReachable ? 'silent' : 'unreachable')
      })
    })
    this.#probeEnd = end
    for (const afterMs of PROBE_KNOCKS_MS) {
      this.#knockOnce(this.#attempt, afterMs, this.#configured, (acceptor) => {
        isReachable = true
        if (acceptor !== 'paused' && acceptor !== undefined && this.#probeEnd === end) this.#stopProbe()
      })
    }
  }

  deliver(packet: Packet): void {
    this.#heard += 1
    this.#listener.receive(packet)
  }

  drained(): void {
    if (this.#pending !== undefined) this.#flush()
  }

  ended(cause: 'closed' | 'silent' | 'unreachable'): void {
    const ended = this.#connection
    this.#connection = undefined
    this.#stopProbe()
    this.#shortcut = undefined
    this.#flush()
    // What came before the end still waits for its turn in front of this one; what strays in later is lost.
    this.process.turn(() => ended?.toDialler.break())
    this.#tell(() => this.#listener.down(cause))
    if (this.#network.scheduler.nowMs - this.#upSinceMs >= STABLE_MS) this.#dial()
    else this.#redialLater()
  }

  #flush(): void {
    const pending = this.#pending
    if (pending === undefined) return
    const stream = this.#connection?.toAcceptor
    const { sizeBytes } = pending.packet
    if (stream !== undefined) {
      // A message of any size may go when nothing else is on the way.
      if (stream.inFlightBytes > 0 && stream.inFlightBytes + sizeBytes > this.#network.queueBytes) return
      stream.send(pending.packet)
    }
    this.#pending = undefined
    this.process.turn(() => pending.done(stream === undefined ? 'gone' : 'sent'))
  }

  #dialAfresh(shortcut: string | undefined): void {
    this.#drop()
    this.#shortcut = shortcut
    this.#redialMs = REDIAL_MIN_MS
    this.#dial()
  }

  #drop(): void {
    this.#epoch += 1
    this.#attempt += 1
    this.#stopTimer()
    this.#stopProbe()
    this.#connection?.closeDialler()
    this.#connection = undefined
    this.#flush()
  }

  #dial(): void {
    if (this.#hungUp || !this.process.alive || this.#keys?.hasPeer() === false) return
    this.#attempt += 1
    this.#toldSilent = false
    const attempt = this.#attempt
    this.#setTimer(SILENT_AFTER_MS, () => this.#slow(attempt))
    this.#knock(attempt, 0)
    this.#knock(attempt, KNOCK_AGAIN_MS)
  }

  #knock(attempt: number, afterMs: number): void {
    this.#knockOnce(attempt, afterMs, this.endpoint, (acceptor) => {
      if (acceptor !== 'paused') this.#answered(attempt, acceptor)
    })
  }

  /** Sends the first packet to the other host; `answer` tells who listens there, if anybody answers. */
  #knockOnce(
    attempt: number,
    afterMs: number,
    endpoint: string,
    answer: (acceptor: Acceptor | 'paused' | undefined) => void,
  ): void {
    this.#travel(attempt, afterMs, this.process.host, this.#peerHost, () => {
      if (!this.#network.hasHost(this.#peerHost)) return
      const acceptor = this.#network.acceptorAt(endpoint)
      // The kernel of a paused process accepts, but nobody answers ZeroMQ's greeting.
      const found = acceptor?.process.paused ? 'paused' : acceptor
      this.#travel(attempt, 0, this.#peerHost, this.process.host, () => answer(found))
    })
  }

  #answered(attempt: number, acceptor: Acceptor | undefined): void {
    this.process.runIo(() => {
      if (attempt !== this.#attempt || this.#hungUp || this.#connection !== undefined) return
      if (acceptor === undefined || this.#network.acceptorAt(this.endpoint) !== acceptor) {
        this.#fail('refused')
        return
      }
      if (!acceptor.admits(this.#shownKey())) {
        // As with ZeroMQ, who is not let in hears nothing that speaks for the peer.
        this.#fail('silent')
        return
      }
      this.#stopTimer()
      this.#redialMs = REDIAL_MIN_MS
      this.#upSinceMs = this.#network.scheduler.nowMs
      this.#connection = this.#network.connect(this, acceptor)
      this.#tell(() => this.#listener.up())
    })
  }

  /** Each attempt shows another of our keys. */
  #shownKey(): PublicKey | undefined {
    const keys = this.#keys?.own()
    return keys?.[this.#attempt % keys.length]
  }

  /** No answer so far: that is told, and the dial goes on. */
  #slow(attempt: number): void {
    this.process.runIo(() => {
      if (attempt !== this.#attempt || this.#connection !== undefined) return
      if (this.#shortcut !== undefined) {
        this.#dialAfresh(undefined)
        return
      }
      this.#toldSilent = true
      this.#tell(() => this.#listener.down('silent'))
      this.#setTimer(DIAL_TIMEOUT_MS - SILENT_AFTER_MS, () => this.process.runIo(() => this.#fail('silent')))
    })
  }

  #fail(cause: 'refused' | 'silent'): void {
    if (this.#connection !== undefined || this.#hungUp) return
    // Nobody there says nothing of the peer.
    if (this.#shortcut !== undefined) {
      this.#dialAfresh(undefined)
      return
    }
    if (cause === 'refused' || !this.#toldSilent) this.#tell(() => this.#listener.down(cause))
    this.#redialLater()
  }

  /** Dials again after a pause, half of it fixed and half of it chance. */
  #redialLater(): void {
    this.#attempt += 1
    const halfMs = this.#redialMs / 2
    this.#redialMs = Math.min(REDIAL_MAX_MS, this.#redialMs * 2)
    const pauseMs = halfMs + this.#network.random.below(halfMs + 1)
    this.#setTimer(pauseMs, () => this.process.runIo(() => this.#dial()))
  }

  /** A packet of the operating system goes from one host to the other, if the way is open when it arrives. */
  #travel(attempt: number, afterMs: number, from: string, to: string, arrive: () => void): void {
    const { scheduler, conditions } = this.#network
    scheduler.at(scheduler.nowMs + afterMs + this.#network.delayMs(from, to), () => {
      if (attempt === this.#attempt && conditions.isOpen(from, to)) arrive()
    })
  }

  #tell(task: () => void): void {
    const epoch = this.#epoch
    this.process.turn(() => {
      if (epoch === this.#epoch) task()
    })
  }

  #setTimer(afterMs: number, ring: () => void): void {
    const { scheduler } = this.#network
    this.#stopTimer()
    this.#timer = scheduler.at(scheduler.nowMs + afterMs, ring)
  }

  #stopProbe(): void {
    if (this.#probeEnd !== undefined) this.#network.scheduler.cancel(this.#probeEnd)
    this.#probeEnd = undefined
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#network.scheduler.cancel(this.#timer)
    this.#timer = undefined
  }
}
