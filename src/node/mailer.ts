/**
 * Everything on its way out: one outbox for each connection, and the flush that empties them. What is queued in one
 * turn leaves together at its end, or in portions before it; what is queued while a send is pending leaves with the next
 * one. No timers.
 *
 * A message that does not leave comes back to the owner with the reason: nothing is dropped here in silence.
 */

import type { Clock } from '../base/clock.ts'
import type { ConnectionId } from '../base/ids.ts'
import type { Waiting } from '../liveness/slow-peers.ts'
import { Outbox } from '../transport/outbox.ts'
import type { SendResult, Transport } from '../transport/transport.ts'
import { pack } from '../wire/batch.ts'
import { FRAME_HEADER_BYTES, FRAME_TARGET_BYTES } from '../wire/limits.ts'
import type { Message } from '../wire/messages.ts'
import type { UnsentCause } from '../wire/out.ts'
import { MESSAGE_TRAITS } from './message-traits.ts'

/**
 * What may wait for one connection: with the 8.5 MiB that libzmq holds, 16 MiB on the way to one peer. What callers and
 * senders hold for retries has bounds of its own and is, for large bodies, the same memory. The number of items bounds
 * what the records around tiny bodies cost.
 */
export const QUEUE_LIMITS = {
  maxBytes: 7.5 * 1024 * 1024,
  maxItems: 65_536,
  frameBytes: FRAME_TARGET_BYTES - FRAME_HEADER_BYTES,
}

/**
 * An inbound peer that takes nothing is tried again, as no event tells when it would: in the next turns at first,
 * because a reader that is merely behind has room within microseconds, then after pauses that double.
 */
const FULL_TURNS = 16
const FULL_PAUSE_MS = 1
const FULL_PAUSE_MAX_MS = 16

/**
 * Connections whose queues are remembered while they are idle: strangers who were told to say Hello come and go, and
 * nobody says when. As many as there may be sessions, twice.
 */
const MAX_QUEUES = 8192

/**
 * So many messages leave before the end of their turn, so that the other end works while this one still asks. When
 * nothing that we sent on the connection is unanswered, the other end is idle, and a small portion pays: 100 requests in flight
 * went 1.4 times as fast. Otherwise a larger one: each frame costs what fifty messages do, its answer included.
 */
const FIRST_PORTION = 48
const PORTION = 512

/** What the mailer reports. Neither is called from inside `push`. */
export interface MailerOwner {
  /** These messages never left. */
  unsent(connection: ConnectionId, messages: readonly Message[], cause: UnsentCause): void
  /** Nobody is at the other end. */
  gone(connection: ConnectionId): void
  /** A one-way message or an answer found no room on this connection; now there is some. */
  roomAgain(connection: ConnectionId): void
  /** There is something to flush, or a new deadline, at the end of this turn. */
  flushLater(): void
}

/** The way out of one connection. */
interface Queue {
  readonly connection: ConnectionId
  readonly outbox: Outbox<Message>
  readonly done: (result: SendResult) => void
  isDirty: boolean
  isSending: boolean
  /** What is being sent, or waits to be tried again. */
  inFlight: readonly Message[]
  frames: readonly Uint8Array[]
  /** When to try again what the peer had no room for: -Infinity in the next turn, Infinity when nothing stands still. */
  retryAt: number
  /** How often the peer had no room, since it had some. */
  fullCount: number
  /** Since when what is being sent waits for the peer; Infinity when nothing is. */
  since: number
  /**
   * A one-way message or an answer found no room. Until the owner has been told of room again every later one-way message
   * is refused as well, or a smaller one would overtake it; with answers, their sender sees to that.
   */
  isHoldingUp: boolean
  /** Frames with something to answer that were sent, less frames that came in: 0 when the other end has probably nothing to do for us. */
  unanswered: number
}

/** All queues of one node. */
export class Mailer {
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #owner: MailerOwner
  readonly #queues = new Map<ConnectionId, Queue>()
  readonly #refused = new Map<ConnectionId, Message[]>()
  #dirty: Queue[] = []
  #stuckCount = 0
  #sendingCount = 0
  /** Somebody waits for the end of all sends, so that the end of each opens a turn. */
  isWatched = false
  /** A portion is ready to leave before the end of the turn, by `flush`. */
  hasPortion = false
  messagesSent = 0
  messagesDropped = 0
  framesSent = 0

  constructor(transport: Transport, clock: Clock, owner: MailerOwner) {
    this.#transport = transport
    this.#clock = clock
    this.#owner = owner
  }

  /** Connections that are remembered, idle ones included. */
  get queueCount(): number {
    return this.#queues.size
  }

