/**
 * Runs the user's handlers: finds the one for a verb, gives it the decoded body and its context, and feeds back what it
 * returned or threw. Deadlines, repeats and refusals are the core's; here is only the call itself.
 */

import { ZmqnetError } from '../errors.ts'
import type { Arrival } from '../oneway/receiver.ts'
import type { AbortReason, Call, CallOutcome } from '../rpc/responder.ts'
import { decodeBody, encodeBody } from '../wire/body.ts'
import { MAX_TEXT_BYTES } from '../wire/limits.ts'
import type {
  BodyValue,
  BroadcastOptions,
  BroadcastResult,
  Handler,
  HandlerContext,
  RequestOptions,
} from './api.ts'
import type { Driver } from './driver.ts'
import type { Operations } from './operations.ts'
import { BROADCAST_EFFORT, checkVerb, type Effort, invalid, REQUEST_EFFORT } from './options.ts'

/** Verbs that begin so are zmqnet's own. */
export const RESERVED_PREFIX = 'zmqnet.'

/**
 * How long handlers run before what came in meanwhile is read, in milliseconds: what is not read does not age, cannot be
 * cancelled, and keeps heartbeats waiting. Shorter slices cost throughput where handlers are quick.
 */
const SLICE_MS = 5

/** What the handlers of one node need. */
export interface HandlersSettings {
  readonly driver: Driver
  readonly operations: Operations
  /** A one-way message failed here, and there is nobody who could be told. */
  readonly onLostFailure: (from: string, verb: string, text: string) => void
}

type Failed = Extract<CallOutcome, { kind: 'failed' }>

/** How a handler is called, whatever it answers. */
interface Visit {
  readonly from: string
  readonly verb: string
  readonly kind: HandlerContext['kind']
  readonly attempt: number
  readonly deadlineAt: number
}

/** What a handler learns; the signal is made when it is asked for, because most handlers never do. */
export class Context implements HandlerContext {
  readonly #settings: HandlersSettings
  readonly #visit: Visit
  #abort: AbortController | undefined
  #abortReason: AbortReason | undefined

  constructor(settings: HandlersSettings, visit: Visit) {
    this.#settings = settings
    this.#visit = visit
  }

  get from(): string {
    return this.#visit.from
  }

  get verb(): string {
    return this.#visit.verb
  }

  get kind(): HandlerContext['kind'] {
    return this.#visit.kind
  }

  get attempt(): number {
    return this.#visit.attempt
  }

  get remainingMs(): number {
    return Math.max(0, this.#visit.deadlineAt - this.#settings.driver.now)
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.#abortReason !== undefined) this.#abort.abort(abortError(this.#visit, this.#abortReason))
    }
    return this.#abort.signal
  }

  request(peer: string, verb: string, body?: BodyValue, options: RequestOptions = {}): Promise<BodyValue> {
    return this.#settings.operations.request(peer, verb, body, this.#inherit(options, REQUEST_EFFORT))
  }

  broadcast(verb: string, body?: BodyValue, options: BroadcastOptions = {}): Promise<BroadcastResult> {
    return this.#settings.operations.broadcast(verb, body, this.#inherit(options, BROADCAST_EFFORT))
  }

