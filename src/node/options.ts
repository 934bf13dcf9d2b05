/**
 * Checks of options that users pass to a call: one sentence that names the option and the value. What the types forbid
 * is checked as well, because not every user compiles.
 */

import { ZmqnetError } from '../errors.ts'

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

/** That the options are an object, and their signal one. Throws INVALID_ARGUMENT. */
export function checkOptions(action: string, options: object): void {
  if (typeof options !== 'object' || options === null) {
    throw invalid(`Cannot ${action}: the options are an object, not ${String(options)}`)
  }
  const signal = 'signal' in options ? options.signal : undefined
  if (signal === undefined || signal instanceof AbortSignal) return
  throw invalid(`Cannot ${action}: "signal" is an AbortSignal, not ${typeof signal}`)
}

function invalid(message: string): ZmqnetError {
  return new ZmqnetError({ code: 'INVALID_ARGUMENT', safeToRetry: false, message })
}
