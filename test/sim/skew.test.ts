/** Nodes whose clocks go wrong: the mesh goes on, and the judges measure by the clock that counts. */

import test from 'ava'
import { latestMs, SETTLE_GRACE_MS } from '../../src/sim/due-times.ts'
import type { Asked, History, Incident } from '../../src/sim/history.ts'
import { type Simulation, simulate } from '../../src/sim/index.ts'
import { request } from './asked.ts'

const NODES = ['alpha', 'bravo', 'charlie']

function allAlive(sim: Simulation): boolean {
  const nodes = NODES.map((name) => sim.node(name))
  return nodes.every((node) => node.peers().every((peer) => peer.state === 'alive' && peer.link === 'open'))
}

/** How long a request without an answer takes, in virtual time. */
async function timeoutMs(sim: Simulation, name: string, timeout: number): Promise<number> {
  const before = sim.now
  const failed = sim.node(name).request('charlie', 'never', 1, { timeout, retries: 0 })
  await sim.settle(failed.catch(() => undefined))
  return sim.now - before
}

test('nodes whose clocks run at different paces and show different times see each other alive', async (t) => {
  const clocks = {
    alpha: { rate: 0.95, wallAheadMs: -3_600_000 },
    bravo: { rate: 1.05, wallAheadMs: 7_200_000 },
  }
  await using sim = await simulate({ seed: 3, nodes: NODES, clocks })
  await sim.runUntil(() => allAlive(sim), 5000)
  let falseAlarms = 0
  for (let second = 0; second < 60; second += 1) {
    await sim.run(1000)
    if (!allAlive(sim)) falseAlarms += 1
  }
  t.is(falseAlarms, 0)
  t.deepEqual(
    sim.incidents.filter(({ kind }) => kind === 'skew').map(({ rate }) => rate),
    [0.95, 1.05],
  )
})

test('deadlines pass by the clock of the node that set them', async (t) => {
  await using sim = await simulate({
    seed: 3,
    nodes: NODES,
    setup: (node) => node.handle('never', () => new Promise(() => undefined)),
  })
  await sim.runUntil(() => allAlive(sim), 5000)
  t.is(await timeoutMs(sim, 'alpha', 1000), 1000)
  sim.skew('alpha', { rate: 2 })
  t.is(await timeoutMs(sim, 'alpha', 1000), 500)
  t.is(await timeoutMs(sim, 'bravo', 1000), 1000)
  sim.skew('alpha', { rate: 0.5 })
  t.is(await timeoutMs(sim, 'alpha', 1000), 2000)
  t.is(sim.injected.skew, 2)
})

test('a restart with a wall clock that was set back is a new run for all others', async (t) => {
  await using sim = await simulate({ seed: 3, nodes: NODES })
  await sim.runUntil(() => allAlive(sim), 5000)
  const before = sim.node('bravo').incarnation
  sim.skew('bravo', { wallAheadMs: -86_400_000 })
  sim.crash('bravo')
  await sim.run(100)
  await sim.restart('bravo')
  const after = sim.node('bravo').incarnation
  t.true(after < before, 'its number is lower, for the clock went back')
  await sim.runUntil(() => allAlive(sim), 5000)
  for (const name of ['alpha', 'charlie']) {
    const view = sim
      .node(name)
      .peers()
      .find((peer) => peer.name === 'bravo')
    t.is(view?.incarnation, after)
  }
})

test('a monotonic clock that jumps makes nobody dead', async (t) => {
  await using sim = await simulate({ seed: 3, nodes: NODES })
  await sim.runUntil(() => allAlive(sim), 5000)
  sim.skew('alpha', { monotonicJumpMs: 10_000 })
  await sim.run(2000)
  t.true(allAlive(sim))
  t.false(sim.trace.some((line) => line.includes('event peer:dead')))
})

const asked: Asked = { ...request, atMs: 1000, deadlineMs: 900 }

function dueMs(...incidents: readonly Incident[]): number {
  const history: History = { names: NODES, entries: [asked], incidents, endMs: 10_000 }
  return latestMs(history, asked) - SETTLE_GRACE_MS
}

const skew = (atMs: number, rate: number, name = 'alpha'): Incident => ({ kind: 'skew', name, atMs, rate })

test('the judges give a slow clock its time, and a fast one no less than the true time', (t) => {
  t.is(dueMs(), 1900)
  t.is(dueMs(skew(0, 0.5)), 2800)
  t.is(dueMs(skew(0, 0.5), skew(1400, 1)), 2100)
  t.is(dueMs(skew(1450, 0.5)), 2350)
  t.is(dueMs(skew(5000, 0.5)), 1900)
  t.is(dueMs(skew(0, 0.5, 'bravo')), 1900)
  t.is(dueMs(skew(0, 2)), 1900)
})
