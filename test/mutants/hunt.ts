/**
 * The hunt for one mutant: first the seeds of the simulator, then the tests of the room that it sits in; the first that
 * notices it ends the hunt. So what only a test finds is known to escape the seeds. What noticed it last time is tried before
 * all else; a hunt that remembers nothing is longer and comes to the same end.
 */

import { join } from 'node:path'
import { runChild } from './child.ts'
import type { Trail } from './memory.ts'
import type { SeedLine } from './seeds.ts'

/** How a hunt is made. */
export interface HuntOrder {
  /** The top of the checkout: where ava is found. */
  readonly root: string
  /** The cage that holds the mutant. */
  readonly folder: string
  /** How many seeds each scenario is run with. */
  readonly seeds: number
  /** Who noticed it last time; undefined when nobody remembers. */
  readonly trail: Trail | undefined
  /** Files of tests, below test/, in stages: the next is only run when the one before found nothing. */
  readonly tests: readonly (readonly string[])[]
  readonly signal: AbortSignal
}

/** Who noticed that something is wrong, and by what. */
export type Catch =
  | {
      readonly by: 'seed'
      readonly what: string
      /** Where it was found again; undefined when nothing ran. */
      readonly trail: Trail | undefined
      readonly replay: string
      readonly fault: string
    }
  | { readonly by: 'test'; readonly what: string }

/** What became of a hunt. */
export type Quarry =
  | { readonly kind: 'caught'; readonly catch: Catch }
  | { readonly kind: 'survived' | 'unfinished' }

/** The longest that one run of a scenario, or one test, may take: hundreds of times what it takes on a quiet machine. */
const QUIET_MS = 30_000

/** Hunts whatever sits in the cage. */
export async function hunt(order: HuntOrder): Promise<Quarry> {
  const stages = order.tests.map((files) => () => searchTests(order, files))
  const seeds = (): Promise<Catch | undefined> => searchSeeds(order)
  const searches = order.trail?.by === 'test' ? [...stages, seeds] : [seeds, ...stages]
  for (const search of searches) {
    const found = await search()
    if (found !== undefined) return { kind: 'caught', catch: found }
    if (order.signal.aborted) return { kind: 'unfinished' }
  }
  return { kind: 'survived' }
}

async function searchSeeds({ folder, seeds, signal, trail }: HuntOrder): Promise<Catch | undefined> {
  if (seeds === 0) return undefined
  let last: SeedLine | undefined
  const first = trail?.by === 'seed' ? [trail.scenario, String(trail.seed)] : []
  const end = await runChild({
    args: ['--max-old-space-size=1024', join('dist', 'test', 'mutants', 'seeds.js'), String(seeds), ...first],
    cwd: folder,
    quietMs: QUIET_MS,
    signal,
    onLine: (line) => {
      last = JSON.parse(line)
      return false
    },
  })
  if (end === 0 || end === 'aborted') return undefined
  if (last === undefined)
    return { by: 'seed', what: 'the start', trail: undefined, replay: '', fault: 'nothing ran' }
  const {
    scenario,
    seed,
    fault = end === 'stuck' ? 'it does not end' : `the process ended with ${end}`,
  } = last
  const replay = `node dist/src/sim/replay.js --scenario ${scenario} --seed ${seed} --trace`
  return {
    by: 'seed',
    what: `seed ${seed} of ${scenario}`,
    trail: { by: 'seed', scenario, seed },
    replay,
    fault,
  }
}

async function searchTests(
  { root, folder, signal }: HuntOrder,
  files: readonly string[],
): Promise<Catch | undefined> {
  let title: string | undefined
  let last = ''
  const end = await runChild({
    args: [
      join(root, 'node_modules', 'ava', 'entrypoints', 'cli.mjs'),
      ...['--tap', '--fail-fast', '--concurrency', '2', '--timeout', `${QUIET_MS / 1000}s`],
      ...files.map((path) => `dist/test/${path.replace(/\.ts$/, '.js')}`),
    ],
    cwd: folder,
    quietMs: 2 * QUIET_MS,
    signal,
    onLine: (line) => {
      const found = /^not ok \d+ - (.*)$/.exec(line)
      if (found !== null) title ??= found[1]
      if (/^ok /.test(line)) last = line
      return title !== undefined
    },
  })
  if (end === 0 || end === 'aborted') return undefined
  return { by: 'test', what: title ?? `the tests ended with ${end}, after "${last}"` }
}
