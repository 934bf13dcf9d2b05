/**
 * Runs a scenario for a range of seeds, one test for each ten. A failure names the seed and the command that shows it
 * again.
 */

import test from 'ava'
import { describeVerdict, runScenario, type ScenarioName } from '../../src/sim/scenarios.ts'

const SEEDS_PER_TEST = 10
/** A scenario asks for hundreds of operations; with fewer than this it would prove nothing. */
const MIN_OPERATIONS = 100

/** Declares the tests for the seeds from `first` up to, but not including, `end`. */
export function testSeeds(scenario: ScenarioName, first: number, end: number): void {
  for (let from = first; from < end; from += SEEDS_PER_TEST) {
    const to = Math.min(end, from + SEEDS_PER_TEST)
    test.serial(`the nodes pass "${scenario}" with the seeds ${from} to ${to - 1}`, async (t) => {
      for (let seed = from; seed < to; seed += 1) {
        const verdict = await runScenario(scenario, seed)
        t.deepEqual(verdict.faults, [], describeVerdict(verdict))
        t.true(
          verdict.operations > MIN_OPERATIONS,
          `seed ${seed} asked for ${verdict.operations} operations only`,
        )
      }
    })
  }
}
