/** The scenarios convict a bad node, and say how to see it again. */

import test from 'ava'
import { describeVerdict, replayCommand, runScenario } from '../../src/sim/scenarios.ts'
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
