/**
 * The asking side of request and reply: the Lazy Pirate of the ZeroMQ Guide (chapter 4), with one id for all attempts.
 *
 * A request waits while the link is not open, goes out, and is asked again when an attempt passes without an answer.
 * It settles exactly once: with a reply, a refusal, or the honest reason why neither came. What this machine does not
 * do: it never looks into bodies, it never holds a promise, and it does not know how a link is made.
 */

import { assert, unreachable } from '../base/assert.ts'
import { Books, type Entry } from '../base/books.ts'
import type { Fullness, Limits } from '../base/capacity.ts'
import { Deadlines, type Timed } from '../base/deadlines.ts'
import { type ConnectionId, isSameWindow, type WindowId } from '../base/ids.ts'
import type { PeerTotal } from '../base/peer-total.ts'
import type { Random } from '../base/random.ts'
import { DEFAULT_MAX_BODY_BYTES, LARGE_BODIES_PER_PEER, TRANSFER_BODY_BYTES } from '../wire/limits.ts'
import type { Body, Reject, Reply, Request, RequestKind } from '../wire/messages.ts'
import type { Out, UnsentCause } from '../wire/out.ts'
import { type BackoffOptions, backoffMs } from './backoff.ts'
import { RetryBudget } from './budget.ts'

/** Requests that one callee may owe us. */
export const MAX_PENDING_PER_CALLEE = 65_536
/**
 * Bytes of their bodies, which are held for retries and while the link is not open: half of the 16 MiB that a peer may
 * cost, and as much as the callee lets one caller have running. Bodies from TRANSFER_BODY_BYTES on are not counted
 * here: of them, LARGE_BODIES_PER_PEER of the largest size fit.
 */
export const MAX_PENDING_BYTES_PER_CALLEE = 8 * 1024 * 1024

/**
 * How often the floor is found anew, in requests: finding it walks over what has left the front of the map of what is
 * pending. While no more than this are pending the walk is short, and it is done each time, because the callee keeps
 * every reply, with the memory that its body came in, until the floor has passed it.
 */
const FLOOR_EVERY = 64

const BACKOFF: BackoffOptions = { baseMs: 50, capMs: 1000 }

/** What a caller wants. Times in milliseconds of the clock that is passed as `now`. */
export interface RequestOrder {
  readonly verb: string
  readonly body: Body
  readonly requestKind: RequestKind
  readonly timeoutMs: number
  /** Attempts after the first. */
  readonly retries: number
  readonly deadlineAt: number
  readonly idempotent: boolean
  /** Whatever the owner wants back when the request settles. */
  readonly ticket: unknown
}

/** Why there is no reply. The owner makes an error of it. */
export type RequestFailure =
  | { readonly kind: 'not-sent' }
  /** More requests wait for an answer than may. */
  | { readonly kind: 'books-full'; readonly books: Fullness }
  /** As much waits for this peer in all its places as may. */
  | { readonly kind: 'peer-full'; readonly bytes: number; readonly maxBytes: number }
  /** The queue of the connection had no room. */
  | { readonly kind: 'queue-full' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'restarted' }
  | { readonly kind: 'aborted'; readonly sent: boolean }
  | { readonly kind: 'closed'; readonly sent: boolean }
  | { readonly kind: 'rejected'; readonly reject: Reject }

/** What a caller tells. */
export type CallerEvent =
  | { readonly kind: 'request-done'; readonly ask: Ask; readonly now: number; readonly body: Body }
  | {
      readonly kind: 'request-failed'
      readonly ask: Ask
      readonly now: number
      readonly failure: RequestFailure
    }
  /** An attempt saw no sign of life: unless the peer is only busy, the link is to be thrown away and dialled afresh. */
  | { readonly kind: 'link-lifeless'; readonly peer: string; readonly now: number }
  | { readonly kind: 'request-retried'; readonly peer: string }

