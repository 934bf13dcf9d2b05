/**
 * Named ordeals for the production nodes, each fixed by a seed: random users and trouble for a minute, then peace, and
 * judgement. The tests run them for hundreds of seeds; replay.ts runs one seed again and shows what happened.
 */

import type { Random } from '../base/random.ts'
import { allEndWell, judge } from './checkers.ts'
import { CALM, type LinkFaults } from './conditions.ts'
import { drill } from './drills.ts'
import { type FaultKind, planFaults, unleash } from './faults.ts'
import { DEFAULT_QUEUE_BYTES } from './network.ts'
import type { SimOptions } from './options.ts'
import { randomFor } from './seeds.ts'
import { Simulation } from './simulate.ts'
import { Workload, type WorkloadOptions } from './workload.ts'

/** How an ordeal goes. Times are virtual milliseconds. */
export interface Scenario {
  readonly nodes: readonly string[]
  /** The network during the ordeal, or how it is drawn from the seed. */
  readonly network: LinkFaults | ((random: Random) => LinkFaults)
  /** Bytes that may be in flight in one direction of a connection. Default: as SimOptions. */
  readonly queueBytes?: number
  /** Which nodes share a machine. Default: as SimOptions. */
  readonly machines?: Readonly<Record<string, readonly string[]>>
  /** How long the users ask for things, and how long trouble lasts. */
  readonly fireMs: number
  /** What fails, as planned by faults.ts; nothing, if the list is empty. */
  readonly faultKinds: readonly FaultKind[]
  readonly workload: Omit<WorkloadOptions, 'seed'>
  /** How large bodies are cut. Default: LITTLE_PACE. */
  readonly pace?: SimOptions['pace']
  /** By when all nodes must see all others alive again after the fire, on a calm network. */
  readonly healMs: number
  /** Nodes prove who they are. Default: not so. */
  readonly secure?: boolean
  /** Nothing goes wrong, so that every operation must come to a good end. Default: not so. */
  readonly isPeaceful?: boolean
}

const THREE = ['alpha', 'bravo', 'charlie'] as const

/**
 * Everything is small, so that a body of some 10 KiB travels in many chunks, and the network has its way with it. Some of
 * those that could be cut go whole, whatever else is on the way.
 */
const LITTLE_PACE = {
  fromBytes: 12_000,
  chunkBytes: 1500,
  windowBytes: 12_000,
  freeBytes: 6000,
  againMs: 60,
  stalledMs: 3000,
  wholeBytes: 24_000,
  quickBodies: 0,
  quickMs: 200,
}

/** Trouble with clocks that go right. */
const TROUBLES = ['partition', 'cut', 'crash', 'stop', 'pause', 'stall', 'weather'] as const

/**
 * What a storm is drawn from, inclusive: the ranges that TigerBeetle's simulator (VOPR) draws its network from. The mean
 * delay is in milliseconds, the others are shares of the messages. What overtakes others is ours: there, all may.
 */
export const STORM_RANGES = {
  meanDelayMs: [30, 100],
  loss: [0, 0.3],
  duplicate: [0, 0.5],
  reorder: [0, 0.5],
} as const

/** Draws the network of a storm: delays are even from somewhere below the mean to as far above it. */
export function drawStorm(random: Random): LinkFaults {
  const { meanDelayMs, loss, duplicate, reorder } = STORM_RANGES
  const meanMs = meanDelayMs[0] + random.below(meanDelayMs[1] - meanDelayMs[0] + 1)
  const shortestMs = random.below(meanMs + 1)
  const share = ([least, most]: readonly [number, number]): number =>
    least + ((most - least) * random.below(101)) / 100
  return {
    delayMs: [shortestMs, 2 * meanMs - shortestMs],
    loss: share(loss),
    duplicate: share(duplicate),
    reorder: share(reorder),
  }
}

