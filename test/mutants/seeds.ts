/**
 * Runs the scenarios of the simulator for the seeds from 0 on, the shortest scenario first, until one fails. A process of
 * its own, because it is run with the code of a mutant in place: `node dist/test/mutants/seeds.js SEEDS`.
 *
 * Each line that it writes is JSON: what is about to run, so that a run that never ends can be told, and what was found.
 */

import { runScenario, SCENARIOS, type ScenarioName } from '../../src/sim/scenarios.ts'

/** A line of the output. `fault` is missing while the run goes on. */
export interface SeedLine {
  readonly scenario: ScenarioName
  readonly seed: number
  readonly fault?: string
}

const names = (Object.keys(SCENARIOS) as ScenarioName[]).toSorted(
  (left, right) => SCENARIOS[left].fireMs - SCENARIOS[right].fireMs,
)

/** The first run that fails. */
async function firstFault(seeds: number): Promise<SeedLine | undefined> {
  for (let seed = 0; seed < seeds; seed += 1) {
    for (const scenario of names) {
      say({ scenario, seed })
      const { faults } = await runScenario(scenario, seed)
      const [fault] = faults
      if (fault !== undefined) return { scenario, seed, fault }
    }
  }
  return undefined
}

function say(line: SeedLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

const found = await firstFault(Number(process.argv[2]))
if (found !== undefined) say(found)
process.exit(found === undefined ? 0 : 1)
