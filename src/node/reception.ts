/**
 * The inbound half of the core: joins the sessions, what is remembered of each caller, and the machines that answer.
 * Like core.ts it only routes, and it is as pure.
 */

import { unreachable } from '../base/assert.ts'
import type { ConnectionId, Incarnation } from '../base/ids.ts'
import { type Arrival, Arrivals } from '../oneway/receiver.ts'
import { AnswerTotal } from '../rpc/answer-total.ts'
import { type Call, type CallOutcome, Inbound, Responder, type ResponderEvent } from '../rpc/responder.ts'
import { type CallerMemory, Callers } from '../session/callers.ts'
import { type Identity, welcomeOf } from '../session/identity.ts'
import type { Prover } from '../session/prover.ts'
import { type Session, type SessionEvent, Sessions } from '../session/sessions.ts'
import type { TransferEvent, Transfers } from '../transfer/transfers.ts'
import type { Beat, Freight, Message, Reject, Send, TransferMessage } from '../wire/messages.ts'
import type { Out } from '../wire/out.ts'
import type { Trusted } from './trusted.ts'

/** What the reception tells. */
export type ReceptionEvent =
  | ResponderEvent
  | SessionEvent
  /** A one-way message is to be handled. */
  | { readonly kind: 'arrival'; readonly arrival: Arrival }
  /** The node closes while the handler of a one-way message runs. */
  | { readonly kind: 'arrival-aborted'; readonly arrival: Arrival }
  | { readonly kind: 'violation'; readonly connection: ConnectionId; readonly text: string }

/** What is remembered of one run of one caller. */
interface Memory {
  readonly inbound: Inbound
  readonly arrivals: Arrivals
}

/** One session and the memory that goes with it. */
interface Guest {
  readonly session: Session
  readonly caller: CallerMemory<Memory>
}

/** What a reception is made from. */
export interface ReceptionSettings {
  readonly self: Identity
  readonly transfers: Transfers
  readonly isMember: (name: string) => boolean
  /** The run of a node to which our own link stands. */
  readonly linkedRun: (name: string) => Incarnation | undefined
  readonly hasVerb: (verb: string) => boolean
  readonly echo: (now: number, connection: ConnectionId, beat: Beat) => void
  /** Both in secure mode. */
  readonly prover: Prover | undefined
  readonly trusted: Trusted | undefined
}

/** Everything that others start. */
export class Reception {
  readonly sessions: Sessions
  readonly responder: Responder
  readonly #settings: ReceptionSettings
  readonly #out: Out<ReceptionEvent>
  readonly #callers: Callers<Memory>
  readonly #guests = new Map<ConnectionId, Guest>()
  #arrivalCount = 0
  #isDraining = false

