/**
 * The answering side of request and reply: decides for each request whether a handler runs, and sends what it answers.
 *
 * A request that is new runs. A retry attaches to the run that goes on, gets the kept answer again, or learns that the
 * answer is forgotten. A request that was refused before anything ran may be tried again and then run.
 *
 * An answer for which there is no room on the way is owed: it is sent as soon as there is some, so that a caller that is
 * there gets every answer, however many come at once. While much is owed to a caller, its calls are put off: they begin when
 * some of it has left.
 */

import { Deadlines, type Timed } from '../base/deadlines.ts'
import type { ConnectionId } from '../base/ids.ts'
import type { Body, Reject, RejectReason, Request } from '../wire/messages.ts'
import type { Out } from '../wire/out.ts'
import { AnswerTotal } from './answer-total.ts'
import { CallLine, type InLine } from './call-line.ts'
import { answerBytes } from './owed.ts'
import { type Answer, forgotten, LATE, PUT_OFF, reject } from './refusals.ts'
import { DedupeWindow } from './window.ts'

/** Handlers that one caller may have running at a time. */
export const MAX_RUNNING_PER_CALLER = 16_384

/** One run of a handler for one request. Opaque to the owner, who gives it back with the outcome. */
export class Call implements Timed, InLine<Call> {
  dueAt = 0
  heapIndex = -1
  aborted = false
  /** Its handler was let run. */
  hasBegun = false
  /** Whatever the owner wants to find again when the call is aborted. */
  ticket: unknown = undefined
  lineSince: number | undefined = undefined
  before: Call | undefined = undefined
  behind: Call | undefined = undefined
  readonly caller: Inbound
  readonly request: Request

  constructor(caller: Inbound, request: Request) {
    this.caller = caller
    this.request = request
  }

  get sequence(): number {
    return this.request.sequence
  }
}

/** One run of one caller, as the responder sees it. */
export class Inbound {
  readonly name: string
  readonly window: DedupeWindow
  /** Where answers go: the latest connection of this caller; undefined while it has none. */
  connection: ConnectionId | undefined
  /** Calls that wait until less is owed, in their order; their handlers have not run. They count as running. */
  readonly putOff = new Set<Call>()
  /** What this caller may use here; everything, unless its owner says otherwise. */
  allows: (verb: string) => boolean = () => true

  /** `total` counts the answers of all callers of a node. */
  constructor(name: string, maxBodyBytes?: number, total?: AnswerTotal) {
    this.name = name
    this.window = new DedupeWindow(maxBodyBytes, total)
  }
}

/** Why a call's signal aborts. */
export type AbortReason = 'cancelled' | 'expired' | 'closing'

/** What a responder tells. */
export type ResponderEvent =
  /** A handler is to run, if `begin` says so. */
  | { readonly kind: 'call'; readonly call: Call }
  /** Nobody waits for this call any more: its signal aborts. */
  | { readonly kind: 'call-aborted'; readonly call: Call; readonly reason: AbortReason }

/** How a handler ended. */
export type CallOutcome =
  | { readonly kind: 'done'; readonly body: Body }
  | { readonly kind: 'failed'; readonly reason: RejectReason; readonly code: string; readonly text: string }

/** Where a responder finds room for one more answer. */
export interface AnswerRoom {
  readonly total: AnswerTotal
  /** All callers, in the order in which they give up what is held for them. */
  readonly callers: () => Iterable<Inbound>
}

/** All calls that others have made to this node. */
export class Responder {
  readonly #deadlines = new Deadlines<Call>()
  readonly #hasVerb: (verb: string) => boolean
  readonly #out: Out<ResponderEvent>
  readonly #room: AnswerRoom
  readonly #line = new CallLine<Call>()
  #isClosing = false
  #runningCount = 0

  constructor(
    hasVerb: (verb: string) => boolean,
    out: Out<ResponderEvent>,
    room: AnswerRoom = { total: new AnswerTotal(), callers: () => [] },
  ) {
    this.#hasVerb = hasVerb
    this.#out = out
    this.#room = room
  }

  get deadline(): number {
    return this.#deadlines.next
  }

  get runningCount(): number {
    return this.#runningCount
  }

  receive(now: number, caller: Inbound, request: Request): void {
    const { window } = caller
    window.raiseFloor(request.floor)
    if (!window.admit(request.sequence)) {
      this.#repeat(caller, request)
      return
    }
    const refusal = this.#refusal(now, caller, request, request.body.bytes.length)
    if (refusal !== undefined) {
      window.withdraw(request.sequence)
      this.#send(caller, refusal)
      return
    }
    const call = new Call(caller, request)
    window.start(call)
    this.#runningCount += 1
    if (request.deadlineAt !== Number.POSITIVE_INFINITY) this.#deadlines.set(call, request.deadlineAt)
    this.#out.tell({ kind: 'call', call })
  }