  /** The same visit under another verb and kind: what a built-in handler passes on to the user's. */
  as(verb: string, kind: HandlerContext['kind']): Context {
    const inner = new Context(this.#settings, { ...this.#visit, verb, kind })
    this.signal.addEventListener('abort', () => inner.abort(this.#abortReason ?? 'cancelled'), { once: true })
    return inner
  }

  abort(reason: AbortReason): void {
    this.#abortReason = reason
    this.#abort?.abort(abortError(this.#visit, reason))
  }

  #inherit<T extends RequestOptions | BroadcastOptions>(options: T, defaults: Effort): T {
    // Not checked here but by the call itself, which rejects and does not throw.
    const { timeout = defaults.timeout, retries = defaults.retries } = options
    const wholeMs = options.deadline ?? timeout * (retries + 1)
    return {
      ...options,
      deadline: Math.max(1, Math.min(wholeMs, this.remainingMs)),
      // A signal that is made of others lives, with all that listens to it, until one of them aborts or nobody listens.
      signal: options.signal === undefined ? this.signal : AbortSignal.any([this.signal, options.signal]),
    }
  }
}

/** The handlers of one node. */
export class Handlers {
  readonly #settings: HandlersSettings
  readonly #handlers = new Map<string, Handler>()
  readonly #builtIn: ReadonlyMap<string, Handler>
  /** How long the last slice took, while there is a line. */
  #sliceMs = 0
  #isSliceDue = false

  constructor(settings: HandlersSettings, builtIn: ReadonlyMap<string, Handler>) {
    this.#settings = settings
    this.#builtIn = builtIn
  }

  has(verb: string): boolean {
    return this.#handlers.has(verb) || this.#builtIn.has(verb)
  }

  get(verb: string): Handler | undefined {
    return this.#handlers.get(verb) ?? this.#builtIn.get(verb)
  }

  /** Sets a user's handler. Throws INVALID_ARGUMENT for a verb that cannot be one. */
  set(verb: string, handler: Handler): void {
    checkVerb(`handle ${JSON.stringify(verb)}`, verb)
    if (verb.startsWith(RESERVED_PREFIX)) {
      throw invalid(`Cannot handle "${verb}": verbs that begin with "${RESERVED_PREFIX}" are reserved`)
    }
    if (typeof handler !== 'function') throw invalid(`Cannot handle "${verb}": the handler is no function`)
    this.#handlers.set(verb, handler)
  }

  delete(verb: string): boolean {
    return this.#handlers.delete(verb)
  }

  /** Runs the handler of a call, or lets it wait for its turn when handlers have run for long enough. */
  call(call: Call): void {
    const { driver } = this.#settings
    const { responder } = driver.core.reception
    const { now } = driver
    if (responder.hasLine || now - driver.handingOnSince >= SLICE_MS) {
      responder.wait(now, call)
      this.#continueLater(SLICE_MS)
    } else this.#begin(now, call)
  }

  /** The next slice comes when what waits in the sockets was read. */
  #continueLater(sliceMs: number): void {
    if (this.#isSliceDue) return
    this.#isSliceDue = true
    this.#sliceMs = sliceMs
    this.#settings.driver.inNextTurn(() => this.#runSlice())
  }

  #runSlice(): void {
    this.#isSliceDue = false
    const { driver } = this.#settings
    const { responder } = driver.core.reception
    const since = driver.now
    for (let { now } = driver; now - since < SLICE_MS; { now } = driver) {
      const call = responder.next(now, this.#sliceMs)
      if (call === undefined) break
      this.#begin(now, call)
    }
    driver.afterCommand()
    if (responder.hasLine) this.#continueLater(Math.max(SLICE_MS, driver.now - since))
  }

  /** Runs the handler of a call, unless it is put off, and reports its outcome to the core. */
  #begin(now: number, call: Call): void {
    const { driver } = this.#settings
    if (!driver.core.reception.begin(now, call)) return
    const { request, caller } = call
    const { verb, attempt, deadlineAt, requestKind } = request
    const context = new Context(this.#settings, {
      from: caller.name,
      verb,
      kind: requestKind,
      attempt,
      deadlineAt,
    })
    call.ticket = context
    this.#run(call, context)
  }

