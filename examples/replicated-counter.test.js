/**
 * Tests an application in the simulator: node examples/replicated-counter.test.js
 *
 * Three nodes count together for twenty seconds of trouble; then the network is whole again, and all must show the same,
 * true number. Fifty seeds are fifty different days. COUNTER=hasty tests the counter with the bug, and fails: the message
 * names the seed and the line that replays it. Any test runner will do; this is the one of Node.js.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CALM, forEachSeed, planFaults, unleash } from 'zmqnet/sim'
import { Counter, HastyCounter } from './replicated-counter.js'

const NAMES = ['alpha', 'bravo', 'charlie']
const KINDS = ['partition', 'cut', 'pause', 'stall', 'weather', 'skew']
const INCREMENTS = 40
const TROUBLE_MS = 20_000

const Tested = process.env.COUNTER === 'hasty' ? HastyCounter : Counter

test('after trouble every counter shows every increment once', async () => {
  await forEachSeed({ count: 50 }, async ({ random, simulate }) => {
    const counters = new Map()
    const setup = (node, name) => counters.set(name, new Tested(node))
    const sim = await simulate({ nodes: NAMES, setup })

    // Trouble, and users in the middle of it. All of it is drawn from the seed.
    const time = { fromMs: sim.now, untilMs: sim.now + TROUBLE_MS }
    unleash(sim, planFaults(random, { names: NAMES, ...time, kinds: KINDS }), CALM)
    for (let count = 0; count < INCREMENTS; count += 1) {
      const name = NAMES[random.below(NAMES.length)]
      sim.after(random.below(TROUBLE_MS), () => counters.get(name).increment(), name)
    }
    await sim.run(TROUBLE_MS)

    // Peace: whatever happened, they have to agree within bounded time.
    sim.heal()
    await sim.run(20_000)
    assert.deepEqual(
      NAMES.map((name) => counters.get(name).value),
      NAMES.map(() => INCREMENTS),
    )
  })
})