  /** Whether calls wait for their turn: then the next ones do so as well. */
  get hasLine(): boolean {
    return !this.#line.isEmpty
  }

  /** There is no time for this call's handler now: it waits in the line of all callers. */
  wait(now: number, call: Call): void {
    if (call.hasBegun || !isOpen(call)) return
    this.#line.add(now, call)
    // Nobody waits for it any more, and that would not be told again.
    if (call.aborted) this.#abort(call, 'cancelled')
  }

  /**
   * The call whose turn it is. `unreadMs`: for how long messages may have waited unread, which their remaining time does
   * not tell; who has no more than that left is refused, because it may be over.
   */
  next(now: number, unreadMs: number): Call | undefined {
    for (let call = this.#line.take(now); call !== undefined; call = this.#line.take(now)) {
      if (call.request.deadlineAt - unreadMs > now) return call
      this.#refuseUnbegun(call, 'expired', LATE)
      this.#tellFirst(call.caller)
    }
    return undefined
  }

  /**
   * To be asked right before the handler of `call` runs, because the answer of the one before it may have been too much.
   * False: it is put off, and told again.
   */
  begin(now: number, call: Call): boolean {
    const { caller } = call
    const { putOff } = caller
    // It may have been told twice, or be over since then: those behind it must not wait for it.
    if (call.hasBegun || !isOpen(call)) {
      this.#tellFirst(caller)
      return false
    }
    if (this.#isBehindOthers(call) || this.#owesEnough(now, caller)) {
      putOff.add(call)
      // Nobody waits for it any more, and that would not be told again.
      if (call.aborted) this.#abort(call, 'cancelled')
      return false
    }
    if (putOff.has(call) && call.request.deadlineAt <= now) {
      this.#abort(call, 'expired')
      this.#tellFirst(caller)
      return false
    }
    call.hasBegun = true
    putOff.delete(call)
    this.#tellFirst(caller)
    return true
  }

  /** A request is offered whose body is still to come: answers it as `receive` would, unless it is wanted. */
  isWanted(now: number, caller: Inbound, head: Request, bodyBytes: number): boolean {
    const { window } = caller
    window.raiseFloor(head.floor)
    if (window.hasSeen(head.sequence)) {
      this.#repeat(caller, head)
      return false
    }
    const refusal = this.#refusal(now, caller, head, bodyBytes)
    if (refusal !== undefined) this.#send(caller, refusal)
    return refusal === undefined
  }

  /** The caller took its request back. */
  cancel(caller: Inbound, sequence: number): void {
    const call = caller.window.running(sequence)
    if (call !== undefined) this.#abort(call, 'cancelled')
  }