  /** Bytes that wait in all queues. */
  get queuedBytes(): number {
    let bytes = 0
    for (const queue of this.#queues.values()) bytes += queue.outbox.bytes
    return bytes
  }

  /** Whether anything waits to be sent. */
  get isIdle(): boolean {
    for (const queue of this.#queues.values()) if (queue.isSending || queue.outbox.size > 0) return false
    return true
  }

  /** Whether a frame waits for its peer, if only for a moment. */
  get isWaiting(): boolean {
    return this.#sendingCount > 0
  }

  /** The queues whose next frame waits for the peer. */
  *waiting(): Iterable<Waiting> {
    for (const { connection, since, outbox } of this.#queues.values()) {
      if (since !== Number.POSITIVE_INFINITY) yield { connection, since, queuedBytes: outbox.bytes }
    }
  }

  /** When to call `wake`: something is to be tried again. */
  get deadline(): number {
    let deadline = Number.POSITIVE_INFINITY
    if (this.#stuckCount === 0) return deadline
    for (const { retryAt } of this.#queues.values()) {
      if (retryAt !== Number.NEGATIVE_INFINITY) deadline = Math.min(deadline, retryAt)
    }
    return deadline
  }

  /** Queues a message; it leaves with the next `flush`. Gives whether there was room for it. */
  push(connection: ConnectionId, message: Message): boolean {
    const queue = this.#queue(connection)
    const { kind } = message
    if (!(kind === 'send' && queue.isHoldingUp) && queue.outbox.push(message)) {
      this.#mark(queue)
      const { size } = queue.outbox
      const isFirst = size === FIRST_PORTION && queue.unanswered === 0 && isAsking(message)
      if (isFirst || size === PORTION) this.hasPortion = true
      return true
    }
    const isAnswer = kind === 'reply' || kind === 'reject'
    if (kind === 'send' || isAnswer) queue.isHoldingUp = true
    // A refusal is nobody's to send again.
    if (kind === 'reject') this.messagesDropped += 1
    // An answer stays with its sender, who is told here. To hold it until the end of the turn would cost as much as the
    // handlers of one turn can answer, which is bounded by nothing.
    if (isAnswer) return false
    const refused = this.#refused.get(connection)
    if (refused === undefined) this.#refused.set(connection, [message])
    else refused.push(message)
    this.#owner.flushLater()
    return false
  }

  /** A frame came in on the connection: with its answers, as far as can be told from here. */
  heard(connection: ConnectionId): void {
    const queue = this.#queues.get(connection)
    if (queue !== undefined && queue.unanswered > 0) queue.unanswered -= 1
  }

  /** Reports what found no room, then sends what can be sent. */
  flush(): void {
    this.hasPortion = false
    for (const [connection, messages] of this.#refused) {
      this.#refused.delete(connection)
      this.#giveBack(connection, messages, 'full')
      const queue = this.#queues.get(connection)
      if (queue !== undefined) this.#tellOfRoom(queue)
    }
    const dirty = this.#dirty
    this.#dirty = []
    for (const queue of dirty) {
      queue.isDirty = false
      if (queue.retryAt === Number.NEGATIVE_INFINITY) this.#retry(queue)
      else this.#send(queue)
    }
  }

  /** Hands back what has expired in queues that stand still, before its owner's own deadline is due. */
  expire(now: number): void {
    for (const queue of this.#queues.values()) {
      if (queue.outbox.size === 0) continue
      const expired = queue.outbox.expire(now)
      if (expired.length === 0) continue
      this.#giveBack(queue.connection, expired, 'expired')
      this.#tellOfRoom(queue)
    }
  }

  wake(now: number): void {
    this.expire(now)
    if (this.#stuckCount === 0) return
    for (const queue of this.#queues.values()) if (queue.retryAt <= now) this.#retry(queue)
  }

  /** The connection is down or of no more use: everything that waits for it comes back. */
  clear(connection: ConnectionId): void {
    const queue = this.#queues.get(connection)
    if (queue === undefined) return
    const unsent = queue.outbox.drain()
    // What is being sent is told by its own result, unless it stands still here.
    if (queue.retryAt !== Number.POSITIVE_INFINITY) {
      this.#unstick(queue)
      this.#endSend(queue)
      unsent.unshift(...queue.inFlight)
      queue.inFlight = []
    }
    // What found no room waits for the next connection like all others, behind them.
    unsent.push(...(this.#refused.get(connection) ?? []))
    this.#refused.delete(connection)
    queue.isHoldingUp = false
    queue.unanswered = 0
    if (!queue.isSending) this.#queues.delete(connection)
    this.#giveBack(connection, unsent, 'down')
  }

  #queue(connection: ConnectionId): Queue {
    const found = this.#queues.get(connection)
    if (found !== undefined) return found
    if (this.#queues.size >= MAX_QUEUES) this.#forgetIdle()
    const queue: Queue = {
      connection,
      outbox: new Outbox(MESSAGE_TRAITS, QUEUE_LIMITS),
      done: (result) => this.#done(queue, result),
      isDirty: false,
      isSending: false,
      inFlight: [],
      frames: [],
      retryAt: Number.POSITIVE_INFINITY,
      fullCount: 0,
      since: Number.POSITIVE_INFINITY,
      isHoldingUp: false,
      unanswered: 0,
    }
    this.#queues.set(connection, queue)
    return queue
  }

  #forgetIdle(): void {
    for (const [connection, queue] of this.#queues) {
      if (!queue.isSending && queue.outbox.size === 0) this.#queues.delete(connection)
    }
  }

  #mark(queue: Queue): void {
    if (queue.isDirty) return
    queue.isDirty = true
    this.#dirty.push(queue)
    this.#owner.flushLater()
  }

  #stick(queue: Queue): void {
    this.#stuckCount += 1
    queue.fullCount += 1
    if (queue.fullCount <= FULL_TURNS) {
      queue.retryAt = Number.NEGATIVE_INFINITY
      this.#mark(queue)
      return
    }
    const pauseMs = FULL_PAUSE_MS * 2 ** Math.min(queue.fullCount - FULL_TURNS - 1, 10)
    queue.retryAt = this.#clock.now() + Math.min(pauseMs, FULL_PAUSE_MAX_MS)
    this.#owner.flushLater()
  }

  #unstick(queue: Queue): void {
    this.#stuckCount -= 1
    queue.retryAt = Number.POSITIVE_INFINITY
  }

  #retry(queue: Queue): void {
    this.#unstick(queue)
    this.#transport.send(queue.connection, queue.frames, queue.done)
  }

  /** Sends until a send is pending or nothing waits. */
  #send(queue: Queue): void {
    while (!queue.isSending && queue.outbox.size > 0) {
      const now = this.#clock.now()
      const { items, expired } = queue.outbox.take(now)
      if (expired.length > 0) this.#giveBack(queue.connection, expired, 'expired')
      if (items.length === 0) continue
      queue.isSending = true
      queue.since = now
      this.#sendingCount += 1
      // Signs of life go first and want no answer for the most part: counted, they would add up while nothing is asked.
      if (isAsking(items.at(-1))) queue.unanswered += 1
      queue.inFlight = items
      queue.frames = pack(now, items)
      this.#transport.send(queue.connection, queue.frames, queue.done)
    }
    this.#tellOfRoom(queue)
  }

  /**
   * Half of the queue is empty, so that what was held up comes in large portions. Not before it has come back: the owner
   * would hold it up for good.
   */
  #tellOfRoom(queue: Queue): void {
    const { outbox, connection } = queue
    if (!queue.isHoldingUp || this.#refused.has(connection)) return
    if (outbox.bytes > QUEUE_LIMITS.maxBytes / 2 || outbox.size > QUEUE_LIMITS.maxItems / 2) return
    queue.isHoldingUp = false
    this.#owner.roomAgain(connection)
  }

  #done(queue: Queue, result: SendResult): void {
    const { inFlight, connection } = queue
    if (result === 'full') {
      this.#stick(queue)
      return
    }
    queue.fullCount = 0
    this.#endSend(queue)
    queue.inFlight = []
    queue.frames = []
    if (result === 'sent') {
      this.messagesSent += inFlight.length
      this.framesSent += 1
      if (queue.outbox.bytes >= FRAME_TARGET_BYTES) this.#send(queue)
      else if (queue.outbox.size > 0) this.#mark(queue)
      else if (this.isWatched) this.#owner.flushLater()
      this.#tellOfRoom(queue)
      return
    }
    // The order matters: the owner must know that the connection is gone before it gets its messages back.
    this.#owner.gone(connection)
    this.#giveBack(connection, inFlight, 'down')
    this.clear(connection)
  }

  #endSend(queue: Queue): void {
    queue.isSending = false
    queue.since = Number.POSITIVE_INFINITY
    this.#sendingCount -= 1
  }

  #giveBack(connection: ConnectionId, messages: readonly Message[], cause: UnsentCause): void {
    if (messages.length === 0) return
    if (cause !== 'down') this.messagesDropped += countGivenUp(messages, cause)
    this.#owner.unsent(connection, messages, cause)
  }
}

function isAsking(message: Message | undefined): boolean {
  return message?.kind === 'request' || message?.kind === 'send'
}

/** A one-way message that found no room is sent later, all else that comes back in time is over. */
function countGivenUp(messages: readonly Message[], cause: UnsentCause): number {
  if (cause !== 'full') return messages.length
  return messages.reduce((count, message) => (message.kind === 'send' ? count : count + 1), 0)
}
