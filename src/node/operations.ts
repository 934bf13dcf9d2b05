/**
 * What a node or client can do to others, as promises: checks the arguments, encodes the body, gives the core its order
 * and settles the promise by what the core tells. The one place where the pure world's tickets are promises.
 */

import { ZmqnetError } from '../errors.ts'
import type { SendFailure } from '../oneway/sender.ts'
import type { Ask, RequestFailure } from '../rpc/caller.ts'
import { decodeBody, encodeBody } from '../wire/body.ts'
import { MAX_BODY_BYTES } from '../wire/limits.ts'
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
  effortOf,
  invalid,
  milliseconds,
  REQUEST_EFFORT,
} from './options.ts'

const DEFAULT_SEND_TIMEOUT_MS = 5000

/** A reply with what it took to get it. */
export interface DetailedReply {
  readonly value: BodyValue
  readonly attempts: number
  readonly sequence: number
}

/** The promise of one operation. */
interface Ticket<T> {
  resolve(value: T): void
  reject(error: ZmqnetError): void
}

/** The promise of one request, and the listener that its signal has. */
class RequestTicket implements Ticket<DetailedReply> {
  readonly resolve: (reply: DetailedReply) => void
  readonly reject: (error: ZmqnetError) => void
  readonly verb: string
  unlisten: (() => void) | undefined

  constructor(verb: string, resolve: (reply: DetailedReply) => void, reject: (error: ZmqnetError) => void) {
    this.verb = verb
    this.resolve = resolve
    this.reject = reject
  }
}

class SendTicket implements Ticket<Receipt> {
  readonly resolve: (receipt: Receipt) => void
  readonly reject: (error: ZmqnetError) => void
  readonly verb: string

  constructor(verb: string, resolve: (receipt: Receipt) => void, reject: (error: ZmqnetError) => void) {
    this.verb = verb
    this.resolve = resolve
    this.reject = reject
  }
}

/** The operations of one node or client. */
export class Operations {
  readonly #driver: Driver
  readonly #self: string
  #isClosing = false

  constructor(driver: Driver, self: string) {
    this.#driver = driver
    this.#self = self
  }

  /** From now on every new operation is refused with CLOSED. */
  close(): void {
    this.#isClosing = true
  }

  request(peer: string, verb: string, body: BodyValue, options: RequestOptions = {}): Promise<BodyValue> {
    return this.requestDetailed(peer, verb, body, options, onlyValue)
  }

