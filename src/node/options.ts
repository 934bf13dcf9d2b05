/**
 * Checks of numbers that users pass to a call: one sentence that names the option and the value.
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

function invalid(message: string): ZmqnetError {
  return new ZmqnetError({ code: 'INVALID_ARGUMENT', safeToRetry: false, message })
}