  constructor(settings: ReceptionSettings, out: Out<ReceptionEvent>) {
    const { send, tell } = out
    this.#settings = settings
    this.#out = out
    const { maxBodyBytes } = settings.self
    const total = new AnswerTotal(maxBodyBytes)
    this.#callers = new Callers(
      ({ name }) => {
        return { inbound: new Inbound(name, maxBodyBytes, total), arrivals: new Arrivals(maxBodyBytes) }
      },
      ({ inbound }) => this.responder.forget(inbound),
    )
    const callers = (): Iterable<Inbound> => this.#inbounds()
    this.responder = new Responder(settings.hasVerb, { send, tell }, { total, callers })
    this.sessions = new Sessions(settings.self, settings, {
      send,
      tell: (event) => this.#onSession(event),
    })
  }

  get deadline(): number {
    return Math.min(this.sessions.deadline, this.responder.deadline)
  }

  /** Messages came in together on one inbound connection. */
  receive(now: number, connection: ConnectionId, messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.kind === 'hello') {
        this.sessions.hello(now, connection, message)
        continue
      }
      const guest = this.#guests.get(connection)
      if (guest !== undefined) {
        this.#receive(now, guest, message)
        continue
      }
      // One answer is enough for all that came together.
      this.#violation(connection, `A ${message.kind} came in before Hello`)
      this.#out.send(connection, { kind: 'say-hello' })
      break
    }
    const guest = this.#guests.get(connection)
    if (guest === undefined) return
    this.sessions.heard(now, guest.session)
    const receipt = guest.caller.memory.arrivals.receipt()
    if (receipt !== undefined) this.#out.send(connection, receipt)
  }

  /** The member whose session this is; undefined for clients and strangers. */
  memberAt(connection: ConnectionId): string | undefined {
    const session = this.#guests.get(connection)?.session
    return session?.role === 'node' ? session.name : undefined
  }

  hasSession(connection: ConnectionId): boolean {
    return this.#guests.has(connection)
  }

  /** How many handlers run. */
  get runningCount(): number {
    return this.responder.runningCount + this.#arrivalCount
  }

  /** What became of a body that travels in chunks on a session. */
  transferred(event: Exclude<TransferEvent, { kind: 'violation' }>): void {
    const { now, connection } = event
    if (event.kind === 'transfer-room') this.roomAgain(now, connection)
    else if (event.kind === 'transfer-out' && event.bytes === event.totalBytes)
      this.#guests.get(connection)?.caller.memory.inbound.window.confirm(event.head.sequence)
  }

  /** The way to a guest had no room for an answer, and has some again. */
  roomAgain(now: number, connection: ConnectionId): void {
    const inbound = this.#guests.get(connection)?.caller.memory.inbound
    if (inbound?.connection === connection) this.responder.roomAgain(now, inbound)
  }

  /** Whether the handler of a call may begin; if not, it is told again. */
  begin(now: number, call: Call): boolean {
    return this.responder.begin(now, call)
  }

  /** The handler of a request has ended. */
  finish(call: Call, outcome: CallOutcome): void {
    this.responder.finish(call, outcome)
  }

  /** The handler of a one-way message has ended. */
  finishArrival(arrival: Arrival): void {
    if (arrival.arrivals.finish(arrival)) this.#arrivalCount -= 1
  }

  /** Keys or rules changed. What runs already for somebody who may not use it any more goes on to its end. */
  keysChanged(now: number): void {
    this.sessions.keysChanged(now)
    for (const guest of this.#guests.values()) this.#applyRules(guest)
  }

  /** Takes no new work; members learn it on their own links, clients here. */
  drain(): void {
    this.#isDraining = true
    this.responder.drain()
    this.sessions.drain()
    for (const { session } of this.#guests.values()) this.#out.send(session.connection, { kind: 'goodbye' })
  }

  /** Aborts what still runs. */
  close(): void {
    const memories = [...this.#callers.all()].map((caller) => caller.memory)
    this.responder.abortAll(memories.map((memory) => memory.inbound))
    for (const { arrivals } of memories) {
      for (const arrival of arrivals.running()) this.#out.tell({ kind: 'arrival-aborted', arrival })
    }
  }

  wake(now: number): void {
    this.sessions.wake(now)
    this.responder.wake(now)
  }

  #receive(now: number, guest: Guest, message: Message): void {
    const { session, caller } = guest
    switch (message.kind) {
      case 'request':
        this.#settings.transfers.answeredBelow(session.connection, message.floor)
        this.responder.receive(now, caller.memory.inbound, message)
        return
      case 'send':
        this.#arrive(guest, message)
        return
      case 'cancel':
        this.responder.cancel(caller.memory.inbound, message.sequence)
        return
      case 'beat':
        this.#settings.echo(now, session.connection, message)
        return
      case 'echo':
        // It answers a challenge, and being heard is all that it is for.
        return
      case 'goodbye':
        this.sessions.leaving(now, session)
        return
      case 'offer':
      case 'chunk':
      case 'credit':
      case 'decline':
      case 'withdraw':
        this.#transfer(now, guest, message)
        return
      case 'hello':
      case 'reply':
      case 'reject':
      case 'ack':
      case 'challenge':
      case 'welcome':
      case 'refuse':
      case 'say-hello':
        this.#violation(session.connection, `"${session.name}" sent a ${message.kind} to nothing`)
        return
      default:
        unreachable(message)
    }
  }

  #transfer(now: number, guest: Guest, message: TransferMessage): void {
    const { connection } = guest.session
    const isWanted = (head: Freight, bytes: number): boolean => this.#isWanted(now, guest, head, bytes)
    const whole = this.#settings.transfers.receive(now, connection, message, isWanted)
    if (whole !== undefined) this.#receive(now, guest, whole)
  }

  /** Judges what is offered before anything of its body is taken, and answers what is not wanted. */
  #isWanted(now: number, guest: Guest, head: Freight, bodyBytes: number): boolean {
    const { inbound, arrivals } = guest.caller.memory
    if (head.kind === 'request') this.#settings.transfers.answeredBelow(guest.session.connection, head.floor)
    if (head.kind === 'request') return this.responder.isWanted(now, inbound, head, bodyBytes)
    if (head.kind === 'reply') {
      this.#violation(guest.session.connection, `"${guest.session.name}" offered a reply to nothing`)
      return false
    }
    if (arrivals.wasTaken(head.sequence)) return false
    const refusal = this.#refusal(guest, head, bodyBytes)
    if (refusal !== undefined) this.#refuse(guest, head, refusal)
    return refusal === undefined
  }

  #arrive(guest: Guest, message: Send): void {
    const { arrivals } = guest.caller.memory
    const { sequence } = message
    if (!arrivals.take(sequence)) return
    const refusal = this.#refusal(guest, message, message.body.bytes.length)
    if (refusal === undefined) {
      this.#arrivalCount += 1
      this.#out.tell({ kind: 'arrival', arrival: arrivals.start(guest.session.name, message) })
      return
    }
    arrivals.refuse(sequence)
    this.#refuse(guest, message, refusal)
  }

  #refuse({ session }: Guest, { sequence }: Send, refusal: Pick<Reject, 'reason' | 'text'>): void {
    this.#out.send(session.connection, { kind: 'reject', of: 'send', sequence, code: '', ...refusal })
  }

  #refusal(
    { caller, session }: Guest,
    { verb }: Send,
    bodyBytes: number,
  ): Pick<Reject, 'reason' | 'text'> | undefined {
    const { arrivals, inbound } = caller.memory
    if (this.#isDraining) return { reason: 'closing', text: 'The node is closing' }
    if (!inbound.allows(verb))
      return { reason: 'not-allowed', text: `"${session.name}" may not use "${verb}"` }
    if (!this.#settings.hasVerb(verb)) return { reason: 'unknown-verb', text: `No handler for "${verb}"` }
    if (arrivals.hasRoom(bodyBytes)) return undefined
    return {
      reason: 'overloaded',
      text: `${arrivals.runningCount} messages of this sender are being handled`,
    }
  }

  #onSession(event: SessionEvent): void {
    switch (event.kind) {
      case 'session-opened':
        this.#welcome(event.now, event.session)
        break
      case 'session-closed': {
        const { connection } = event.session
        const guest = this.#guests.get(connection)
        if (guest === undefined) break
        this.#guests.delete(connection)
        const { inbound } = guest.caller.memory
        if (inbound.connection === connection) inbound.connection = undefined
        this.#callers.leave(event.now, guest.caller)
        this.#settings.transfers.drop(event.now, connection)
        break
      }
      case 'hello-refused':
      case 'impostor':
        break
      default:
        unreachable(event)
    }
    this.#out.tell(event)
  }

  /** What this guest may use from now on; everything in plain mode. */
  #applyRules({ session, caller }: Guest): void {
    const { trusted } = this.#settings
    if (trusted !== undefined) caller.memory.inbound.allows = trusted.rulesFor(session.role, session.name)
  }

  #welcome(now: number, session: Session): void {
    const { connection, hello } = session
    const known = this.#guests.get(connection)
    const caller = known?.caller ?? this.#callers.enter(hello)
    const guest = { session, caller }
    this.#guests.set(connection, guest)
    this.#applyRules(guest)
    const welcome = welcomeOf(this.#settings.self, hello, caller.window)
    const { proven } = session
    const { prover } = this.#settings
    const isPlain = prover === undefined || proven === undefined
    this.#out.send(connection, isPlain ? welcome : prover.seal(welcome, proven.proof, proven.match))
    if (known !== undefined) return
    this.responder.reconnected(now, caller.memory.inbound, connection)
    caller.memory.arrivals.reconnected()
  }

  *#inbounds(): Iterable<Inbound> {
    for (const { memory } of this.#callers.leftFirst()) yield memory.inbound
  }

  #violation(connection: ConnectionId, text: string): void {
    this.#out.tell({ kind: 'violation', connection, text })
  }
}
