/**
 * Trouble from a seed: a plan of partitions, cuts, crashes, pauses, stalls, wrong clocks and bad weather, each with its end. The
 * plan is data, so that it can be read, tested and replayed; `unleash` lets it loose on a simulation. When its time is
 * over, everything is whole again, and the mesh has to recover by itself.
 */

import type { Random } from '../base/random.ts'
import type { ClockSkew } from './clock.ts'
import type { LinkFaults } from './conditions.ts'
import type { Simulation } from './simulate.ts'

/** One piece of trouble. */
export type Fault = FaultTime &
  (
    | { readonly kind: 'partition'; readonly some: readonly string[]; readonly others: readonly string[] }
    | { readonly kind: 'cut'; readonly from: string; readonly to: string }
    | { readonly kind: 'crash'; readonly name: string }
    | { readonly kind: 'stop'; readonly name: string }
    | { readonly kind: 'pause'; readonly name: string }
    | { readonly kind: 'stall'; readonly name: string }
    | { readonly kind: 'weather'; readonly faults: LinkFaults }
    | { readonly kind: 'skew'; readonly name: string; readonly skew: ClockSkew }
  )

export type FaultKind = Fault['kind']

interface FaultTime {
  /** When it strikes, in virtual milliseconds. */
  readonly atMs: number
  /** How long it lasts, in milliseconds: until the mend, the restart, the resume. A stop takes its drain on top. */
  readonly forMs: number
}

/** Everything that can go wrong, by how long it lasts, in milliseconds. */
export const FAULT_RANGES: { readonly [kind in FaultKind]: readonly [number, number] } = {
  partition: [50, 8000],
  cut: [50, 8000],
  crash: [1, 5000],
  stop: [1, 3000],
  pause: [20, 5000],
  stall: [20, 4000],
  weather: [200, 5000],
  skew: [200, 15_000],
}

/**
 * How wrong clocks go: 5 % of the pace is a hundred times what a bad quartz does, and the wall clock is set to anything
 * within two hours, as by hand, by a wrong time zone or by a time server after a long while.
 */
export const SKEW_RANGES = {
  rate: [0.95, 1.05],
  wallAheadMs: [-7_200_000, 7_200_000],
  monotonicJumpMs: [0, 2000],
} as const

/** What a plan is made from. */
export interface FaultPlanOptions {
  readonly names: readonly string[]
  /** The first fault strikes after this moment, in virtual milliseconds. */
  readonly fromMs: number
  /** Every fault has ended by this moment; a node that was stopped in the last second may come a little later. */
  readonly untilMs: number
  /** The mean pause between two strikes, in milliseconds. Default 2000: several faults are at work at once. */
  readonly everyMs?: number
  /** What may happen. Default: everything. */
  readonly kinds?: readonly FaultKind[]
}

/** Plans trouble. Equal generators give equal plans; the faults are in order of time. */
export function planFaults(random: Random, options: FaultPlanOptions): Fault[] {
  const { fromMs, untilMs, everyMs = 2000 } = options
  const kinds = options.kinds ?? (Object.keys(FAULT_RANGES) as FaultKind[])
  const faults: Fault[] = []
  let atMs = fromMs
  for (;;) {
    atMs += 1 + random.below(2 * everyMs)
    const kind = pick(random, kinds)
    const [shortest, longest] = FAULT_RANGES[kind]
    const forMs = Math.min(shortest + random.below(longest - shortest + 1), untilMs - atMs)
    if (forMs <= 0) return faults
    faults.push(faultOf(random, kind, { atMs, forMs }, options.names))
  }
}

/** Schedules the faults of a plan. Those that meet a node that is down already pass by. */
export function unleash(simulation: Simulation, faults: readonly Fault[], calm: LinkFaults): void {
  for (const fault of faults)
    simulation.after(fault.atMs - simulation.now, () => strike(simulation, fault, calm))
}

function faultOf(random: Random, kind: FaultKind, time: FaultTime, names: readonly string[]): Fault {
  switch (kind) {
    case 'partition': {
      const alone = random.below(names.length)
      const some = names.filter((_, index) => index === alone || random.below(3) === 0)
      const others = names.filter((name) => !some.includes(name))
      return { ...time, kind, some, others }
    }
    case 'cut': {
      const from = pick(random, names)
      const to = pick(
        random,
        names.filter((name) => name !== from),
      )
      return { ...time, kind, from, to }
    }
    case 'weather': {
      const share = (): number => random.below(40) / 100
      const delayMs = [1, 1 + random.below(300)] as const
      return { ...time, kind, faults: { delayMs, loss: share(), duplicate: share(), reorder: share() } }
    }
    case 'skew':
      return { ...time, kind, name: pick(random, names), skew: skewOf(random) }
    default:
      return { ...time, kind, name: pick(random, names) }
  }
}

/** A pace and a time of day; in one of four cases the monotonic clock jumps, too. */
function skewOf(random: Random): ClockSkew {
  const { rate, wallAheadMs, monotonicJumpMs } = SKEW_RANGES
  return {
    rate: rate[0] + ((rate[1] - rate[0]) * random.below(1001)) / 1000,
    wallAheadMs: wallAheadMs[0] + random.below(wallAheadMs[1] - wallAheadMs[0] + 1),
    ...(random.below(4) === 0 ? { monotonicJumpMs: random.below(monotonicJumpMs[1] + 1) } : {}),
  }
}

function strike(simulation: Simulation, fault: Fault, calm: LinkFaults): void {
  const later = (task: () => void): void => simulation.after(fault.forMs, task)
  switch (fault.kind) {
    case 'partition': {
      const { some, others } = fault
      simulation.partition(some, others)
      later(() => simulation.unite(some, others))
      return
    }
    case 'cut':
      simulation.cut(fault.from, fault.to)
      later(() => simulation.mend(fault.from, fault.to))
      return
    case 'weather':
      simulation.setFaults(fault.faults)
      later(() => simulation.setFaults(calm))
      return
    case 'skew':
      simulation.skew(fault.name, fault.skew)
      later(() => simulation.skew(fault.name, { rate: 1, wallAheadMs: 0 }))
      return
    case 'stall':
      if (simulation.isUp(fault.name)) simulation.stall(fault.name, fault.forMs)
      return
    case 'pause':
      if (!simulation.isUp(fault.name)) return
      simulation.pause(fault.name)
      later(() => simulation.resume(fault.name))
      return
    case 'stop':
      if (!simulation.isUp(fault.name)) return
      void simulation.stop(fault.name).then(() => later(() => simulation.launch(fault.name)))
      return
    case 'crash':
      if (!simulation.isUp(fault.name)) return
      simulation.crash(fault.name)
      later(() => simulation.launch(fault.name))
  }
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)] as T
}
