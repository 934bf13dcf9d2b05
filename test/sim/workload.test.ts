/** The workload asks for everything that it should, and its handlers tell the truth. */

import test from 'ava'
import { CALM } from '../../src/sim/conditions.ts'
import { planFaults, unleash } from '../../src/sim/faults.ts'
import type { History } from '../../src/sim/history.ts'
import { randomFor } from '../../src/sim/seeds.ts'
import { simulate } from '../../src/sim/simulate.ts'
import { Workload, type WorkloadOptions } from '../../src/sim/workload.ts'

const NODES = ['alpha', 'bravo', 'charlie']

async function play(
  seed: number,
  options: Omit<WorkloadOptions, 'seed'>,
  hasFaults: boolean,
): Promise<History> {
  const workload = new Workload({ seed, ...options })
  await using sim = await simulate({ seed, nodes: NODES, setup: workload.setup })
  await sim.run(1000)
  workload.start(sim, 20_000)
  if (hasFaults) {
    const plan = planFaults(randomFor(seed, 'faults'), {
      names: NODES,
      fromMs: sim.now,
      untilMs: sim.now + 20_000,
    })
    unleash(sim, plan, CALM)
  }
  await sim.run(30_000)
  workload.look(sim)
  return workload.history(sim)
}

test('in calm weather everything is asked for, handled once, and settled as asked', async (t) => {
  const { entries, names } = await play(1, { aborts: 0 }, false)
  const asked = entries.filter((entry) => entry.kind === 'asked')
  const handled = entries.filter((entry) => entry.kind === 'handled')
  const settled = entries.filter((entry) => entry.kind === 'settled')
  t.true(asked.length > 200)
  t.is(settled.length, asked.length)
  t.is(
    handled.length,
    asked.reduce((sum, { callees }) => sum + callees.length, 0),
  )
  t.deepEqual([...new Set(asked.map(({ operation }) => operation))].toSorted(), [
    'broadcast',
    'request',
    'send',
  ])
  t.deepEqual([...new Set(asked.map(({ caller }) => caller))].toSorted(), NODES)
  t.true(
    asked.some(({ id }) => id.includes('-on-')),
    'handlers ask further nodes',
  )
  t.is(entries.filter((entry) => entry.kind === 'saw').length, names.length)
  const failures = settled.flatMap(({ settlement }) => (settlement.kind === 'error' ? [settlement.code] : []))
  t.deepEqual([...new Set(failures)], ['HANDLER_FAILED'])
})

test('in trouble all kinds of outcomes come up, so that the judges have something to judge', async (t) => {
  const outcomes = new Set<string>()
  for (let seed = 1; seed <= 5; seed += 1) {
    const { entries } = await play(seed, {}, true)
    for (const entry of entries) {
      if (entry.kind !== 'settled') continue
      const { settlement } = entry
      if (settlement.kind === 'error') outcomes.add(settlement.outcome)
      else if (settlement.kind === 'tally') outcomes.add(settlement.ok ? 'tally of all' : 'tally of some')
      else outcomes.add(settlement.kind)
    }
  }
  const expected = [
    'handled',
    'not-sent',
    'receipt',
    'rejected',
    'reply',
    'tally of all',
    'tally of some',
    'unknown',
  ]
  t.deepEqual([...outcomes].toSorted(), expected)
})
