/** What is left of a simulation when its test is done with it: nothing, or a few thousand of them would fill the memory. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import test from 'ava'
import { simulate } from '../../src/sim/index.ts'

/** More collections would not help: what is still there then is held by somebody. */
const COLLECTIONS = 20

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bravo crashes while one of its handlers waits for charlie, who never answers. */
async function crashedAmidst(): Promise<WeakRef<object>> {
  const sim = await simulate({
    seed: 7,
    nodes: ['alpha', 'bravo', 'charlie'],
    setup: (node, name) => {
      node.handle('ask on', (_, context) => context.request('charlie', 'wait'))
      node.handle('wait', () => new Promise(() => {}))
      node.handle('name', () => name)
    },
  })
  await sim.run(1000)
  const alpha = sim.node('alpha')
  const outcomes = [alpha.request('bravo', 'ask on').catch(() => 'failed'), alpha.request('charlie', 'name')]
  await sim.run(500)
  sim.crash('bravo')
  await sim.run(60_000)
  await Promise.all(outcomes)
  await sim.close()
  return new WeakRef(sim)
}

test('nothing holds a simulation that is closed, whoever was at work when a node crashed', async (t) => {
  const sim = await crashedAmidst()
  for (let count = 0; count < COLLECTIONS && sim.deref() !== undefined; count += 1) {
    await nextTurn()
    collect()
  }
  t.is(sim.deref(), undefined)
})
