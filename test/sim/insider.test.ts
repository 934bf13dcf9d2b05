/**
 * An insider against a secure mesh (insider.ts): ten thousand times it says a name that is not its own, and each time it
 * is refused, counted and told.
 */

import test from 'ava'
import type { Node } from '../../src/node/api.ts'
import { startNode } from '../../src/node/node.ts'
import { type SimOptions, type Simulation, simulate } from '../../src/sim/index.ts'
import { securityOf } from '../../src/sim/keys.ts'
import { type Account, startInsider, type Tape, tapped } from './insider.ts'

const SEED = 11
const NAMES = ['alpha', 'bravo', 'charlie', 'delta', 'mallory']
const HONEST = ['alpha', 'bravo', 'charlie']

interface Scene {
  readonly sim: Simulation
  readonly tape: Tape
  readonly account: Account
  /** Who called a handler, by the name that the handler was told. */
  readonly callers: Set<string>
  /** From the next start on, an insider sits at the address of delta. */
  isSpoofed: boolean
}

/** Four honest nodes, and mallory, who sends each of the others so many forged Hellos. */
async function besieged(hellosEach: number): Promise<Scene> {
  const tape: Tape = { hellos: [], welcomes: [] }
  const account: Account = { hellos: 0, welcomes: 0, accepted: 0 }
  const callers = new Set<string>()
  const scene = { tape, account, callers, isSpoofed: false }
  const start: SimOptions['startNode'] = (settings, world) => {
    const { name } = settings
    const isDelta = name === 'delta' && scene.isSpoofed
    if (name !== 'mallory' && !isDelta) return startNode(settings, tapped(world, name, tape))
    const security = securityOf(SEED, NAMES, 'mallory')
    const plan = isDelta ? { tape, account, hellosEach: 0, spoofs: name } : { tape, account, hellosEach }
    return startInsider({ ...settings, security }, world, plan)
  }
  const setup = (node: Node): void => {
    if (node.name === 'mallory') return
    node.handle('greet', (_body, { from }) => {
      callers.add(from)
      return 'hello'
    })
  }
  const sim = await simulate({ seed: SEED, nodes: NAMES, secure: true, setup, startNode: start })
  return Object.assign(scene, { sim })
}

function sees(sim: Simulation, name: string, peer: string): boolean {
  const view = sim
    .node(name)
    .peers()
    .find((each) => each.name === peer)
  return view?.state === 'alive' && view.link === 'open' && view.proven && view.encrypted
}

function allSee(sim: Simulation, names: readonly string[]): boolean {
  return names.every((name) => names.every((peer) => peer === name || sees(sim, name, peer)))
}

/** How many events and log lines of one kind the nodes wrote. */
function lines(sim: Simulation, text: string): number {
  return sim.trace.filter((line) => line.includes(text)).length
}

function counted(sim: Simulation, names: readonly string[]): { impostors: number; violations: number } {
  const sum = { impostors: 0, violations: 0 }
  for (const name of names) {
    const { impostors, violations } = sim.node(name).status().counters
    sum.impostors += impostors
    sum.violations += violations
  }
  return sum
}

test('P5: of 8,000 Hellos under another name none is accepted, and each is counted and an event', async (t) => {
  const scene = await besieged(2000)
  const { sim, account, callers, tape } = scene
  await sim.runUntil(() => account.hellos >= 8000, 60_000)
  await sim.run(100)
  t.is(account.accepted, 0)
  t.true(tape.hellos.length > 10)
  t.true(tape.welcomes.length > 10)
  t.true(tape.hellos.some(({ at }) => at === 'mallory'))
  const names = [...HONEST, 'delta']
  const { impostors, violations } = counted(sim, names)
  t.is(impostors + violations, 8000)
  t.true(impostors > 5000)
  t.is(lines(sim, 'event security:refused'), impostors)
  t.is(lines(sim, 'event violation'), violations)
  // The log says it, and is not flooded.
  t.true(lines(sim, 'log warn') >= 4)
  t.true(lines(sim, 'log warn') < 50)
  // Meanwhile the honest ones have met, and work.
  t.true(allSee(sim, names))
  for (const name of HONEST) t.is(await sim.settle(sim.node(name).request('delta', 'greet')), 'hello')
  t.deepEqual([...callers].sort(), HONEST)
  await sim.close()
})

test('P5: a name that is claimed before its owner starts is free when it does', async (t) => {
  const scene = await besieged(500)
  const { sim, account } = scene
  sim.crash('delta')
  await sim.runUntil(() => account.hellos >= 1500, 60_000)
  t.is(account.accepted, 0)
  await sim.restart('delta')
  await sim.runUntil(() => allSee(sim, [...HONEST, 'delta']), 5000)
  t.is(await sim.settle(sim.node('delta').request('alpha', 'greet')), 'hello')
  t.is(account.accepted, 0)
  await sim.close()
})

test('P6: of 2,000 Welcomes at the address of another member none is believed, and each is counted and an event', async (t) => {
  const scene = await besieged(0)
  const { sim, account } = scene
  await sim.runUntil(() => allSee(sim, [...HONEST, 'delta']), 5000)
  sim.crash('delta')
  scene.isSpoofed = true
  await sim.restart('delta')
  await sim.runUntil(() => account.welcomes >= 2000, 60_000)
  // Nobody is asked, told or sent a heartbeat there.
  await sim.run(100)
  for (const name of HONEST) {
    t.false(sees(sim, name, 'delta'))
    const asked = sim.node(name).request('delta', 'greet', undefined, { timeout: 300, retries: 0 })
    const error = await sim.settle(asked.then(String, (reason: unknown) => reason))
    t.like(error, { code: 'NOT_SENT' })
  }
  t.is(account.accepted, 0)
  // What is still on its way arrives.
  sim.crash('delta')
  await sim.run(100)
  const { impostors } = counted(sim, HONEST)
  t.true(impostors >= 2000)
  t.is(impostors, account.welcomes)
  t.is(lines(sim, 'event security:refused'), impostors)
  await sim.close()
})
