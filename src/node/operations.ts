/**
 * What a node or client can do to others, as promises: checks the arguments, encodes the body, gives the core its order
 * and settles the promise by what the core tells. The one place where the pure world's tickets are promises.
 */

import { ZmqnetError } from '../errors.ts'
import type { Parcel, SendFailure } from '../oneway/sender.ts'
import type { Ask, RequestFailure } from '../rpc/caller.ts'
import { bodyLimitOf } from '../transfer/transfers.ts'
import { decodeBody, encodeBody } from '../wire/body.ts'
import type { Body } from '../wire/messages.ts'
import type {
  BodyValue,
  BroadcastOptions,
  BroadcastResult,
  Receipt,
  RequestOptions,
  SendOptions,
} from './api.ts'
import type { BroadcastOrder, CoreEvent } from './core.ts'
import type { Driver } from './driver.ts'
import { errorOf } from './failures.ts'
import {
  BROADCAST_EFFORT,
  checkOptions,
  checkVerb,
  invalid,
  milliseconds,
  NO_OPTIONS,
  REQUEST_EFFORT,
  timesOf,
} from './options.ts'
import { Action, type PickOf, RequestTicket, SendTicket } from './tickets.ts'

const DEFAULT_SEND_TIMEOUT_MS = 5000

/** The promise of one broadcast. */
interface CastTicket {
  resolve(value: BroadcastResult): void
}

/** Settles a promise, by a value or an error. */
type Settle = (result: unknown) => void

let newResolve: Settle | undefined
let newReject: Settle | undefined

function keepResolvers(resolve: (value: never) => void, reject: (error: unknown) => void): void {
  newResolve = resolve as Settle
  newReject = reject
}

/**
 * What `Promise.withResolvers` is in later versions of Node.js. An executor that is a closure of its own for each request costs as
 * much again as the promise.
 */
function withResolvers<T>(): { promise: Promise<T>; resolve: Settle; reject: Settle } {
  const promise = new Promise<T>(keepResolvers)
  const resolve = newResolve as Settle
  const reject = newReject as Settle
  // Otherwise they would keep the promise alive, and all that waits for it, until the next one is made.
  newResolve = undefined
  newReject = undefined
  return { promise, resolve, reject }
}

/** The operations of one node or client. */
export class Operations {
  readonly #driver: Driver
  readonly #self: string
  readonly #explain: (error: ZmqnetError) => ZmqnetError
  #isClosing = false

  /** `explain` may replace the error of a failed request by one that says more. */
  constructor(driver: Driver, self: string, explain = (error: ZmqnetError): ZmqnetError => error) {
    this.#driver = driver
    this.#self = self
    this.#explain = explain
  }

  /** From now on every new operation is refused with CLOSED. */
  close(): void {
    this.#isClosing = true
  }

  request(
    peer: string,
    verb: string,
    body: BodyValue,
    options: RequestOptions = NO_OPTIONS,
  ): Promise<BodyValue> {
    return this.requestDetailed(peer, verb, body, options, undefined)
  }

  /** Like `request`; `pick` chooses what the promise gives. */
  requestDetailed<T>(
    peer: string,
    verb: string,
    value: BodyValue,
    options: RequestOptions,
    pick: PickOf<T>,
  ): Promise<T> {
    const { promise, resolve, reject } = withResolvers<T>()
    try {
      this.#request(peer, verb, value, options, resolve, reject, pick)
    } catch (error) {
      reject(error)
    }
    return promise
  }

