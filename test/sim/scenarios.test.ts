/** The scenarios convict a bad node, and say how to see it again. */

import test from 'ava'
import type { Node } from '../../src/node/api.ts'
import { startNode } from '../../src/node/node.ts'
import type { NodeSettings, World } from '../../src/node/world.ts'
import { FAULT_RANGES } from '../../src/sim/faults.ts'
import {
  describeVerdict,
  drawStorm,
  replayCommand,
  runScenario,
  SCENARIOS,
  STORM_RANGES,
} from '../../src/sim/scenarios.ts'
import { randomFor } from '../../src/sim/seeds.ts'
import { startNaiveNode } from './naive-node.ts'

test('a node that runs retries and duplicates again is convicted', async (t) => {
  const verdict = await runScenario('lossy', 1, { startNode: startNaiveNode })
  t.true(verdict.faults.some((fault) => /^no handler runs twice.*in one run of it/.test(fault)))
  t.false(
    verdict.faults.some((fault) => fault.startsWith('acked and missing')),
    'its tallies are right',
  )
})

test('in trouble it is convicted of settling late: its retries have no deadline for the whole', async (t) => {
  const verdict = await runScenario('trouble', 1, { startNode: startNaiveNode })
  t.true(verdict.faults.some((fault) => /^every operation settles.*later than/.test(fault)))
})

test('a node that cannot start is a fault of the verdict', async (t) => {
  const verdict = await runScenario('lossy', 1, { startNode: () => Promise.reject(new Error('no start')) })
  t.deepEqual(verdict.faults, ['no start'])
})

test('a verdict names the first faults, the seed and the command', async (t) => {
  const verdict = await runScenario('lossy', 3, { startNode: startNaiveNode })
  const lines = describeVerdict(verdict).split('\n')
  t.is(lines[0], 'Scenario "lossy" failed with seed 3:')
  t.is(lines.length, 13)
  t.regex(lines[11] as string, /^ {2}\.\.\. and \d+ more$/)
  t.is(lines.at(-1), 'Replay it: node dist/src/sim/replay.js --scenario lossy --seed 3 --trace')
  t.true(lines.at(-1)?.includes(replayCommand('lossy', 3)))
})

test('equal seeds give equal traces over production nodes, in one process', async (t) => {
  const first = await runScenario('trouble', 11)
  const second = await runScenario('trouble', 11)
  const other = await runScenario('trouble', 12)
  t.is(second.simulation.traceHash(), first.simulation.traceHash())
  t.not(other.simulation.traceHash(), first.simulation.traceHash())
})

test('runs side by side do not disturb each other', async (t) => {
  const alone = await runScenario('lossy', 21)
  const together = await Promise.all([
    runScenario('lossy', 21),
    runScenario('trouble', 22),
    runScenario('lossy', 23),
  ])
  t.is(together[0].simulation.traceHash(), alone.simulation.traceHash())
})

test('a node that says that it closed, and did not, is convicted', async (t) => {
  const pretend = async (settings: NodeSettings, world: World): Promise<Node> => {
    const node = await startNode(settings, world)
    return new Proxy(node, {
      get: (target, key) => {
        const value = Reflect.get(target, key, target)
        if (key === 'close') return () => Promise.resolve()
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
  const { faults } = await runScenario('lossy', 1, { startNode: pretend })
  const held = faults.filter((fault) =>
    /^a closed node holds nothing: .* left an alarm, open sockets$/.test(fault),
  )
  t.true(held.length >= 3, faults.join('; '))
})

test('equal seeds give equal traces, twenty times of twenty', async (t) => {
  const hashes = new Set<string>()
  for (let count = 0; count < 20; count += 1) {
    hashes.add((await runScenario('storm', 17)).simulation.traceHash())
  }
  t.is(hashes.size, 1)
})

test('storms are drawn from the whole of their ranges, and from nothing else', (t) => {
  const drawn = Array.from({ length: 2000 }, (_, seed) => drawStorm(randomFor(seed, 'conditions')))
  const { meanDelayMs, loss, duplicate, reorder } = STORM_RANGES
  const spans = [
    [meanDelayMs, drawn.map(({ delayMs: [shortest, longest] }) => (shortest + longest) / 2)],
    [loss, drawn.map((faults) => faults.loss)],
    [duplicate, drawn.map((faults) => faults.duplicate)],
    [reorder, drawn.map((faults) => faults.reorder)],
  ] as const
  for (const [[least, most], values] of spans) {
    t.true(Math.min(...values) >= least && Math.max(...values) <= most)
    const edge = (most - least) / 50
    t.true(Math.min(...values) <= least + edge && Math.max(...values) >= most - edge, `${least} to ${most}`)
  }
})

test('a storm is at least as bad as what VOPR draws, and its plans hold every kind of trouble', (t) => {
  t.true(STORM_RANGES.meanDelayMs[0] <= 30 && STORM_RANGES.meanDelayMs[1] >= 100)
  t.true(STORM_RANGES.loss[0] === 0 && STORM_RANGES.loss[1] >= 0.3)
  t.true(STORM_RANGES.duplicate[0] === 0 && STORM_RANGES.duplicate[1] >= 0.5)
  t.deepEqual([...SCENARIOS.storm.faultKinds].toSorted(), Object.keys(FAULT_RANGES).toSorted())
})

test('a seed of a storm has the network that was drawn for it, and is played to its end', async (t) => {
  const { simulation, faults } = await runScenario('storm', 3)
  t.deepEqual(faults, [])
  const { injected } = simulation
  t.true(injected.lost > 0 && injected.duplicated > 0 && injected.reordered > 0)
  t.true(simulation.now >= SCENARIOS.storm.fireMs + SCENARIOS.storm.healMs)
})
