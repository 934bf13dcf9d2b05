/**
 * Checks of options that users pass to a call: one sentence that names the option and the value. What the types forbid
 * is checked as well, because not every user compiles.
 */

import { ZmqnetError } from '../errors.ts'
import { MAX_VERB_BYTES } from '../wire/limits.ts'

/** Durations above this are taken for mistakes: a week. */
const MAX_MS = 7 * 24 * 3600 * 1000
const MAX_COUNT = 1000

/** A duration in whole milliseconds, at least 1. Throws INVALID_ARGUMENT. */
export function milliseconds(name: string, value: number): number {
  if (typeof value === 'number' && value > 0 && value <= MAX_MS) return Math.ceil(value)
  throw invalid(`"${name}" is milliseconds above 0 and at most ${MAX_MS}, not ${String(value)}`)
}

/** A whole number from 0 to 1000. Throws INVALID_ARGUMENT. */
export function count(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= MAX_COUNT) return value
  throw invalid(`"${name}" is a whole number from 0 to ${MAX_COUNT}, not ${String(value)}`)
}

/** What running handlers and requests in flight are given when a node or client closes. */
export const DEFAULT_DRAIN_MS = 1000

/** What is taken where a call has no options; nobody can have changed it. */
export const NO_OPTIONS = Object.freeze({})

/** How hard an operation tries when its options do not say. */
export interface Effort {
  readonly timeout: number
  readonly retries: number
}

export const REQUEST_EFFORT: Effort = { timeout: 2500, retries: 3 }
export const BROADCAST_EFFORT: Effort = { timeout: 2000, retries: 0 }

/** The times of an operation that starts `now`. */
export interface Times {
  readonly timeoutMs: number
  readonly retries: number
  readonly deadlineAt: number
}

/** What the options of an operation say of its times, and the defaults for the rest. Throws INVALID_ARGUMENT. */
export function timesOf(
  now: number,
  options: Partial<Effort> & { readonly deadline?: number },
  defaults: Effort,
): Times {
  const timeoutMs = milliseconds('timeout', options.timeout ?? defaults.timeout)
  const retries = count('retries', options.retries ?? defaults.retries)
  const wholeMs = milliseconds('deadline', options.deadline ?? timeoutMs * (retries + 1))
  return { timeoutMs, retries, deadlineAt: now + wholeMs }
}

/** What is being checked, in words that are made only for an error. */
export interface Named {
  toString(): string
}

/** That a verb can travel. Throws INVALID_ARGUMENT. */
export function checkVerb(action: Named, verb: string): void {
  if (typeof verb === 'string' && verb !== '') {
    // No character takes more than three bytes for each unit of its text: so nearly all need no counting.
    if (verb.length * 3 <= MAX_VERB_BYTES || Buffer.byteLength(verb) <= MAX_VERB_BYTES) return
  }
  throw invalid(`Cannot ${action}: a verb is a string of 1 to ${MAX_VERB_BYTES} bytes`)
}

/** That the options are an object, and their signal one. Throws INVALID_ARGUMENT. */
export function checkOptions(action: Named, options: object): void {
  if (typeof options !== 'object' || options === null) {
    throw invalid(`Cannot ${action}: the options are an object, not ${String(options)}`)
  }
  if (options === NO_OPTIONS) return
  const onProgress = 'onProgress' in options ? options.onProgress : undefined
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalid(`Cannot ${action}: "onProgress" is a function, not ${typeof onProgress}`)
  }
  const signal = 'signal' in options ? options.signal : undefined
  if (signal === undefined || signal instanceof AbortSignal) return
  throw invalid(`Cannot ${action}: "signal" is an AbortSignal, not ${typeof signal}`)
}

/** The error for a call that can never work. */
export function invalid(message: string, cause?: unknown): ZmqnetError {
  return new ZmqnetError({ code: 'INVALID_ARGUMENT', safeToRetry: false, message, cause })
}