  #request(
    peer: string,
    verb: string,
    value: BodyValue,
    options: RequestOptions,
    resolve: Settle,
    reject: Settle,
    pick: PickOf<unknown>,
  ): void {
    const action = new Action('request', verb, peer)
    const body = this.#check(action, peer, verb, value)
    checkOptions(action, options)
    const { now } = this.#driver
    const times = timesOf(now, options, REQUEST_EFFORT)
    const { signal, idempotent = false, onProgress } = options
    if (signal?.aborted === true) throw abortedError(action, peer)
    const ticket = new RequestTicket(verb, body, times, idempotent, resolve, reject, pick)
    ticket.onProgress = onProgress
    const { caller } = this.#driver.core.outreach
    const ask = caller.request(now, peer, ticket)
    if (signal !== undefined) this.#cancelRequestOn(signal, ticket, ask)
    this.#driver.afterCommand()
  }

  #send(
    peer: string,
    verb: string,
    value: BodyValue,
    options: SendOptions,
    resolve: Settle,
    reject: Settle,
  ): void {
    const action = new Action('send', verb, peer)
    const body = this.#check(action, peer, verb, value)
    checkOptions(action, options)
    const timeoutMs = milliseconds('timeout', options.timeout ?? DEFAULT_SEND_TIMEOUT_MS)
    const { signal } = options
    if (signal?.aborted === true) throw abortedError(action, peer)
    const { now } = this.#driver
    const ticket = new SendTicket(verb, body, now + timeoutMs, resolve, reject)
    ticket.onProgress = options.onProgress
    const { sender } = this.#driver.core.outreach
    const parcel = sender.send(now, peer, ticket)
    if (signal !== undefined) this.#cancelSendOn(signal, ticket, parcel)
    this.#driver.afterCommand()
  }

  // In functions of their own, so that nothing is made for them where there is no signal.
  #cancelRequestOn(signal: AbortSignal, ticket: RequestTicket, ask: Ask): void {
    this.#listen(signal, ticket, () => this.#driver.core.outreach.caller.cancel(this.#driver.now, ask))
  }

  #cancelSendOn(signal: AbortSignal, ticket: SendTicket, parcel: Parcel): void {
    this.#listen(signal, ticket, () => this.#driver.core.outreach.sender.cancel(this.#driver.now, parcel))
  }

  send(peer: string, verb: string, value: BodyValue, options: SendOptions = NO_OPTIONS): Promise<Receipt> {
    const { promise, resolve, reject } = withResolvers<Receipt>()
    try {
      this.#send(peer, verb, value, options, resolve, reject)
    } catch (error) {
      reject(error)
    }
    return promise
  }

  broadcast(verb: string, value: BodyValue, options: BroadcastOptions = {}): Promise<BroadcastResult> {
    return new Promise((resolve, reject) => {
      const action = new Action('broadcast', verb, undefined)
      const body = this.#check(action, undefined, verb, value)
      checkOptions(action, options)
      const { signal, until = 'all' } = options
      if (until !== 'all' && until !== 'majority' && !(Number.isInteger(until) && until >= 1)) {
        throw invalid(
          `Cannot ${action}: "until" is all, majority or a number from 1 on, not ${String(until)}`,
        )
      }
      if (signal?.aborted === true) throw abortedError(action, undefined)
      const { now } = this.#driver
      const times = timesOf(now, options, BROADCAST_EFFORT)
      let wasSent = false
      const abort = (): void => {
        wasSent = this.#driver.core.cancelBroadcast(this.#driver.now, cast, 'The caller aborted')
        this.#driver.afterCommand()
      }
      const ticket: CastTicket = {
        resolve: (result) => {
          signal?.removeEventListener('abort', abort)
          if (signal?.aborted === true) reject(abortedError(action, undefined, wasSent))
          else resolve(result)
        },
      }
      const leg = { verb, body, ...times }
      const cast = this.#driver.core.broadcast(now, { leg, until, ticket })
      signal?.addEventListener('abort', abort, { once: true })
      this.#driver.afterCommand()
    })
  }

  /** Settles the promise that the event is about. Gives whether it was about one. */
  settle(event: CoreEvent): boolean {
    switch (event.kind) {
      case 'request-done':
        this.#reply(event.ask, event.body)
        return true
      case 'request-failed':
        this.#requestFailed(event.now, event.ask, event.failure)
        return true
      case 'send-delivered': {
        const { parcel, now } = event
        const ticket = parcel.ticket as SendTicket
        ticket.unlisten?.()
        ticket.resolve({ peer: parcel.peer, outcome: 'delivered', ms: now - parcel.startedAt })
        return true
      }
      case 'send-failed':
        this.#sendFailed(event.now, event.parcel, event.failure)
        return true
      case 'progress':
        tellProgress(event)
        return true
      case 'cast-done': {
        const { cast, now } = event
        const ticket = (cast.ticket as BroadcastOrder).ticket as CastTicket
        ticket.resolve(resultOf(cast.tally, now - cast.startedAt))
        return true
      }
      default:
        return false
    }
  }

  #reply(ask: Ask, body: Body): void {
    const ticket = ask.ticket as RequestTicket
    ticket.unlisten?.()
    const decoded = decodeBody(body)
    if (decoded.ok) {
      ticket.resolve(decoded.value, ask)
      return
    }
    const message = `Cannot read the reply of "${ask.peer}" to "${ticket.verb}": ${decoded.error}`
    ticket.reject(
      new ZmqnetError({ code: 'REJECTED', outcome: 'handled', safeToRetry: false, peer: ask.peer, message }),
    )
  }

  #requestFailed(now: number, ask: Ask, failure: RequestFailure): void {
    const ticket = ask.ticket as RequestTicket
    ticket.unlisten?.()
    const { peer, attempt: attempts, startedAt, order } = ask
    const action = new Action('request', ticket.verb, peer)
    const attempted = { action, peer, attempts, ms: now - startedAt, isIdempotent: order.idempotent }
    ticket.reject(this.#explain(errorOf(attempted, failure)))
  }

  #sendFailed(
    now: number,
    parcel: Extract<CoreEvent, { kind: 'send-failed' }>['parcel'],
    failure: SendFailure,
  ): void {
    const { peer, startedAt } = parcel
    const ticket = parcel.ticket as SendTicket
    ticket.unlisten?.()
    const action = new Action('send', ticket.verb, peer)
    ticket.reject(errorOf({ action, peer, attempts: 1, ms: now - startedAt, isIdempotent: false }, failure))
  }

  #listen(signal: AbortSignal, ticket: { unlisten: (() => void) | undefined }, cancel: () => void): void {
    const abort = (): void => {
      cancel()
      this.#driver.afterCommand()
    }
    signal.addEventListener('abort', abort, { once: true })
    ticket.unlisten = () => signal.removeEventListener('abort', abort)
  }

  /** Throws what no attempt could cure; gives the body as it will travel. */
  #check(action: Action, peer: string | undefined, verb: string, value: BodyValue): Body {
    if (this.#isClosing) {
      throw new ZmqnetError({
        code: 'CLOSED',
        message: `Cannot ${action}: "${this.#self}" is closing or closed`,
      })
    }
    let limitBytes = this.#driver.core.bodyLimit(undefined)
    if (peer !== undefined) {
      const route = this.#driver.core.outreach.routes.get(peer)
      if (route === undefined) throw invalid(`Cannot ${action}: ${this.#unknownPeer(peer)}`)
      limitBytes = Math.min(limitBytes, bodyLimitOf(route.link))
    }
    checkVerb(action, verb)
    const body = encode(action, value)
    if (body.bytes.length > limitBytes) {
      const message = `Cannot ${action}: the body has ${body.bytes.length} bytes, the limit is ${limitBytes}`
      throw new ZmqnetError({ code: 'TOO_LARGE', safeToRetry: false, message })
    }
    return body
  }

  #unknownPeer(peer: string): string {
    if (peer === this.#self) return 'a node does not ask itself'
    const names = [...this.#driver.core.outreach.routes.keys()]
    return `there is no such peer; the peers are ${names.slice(0, 20).join(', ')}`
  }
}

