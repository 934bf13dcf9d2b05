/**
 * The targets for speed, as a table, and what a run says about each. Nothing is judged by hand: a target without a measured value is
 * "not measured".
 */

import { bestOf, type Figure, ratioBetween, valuesOf } from './figures.ts'
import { sides } from './side-list.ts'
import type { SideName } from './sides.ts'
import { ratioOf, type Spread, spreadOf } from './statistics.ts'

export interface Target {
  readonly title: string
  /** The figure that is judged. */
  readonly figure: string
  /** What it is divided by: a side, the best of the peers, or the same side in another figure. Nothing: it is taken as it is. */
  readonly over?: { readonly side: SideName | 'best peer' } | { readonly figure: string }
  readonly bound: number
  readonly is: 'at least' | 'at most'
  /** The side that has to meet it; zmqnet over tcp unless it says otherwise. */
  readonly side?: SideName
}

/** Titles of figures that are not in scenarios.ts. */
export const TITLES = {
  idleP50: 'request of 64 B beside nothing, p50',
  idleP99: 'request of 64 B beside nothing, p99',
  busyP50: 'request of 64 B beside a transfer of 1 GiB, p50',
  busyP99: 'request of 64 B beside a transfer of 1 GiB, p99',
  moved: 'the transfer itself',
  memory: 'memory for each idle peer',
  memoryAlone: 'memory of a process without peers',
  cpu: 'CPU of an idle mesh of 16, each node',
  nothing: '`node -e 0`, wall',
  send: '`zmqnet send`, wall',
} as const

export const targets: readonly Target[] = [
  {
    title: 'echo, 64 B, 100 in flight, over the best peer',
    figure: 'echo 64 B, 100 in flight',
    over: { side: 'best peer' },
    bound: 5,
    is: 'at least',
  },
  {
    title: 'echo, 64 B, 100 in flight, over raw zeromq.js',
    figure: 'echo 64 B, 100 in flight',
    over: { side: 'raw-awaited' },
    bound: 4,
    is: 'at least',
  },
  {
    title: 'echo, 64 B, 1000 in flight, over the best peer',
    figure: 'echo 64 B, 1000 in flight',
    over: { side: 'best peer' },
    bound: 6,
    is: 'at least',
  },
  {
    title: 'one-way, 64 B, received and decoded, over NATS',
    figure: 'one-way 64 B',
    over: { side: 'nats' },
    bound: 2,
    is: 'at least',
  },
  {
    title: 'one-way, 64 B, received and decoded, over raw zeromq.js',
    figure: 'one-way 64 B',
    over: { side: 'raw-awaited' },
    bound: 8,
    is: 'at least',
  },
  {
    title: 'echo, 1 in flight, p50, tcp, over raw zeromq.js',
    figure: 'echo 64 B, 1 in flight, p50',
    over: { side: 'raw-awaited' },
    bound: 1.1,
    is: 'at most',
  },
  {
    title: 'echo, 1 in flight, p50, same host, over the best tcp peer',
    figure: 'echo 64 B, 1 in flight, p50',
    over: { side: 'best peer' },
    bound: 0.6,
    is: 'at most',
    side: 'zmqnet-same-host',
  },
  {
    title: 'broadcast to 15, all acked, 100 in flight, over a fan-out by hand on raw zeromq.js',
    figure: 'broadcast 64 B to 15, 100 in flight',
    over: { side: 'raw-awaited' },
    bound: 3,
    is: 'at least',
  },
  {
    title: '1 MiB bodies, MB/s, over raw zeromq.js',
    figure: 'bodies of 1 MiB',
    over: { side: 'raw-awaited' },
    bound: 0.9,
    is: 'at least',
  },
  {
    title: 'heartbeat p99 under a 1 GiB transfer, over idle',
    figure: TITLES.busyP99,
    over: { figure: TITLES.idleP99 },
    bound: 2,
    is: 'at most',
  },
  { title: 'memory per idle peer, KiB', figure: TITLES.memory, bound: 100, is: 'at most' },
  {
    title: '`zmqnet send`, wall, over `node -e 0`',
    figure: TITLES.send,
    over: { figure: TITLES.nothing },
    bound: 3,
    is: 'at most',
  },
  {
    title: 'CPU of an idle 16-node mesh, per node, % of a core',
    figure: TITLES.cpu,
    bound: 0.2,
    is: 'at most',
  },
]

/** What a run says about a target. */
export interface Verdict {
  readonly target: Target
  readonly measured: Spread | undefined
  /** The same for zmqnet over the way of the same host, where the target is not about that anyway. */
  readonly sameHost: Spread | undefined
  /** Which peer was the best one. */
  readonly against: SideName | undefined
  readonly met: boolean | undefined
}

export const PEERS: readonly SideName[] = sides
  .filter(({ standing }) => standing === 'peer')
  .map(({ name }) => name)

export function judge(target: Target, figures: readonly Figure[]): Verdict {
  const { side = 'zmqnet-tcp' } = target
  const measured = spreadFor(target, figures, side)
  const sameHost = side === 'zmqnet-same-host' ? undefined : spreadFor(target, figures, 'zmqnet-same-host')
  const met = measured === undefined ? undefined : isWithin(measured.median, target)
  return { target, measured, sameHost, against: rivalOf(target, figures), met }
}

export function isWithin(value: number, { bound, is }: Pick<Target, 'bound' | 'is'>): boolean {
  return is === 'at least' ? value >= bound : value <= bound
}

function spreadFor(target: Target, figures: readonly Figure[], side: SideName): Spread | undefined {
  const figure = figureOf(figures, target.figure)
  const values = valuesOf(figure, side)
  if (figure === undefined || values === undefined) return undefined
  if (target.over === undefined) return spreadOf(values)
  if ('figure' in target.over) {
    return ratioOf(values, valuesOf(figureOf(figures, target.over.figure), side) ?? [])
  }
  const rival = rivalOf(target, figures)
  return rival === undefined ? undefined : ratioBetween(figure, side, rival)
}

function rivalOf({ figure, over }: Target, figures: readonly Figure[]): SideName | undefined {
  if (over === undefined || 'figure' in over) return undefined
  if (over.side !== 'best peer') return over.side
  const known = figureOf(figures, figure)
  return known === undefined ? undefined : bestOf(known, PEERS)
}

function figureOf(figures: readonly Figure[], title: string): Figure | undefined {
  return figures.find((figure) => figure.title === title)
}
