/**
 * What was measured: for each figure and side the value of each round, or why there is none. Pure bookkeeping; the ratios are
 * computed from it by whoever shows them.
 */

import type { SideName } from './sides.ts'
import { median, ratioOf, type Spread } from './statistics.ts'

export type Unit = '/s' | 'MB/s' | 'ms' | 'KiB' | 'MiB' | '%'

/** What one side did. Values stand in the order of the rounds, without a gap: a side that failed once is not asked again. */
export interface SideValues {
  values: number[]
  /** Why the side has no values, or no more of them. */
  fault?: string
}

export interface Figure {
  readonly title: string
  readonly unit: Unit
  readonly sides: Partial<Record<SideName, SideValues>>
}

/** Whether less is better. */
export function isCost(unit: Unit): boolean {
  return unit !== '/s' && unit !== 'MB/s'
}

export class Figures {
  readonly #figures = new Map<string, Figure>()

  get all(): readonly Figure[] {
    return [...this.#figures.values()]
  }

  /** Makes a line for a figure, so that the lines stand in the order of the plan. */
  open(title: string, unit: Unit): void {
    if (!this.#figures.has(title)) this.#figures.set(title, { title, unit, sides: {} })
  }

  add(title: string, unit: Unit, side: SideName, value: number): void {
    this.#side(title, unit, side).values.push(value)
  }

  /** The first fault counts: it has caused the others. */
  fail(title: string, unit: Unit, side: SideName, fault: string): void {
    this.#side(title, unit, side).fault ??= fault
  }

  hasFailed(title: string, side: SideName): boolean {
    return this.#figures.get(title)?.sides[side]?.fault !== undefined
  }

  #side(title: string, unit: Unit, side: SideName): SideValues {
    this.open(title, unit)
    const { sides } = this.#figures.get(title) as Figure
    const known = sides[side] ?? { values: [] }
    sides[side] = known
    return known
  }
}

/** The values of a side that ended all its rounds; undefined when it did not take part, or failed. */
export function valuesOf(figure: Figure | undefined, side: SideName): readonly number[] | undefined {
  const known = figure?.sides[side]
  if (known === undefined || known.fault !== undefined || known.values.length === 0) return undefined
  return known.values
}

/** Of these sides, the one with the best median. */
export function bestOf(figure: Figure, among: readonly SideName[]): SideName | undefined {
  let best: SideName | undefined
  let bestMedian = Number.NaN
  for (const side of among) {
    const values = valuesOf(figure, side)
    if (values === undefined) continue
    const middle = median(values)
    if (best !== undefined && (isCost(figure.unit) ? middle >= bestMedian : middle <= bestMedian)) continue
    best = side
    bestMedian = middle
  }
  return best
}

/** One side over another, round by round. */
export function ratioBetween(figure: Figure, ours: SideName, theirs: SideName): Spread | undefined {
  return ratioOf(valuesOf(figure, ours) ?? [], valuesOf(figure, theirs) ?? [])
}
