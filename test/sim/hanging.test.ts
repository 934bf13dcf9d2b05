/**
 * Loops that stand still and cuts in one direction, in the simulator: busy is told from hung and from dead, and who sees whom is
 * told as it is.
 */

import test from 'ava'
import { type Simulation, simulate } from '../../src/sim/index.ts'

const NODES = ['alpha', 'bravo', 'charlie']

async function mesh(seed = 11): Promise<Simulation> {
  let runs = 0
  const sim = await simulate({
    seed,
    nodes: NODES,
    setup: (node) => {
      node.handle('count', () => {
        runs += 1
        return runs
      })
    },
  })
  await sim.runUntil(() => NODES.every((name) => isWhole(sim, name)), 5000)
  return sim
}

function isWhole(sim: Simulation, name: string): boolean {
  return sim
    .node(name)
    .peers()
    .every(({ state, link }) => state === 'alive' && link === 'open')
}

function view(sim: Simulation, observer: string, peer: string) {
  return sim
    .node(observer)
    .peers()
    .find(({ name }) => name === peer)
}

function count(sim: Simulation, pattern: RegExp): number {
  return sim.trace.filter((line) => pattern.test(line)).length
}

test('L14: a loop that stands still hangs after 20 ticks, is never dead, and is well at once when it goes on', async (t) => {
  await using sim = await mesh()
  sim.stall('bravo', 60_000)
  await sim.run(9000)
  t.like(view(sim, 'alpha', 'bravo'), { state: 'alive', busy: true, hung: false })
  await sim.run(3000)
  t.like(view(sim, 'alpha', 'bravo'), { state: 'alive', busy: true, hung: true })
  await sim.run(48_500)
  t.like(view(sim, 'alpha', 'bravo'), { state: 'alive', busy: false, hung: false })
  t.is(count(sim, /event peer:hung/), 2)
  t.is(count(sim, /event peer:dead/), 0)
})

test('R15: short attempts on a stalled peer leave its link alone, and are answered by one run', async (t) => {
  await using sim = await mesh()
  sim.stall('bravo', 5000)
  const options = { timeout: 200, retries: 100, deadline: 10_000 }
  t.is(await sim.settle(sim.node('alpha').request('bravo', 'count', undefined, options)), 1)
  t.is(count(sim, /event link:(reset|down)/), 0)
})

test('L20: a cut in one direction is known at both ends within 3.2 ticks, told once, and kills nobody else', async (t) => {
  for (let seed = 0; seed < 10; seed += 1) {
    await using sim = await mesh(seed)
    sim.cut('alpha', 'bravo')
    const isLost = (observer: string, peer: string) => view(sim, observer, peer)?.state === 'dead'
    await sim.runUntil(() => isLost('alpha', 'bravo') && isLost('bravo', 'alpha'), 1600)
    await sim.run(10_000)
    for (const name of ['alpha', 'bravo']) {
      t.is(view(sim, name, 'charlie')?.state, 'alive')
      t.is(view(sim, 'charlie', name)?.state, 'alive')
    }
    sim.mend('alpha', 'bravo')
    await sim.runUntil(() => isWhole(sim, 'alpha') && isWhole(sim, 'bravo'), 10_000)
    t.is(count(sim, /event peer:dead/), 2, `seed ${seed}`)
  }
})