  /** No closures are made for a handler that answers at once: there are hundreds of thousands a second. */
  #run(call: Call, context: Context): void {
    const { verb, body } = call.request
    const handler = this.get(verb)
    if (handler === undefined) {
      this.#end(call, failed('unknown-verb', `No handler for "${verb}"`))
      return
    }
    const decoded = decodeBody(body)
    if (!decoded.ok) {
      this.#end(call, failed('bad-body', decoded.error))
      return
    }
    let result: BodyValue
    try {
      result = handler(decoded.value, context)
      if (isThenable(result)) {
        this.#await(call, result)
        return
      }
    } catch (error) {
      this.#end(call, thrown(error))
      return
    }
    this.#end(call, this.#returned(call, result))
  }

  #await(call: Call, result: PromiseLike<BodyValue>): void {
    settled(result).then(
      (value) => this.#end(call, this.#returned(call, value)),
      (error: unknown) => this.#end(call, thrown(error)),
    )
  }

  #end(call: Call, outcome: CallOutcome): void {
    const { driver } = this.#settings
    driver.core.reception.finish(call, outcome)
    driver.afterCommand()
  }

  #returned({ caller }: Call, value: BodyValue): CallOutcome {
    try {
      const body = encodeBody(value)
      const limitBytes = this.#settings.driver.core.bodyLimit(caller.connection)
      if (body.bytes.length <= limitBytes) return { kind: 'done', body }
      return failed('handler-failed', `Its reply has ${body.bytes.length} bytes, the limit is ${limitBytes}`)
    } catch (error) {
      return thrown(error)
    }
  }

  /** The core says that nobody waits for a call any more, or that the node closes. */
  abort({ ticket }: Call | Arrival, reason: AbortReason): void {
    if (ticket instanceof Context) ticket.abort(reason)
  }

  /** Runs the handler of a one-way message and reports its end to the core. */
  arrive(arrival: Arrival): void {
    const { from, message } = arrival
    const { verb, body } = message
    const visit = { from, verb, kind: 'send', attempt: 1, deadlineAt: Number.POSITIVE_INFINITY } as const
    const context = new Context(this.#settings, visit)
    arrival.ticket = context
    try {
      const decoded = decodeBody(body)
      if (!decoded.ok) throw new Error(decoded.error)
      const handler = this.get(verb)
      if (handler === undefined) throw new Error(`No handler for "${verb}"`)
      // What it returns goes nowhere. Most return nothing that needs to be waited for, and then nothing is made for it.
      const result = handler(decoded.value, context)
      if (isThenable(result)) {
        settled(result).then(
          () => this.#arrived(arrival),
          (error: unknown) => this.#arrivalFailed(arrival, error),
        )
        return
      }
    } catch (error) {
      this.#arrivalFailed(arrival, error)
      return
    }
    this.#arrived(arrival)
  }

  #arrivalFailed(arrival: Arrival, error: unknown): void {
    const { from, message } = arrival
    this.#settings.onLostFailure(from, message.verb, thrown(error).text)
    this.#arrived(arrival)
  }

  #arrived(arrival: Arrival): void {
    const { driver } = this.#settings
    driver.core.reception.finishArrival(arrival)
    driver.afterCommand()
  }
}

/** A promise of our own settles once and never throws, whatever the handler's thenable does. */
function settled(result: PromiseLike<BodyValue>): Promise<BodyValue> {
  return new Promise((resolve) => resolve(result))
}

/** A caller gets the message and the code of what was thrown, never the stack. Anything can be thrown. */
function thrown(error: unknown): Failed {
  try {
    if (!(error instanceof Error)) return failed('handler-failed', String(error))
    const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
    return failed('handler-failed', String(error.message === '' ? error.name : error.message), code)
  } catch {
    return failed('handler-failed', 'It threw something that cannot be put into words')
  }
}

function failed(reason: Failed['reason'], text: string, code = ''): Failed {
  return { kind: 'failed', reason, code: code.slice(0, 64), text: text.slice(0, MAX_TEXT_BYTES) }
}

function isThenable(value: unknown): value is PromiseLike<BodyValue> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

function abortError(visit: Visit, reason: AbortReason): ZmqnetError {
  const why = {
    cancelled: 'its caller cancelled it',
    expired: 'its deadline passed',
    closing: 'this node is closing',
  }
  return new ZmqnetError({
    code: reason === 'expired' ? 'EXPIRED' : reason === 'closing' ? 'CLOSED' : 'ABORTED',
    outcome: 'unknown',
    message: `"${visit.verb}" of "${visit.from}" is no longer wanted: ${why[reason]}`,
  })
}
