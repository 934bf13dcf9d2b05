/**
 * Joins the pure core to the world: frames come in and are decoded, messages go out through the mailer, one alarm stands
 * for all deadlines, and what the core tells is handed on after the core has returned, never from inside it.
 *
 * It decides nothing. Everything that it does for a turn (flush, alarm) is done once, at the end of the turn.
 */

import { assert } from '../base/assert.ts'
import { Deadlines } from '../base/deadlines.ts'
import type { ConnectionId } from '../base/ids.ts'
import type { DownCause, Transport, TransportListener } from '../transport/transport.ts'
import { decodeFrames } from '../wire/batch.ts'
import { WHOLE_BODY_BYTES } from '../wire/limits.ts'
import type { Message } from '../wire/messages.ts'
import type { UnsentCause } from '../wire/out.ts'
import type { Counters } from './api.ts'
import { Core, type CoreEvent } from './core.ts'
import type { DriverOwner, DriverSettings } from './driver-settings.ts'
import { EventCounts } from './event-counts.ts'
import type { Keyring } from './keyring.ts'
import { Mailer } from './mailer.ts'
import { SlowWatch } from './slow-watch.ts'
import { Task } from './task.ts'
import type { World } from './world.ts'

/** An alarm that rings so late means that this loop stalled: what waits in the sockets is read before time is judged. */
const STALL_MS = 50

/** Former keys end within this of their time, also when the wall clock is set meanwhile. */
const MAX_EXPIRY_WAIT_MS = 60_000

/** One core in one world. */
export class Driver implements TransportListener {
  readonly transport: Transport
  readonly #world: World
  readonly #owner: DriverOwner
  readonly #mailer: Mailer
  readonly #tasks = new Deadlines<Task>()
  readonly #slowWatch: SlowWatch
  readonly #counts = new EventCounts()
  readonly #keyring: Keyring | undefined
  readonly #expiry = new Task(() => this.keysChanged())
  #core: Core | undefined
  /** The largest body that is taken in one message. */
  #wholeBodyBytes = WHOLE_BODY_BYTES
  readonly #events: CoreEvent[] = []
  #onIdle: (() => void) | undefined
  #isHandingOn = false
  #isTurnOpen = false
  #isClosed = false
  #alarmAt = Number.POSITIVE_INFINITY
  #handingOnSince = 0
  #received = 0
  #framesReceived = 0

