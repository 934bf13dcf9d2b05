/**
 * The arithmetic of the benchmark: medians, percentiles, ratios of rounds, and the slope of a line. Nothing here measures.
 */

/** The middle one, or the mean of the two in the middle. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  const half = sorted.length >> 1
  const upper = sorted[half] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? Number.NaN)) / 2
}

/** The smallest value that at least this share of all values does not exceed (nearest rank). NaN of nothing. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** A median, and between which values it lies. */
export interface Spread {
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), lowest: Math.min(...values), highest: Math.max(...values) }
}

/**
 * The ratios of the rounds. The ratio of two runs of one round says more than the ratio of two medians, because both met
 * the same noise. Undefined when there is no round that both sides ended.
 */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): Spread | undefined {
  const rounds = Math.min(ours.length, theirs.length)
  if (rounds === 0) return undefined
  return spreadOf(ours.slice(0, rounds).map((value, round) => value / (theirs[round] ?? Number.NaN)))
}

/** The slope of the straight line through these points with the least squares: y per x. NaN of fewer than two x. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length
  const rise = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return rise / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}
