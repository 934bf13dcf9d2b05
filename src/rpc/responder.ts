/**
 * The answering side of request and reply: decides for each request whether a handler runs, and sends what it answers.
 *
 * A request that is new runs. A retry attaches to the run that goes on, gets the kept answer again, or learns that the
 * answer is forgotten. A request that was refused before anything ran may be tried again and then run.
 */

import { Deadlines, type Timed } from '../base/deadlines.ts'
import type { ConnectionId } from '../base/ids.ts'
import type { Body, Reject, RejectReason, Request } from '../wire/messages.ts'
import type { Out } from '../wire/out.ts'
import { DedupeWindow } from './window.ts'

/** Handlers that one caller may have running at a time. */
export const MAX_RUNNING_PER_CALLER = 16_384

/** One run of a handler for one request. Opaque to the owner, who gives it back with the outcome. */
export class Call implements Timed {
  dueAt = 0
  heapIndex = -1
  aborted = false
  /** Whatever the owner wants to find again when the call is aborted. */
  ticket: unknown = undefined
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

  constructor(name: string, maxBodyBytes?: number) {
    this.name = name
    this.window = new DedupeWindow(maxBodyBytes)
  }
}

/** Why a call's signal aborts. */
export type AbortReason = 'cancelled' | 'expired' | 'closing'

/** What a responder tells. */
export type ResponderEvent =
  /** A handler is to run. */
  | { readonly kind: 'call'; readonly call: Call }
  /** Nobody waits for this call any more: its signal aborts. */
  | { readonly kind: 'call-aborted'; readonly call: Call; readonly reason: AbortReason }

/** How a handler ended. */
export type CallOutcome =
  | { readonly kind: 'done'; readonly body: Body }
  | { readonly kind: 'failed'; readonly reason: RejectReason; readonly code: string; readonly text: string }

/** All calls that others have made to this node. */
export class Responder {
  readonly #deadlines = new Deadlines<Call>()
  readonly #hasVerb: (verb: string) => boolean
  readonly #out: Out<ResponderEvent>
  #isClosing = false
  #runningCount = 0

  constructor(hasVerb: (verb: string) => boolean, out: Out<ResponderEvent>) {
    this.#hasVerb = hasVerb
    this.#out = out
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
      this.#answer(caller, refusal)
      return
    }
    const call = new Call(caller, request)
    window.start(call)
    this.#runningCount += 1
    if (request.deadlineAt !== Number.POSITIVE_INFINITY) this.#deadlines.set(call, request.deadlineAt)
    this.#out.tell({ kind: 'call', call })
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
    if (refusal !== undefined) this.#answer(caller, refusal)
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
    if (caller.window.running(sequence) !== call) return
    this.#deadlines.remove(call)
    this.#runningCount -= 1
    const answer =
      outcome.kind === 'done'
        ? ({ kind: 'reply', sequence, body: outcome.body } as const)
        : reject(sequence, outcome.reason, outcome.text, outcome.code)
    caller.window.finish(call, answer)
    this.#answer(caller, answer)
  }

  /** The caller is back on another connection: what it may have missed is sent again. */
  reconnected(caller: Inbound, connection: ConnectionId): void {
    caller.connection = connection
    for (const answer of caller.window.answers()) this.#out.send(connection, answer)
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
    if (!this.#hasVerb(verb)) return reject(sequence, 'unknown-verb', `No handler for "${verb}"`)
    const { runningCount } = caller.window
    if (runningCount >= MAX_RUNNING_PER_CALLER || !caller.window.hasRoom(bodyBytes)) {
      return reject(sequence, 'overloaded', `${runningCount} calls of this caller run already`)
    }
    return undefined
  }

  /** Answers a request that was seen before. */
  #repeat(caller: Inbound, request: Request): void {
    const { sequence } = request
    if (caller.window.running(sequence) !== undefined) return
    const kept = caller.window.answer(sequence)
    if (kept !== undefined) this.#answer(caller, kept)
    else
      this.#answer(
        caller,
        reject(sequence, 'forgotten', 'It was seen before and its answer is no longer kept'),
      )
  }

  #abort(call: Call, reason: AbortReason): void {
    if (call.aborted) return
    call.aborted = true
    this.#out.tell({ kind: 'call-aborted', call, reason })
  }

  #answer(caller: Inbound, answer: Parameters<DedupeWindow['finish']>[1]): void {
    if (caller.connection !== undefined) this.#out.send(caller.connection, answer)
  }
}

function reject(sequence: number, reason: RejectReason, text: string, code = ''): Reject {
  return { kind: 'reject', of: 'request', sequence, reason, code, text }
}
