/**
 * What stands for an operation until it settles: its order to the core and the promise of its caller in one object,
 * because there are hundreds of thousands a second. Settling and its errors are decided in operations.ts.
 */

import type { ZmqnetError } from '../errors.ts'
import type { SendOrder } from '../oneway/sender.ts'
import type { Ask, RequestOrder } from '../rpc/caller.ts'
import type { Body } from '../wire/messages.ts'
import type { BodyValue, Progress, Receipt } from './api.ts'
import type { Times } from './options.ts'

/** What an operation is called in an error. Put into words only when one is made: most operations succeed. */
export class Action {
  readonly #what: 'request' | 'send' | 'broadcast'
  readonly #verb: string
  readonly #peer: string | undefined

  constructor(what: 'request' | 'send' | 'broadcast', verb: string, peer: string | undefined) {
    this.#what = what
    this.#verb = verb
    this.#peer = peer
  }

  toString(): string {
    const peer =
      this.#peer === undefined ? '' : ` ${this.#what === 'request' ? 'from' : 'to'} "${this.#peer}"`
    return `${this.#what} "${this.#verb}"${peer}`
  }
}

/** A reply with what it took to get it. */
export interface DetailedReply {
  readonly value: BodyValue
  readonly attempts: number
  readonly sequence: number
}

/** Makes of a reply what the promise gives. */
export type PickOf<T> = ((reply: DetailedReply) => T) | undefined

/** One request. */
export class RequestTicket implements RequestOrder {
  readonly verb: string
  readonly body: Body
  readonly requestKind = 'request'
  readonly timeoutMs: number
  readonly retries: number
  readonly deadlineAt: number
  readonly idempotent: boolean
  /** Takes the listener off the signal, where there is one. */
  unlisten: (() => void) | undefined
  onProgress: ((progress: Progress) => void) | undefined
  readonly reject: (error: ZmqnetError) => void
  readonly #resolve: (value: unknown) => void
  readonly #pick: PickOf<unknown>

  /** Without `pick`, the promise gives the value of the reply. */
  constructor(
    verb: string,
    body: Body,
    times: Times,
    idempotent: boolean,
    resolve: (value: unknown) => void,
    reject: (error: ZmqnetError) => void,
    pick: PickOf<unknown>,
  ) {
    this.verb = verb
    this.body = body
    this.timeoutMs = times.timeoutMs
    this.retries = times.retries
    this.deadlineAt = times.deadlineAt
    this.idempotent = idempotent
    this.unlisten = undefined
    this.onProgress = undefined
    this.reject = reject
    this.#resolve = resolve
    this.#pick = pick
  }

  get ticket(): this {
    return this
  }

  resolve(value: BodyValue, ask: Ask): void {
    if (this.#pick === undefined) this.#resolve(value)
    else this.#resolve(this.#pick({ value, attempts: ask.attempt, sequence: ask.sequence }))
  }
}

/** One one-way message. */
export class SendTicket implements SendOrder {
  readonly verb: string
  readonly body: Body
  readonly deadlineAt: number
  /** Takes the listener off the signal, where there is one. */
  unlisten: (() => void) | undefined
  onProgress: ((progress: Progress) => void) | undefined
  readonly resolve: (receipt: Receipt) => void
  readonly reject: (error: ZmqnetError) => void

  constructor(
    verb: string,
    body: Body,
    deadlineAt: number,
    resolve: (receipt: Receipt) => void,
    reject: (error: ZmqnetError) => void,
  ) {
    this.verb = verb
    this.body = body
    this.deadlineAt = deadlineAt
    this.unlisten = undefined
    this.onProgress = undefined
    this.resolve = resolve
    this.reject = reject
  }

  get ticket(): this {
    return this
  }
}