/** All scenarios by name. */
export const SCENARIOS = {
  /** Three nodes under 20 % loss and duplication. */
  lossy: {
    nodes: THREE,
    network: { ...CALM, loss: 0.2, duplicate: 0.2 },
    fireMs: 60_000,
    faultKinds: [],
    workload: {},
    healMs: 10_000,
  },
  /** The same, and messages overtake each other. */
  shuffled: {
    nodes: THREE,
    network: { delayMs: [1, 40], loss: 0.1, duplicate: 0.2, reorder: 0.3 },
    fireMs: 60_000,
    faultKinds: [],
    workload: {},
    healMs: 10_000,
  },
  /** Partitions, one-way cuts, crashes, restarts, pauses, stalls, and weather. */
  trouble: {
    nodes: THREE,
    network: { ...CALM, loss: 0.02, duplicate: 0.02, reorder: 0.02 },
    fireMs: 60_000,
    faultKinds: TROUBLES,
    workload: {},
    healMs: 15_000,
  },
  /** Trouble on narrow links: large bodies, and little room for them on the way. */
  narrow: {
    nodes: THREE,
    network: CALM,
    queueBytes: 100_000,
    fireMs: 20_000,
    faultKinds: TROUBLES,
    workload: { everyMs: 600, larges: 0.5, maxBodyBytes: 300_000, burst: 10, maxAnswerBytes: 300_000 },
    pace: { ...LITTLE_PACE, fromBytes: 100_000, chunkBytes: 20_000, windowBytes: 80_000, freeBytes: 40_000 },
    healMs: 15_000,
  },
  /** Bursts of requests with large answers on narrow links, and no trouble: every one of them must be answered. */
  crowded: {
    nodes: THREE,
    network: CALM,
    queueBytes: 1_000_000,
    fireMs: 6000,
    faultKinds: [],
    workload: {
      everyMs: 1500,
      timeoutMs: 5000,
      maxTakeMs: 50,
      aborts: 0,
      chains: 0,
      burst: 60,
      maxAnswerBytes: 600_000,
    },
    pace: { ...LITTLE_PACE, fromBytes: 400_000, chunkBytes: 40_000, windowBytes: 160_000, freeBytes: 80_000 },
    healMs: 15_000,
    isPeaceful: true,
  },
  /** As `trouble`, with five nodes and more of it at once. */
  havoc: {
    nodes: [...THREE, 'delta', 'echo'],
    network: { ...CALM, loss: 0.02, duplicate: 0.02, reorder: 0.02 },
    fireMs: 30_000,
    faultKinds: TROUBLES,
    workload: { everyMs: 400 },
    healMs: 15_000,
  },
  /** As `trouble`, with links that move to shortcuts and back: two nodes on one machine, two on another, one alone. */
  neighbours: {
    nodes: [...THREE, 'delta', 'echo'],
    network: { ...CALM, loss: 0.05, duplicate: 0.05, reorder: 0.02 },
    machines: { left: ['alpha', 'bravo'], right: ['charlie', 'delta'] },
    fireMs: 30_000,
    faultKinds: TROUBLES,
    workload: {},
    healMs: 15_000,
  },
  /** As `neighbours`, in secure mode: each connection is proven, over tcp and over shortcuts, while messages are lost. */
  guarded: {
    nodes: [...THREE, 'delta'],
    network: { ...CALM, loss: 0.05, duplicate: 0.05, reorder: 0.05 },
    machines: { left: ['alpha', 'bravo'] },
    secure: true,
    fireMs: 30_000,
    faultKinds: [...TROUBLES, 'skew'],
    workload: {},
    healMs: 15_000,
  },
  /** Slow, lossy, repeating networks in the ranges of VOPR, all troubles of `trouble`, and clocks that go wrong. */
  storm: {
    nodes: THREE,
    network: drawStorm,
    fireMs: 40_000,
    faultKinds: [...TROUBLES, 'skew'],
    workload: { everyMs: 300, timeoutMs: 800 },
    healMs: 15_000,
  },
} satisfies { readonly [name: string]: Scenario }

export type ScenarioName = keyof typeof SCENARIOS