  /** With a keyring, in secure mode. */
  constructor(world: World, owner: DriverOwner, keyring?: Keyring | undefined) {
    this.#world = world
    this.#owner = owner
    this.#keyring = keyring
    this.transport = world.transport(this, keyring)
    this.#mailer = new Mailer(this.transport, world.clock, {
      unsent: (connection, messages, cause) => this.#unsent(connection, messages, cause),
      gone: (connection) => this.#gone(connection),
      roomAgain: (connection) => this.#roomAgain(connection),
      flushLater: () => this.#openTurn(),
    })
    this.#slowWatch = new SlowWatch(
      this.#mailer,
      (connection) => this.#core?.peerAt(connection),
      (event) => this.#events.push(event),
    )
  }

  /** Dials the peers: from here on the core lives. A node listens first, so that whoever meets it can dial it. */
  begin(settings: DriverSettings): void {
    const keyring = this.#keyring
    const peers = settings.peers.map(({ name, address }) => ({
      name,
      connection: this.transport.dial(address, keyring && (() => keyring.keysOf('node', name))),
    }))
    this.#wholeBodyBytes = Math.min(WHOLE_BODY_BYTES, settings.self.maxBodyBytes)
    const queuedBytes = () => this.#mailer.queuedBytes
    this.#core = new Core(
      this.now,
      { ...settings, peers, queuedBytes, trusted: keyring },
      this.#world.random,
      {
        send: (connection, message) => this.#mailer.push(connection, message),
        tell: (event) => this.#events.push(event),
      },
    )
    this.#watchExpiry()
    this.#openTurn()
  }

  /**
   * The keyring has other keys or rules, or one of its keys has ended: sessions and links that stand on a key which is not
   * accepted any more end now, and peers that may be there again are dialled at once.
   */
  keysChanged(): void {
    if (this.#isDeaf) return
    this.core.keysChanged(this.now)
    this.#afterCore()
    this.transport.rekey().catch((error: unknown) => this.#owner.onFault(`New keys: ${String(error)}`))
    this.#watchExpiry()
  }

  get core(): Core {
    assert(this.#core !== undefined, 'the driver has begun')
    return this.#core
  }

  get now(): number {
    return this.#world.clock.now()
  }

  get counters(): Counters {
    return {
      sent: this.#mailer.messagesSent,
      received: this.#received,
      dropped: this.#mailer.messagesDropped,
      framesSent: this.#mailer.framesSent,
      framesReceived: this.#framesReceived,
      ...this.#counts.counters,
    }
  }

  /** When the events that are being handed on began to be. */
  get handingOnSince(): number {
    return this.#handingOnSince
  }

  /** Whether nothing waits to be sent and nothing waits for an answer. */
  get isIdle(): boolean {
    const core = this.#core
    return this.#mailer.isIdle && core?.pendingCount === 0 && core.transfers.outgoing.count === 0
  }

  /** Does something as a turn of its own, after what came in meanwhile was read; what it wants sent leaves at its end. */
  inNextTurn(task: () => void): void {
    this.#world.clock.defer(() => {
      if (this.#isClosed) return
      const wasTurnOpen = this.#isTurnOpen
      this.#isTurnOpen = true
      try {
        task()
        this.#settleTurn()
      } finally {
        this.#isTurnOpen = wasTurnOpen
      }
    })
  }

  /** Hands on what a command to the core told, and sends what it wants sent. To be called after each. */
  afterCommand(): void {
    this.#afterCore()
  }

  /** Runs `task` at `dueAt`, or moves it there. Infinity takes it back. */
  schedule(task: Task, dueAt: number): void {
    if (dueAt === Number.POSITIVE_INFINITY) this.#tasks.remove(task)
    else this.#tasks.set(task, dueAt)
    this.#openTurn()
  }

  up(connection: ConnectionId): void {
    if (this.#isDeaf) return
    const carrier = this.transport.describe(connection).startsWith('ipc:') ? 'ipc' : 'tcp'
    this.core.linkUp(this.now, connection, carrier)
    this.#afterCore()
  }

  down(connection: ConnectionId, cause: DownCause): void {
    if (this.#isDeaf) return
    this.core.linkDown(this.now, connection, cause)
    this.#mailer.clear(connection)
    this.#afterCore()
  }

  receive(connection: ConnectionId, frames: readonly Uint8Array[]): void {
    if (this.#isDeaf) return
    // This turn ends here, so that nothing that happens in it needs to ask for its end.
    this.#mailer.heard(connection)
    const wasTurnOpen = this.#isTurnOpen
    this.#isTurnOpen = true
    try {
      this.#receive(connection, frames)
      // What came in one message is answered in one, at once: whoever sent it has nothing else to wait for.
      this.#settleTurn()
    } finally {
      this.#isTurnOpen = wasTurnOpen
    }
  }

  #receive(connection: ConnectionId, frames: readonly Uint8Array[]): void {
    const { now } = this
    const decoded = decodeFrames(frames, now, this.#wholeBodyBytes)
    this.#world.nursery?.took(decoded.messages, frames[1]?.length ?? 0)
    this.#framesReceived += 1
    this.#received += decoded.messages.length
    if (decoded.messages.length > 0) this.core.receive(now, connection, decoded.messages)
    for (const message of decoded.tooLarge) this.core.tooLarge(now, connection, message, this.#wholeBodyBytes)
    if (decoded.malformed !== undefined) this.#violation(connection, decoded.malformed)
    if (decoded.unknown > 0) this.#violation(connection, `${decoded.unknown} envelopes of an unknown kind`)
    this.#handOn()
  }

  fault(connection: ConnectionId | undefined, text: string): void {
    const place = connection === undefined ? '' : `${this.transport.describe(connection)}: `
    this.#owner.onFault(`${place}${text}`)
  }

  strangers(address: string, count: number, text: string): void {
    const more = count > 1 ? ` (and ${count - 1} more before)` : ''
    this.#owner.onStrangers?.(address, `${text}${more}`)
  }

  /** Says goodbye, waits `drainMs` at the most for what runs, and closes. */
  async shutDown(drainMs: number): Promise<void> {
    this.core.drain()
    this.#afterCore()
    await this.#whenIdle(this.now + Math.max(0, drainMs))
    await this.close()
  }

  /** Resolves when nothing waits to be sent or answered, at `dueAt` at the latest. */
  #whenIdle(dueAt: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve
      this.#mailer.isWatched = true
      this.schedule(new Task(resolve), dueAt)
    })
  }

  /** Sends what is queued, closes the transport, and hears nothing any more. */
  async close(): Promise<void> {
    this.#core?.close(this.now)
    this.#handOn()
    this.#mailer.flush()
    this.#isClosed = true
    this.#world.clock.setAlarm(Number.POSITIVE_INFINITY, () => {})
    await this.transport.close()
  }

  /** Before the beginning and after the end nothing is heard: a Hello is repeated, and all else follows a Hello. */
  get #isDeaf(): boolean {
    return this.#isClosed || this.#core === undefined
  }

  #violation(connection: ConnectionId, text: string): void {
    this.#events.push({ kind: 'violation', connection, text })
  }

  #unsent(connection: ConnectionId, messages: readonly Message[], cause: UnsentCause): void {
    if (this.#isClosed) return
    const { now } = this
    for (const message of messages) this.core.unsent(now, connection, message, cause)
    this.#afterCore()
  }

  #gone(connection: ConnectionId): void {
    if (this.#isClosed) return
    if (!this.core.isLink(connection)) this.core.connectionGone(this.now, connection)
    // What this says of the peer is told by `down`: a send also ends so when we reset the link ourselves.
    else this.core.linkDown(this.now, connection, 'reset')
    this.#afterCore()
  }

  #roomAgain(connection: ConnectionId): void {
    if (this.#isClosed) return
    this.core.outreach.roomAgain(connection)
    this.core.reception.roomAgain(this.now, connection)
    this.#afterCore()
  }

  #afterCore(): void {
    this.#handOn()
    if (this.#mailer.hasPortion) this.#flush()
    this.#openTurn()
  }

  /** Hands on what the core told. A handler may call into the core again; what that tells is appended. */
  #handOn(): void {
    if (this.#isHandingOn || this.#events.length === 0) return
    this.#isHandingOn = true
    this.#handingOnSince = this.now
    try {
      for (let index = 0; index < this.#events.length; index += 1)
        this.#hand(this.#events[index] as CoreEvent)
    } finally {
      this.#events.length = 0
      this.#isHandingOn = false
    }
  }

  /** Whatever an owner throws, the events behind this one are handed on: each may settle somebody's promise. */
  #hand(event: CoreEvent): void {
    try {
      this.#execute(event)
      this.#owner.onEvent(event)
    } catch (error) {
      this.#owner.onFault(`Handing on "${event.kind}" failed: ${String(error)}`)
    }
  }

  #execute(event: CoreEvent): void {
    this.#counts.note(event)
    switch (event.kind) {
      case 'reset-link': {
        const { connection } = event.link
        this.core.linkDown(this.now, connection, 'reset')
        this.transport.reset(connection)
        this.#mailer.clear(connection)
        break
      }
      case 'probe-peer': {
        const route = this.core.outreach.routes.get(event.peer)
        if (route !== undefined) this.transport.probe(route.link.connection, event.why === 'deaf')
        break
      }
      case 'link-shortcut': {
        const { connection } = event.link
        this.transport.redirect(connection, event.endpoint)
        this.#mailer.clear(connection)
        break
      }
      case 'session-closed': {
        const { connection } = event.session
        this.#mailer.clear(connection)
        // Nobody says when such a connection ends. If it has not, whoever speaks on it next is asked to say Hello.
        this.transport.hangUp(connection)
        break
      }
      default:
    }
  }

  #watchExpiry(): void {
    const waitMs = this.#keyring?.expiresInMs ?? Number.POSITIVE_INFINITY
    const isEndless = waitMs === Number.POSITIVE_INFINITY
    this.schedule(this.#expiry, isEndless ? waitMs : this.now + Math.min(waitMs, MAX_EXPIRY_WAIT_MS))
  }

  /** Sees to it that the end of this turn comes once. */
  #openTurn(): void {
    if (this.#isTurnOpen || this.#isClosed) return
    this.#isTurnOpen = true
    this.#world.clock.defer(() => this.#endTurn())
  }

  #endTurn(): void {
    this.#isTurnOpen = false
    if (!this.#isClosed) this.#settleTurn()
  }

  #flush(): void {
    this.#core?.endTurn(this.now)
    this.#handOn()
    this.#mailer.flush()
  }

  #settleTurn(): void {
    this.#flush()
    if (this.#onIdle !== undefined && this.isIdle) this.#onIdle()
    this.#setAlarm()
  }

  #setAlarm(): void {
    const dueAt = Math.min(
      this.#core?.deadline ?? Number.POSITIVE_INFINITY,
      this.#mailer.deadline,
      this.#tasks.next,
      this.#slowWatch.deadline(this.now),
    )
    if (dueAt === this.#alarmAt) return
    this.#alarmAt = dueAt
    this.#world.clock.setAlarm(dueAt, () => this.#ring(dueAt))
  }

  #ring(dueAt: number): void {
    if (this.#isClosed || dueAt !== this.#alarmAt) return
    this.#alarmAt = Number.POSITIVE_INFINITY
    if (this.now - dueAt > STALL_MS) this.#world.clock.defer(() => this.#wake())
    else this.#wake()
  }

  #wake(): void {
    if (this.#isClosed) return
    const { now } = this
    this.#mailer.wake(now)
    this.#core?.wake(now)
    this.#slowWatch.wake(now)
    this.#afterCore()
    this.#tasks.takeDue(now, (task) => task.run())
  }
}
