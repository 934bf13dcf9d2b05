/** Plans of trouble: fixed by their seed, inside their bounds, and whole again at the end. */

import test from 'ava'
import fc from 'fast-check'
import { skewFaults } from '../../src/sim/clock.ts'
import { CALM } from '../../src/sim/conditions.ts'
import { FAULT_RANGES, type FaultKind, planFaults, unleash } from '../../src/sim/faults.ts'
import { randomFor } from '../../src/sim/seeds.ts'
import { simulate } from '../../src/sim/simulate.ts'

const names = ['alpha', 'bravo', 'charlie', 'delta']

test('a plan stays in its time, in order, and names only members', (t) => {
  const check = (seed: number, fromMs: number, lengthMs: number): void => {
    const untilMs = fromMs + lengthMs
    const plan = planFaults(randomFor(seed, 'faults'), { names, fromMs, untilMs })
    let beforeMs = fromMs
    for (const fault of plan) {
      t.true(fault.atMs > beforeMs && fault.forMs > 0 && fault.atMs + fault.forMs <= untilMs)
      t.true(fault.forMs <= FAULT_RANGES[fault.kind][1])
      beforeMs = fault.atMs
      if (fault.kind === 'partition') t.deepEqual([...fault.some, ...fault.others].toSorted(), names)
      else if (fault.kind === 'cut')
        t.true(names.includes(fault.from) && names.includes(fault.to) && fault.from !== fault.to)
      else if (fault.kind !== 'weather') t.true(names.includes(fault.name))
      if (fault.kind === 'skew') t.deepEqual(skewFaults(fault.skew), [])
    }
  }
  fc.assert(fc.property(fc.nat(), fc.nat(10_000), fc.nat(60_000), check), { seed: 3 })
  t.pass()
})

test('equal seeds give equal plans, and all kinds of trouble come up', (t) => {
  const plan = (seed: number) => planFaults(randomFor(seed, 'faults'), { names, fromMs: 0, untilMs: 300_000 })
  t.deepEqual(plan(1), plan(1))
  t.notDeepEqual(plan(1), plan(2))
  const kinds = new Set(plan(1).map(({ kind }) => kind))
  t.deepEqual([...kinds].toSorted(), Object.keys(FAULT_RANGES).toSorted())
})

for (const kind of Object.keys(FAULT_RANGES) as FaultKind[]) {
  test(`after a time of ${kind} the mesh is whole again without help`, async (t) => {
    const seed = 5
    const sim = await simulate({ seed, nodes: names })
    const plan = planFaults(randomFor(seed, 'faults'), {
      names,
      fromMs: 1000,
      untilMs: 20_000,
      everyMs: 500,
      kinds: [kind],
    })
    t.true(plan.length > 10)
    unleash(sim, plan, CALM)
    await sim.run(20_001)
    const marks = sim.trace.filter((line) => line.includes(' * '))
    t.true(marks.length > names.length + plan.length / 2, 'the plan was carried out')
    const isWhole = (): boolean =>
      names.every(
        (name) =>
          sim.isUp(name) &&
          sim
            .node(name)
            .peers()
            .every(({ state }) => state === 'alive'),
      )
    await sim.runUntil(isWhole, 10_000)
    await sim.close()
    t.deepEqual(sim.errors, [])
  })
}