/** What came of a scenario. */
export interface Verdict {
  readonly scenario: ScenarioName
  readonly seed: number
  /** Everything that was wrong; empty when the nodes passed. */
  readonly faults: readonly string[]
  readonly simulation: Simulation
  /** How many operations were asked for. */
  readonly operations: number
  /** How many of them were requests, and how often a handler ran for any of them. */
  readonly requests: number
  readonly executions: number
}

/** Runs a scenario with a seed. Never rejects: what is thrown is a fault. */
export async function runScenario(
  name: ScenarioName,
  seed: number,
  parts: Pick<SimOptions, 'startNode'> = {},
): Promise<Verdict> {
  const scenario: Scenario = SCENARIOS[name]
  const { nodes, workload: options, queueBytes = DEFAULT_QUEUE_BYTES, machines = {} } = scenario
  const { pace = LITTLE_PACE, secure = false } = scenario
  const network =
    typeof scenario.network === 'function'
      ? scenario.network(randomFor(seed, 'conditions'))
      : scenario.network
  const workload = new Workload({ seed, ...options })
  const { setup } = workload
  const simulation = new Simulation({
    ...parts,
    seed,
    nodes,
    network,
    queueBytes,
    machines,
    pace,
    secure,
    setup,
  })
  const faults: string[] = []
  try {
    await simulation.start()
    await play({ ...scenario, network }, simulation, workload)
    // Drills ask for more than the promises, so that they are for nodes that kept all of them.
    const drilled = judge(workload.history(simulation)).length === 0 ? await drill(simulation) : []
    await simulation.close()
    const history = workload.history(simulation)
    faults.push(...judge(history), ...(scenario.isPeaceful ? allEndWell(history) : []), ...drilled)
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error))
  }
  faults.push(...simulation.errors.map((line) => `a node logged an error at ${line}`))
  if (secure) faults.push(...falseAlarms(simulation.trace))
  const { entries } = workload.history(simulation)
  const asked = entries.filter((entry) => entry.kind === 'asked')
  const requests = asked.filter(({ operation }) => operation === 'request').length
  const executions = entries.filter(({ kind }) => kind === 'handled').length
  return { scenario: name, seed, faults, simulation, operations: asked.length, requests, executions }
}

/** Nobody lies in a scenario, so that nobody may be taken for a liar. */
function falseAlarms(trace: readonly string[]): string[] {
  const alarms = trace.filter((line) => line.includes(' event security:refused '))
  return alarms.map((line) => `an honest node was refused at ${line}`)
}

/** The command that runs it again. */
export function replayCommand(scenario: ScenarioName, seed: number): string {
  return `node dist/src/sim/replay.js --scenario ${scenario} --seed ${seed}`
}

/** What a test says of a scenario that failed. */
export function describeVerdict(verdict: Verdict): string {
  const { scenario, seed, faults } = verdict
  const lines = faults.slice(0, 10).map((fault) => `  - ${fault}`)
  if (faults.length > lines.length) lines.push(`  ... and ${faults.length - lines.length} more`)
  const command = replayCommand(scenario, seed)
  return [`Scenario "${scenario}" failed with seed ${seed}:`, ...lines, `Replay it: ${command} --trace`].join(
    '\n',
  )
}

/** First the fire, then peace: by its end everything must have settled and everybody be seen. */
async function play(
  scenario: Scenario & { readonly network: LinkFaults },
  simulation: Simulation,
  workload: Workload,
): Promise<void> {
  const { nodes, network, fireMs, faultKinds, healMs } = scenario
  workload.start(simulation, fireMs)
  const untilMs = simulation.now + fireMs
  if (faultKinds.length > 0) {
    const plan = planFaults(randomFor(simulation.seed, 'faults'), {
      names: nodes,
      fromMs: simulation.now,
      untilMs,
      kinds: faultKinds,
    })
    unleash(simulation, plan, network)
  }
  await simulation.run(fireMs)
  simulation.setFaults(CALM)
  simulation.heal()
  await simulation.run(healMs)
  workload.look(simulation)
}
