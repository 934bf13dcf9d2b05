/**
 * Runs the scenarios of the simulator for the seeds from 0 on, the cheapest scenario first, until one fails. A process of its
 * own, because it is run with the code of a mutant in place: `node dist/test/mutants/seeds.js SEEDS [SCENARIO SEED]`. The run
 * that is named is tried before all others.
 *
 * Each line that it writes is JSON: what is about to run, so that a run that never ends can be told, and what was found.
 */

import { runScenario, SCENARIOS, type ScenarioName } from '../../src/sim/scenarios.ts'

/** One run of a scenario. */
interface Run {
  readonly scenario: ScenarioName
  readonly seed: number
}

/** A line of the output. `fault` is missing while the run goes on. */
export interface SeedLine extends Run {
  readonly fault?: string
}

/** From the cheapest: what a run takes on a quiet machine, 60 to 240 ms; one that is not named comes before the costly ones. */
const CHEAP: readonly ScenarioName[] = ['storm', 'havoc', 'trouble', 'shuffled', 'neighbours', 'lossy']
/** These take most of a second, for their large bodies, and are played with the first seed only. */
const COSTLY: readonly ScenarioName[] = ['narrow', 'crowded']

const others = (Object.keys(SCENARIOS) as ScenarioName[]).filter(
  (name) => !CHEAP.includes(name) && !COSTLY.includes(name),
)

/** The first run that fails. */
async function firstFault(seeds: number, first: Run | undefined): Promise<SeedLine | undefined> {
  const runs: Run[] = first === undefined ? [] : [first]
  for (let seed = 0; seed < seeds; seed += 1) {
    for (const scenario of [...CHEAP, ...others, ...(seed === 0 ? COSTLY : [])]) {
      if (scenario !== first?.scenario || seed !== first.seed) runs.push({ scenario, seed })
    }
  }
  for (const { scenario, seed } of runs) {
    say({ scenario, seed })
    const { faults } = await runScenario(scenario, seed)
    const [fault] = faults
    if (fault !== undefined) return { scenario, seed, fault }
  }
  return undefined
}

function say(line: SeedLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

const [, , seeds, scenario = '', seed] = process.argv
const first = Object.hasOwn(SCENARIOS, scenario)
  ? { scenario: scenario as ScenarioName, seed: Number(seed) }
  : undefined
const found = await firstFault(Number(seeds), first)
if (found !== undefined) say(found)
process.exit(found === undefined ? 0 : 1)