  /** Like `request`; `pick` chooses what the promise gives. */
  requestDetailed<T>(
    peer: string,
    verb: string,
    value: BodyValue,
    options: RequestOptions,
    pick: (reply: DetailedReply) => T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const action = `request "${verb}" from "${peer}"`
      const body = this.#check(action, peer, verb, value)
      checkOptions(action, options)
      const { timeoutMs, retries, wholeMs } = effortOf(options, REQUEST_EFFORT)
      const { signal, idempotent = false } = options
      if (signal?.aborted === true) throw abortedError(action, peer)
      const ticket = new RequestTicket(verb, (reply) => resolve(pick(reply)), reject)
      const { now } = this.#driver
      const order = { verb, body, timeoutMs, retries, idempotent, ticket, requestKind: 'request' } as const
      const ask = this.#driver.core.outreach.caller.request(now, peer, {
        ...order,
        deadlineAt: now + wholeMs,
      })
      if (signal !== undefined) this.#listen(signal, ticket, ask)
      this.#driver.afterCommand()
    })
  }

  send(peer: string, verb: string, value: BodyValue, options: SendOptions = {}): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      const action = `send "${verb}" to "${peer}"`
      const body = this.#check(action, peer, verb, value)
      checkOptions(action, options)
      const timeoutMs = milliseconds('timeout', options.timeout ?? DEFAULT_SEND_TIMEOUT_MS)
      const { now } = this.#driver
      const ticket = new SendTicket(verb, resolve, reject)
      this.#driver.core.outreach.sender.send(now, peer, { verb, body, deadlineAt: now + timeoutMs, ticket })
      this.#driver.afterCommand()
    })
  }

  broadcast(verb: string, value: BodyValue, options: BroadcastOptions = {}): Promise<BroadcastResult> {
    return new Promise((resolve, reject) => {
      const action = `broadcast "${verb}"`
      const body = this.#check(action, undefined, verb, value)
      checkOptions(action, options)
      const { timeoutMs, retries, wholeMs } = effortOf(options, BROADCAST_EFFORT)
      const { signal, until = 'all' } = options
      if (until !== 'all' && until !== 'majority' && !(Number.isInteger(until) && until >= 1)) {
        throw invalid(
          `Cannot ${action}: "until" is all, majority or a number from 1 on, not ${String(until)}`,
        )
      }
      if (signal?.aborted === true) throw abortedError(action, undefined)
      const { now } = this.#driver
      let wasSent = false
      const abort = (): void => {
        wasSent = this.#driver.core.cancelBroadcast(this.#driver.now, cast, 'The caller aborted')
        this.#driver.afterCommand()
      }
      const ticket: Ticket<BroadcastResult> = {
        resolve: (result) => {
          signal?.removeEventListener('abort', abort)
          if (signal?.aborted === true) reject(abortedError(action, undefined, wasSent))
          else resolve(result)
        },
        reject,
      }
      const leg = { verb, body, timeoutMs, retries, deadlineAt: now + wholeMs }
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
        ticket.resolve({ peer: parcel.peer, outcome: 'delivered', ms: now - parcel.startedAt })
        return true
      }
      case 'send-failed':
        this.#sendFailed(event.now, event.parcel, event.failure)
        return true
      case 'cast-done': {
        const { cast, now } = event
        const ticket = (cast.ticket as BroadcastOrder).ticket as Ticket<BroadcastResult>
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
      ticket.resolve({ value: decoded.value, attempts: ask.attempt, sequence: ask.sequence })
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
    const action = `request "${ticket.verb}" from "${peer}"`
    const attempted = { action, peer, attempts, ms: now - startedAt, isIdempotent: order.idempotent }
    ticket.reject(errorOf(attempted, failure))
  }

  #sendFailed(
    now: number,
    parcel: Extract<CoreEvent, { kind: 'send-failed' }>['parcel'],
    failure: SendFailure,
  ): void {
    const { peer, startedAt } = parcel
    const ticket = parcel.ticket as SendTicket
    const action = `send "${ticket.verb}" to "${peer}"`
    ticket.reject(errorOf({ action, peer, attempts: 1, ms: now - startedAt, isIdempotent: false }, failure))
  }

  #listen(signal: AbortSignal, ticket: RequestTicket, ask: Ask): void {
    const abort = (): void => {
      this.#driver.core.outreach.caller.cancel(this.#driver.now, ask)
      this.#driver.afterCommand()
    }
    signal.addEventListener('abort', abort, { once: true })
    ticket.unlisten = () => signal.removeEventListener('abort', abort)
  }

  /** Throws what no attempt could cure; gives the body as it will travel. */
  #check(action: string, peer: string | undefined, verb: string, value: BodyValue): Body {
    if (this.#isClosing) {
      throw new ZmqnetError({
        code: 'CLOSED',
        message: `Cannot ${action}: "${this.#self}" is closing or closed`,
      })
    }
    let limitBytes = MAX_BODY_BYTES
    if (peer !== undefined) {
      const route = this.#driver.core.outreach.routes.get(peer)
      if (route === undefined) throw invalid(`Cannot ${action}: ${this.#unknownPeer(peer)}`)
      limitBytes = Math.min(limitBytes, route.link.maxBodyBytes)
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

function onlyValue(reply: DetailedReply): BodyValue {
  return reply.value
}

function encode(action: string, value: BodyValue): Body {
  try {
    return encodeBody(value)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw invalid(`Cannot ${action}: ${why}`, cause)
  }
}

function abortedError(action: string, peer: string | undefined, wasSent = false): ZmqnetError {
  const where = peer === undefined ? {} : { peer }
  const fate = wasSent ? ({ outcome: 'unknown', safeToRetry: false } as const) : {}
  const message = `Cannot ${action}: the caller aborted it ${wasSent ? 'when it was on its way' : 'before it was sent'}`
  return new ZmqnetError({ code: 'ABORTED', message, ...where, ...fate })
}