/** A listener that throws harms nobody: what it listens to goes on. */
function tellProgress(event: Extract<CoreEvent, { kind: 'progress' }>): void {
  const { direction, bytes, totalBytes } = event
  try {
    ;(event.operation.ticket as RequestTicket | SendTicket).onProgress?.({ direction, bytes, totalBytes })
  } catch {
    // There is nobody to tell: the operation has its own outcome.
  }
}

/** The public result of a tally. */
function resultOf(
  tally: Extract<CoreEvent, { kind: 'cast-done' }>['cast']['tally'],
  ms: number,
): BroadcastResult {
  const acked = tally.acked.map(({ peer, body, ms: ackMs }) => {
    const decoded = decodeBody(body)
    return { peer, reply: decoded.ok ? decoded.value : undefined, ms: ackMs }
  })
  return { ok: tally.isMet, expected: tally.expected, acked, missing: tally.missing, ms }
}

function encode(action: Action, value: BodyValue): Body {
  try {
    return encodeBody(value)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw invalid(`Cannot ${action}: ${why}`, cause)
  }
}

function abortedError(action: Action, peer: string | undefined, wasSent = false): ZmqnetError {
  const where = peer === undefined ? {} : { peer }
  const fate = wasSent ? ({ outcome: 'unknown', safeToRetry: false } as const) : {}
  const message = `Cannot ${action}: the caller aborted it ${wasSent ? 'when it was on its way' : 'before it was sent'}`
  return new ZmqnetError({ code: 'ABORTED', message, ...where, ...fate })
}
