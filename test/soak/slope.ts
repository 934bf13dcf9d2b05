/**
 * The verdict of the soak: whether a size that is read again and again grows. The slope of the line with the least squares
 * through all readings after the warm-up, and whether it says more than its own noise.
 */

import { slopeOf } from '../../bench/statistics.ts'

/** One reading. */
export interface Reading {
  readonly atMs: number
  readonly value: number
}

/** What the readings of one size show. */
export interface Verdict {
  readonly perHour: number
  /** How far the line rises from the first to the last reading. */
  readonly rise: number
  readonly isFlat: boolean
}

const HOUR_MS = 3_600_000

/**
 * `allowedRise`: what the line may rise over all readings, because what is read is never quite still. A leak rises without end,
 * so it is found by a longer run.
 */
export function judge(readings: readonly Reading[], allowedRise: number): Verdict {
  const perMs = slopeOf(readings.map(({ atMs, value }) => [atMs, value]))
  const spanMs = (readings.at(-1)?.atMs ?? 0) - (readings[0]?.atMs ?? 0)
  const rise = perMs * spanMs
  // Two standard errors: what noise alone would show in one run of forty.
  const isFlat = Number.isFinite(rise) && rise - 2 * errorOf(readings, perMs) * spanMs <= allowedRise
  return { perHour: perMs * HOUR_MS, rise, isFlat }
}

/** The standard error of the slope: how far the readings lie from their line, over how far they lie apart in time. */
function errorOf(readings: readonly Reading[], perMs: number): number {
  const count = readings.length
  if (count < 3) return 0
  const meanMs = readings.reduce((sum, { atMs }) => sum + atMs, 0) / count
  const mean = readings.reduce((sum, { value }) => sum + value, 0) / count
  const squares = readings.reduce(
    (sum, { atMs, value }) => sum + (value - mean - perMs * (atMs - meanMs)) ** 2,
    0,
  )
  const spread = readings.reduce((sum, { atMs }) => sum + (atMs - meanMs) ** 2, 0)
  return Math.sqrt(squares / (count - 2) / spread)
}
