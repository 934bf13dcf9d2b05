/**
 * Moments as people write them in files: a date, a time and its zone, as RFC 3339 has it: "2026-12-01T00:00:00Z",
 * "2026-12-01T01:00+01:00". Without a zone nobody can tell which moment is meant, so that such a text is refused. The
 * arithmetic is done here, because pure code has no Date.
 */

import { found } from './found.ts'

const SHAPE = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?(?:Z|([+-])(\d\d):(\d\d))$/
const DAY_MS = 86_400_000
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

export type MomentResult =
  | { readonly ok: true; readonly ms: number }
  | { readonly ok: false; readonly message: string }

/** Reads a moment; the answer is in milliseconds since 1970. Never throws: the message says what was expected and found. */
export function readMoment(text: unknown): MomentResult {
  const ms = typeof text === 'string' ? momentOf(text) : undefined
  if (ms !== undefined) return { ok: true, ms }
  return { ok: false, message: `expected a moment such as "2026-12-01T00:00:00Z", ${found(text)}` }
}

function momentOf(text: string): number | undefined {
  const parts = SHAPE.exec(text)
  if (parts === null) return undefined
  const numberAt = (index: number): number => Number(parts[index] ?? 0)
  const [year, month, day] = [numberAt(1), numberAt(2), numberAt(3)]
  const [hour, minute, second, fraction] = [numberAt(4), numberAt(5), numberAt(6), numberAt(7)]
  const [zoneHour, zoneMinute] = [numberAt(9), numberAt(10)]
  const isDay = month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month)
  const isTime = hour <= 23 && minute <= 59 && second <= 59 && zoneHour <= 23 && zoneMinute <= 59
  if (!isDay || !isTime) return undefined
  const zoneMinutes = (zoneHour * 60 + zoneMinute) * (parts[8] === '-' ? -1 : 1)
  const minutes = hour * 60 + minute - zoneMinutes
  return (
    daysSince1970(year, month, day) * DAY_MS + minutes * 60_000 + second * 1000 + Math.floor(fraction * 1000)
  )
}

function daysOf(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : (MONTH_DAYS[month - 1] as number)
}

function daysSince1970(year: number, month: number, day: number): number {
  const before = MONTH_DAYS.slice(0, month - 1).reduce((sum, days) => sum + days, 0)
  const leapDay = month > 2 && isLeap(year) ? 1 : 0
  return (year - 1970) * 365 + leapDaysBefore(year) - leapDaysBefore(1970) + before + leapDay + day - 1
}

/** Leap days of the years from 0 on that are over when `year` begins (the Gregorian calendar, also before it was). */
function leapDaysBefore(year: number): number {
  const last = year - 1
  return Math.floor(last / 4) - Math.floor(last / 100) + Math.floor(last / 400)
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}
