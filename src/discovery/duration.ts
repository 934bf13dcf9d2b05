/**
 * Durations as people write them in files and on the command line: "500ms", "2s", "1.5s", "1m", "1h30m", "2d".
 *
 * A bare number is refused, because nobody can tell whether `-t 2` means milliseconds or seconds; only 0 needs no unit.
 * Programs use plain milliseconds instead and have no need of this file.
 */

import { found } from './found.ts'

const UNITS_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const
type Unit = keyof typeof UNITS_MS

const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g
const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/

export type DurationResult =
  | { readonly ok: true; readonly ms: number }
  | { readonly ok: false; readonly message: string }

/** Reads a duration; the answer is in whole milliseconds. Never throws: the message says what was expected and found. */
export function readDuration(text: unknown): DurationResult {
  if (typeof text !== 'string') return refuse(text, isCount(text) ? `"${text}ms" or "${text}s"` : undefined)
  const trimmed = text.trim()
  if (trimmed === '0') return { ok: true, ms: 0 }
  if (!WHOLE.test(trimmed)) {
    return refuse(text, /^\d+(\.\d+)?$/.test(trimmed) ? `"${trimmed}ms" or "${trimmed}s"` : undefined)
  }
  let ms = 0
  for (const [, amount, unit] of trimmed.matchAll(PART)) ms += Number(amount) * UNITS_MS[unit as Unit]
  ms = Math.round(ms)
  return Number.isSafeInteger(ms) ? { ok: true, ms } : refuse(text, undefined)
}

/**
 * Reads a duration such as "500ms", "2s", "1.5s", "1m", "1h30m" or "2d" and gives whole milliseconds. The units are ms,
 * s, m, h and d; several parts add up. Throws a RangeError that says what was expected.
 */
export function parseDuration(text: string): number {
  const result = readDuration(text)
  if (!result.ok) throw new RangeError(`A duration is wrong: ${result.message}`)
  return result.ms
}

/**
 * Writes milliseconds for people, in a form that `parseDuration` reads: "0.3ms", "500ms", "1.5s", "2m30s", "3d4h". It
 * keeps the two largest units and rounds the rest away. Infinity, which has no such form, gives "forever".
 */
export function formatDuration(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return 'forever'
  if (!(ms > 0)) return '0ms'
  if (ms < 9.95) return `${rounded(ms)}ms`
  if (ms < 999.5) return `${Math.round(ms)}ms`
  if (ms < 59_950) return `${rounded(ms / 1000)}s`
  if (ms < 3_599_500) return pair(Math.round(ms / 1000), 60, 'm', 's')
  if (ms < 86_370_000) return pair(Math.round(ms / 60_000), 60, 'h', 'm')
  return pair(Math.round(ms / 3_600_000), 24, 'd', 'h')
}

function pair(small: number, ratio: number, largeUnit: Unit, smallUnit: Unit): string {
  const rest = small % ratio
  return `${Math.floor(small / ratio)}${largeUnit}${rest === 0 ? '' : `${rest}${smallUnit}`}`
}

/** One decimal place, and none where it would be zero. */
function rounded(value: number): number {
  return Math.round(value * 10) / 10
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value)
}

function refuse(value: unknown, guess: string | undefined): DurationResult {
  const hint = guess === undefined ? '' : `; a number needs its unit: ${guess}`
  return { ok: false, message: `expected a duration such as "500ms", "2s" or "1m", ${found(value)}${hint}` }
}
