/** Simulated nodes that share a machine: their links take shortcuts, and lose and find them as real ones do. */

import test from 'ava'
import type { SimOptions } from '../../src/sim/options.ts'
import { runScenario } from '../../src/sim/scenarios.ts'
import { type Simulation, simulate } from '../../src/sim/simulate.ts'
import { Rig } from './rig.ts'

const NODES = ['alpha', 'bravo', 'charlie']
const MACHINES = { left: ['alpha', 'bravo'] }

async function mesh(options: Partial<SimOptions> = {}): Promise<Simulation> {
  const sim = await simulate({ seed: 7, nodes: NODES, machines: MACHINES, ...options })
  await sim.runUntil(() => isWhole(sim), 5000)
  return sim
}

function isWhole(sim: Simulation): boolean {
  return NODES.every((name) => {
    if (!sim.isUp(name)) return false
    return sim
      .node(name)
      .peers()
      .every((peer) => peer.state === 'alive' && peer.link === 'open')
  })
}

function carrier(sim: Simulation, from: string, to: string): string | undefined {
  return sim
    .node(from)
    .peers()
    .find(({ name }) => name === to)?.transport
}

/** What carries each link, as "alpha-bravo ipc". */
function carriers(sim: Simulation): string[] {
  return NODES.flatMap((from) =>
    NODES.filter((to) => to !== from).map((to) => `${from}-${to} ${carrier(sim, from, to)}`),
  )
}

const SHARED = [
  'alpha-bravo ipc',
  'alpha-charlie tcp',
  'bravo-alpha ipc',
  'bravo-charlie tcp',
  'charlie-alpha tcp',
  'charlie-bravo tcp',
]

test('S17: nodes of one machine meet on a shortcut, and all others on tcp', async (t) => {
  await using sim = await mesh()
  t.deepEqual(carriers(sim), SHARED)
})

test('S17: without shared machines nobody offers a shortcut, and old seeds replay as they were', async (t) => {
  await using sim = await mesh({ machines: {} })
  t.true(carriers(sim).every((line) => line.endsWith(' tcp')))
  t.false(sim.trace.some((line) => line.includes('ipc:')))
})

test('S19: a node that crashes on a shortcut is dead, and its next run offers another one', async (t) => {
  await using sim = await mesh()
  await sim.run(2000)
  const atMs = sim.now
  sim.crash('bravo')
  const isDead = (): boolean => sim.node('alpha').peers()[0]?.state === 'dead'
  await sim.runUntil(isDead, 1000)
  t.true(sim.now - atMs < 200, 'its address refuses, on tcp')
  await sim.restart('bravo')
  await sim.runUntil(() => isWhole(sim), 5000)
  t.deepEqual(carriers(sim), SHARED)
})

test('S19: a partition breaks a shortcut too, and the link is back on it when it heals', async (t) => {
  await using sim = await mesh()
  sim.partition(['alpha'], ['bravo'])
  await sim.runUntil(() => sim.node('alpha').peers()[0]?.state === 'dead', 10_000)
  sim.heal()
  await sim.runUntil(() => isWhole(sim), 10_000)
  t.deepEqual(carriers(sim), SHARED)
})

test('S19: a dial to a shortcut that is not there ends at the configured address, and nobody hears of it', async (t) => {
  const rig = new Rig()
  const { alpha, bravo } = await rig.pair()
  const connection = 1 as Parameters<typeof alpha.transport.redirect>[0]
  alpha.transport.redirect(connection, `ipc://@zmqnet-${'f'.repeat(32)}`)
  await rig.until(() => alpha.heard.length > 0, 1000)
  t.regex(alpha.heard.join(), /^\d+ up 1$/)
  t.is(alpha.transport.describe(connection), 'tcp://bravo:7000')
  alpha.say(1, 'still there')
  await rig.run(100)
  t.deepEqual(bravo.texts, ['still there'])
})

test('the ordeal of neighbours moves links to shortcuts and back', async (t) => {
  const { faults, simulation } = await runScenario('neighbours', 1)
  t.deepEqual(faults, [])
  const count = (what: RegExp): number => simulation.trace.filter((line) => what.test(line)).length
  t.true(count(/redirect to ipc:/) > 10)
  t.true(count(/up ipc:/) > 10)
  t.true(count(/down (closed|silent) tcp:.*/) > 10)
  t.true(simulation.incidents.some(({ kind }) => kind === 'crash'))
})