/** `waiting`: for the link. `asked`: handed to the link. `pausing`: between two attempts. */
type Phase = 'waiting' | 'asked' | 'pausing' | 'settled'

/** One request from order to outcome. Opaque to the owner, except for `ticket` and `peer`. */
export class Ask implements Timed, Entry {
  dueAt = 0
  heapIndex = -1
  phase: Phase = 'waiting'
  attempt = 0
  /** How many attempts were handed over and not handed back as unsent. */
  sentCount = 0
  askedAt = 0
  sentTo: WindowId | undefined
  /** 0 when it was never taken in. */
  sequence = 0
  readonly callee: Callee
  readonly startedAt: number
  readonly order: RequestOrder

  constructor(callee: Callee, startedAt: number, order: RequestOrder) {
    this.callee = callee
    this.startedAt = startedAt
    this.order = order
  }

  get ticket(): unknown {
    return this.order.ticket
  }

  get peer(): string {
    return this.callee.peer
  }

  get sizeBytes(): number {
    return this.order.body.bytes.length
  }
}

/** What the caller knows of one callee. */
class Callee {
  readonly peer: string
  readonly connection: ConnectionId
  readonly books: Books<Ask>
  readonly budget = new RetryBudget()
  floor = 1
  heardAt = 0
  /** When its link was last called lifeless. */
  lifelessAt = 0

  readonly total: PeerTotal | undefined

  constructor(peer: string, connection: ConnectionId, limits: Limits, total: PeerTotal | undefined) {
    this.peer = peer
    this.connection = connection
    this.books = new Books(limits)
    this.total = total
  }
}

/** All requests of one node or client. */
export class Caller {
  readonly #callees = new Map<string, Callee>()
  readonly #deadlines = new Deadlines<Ask>()
  readonly #random: Random
  readonly #lifelessMs: number
  readonly #out: Out<CallerEvent>
  readonly #limits: Limits