  /** The handler of `call` has ended. */
  finish(call: Call, outcome: CallOutcome): void {
    const { caller, sequence } = call
    // A handler ends once. What a broken promise of a user reports a second time is not the answer.
    if (!isOpen(call)) return
    this.#deadlines.remove(call)
    this.#line.remove(call)
    caller.putOff.delete(call)
    this.#runningCount -= 1
    this.#answer(
      call,
      outcome.kind === 'done'
        ? { kind: 'reply', sequence, body: outcome.body }
        : reject(sequence, outcome.reason, outcome.text, outcome.code),
    )
  }

  /** The caller is back on another connection: what it may have missed is sent again. */
  reconnected(now: number, caller: Inbound, connection: ConnectionId): void {
    caller.connection = connection
    caller.window.oweAll()
    this.roomAgain(now, caller)
  }

  /** The way to the caller had no room for an answer, and has some again: what is owed is sent, until it is full. */
  roomAgain(now: number, caller: Inbound): void {
    const { window } = caller
    for (const line of window.owed.lines) {
      for (;;) {
        const answer = window.firstOwed(now, line)
        if (answer === undefined || !this.#send(caller, answer)) break
        window.paid(answer.sequence)
      }
    }
    if (!this.#owesEnough(now, caller)) this.#tellFirst(caller)
  }

  /** The caller does not come back: what was put off never begins, and no answer is held. */
  forget(caller: Inbound): void {
    for (const call of caller.putOff) this.#abort(call, 'cancelled')
    if (this.hasLine) {
      for (const call of caller.window.calls())
        if (call.lineSince !== undefined) this.#abort(call, 'cancelled')
    }
    caller.window.release()
  }

  /** From now on new requests are refused. */
  drain(): void {
    this.#isClosing = true
  }

  /** Aborts every call that still runs. */
  abortAll(callers: Iterable<Inbound>): void {
    for (const caller of callers) for (const call of caller.window.calls()) this.#abort(call, 'closing')
  }

  wake(now: number): void {
    this.#deadlines.takeDue(now, (call) => this.#abort(call, 'expired'))
  }

  #refusal(now: number, caller: Inbound, request: Request, bodyBytes: number): Reject | undefined {
    const { sequence, verb } = request
    if (this.#isClosing) return reject(sequence, 'closing', 'The node is closing')
    if (request.deadlineAt <= now) return reject(sequence, 'expired', 'The deadline had passed on arrival')
    if (!caller.allows(verb)) return reject(sequence, 'not-allowed', `"${caller.name}" may not use "${verb}"`)
    if (!this.#hasVerb(verb)) return reject(sequence, 'unknown-verb', `No handler for "${verb}"`)
    const { runningCount } = caller.window
    if (runningCount >= MAX_RUNNING_PER_CALLER || !caller.window.hasRoom(bodyBytes)) {
      return reject(sequence, 'overloaded', `${runningCount} calls of this caller run already`)
    }
    return undefined
  }

  /** Whether calls were put off before this one. */
  #isBehindOthers(call: Call): boolean {
    for (const first of call.caller.putOff) return first !== call
    return false
  }

  /** The next call that was put off; when it begins, it tells of the one behind it. */
  #tellFirst({ putOff }: Inbound): void {
    for (const call of putOff) {
      this.#out.tell({ kind: 'call', call })
      return
    }
  }

  /**
   * Whether so much is owed that an answer more might find no room. What nobody waits for any more does not count. When
   * the memory of the node is short, who has not taken its answers waits first.
   */
  #owesEnough(now: number, { window }: Inbound): boolean {
    const { owed } = window
    if (owed.count === 0) return false
    for (const line of owed.lines) window.firstOwed(now, line)
    return owed.isEnough || (owed.count > 0 && !this.#ease())
  }

  /** Answers a request that was seen before. */
  #repeat(caller: Inbound, request: Request): void {
    const { sequence } = request
    if (caller.window.running(sequence) !== undefined) return
    const { window } = caller
    const answer = window.answer(sequence)
    if (answer === undefined)
      this.#send(caller, forgotten(sequence, 'It was seen before and its answer is no longer kept'))
    // What is owed comes in its turn, and what was sent already comes behind it.
    else if (window.owed.get(sequence) === undefined && !this.#sendInTurn(caller, answer))
      window.oweAgain(sequence)
  }

  #abort(call: Call, reason: AbortReason): void {
    if (call.caller.putOff.has(call)) {
      this.#refuseUnbegun(call, reason, PUT_OFF)
      return
    }
    if (call.lineSince !== undefined) {
      this.#refuseUnbegun(call, reason, LATE)
      return
    }
    if (call.aborted) return
    call.aborted = true
    this.#out.tell({ kind: 'call-aborted', call, reason })
  }

  /** Ends a call whose handler never runs. */
  #refuseUnbegun(call: Call, reason: AbortReason, text: string): void {
    this.finish(call, { kind: 'failed', reason, code: '', text })
  }

  /** Sends the answer of a call that is over, or owes it; when there is no room for that either, the caller hears so. */
  #answer(call: Call, answer: Answer): void {
    const { caller, sequence } = call
    const { window } = caller
    if (this.#sendInTurn(caller, answer)) {
      window.finish(call, answer)
      this.#makeRoom(0)
    } else if (this.#makeRoom(answerBytes(answer))) {
      window.finish(call, answer, false)
    } else {
      // It is small, and no more can come than there are calls that run: no other begins meanwhile.
      const instead = forgotten(sequence, 'Too many answers wait for this caller')
      window.finish(call, instead, this.#sendInTurn(caller, instead))
    }
  }

  /** Whether the node has room for one more answer, if need be because others are let go. */
  #makeRoom(sizeBytes: number): boolean {
    const { total } = this.#room
    if (!total.hasRoom(sizeBytes)) this.#ease()
    return total.hasRoom(sizeBytes)
  }

  /** Lets kept answers go until the node has room enough, and what is owed to callers that are away. */
  #ease(): boolean {
    const { total, callers } = this.#room
    if (total.isEased) return true
    for (const { window, connection } of callers()) {
      window.thin(connection === undefined)
      if (total.isEased) return true
    }
    return false
  }

  /** Sends an answer unless others wait before it. Gives whether it was taken. */
  #sendInTurn(caller: Inbound, answer: Answer): boolean {
    return !caller.window.owed.isWaitedFor(answerBytes(answer)) && this.#send(caller, answer)
  }

  #send({ connection }: Inbound, answer: Answer): boolean {
    return connection !== undefined && this.#out.send(connection, answer)
  }
}

/** Whether the call is not over. */
function isOpen(call: Call): boolean {
  return call.caller.window.running(call.sequence) === call
}
