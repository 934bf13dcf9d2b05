/** The application of the examples: seeds find the planted bug in the one counter, and nothing in the other. */

import test from 'ava'
import type { Node } from '../../src/node/api.ts'
import { CALM } from '../../src/sim/conditions.ts'
import { planFaults, unleash } from '../../src/sim/faults.ts'
import { forEachSeed, type SeedRun } from '../../src/sim/for-each-seed.ts'

interface Counter {
  readonly value: number
  increment(): void
}
type CounterClass = new (node: Node) => Counter

const url = new URL('../../../examples/replicated-counter.js', import.meta.url).href
const counters = (await import(url)) as {
  readonly Counter: CounterClass
  readonly HastyCounter: CounterClass
}

const NAMES = ['alpha', 'bravo', 'charlie']
const INCREMENTS = 30
const TROUBLE_MS = 15_000

/** Whether all counters show the true number after trouble and peace. */
async function isRight(Tested: CounterClass, { random, simulate }: SeedRun): Promise<boolean> {
  const counters = new Map<string, Counter>()
  const setup = (node: Node, name: string) => void counters.set(name, new Tested(node))
  const sim = await simulate({ nodes: NAMES, setup })
  const kinds = ['partition', 'cut', 'pause', 'stall', 'weather'] as const
  const plan = planFaults(random, { names: NAMES, fromMs: sim.now, untilMs: sim.now + TROUBLE_MS, kinds })
  unleash(sim, plan, CALM)
  for (let count = 0; count < INCREMENTS; count += 1) {
    const name = NAMES[random.below(NAMES.length)] as string
    sim.after(random.below(TROUBLE_MS), () => counters.get(name)?.increment(), name)
  }
  await sim.run(TROUBLE_MS)
  sim.heal()
  await sim.run(15_000)
  return NAMES.every((name) => counters.get(name)?.value === INCREMENTS)
}

async function wrongSeeds(Tested: CounterClass, count: number): Promise<number[]> {
  const wrong: number[] = []
  await forEachSeed({ count }, async (run) => {
    if (!(await isRight(Tested, run))) wrong.push(run.seed)
  })
  return wrong
}

test('forty seeds find nothing wrong with the counter', async (t) => {
  t.deepEqual(await wrongSeeds(counters.Counter, 40), [])
})

test('ten seeds find the bug of the hasty counter, and each the same each time', async (t) => {
  const wrong = await wrongSeeds(counters.HastyCounter, 10)
  t.true(wrong.length > 0)
  t.deepEqual(await wrongSeeds(counters.HastyCounter, 10), wrong)
})
