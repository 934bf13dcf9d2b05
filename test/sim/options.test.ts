/** Wrong options of a simulation are told together and in plain words; what was done to a mesh is counted. */

import test from 'ava'
import { type SimOptions, simulate } from '../../src/sim/index.ts'

const CASES: readonly (readonly [string, object, string])[] = [
  ['no seed', { seed: undefined }, 'seed is a whole number, not undefined'],
  ['half a seed', { seed: 0.5 }, 'seed is a whole number, not 0.5'],
  ['no nodes', { nodes: [] }, 'nodes is a list of 1 to 256 names'],
  ['one name that is no list', { nodes: 'alpha' }, 'nodes is a list of 1 to 256 names'],
  ['a name twice', { nodes: ['alpha', 'alpha'] }, 'two simulated nodes are called "alpha"'],
  ['a tick of nothing', { tickMs: 0 }, 'tickMs is a whole number from 10, not 0'],
  ['no room', { queueBytes: -1 }, 'queueBytes is a whole number from 1, not -1'],
  ['a typing error', { tick: 100 }, '"tick" is no option'],
  ['a setup that is no function', { setup: 'greet' }, 'setup is a function'],
  ['a loss of 30', { network: { loss: 30 } }, 'loss is a probability, not 30'],
  [
    'a delay that is no range',
    { network: { delayMs: 5 } },
    'delayMs is a range of whole milliseconds, not [5, undefined]',
  ],
  [
    'a delay backwards',
    { network: { delayMs: [9, 1] } },
    'delayMs is a range of whole milliseconds, not [9, 1]',
  ],
  ['an unknown fault', { network: { jitter: 1 } }, '"jitter" is nothing that a network does'],
  ['a clock of nobody', { clocks: { zulu: { rate: 1 } } }, 'clocks has "zulu", and no node is called so'],
  [
    'a clock that stands',
    { clocks: { alpha: { rate: 0 } } },
    'clocks.alpha.rate is a number from 0.1 to 10, not 0',
  ],
]

for (const [title, change, fault] of CASES) {
  test(`refused: ${title}`, async (t) => {
    const options = { seed: 1, nodes: ['alpha', 'bravo'], ...change } as SimOptions
    await t.throwsAsync(simulate(options), {
      code: 'INVALID_ARGUMENT',
      message: `Cannot make this simulation: ${fault}`,
    })
  })
}

test('all faults are told together', async (t) => {
  const options = { seed: Number.NaN, nodes: ['Alpha'], tickMs: 1 }
  await t.throwsAsync(simulate(options), {
    message:
      'Cannot make this simulation: seed is a whole number, not NaN; ' +
      '"Alpha" is no name for a simulated node: use lower case; tickMs is a whole number from 10, not 1',
  })
})

test('wrong numbers at run time are refused, and nothing happens', async (t) => {
  await using sim = await simulate({ seed: 1, nodes: ['alpha', 'bravo'] })
  const { now } = sim
  await t.throwsAsync(sim.run(-5), {
    message: 'Cannot run the simulation: the time is a whole number from 0, not -5',
  })
  t.throws(() => sim.stall('alpha', Number.NaN), {
    message: /^Cannot stall "alpha": the time is a whole number/,
  })
  t.throws(() => sim.skew('alpha', { rate: 100, monotonicJumpMs: -1 }), {
    message:
      'Cannot skew the clocks of "alpha": rate is a number from 0.1 to 10, not 100; ' +
      'monotonicJumpMs is a whole number from 0, not -1',
  })
  t.is(sim.now, now)
  t.deepEqual([...new Set(Object.values(sim.injected))], [0])
})

test('what is done to a mesh is counted by kind', async (t) => {
  await using sim = await simulate({ seed: 1, nodes: ['alpha', 'bravo', 'charlie'], network: { loss: 0.5 } })
  await sim.run(3000)
  sim.partition(['alpha'], ['bravo', 'charlie'])
  sim.heal()
  sim.cut('alpha', 'bravo')
  sim.stall('alpha', 10)
  sim.pause('bravo')
  sim.resume('bravo')
  sim.skew('bravo', { rate: 1.1 })
  sim.setFaults({ loss: 0, duplicate: 1, reorder: 1 })
  await sim.run(5000)
  sim.crash('charlie')
  await sim.stop('bravo')
  const { lost, duplicated, reordered, ...counts } = sim.injected
  t.deepEqual(counts, { partition: 1, cut: 1, faults: 1, crash: 1, stop: 1, pause: 1, stall: 1, skew: 1 })
  t.true(lost > 0 && duplicated > 0 && reordered > 0)
})

test('what closed nodes still held is known: nothing; and when the order of messages was changed', async (t) => {
  const sim = await simulate({ seed: 1, nodes: ['alpha', 'bravo'] })
  await sim.run(1000)
  sim.setFaults({ reorder: 0.5 }, { from: 'alpha' })
  await sim.run(1000)
  sim.setFaults({ reorder: 0 })
  const untilMs = sim.now
  await sim.stop('alpha')
  await sim.close()
  t.deepEqual(
    sim.remains.map(({ name, pending, hasAlarm, sockets }) => [name, pending, hasAlarm, sockets]),
    [
      ['alpha', 0, false, 0],
      ['bravo', 0, false, 0],
    ],
  )
  t.deepEqual(sim.disorders, [{ fromMs: untilMs - 1000, untilMs }])
})