  /**
   * `lifelessMs`: silence on a link that is shorter proves nothing, because a healthy peer may be as quiet between two
   * heartbeats. Without it, a timeout below the heartbeat would throw away a healthy link with all that is on it.
   */
  constructor(
    random: Random,
    lifelessMs: number,
    out: Out<CallerEvent>,
    maxBodyBytes = DEFAULT_MAX_BODY_BYTES,
  ) {
    this.#random = random
    this.#lifelessMs = lifelessMs
    this.#out = out
    this.#limits = {
      maxItems: MAX_PENDING_PER_CALLEE,
      maxBytes: MAX_PENDING_BYTES_PER_CALLEE,
      large: { fromBytes: TRANSFER_BODY_BYTES, maxBytes: LARGE_BODIES_PER_PEER * maxBodyBytes },
    }
  }

  get deadline(): number {
    return this.#deadlines.next
  }

  get pendingCount(): number {
    return this.#deadlines.size
  }

  /** `total`: what may wait for this peer in all its places. */
  addCallee(peer: string, connection: ConnectionId, total?: PeerTotal): void {
    this.#callees.set(peer, new Callee(peer, connection, this.#limits, total))
  }

  /** Starts a request. Its outcome is told exactly once, perhaps before this returns. */
  request(now: number, peer: string, order: RequestOrder): Ask {
    const callee = this.#callee(peer)
    const { books, total } = callee
    const ask = new Ask(callee, now, order)
    if (!books.hasRoom(ask.sizeBytes)) {
      this.#fail(now, ask, { kind: 'books-full', books: books.fullnessFor(ask.sizeBytes) })
      return ask
    }
    if (total?.hasRoom(ask.sizeBytes) === false) {
      this.#fail(now, ask, { kind: 'peer-full', bytes: total.bytes, maxBytes: total.maxBytes })
      return ask
    }
    books.enter(ask)
    total?.add(ask.sizeBytes)
    callee.budget.offered()
    if (books.size <= FLOOR_EVERY || ask.sequence % FLOOR_EVERY === 0) {
      callee.floor = books.oldest?.sequence ?? ask.sequence
    }
    this.#beginAttempt(now, ask)
    return ask
  }

  /** The caller no longer wants the answer. Does nothing when the request is settled. */
  cancel(now: number, ask: Ask): void {
    if (ask.phase === 'settled') return
    const sent = ask.sentCount > 0
    if (sent && ask.callee.books.session !== undefined) {
      this.#out.send(ask.callee.connection, { kind: 'cancel', sequence: ask.sequence })
    }
    this.#fail(now, ask, { kind: 'aborted', sent })
  }

  /** Gives up everything that is pending: the node closes. */
  close(now: number): void {
    for (const callee of this.#callees.values()) {
      for (const ask of callee.books.all()) this.#fail(now, ask, { kind: 'closed', sent: ask.sentCount > 0 })
    }
  }

  /** Anything at all came in on the link. */
  heard(now: number, peer: string): void {
    this.#callee(peer).heardAt = now
  }

  /** Whether an answer of `peer` is awaited. */
  isExpecting(peer: string): boolean {
    return this.#callee(peer).books.size > 0
  }

  /** Whether an answer to `sequence` is awaited; `unknown` when it was never asked. */
  expects(peer: string, sequence: number): 'yes' | 'no' | 'unknown' {
    const callee = this.#callee(peer)
    if (callee.books.get(sequence) !== undefined) return 'yes'
    return callee.books.wasGiven(sequence) ? 'no' : 'unknown'
  }

  /** The body of a request, or of its answer, makes progress: its attempt is counted from now. Gives the request. */
  progressed(now: number, peer: string, sequence: number): Ask | undefined {
    const ask = this.#callee(peer).books.get(sequence)
    if (ask === undefined || ask.phase === 'waiting') return ask
    ask.phase = 'asked'
    this.#deadlines.set(ask, Math.min(now + ask.order.timeoutMs, ask.order.deadlineAt))
    return ask
  }

  /** A reply or a refusal came in on the link to `peer`. Gives whether it answers anything that was ever asked. */
  receive(now: number, peer: string, message: Reply | Reject): boolean {
    const callee = this.#callee(peer)
    callee.budget.answered()
    const ask = callee.books.get(message.sequence)
    if (ask === undefined) return callee.books.wasGiven(message.sequence)
    if (message.kind === 'reply') this.#settle(ask, { kind: 'request-done', ask, now, body: message.body })
    else this.#fail(now, ask, { kind: 'rejected', reject: message })
    return true
  }

  /** The link is open to a certain run of the callee, which keeps a certain window for us. */
  linkOpened(now: number, peer: string, session: WindowId): void {
    const callee = this.#callee(peer)
    callee.books.session = session
    callee.heardAt = now
    for (const ask of callee.books.all()) {
      const forgotten = ask.sentCount > 0 && !isSameWindow(ask.sentTo, session)
      // Idempotent is a word about another run of the callee. In one run a handler never runs twice, whatever the callee
      // still remembers: of many callers it forgets those that left first.
      const mayRunAgain = ask.order.idempotent && ask.sentTo?.incarnation !== session.incarnation
      if (forgotten && !mayRunAgain) this.#fail(now, ask, { kind: 'restarted' })
      // What was asked may have been lost with the former connection. Asking again costs no budget: the callee has just
      // said Welcome, so it is not dead, and it knows what it has seen.
      else if (ask.phase !== 'pausing') this.#transmit(now, ask)
    }
  }

  linkClosed(peer: string): void {
    this.#callee(peer).books.session = undefined
  }

  /** A request that was handed to the link of `peer` never left. */
  unsent(now: number, peer: string, message: Request, cause: UnsentCause): void {
    const callee = this.#callee(peer)
    const ask = callee.books.get(message.sequence)
    if (ask === undefined || ask.sentCount === 0) return
    ask.sentCount -= 1
    switch (cause) {
      case 'expired':
        return
      case 'full':
        if (ask.sentCount === 0) this.#fail(now, ask, { kind: 'queue-full' })
        return
      case 'down':
        if (ask.phase !== 'asked' || ask.attempt !== message.attempt) return
        // When the link is open again, another copy has left with its opening.
        if (callee.books.session === undefined) ask.phase = 'waiting'
        else if (ask.sentCount === 0) this.#transmit(now, ask)
        return
      default:
        unreachable(cause)
    }
  }

  wake(now: number): void {
    this.#deadlines.takeDue(now, (ask) => {
      if (now >= ask.order.deadlineAt) this.#expire(now, ask)
      else if (ask.phase === 'pausing') this.#beginAttempt(now, ask)
      else this.#endAttempt(now, ask)
    })
  }

  #beginAttempt(now: number, ask: Ask): void {
    ask.attempt += 1
    ask.phase = 'waiting'
    this.#deadlines.set(ask, Math.min(now + ask.order.timeoutMs, ask.order.deadlineAt))
    if (ask.callee.books.session !== undefined) this.#transmit(now, ask)
  }

  /** An attempt passed without an answer. */
  #endAttempt(now: number, ask: Ask): void {
    const { callee, order } = ask
    if (this.#isLifeless(now, ask)) {
      // One word is enough for all requests that wait on this link. If it is kept, the next word comes as much later.
      callee.lifelessAt = now
      this.#out.tell({ kind: 'link-lifeless', peer: callee.peer, now })
    }
    if (ask.attempt > order.retries) {
      this.#expire(now, ask)
      return
    }
    // Only what goes over the wire costs a token: waiting for a dead peer is free. Without a token the request goes on
    // waiting for the answer to what was asked already.
    if (ask.sentCount > 0 && !callee.budget.take()) {
      ask.attempt += 1
      this.#deadlines.set(ask, Math.min(now + order.timeoutMs, order.deadlineAt))
      return
    }
    ask.phase = 'pausing'
    this.#deadlines.set(ask, Math.min(now + backoffMs(ask.attempt, this.#random, BACKOFF), order.deadlineAt))
  }

  #isLifeless(now: number, ask: Ask): boolean {
    const { callee, startedAt } = ask
    if (ask.phase !== 'asked' || callee.books.session === undefined || callee.heardAt > ask.askedAt)
      return false
    return now - Math.max(callee.heardAt, callee.lifelessAt, startedAt) >= this.#lifelessMs
  }

  #transmit(now: number, ask: Ask): void {
    const { callee, order } = ask
    assert(callee.books.session !== undefined, 'a request leaves on an open link only')
    ask.phase = 'asked'
    ask.askedAt = now
    ask.sentTo = callee.books.session
    ask.sentCount += 1
    if (ask.sentCount > 1) this.#out.tell({ kind: 'request-retried', peer: callee.peer })
    this.#out.send(callee.connection, {
      kind: 'request',
      sequence: ask.sequence,
      floor: callee.floor,
      attempt: Math.min(ask.attempt, 255),
      requestKind: order.requestKind,
      deadlineAt: order.deadlineAt,
      expiresAt: ask.dueAt,
      verb: order.verb,
      body: order.body,
    })
  }

  #expire(now: number, ask: Ask): void {
    this.#fail(now, ask, { kind: ask.sentCount > 0 ? 'timeout' : 'not-sent' })
  }

  #fail(now: number, ask: Ask, failure: RequestFailure): void {
    this.#settle(ask, { kind: 'request-failed', ask, now, failure })
  }

  #settle(ask: Ask, event: CallerEvent): void {
    assert(ask.phase !== 'settled', 'a request settles once')
    ask.phase = 'settled'
    this.#deadlines.remove(ask)
    const { books, total } = ask.callee
    if (books.remove(ask)) total?.remove(ask.sizeBytes)
    this.#out.tell(event)
  }

  #callee(peer: string): Callee {
    const callee = this.#callees.get(peer)
    assert(callee !== undefined, `"${peer}" is a callee`)
    return callee
  }
}
