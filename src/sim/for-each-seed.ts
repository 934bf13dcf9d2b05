/**
 * Plays a user's own test with one seed after the other. A run that fails says which seed it was, the line that plays
 * exactly this run again, and how its trace ended; so that a fault that shows once in a thousand runs can be looked at
 * as often as needed.
 *
 * It knows no test runner: what the scenario throws is the failure, whatever threw it.
 */

import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Random } from '../base/random.ts'
import { refuse, type SimOptions, wholeFaults } from './options.ts'
import { randomFor } from './seeds.ts'
import { type Simulation, simulate } from './simulate.ts'

/** Which seeds are played, and how a failure is told. */
export interface SeedOptions {
  /** The first seed. Default 0. */
  readonly from?: number
  /** How many seeds. Default 100. Too few find little; 100 short runs of three nodes take some seconds. */
  readonly count?: number
  /** How many of the last lines of the trace a failure shows. Default 20. */
  readonly traceLines?: number
  /** The command that runs this test, for the line that replays it. Default: found from how this process was started. */
  readonly command?: string
  /**
   * Gets the text of a failure before it is thrown. For runners that show their own assertion and not what is thrown:
   * with ava, give `t.log`. Default: nothing, the error says it all.
   */
  readonly report?: (text: string) => void
}

/** What a scenario gets for one seed. */
export interface SeedRun {
  readonly seed: number
  /** Chance for the test itself, fixed by the seed. */
  readonly random: Random
  /** As `simulate`, with this seed. What is still open at the end of a scenario that passed is closed. */
  simulate(options: Omit<SimOptions, 'seed'>): Promise<Simulation>
}

/** What was played, when all seeds passed. */
export interface SeedSummary {
  readonly seeds: number
  readonly virtualMs: number
}

/**
 * Plays `scenario` for each seed, one after the other, and stops at the first that fails: rejects with an error that
 * names the seed, what went wrong (also its `cause`), the line that replays it, and the end of the trace.
 *
 * With ZMQNET_SEED in the environment only that seed is played. With ZMQNET_TRACE, the name of a file, the whole trace
 * of the last run is written there.
 */
export async function forEachSeed(
  options: SeedOptions,
  scenario: (run: SeedRun) => Promise<void>,
): Promise<SeedSummary> {
  const { from, count } = seedsOf(options)
  let virtualMs = 0
  for (let seed = from; seed < from + count; seed += 1) virtualMs += await playSeed(seed, options, scenario)
  return { seeds: count, virtualMs }
}

/** Gives the virtual milliseconds that it took. */
async function playSeed(
  seed: number,
  options: SeedOptions,
  scenario: (run: SeedRun) => Promise<void>,
): Promise<number> {
  const simulations: Simulation[] = []
  const run: SeedRun = {
    seed,
    random: randomFor(seed, 'test'),
    simulate: async (simOptions) => {
      const simulation = await simulate({ ...simOptions, seed })
      simulations.push(simulation)
      return simulation
    },
  }
  try {
    await scenario(run)
    for (const simulation of simulations) await simulation.close()
  } catch (error) {
    const text = describeFailure(seed, error, simulations.at(-1), options)
    options.report?.(text)
    throw new Error(text, { cause: error })
  } finally {
    writeTrace(simulations)
  }
  return simulations.reduce((sum, { now }) => sum + now, 0)
}

/** The seeds to play: those of the options, or the one of the environment. */
function seedsOf(options: SeedOptions): { readonly from: number; readonly count: number } {
  const { from = 0, count = 100, traceLines = 20 } = options
  const wanted = process.env.ZMQNET_SEED
  refuse('play the seeds', [
    ...wholeFaults('from', from),
    ...wholeFaults('count', count, 1),
    ...wholeFaults('traceLines', traceLines),
    ...(wanted === undefined || /^\d{1,10}$/.test(wanted)
      ? []
      : [`ZMQNET_SEED is a whole number, not "${wanted}"`]),
  ])
  return wanted === undefined ? { from, count } : { from: Number(wanted), count: 1 }
}

function describeFailure(
  seed: number,
  error: unknown,
  simulation: Simulation | undefined,
  { command = ownCommand(), traceLines = 20 }: SeedOptions,
): string {
  const what = error instanceof Error ? error.message : String(error)
  const lines = [`Seed ${seed} failed: ${what}`, `Replay it: ZMQNET_SEED=${seed} ${command}`]
  if (simulation !== undefined && traceLines > 0) {
    const end = simulation.trace.slice(-traceLines)
    lines.push(`The last ${end.length} lines of its trace (ZMQNET_TRACE=trace.txt writes all):`, ...end)
  }
  return lines.join('\n')
}

/** How this process was started: by a script of npm, as a program, or else by some runner. */
function ownCommand(): string {
  const { npm_lifecycle_event: script } = process.env
  if (script !== undefined && script !== 'npx') return script === 'test' ? 'npm test' : `npm run ${script}`
  const path = relative(process.cwd(), process.argv[1] ?? '')
  const isRunner = path === '' || path.startsWith('..') || path.includes('node_modules')
  return isRunner ? '(the same command)' : `node ${path}`
}

function writeTrace(simulations: readonly Simulation[]): void {
  const path = process.env.ZMQNET_TRACE
  if (path === undefined || path === '') return
  writeFileSync(path, simulations.flatMap(({ trace }) => trace.map((line) => `${line}\n`)).join(''))
}
