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
  return { perHour: perMs * HOUR_MS, rise, isFlat: Number.isFinite(rise) && rise <= allowedRise }
}
