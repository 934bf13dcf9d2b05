/**
 * Secure mode over whole nodes in virtual time: who is proven, what clients may do, and what happens when keys change
 * while the mesh runs.
 */

import test from 'ava'
import type { Node } from '../../src/node/api.ts'
import type { RunningNode } from '../../src/node/node.ts'
import type { SecuritySettings, TrustedParty } from '../../src/security/policy.ts'
import { type Simulation, simulate } from '../../src/sim/index.ts'
import { CLIENT_NAME, keyPairOf, securityOf } from '../../src/sim/keys.ts'

const SEED = 3
const NAMES = ['alpha', 'bravo', 'charlie']
const handled: string[] = []

async function mesh(secure = true): Promise<Simulation> {
  const setup = (node: Node, name: string): void => {
    node.handle('greet', (_body, { from }) => `hello ${from} from ${name}`)
    node.handle('jobs.run', (_body, { from }) => handled.push(from))
  }
  const sim = await simulate({ seed: SEED, nodes: NAMES, secure, setup })
  await sim.runUntil(() => NAMES.every((name) => isOpen(sim, name)), 5000)
  return sim
}

/** Whether all links of a node, or the one to `peer`, are open and proven. */
function isOpen(sim: Simulation, name: string, peer?: string, proven?: boolean): boolean {
  return sim
    .node(name)
    .peers()
    .filter((view) => peer === undefined || view.name === peer)
    .every((view) => view.link === 'open' && (proven === undefined || view.proven === proven))
}

/** The settings of a node with one party changed. */
function changed(name: string, party: string, change: Partial<TrustedParty>): SecuritySettings {
  const { own, policy } = securityOf(SEED, NAMES, name)
  const parties = policy.parties.map((each) => (each.name === party ? { ...each, ...change } : each))
  return { own, policy: { parties } }
}

function apply(sim: Simulation, name: string, settings: SecuritySettings): void {
  ;(sim.node(name) as RunningNode).applySecurity(settings)
}

function failure(sim: Simulation, promise: Promise<unknown>): Promise<unknown> {
  return sim.settle(promise.then(String, (error: unknown) => error))
}

test('P1: links of a secure mesh are encrypted and proven, those of a plain one are not', async (t) => {
  for (const secure of [true, false]) {
    await using sim = await mesh(secure)
    for (const name of NAMES) {
      for (const { encrypted, proven } of sim.node(name).peers())
        t.deepEqual([encrypted, proven], [secure, secure])
      t.is(sim.node(name).status().counters.impostors, 0)
    }
    t.is(await sim.settle(sim.node('alpha').request('bravo', 'greet')), 'hello alpha from bravo')
  }
})

test('P3: equal secure runs have equal traces', async (t) => {
  const hashes: string[] = []
  for (let run = 0; run < 2; run += 1) {
    const sim = await mesh()
    await sim.settle(sim.node('alpha').broadcast('greet'))
    await sim.close()
    hashes.push(sim.traceHash())
  }
  t.is(hashes[0], hashes[1])
})

test('P9: clients with one name are served side by side, by what that name may do', async (t) => {
  await using sim = await mesh()
  apply(sim, 'bravo', changed('bravo', CLIENT_NAME, { allow: ['zmqnet.*', 'greet'] }))
  const [one, other] = [await sim.client('bravo'), await sim.client('bravo')]
  for (const client of [one, other]) {
    t.is(client.name, CLIENT_NAME)
    t.is(await sim.settle(client.request('greet')), 'hello client from bravo')
    t.true((await sim.settle(client.message('text'))).ok)
    t.is((await sim.settle(client.status())).name, 'bravo')
    t.like(await failure(sim, client.request('jobs.run')), {
      code: 'NOT_ALLOWED',
      outcome: 'rejected',
      safeToRetry: true,
      message: 'Cannot request "jobs.run" from "bravo": "client" may not use "jobs.run"',
    })
    t.like(await failure(sim, client.send('jobs.run')), { code: 'NOT_ALLOWED', outcome: 'rejected' })
  }
  t.deepEqual(handled, [])
  t.is(await sim.settle(one.request('greet')), 'hello client from bravo')
  await sim.settle(Promise.all([one.close(), other.close()]))
})

test('P8: a peer that is revoked is cut off at once, and back within two seconds when it is trusted again', async (t) => {
  await using sim = await mesh()
  const asked = sim.node('bravo').request('alpha', 'greet', undefined, { deadline: 3000 })
  const pending = asked.then(String, String)
  for (const name of ['bravo', 'charlie']) apply(sim, name, changed(name, 'alpha', { keys: [] }))
  t.false(isOpen(sim, 'bravo', 'alpha'))
  await sim.run(1000)
  t.false(isOpen(sim, 'alpha', 'bravo'))
  t.like(await failure(sim, sim.node('alpha').request('bravo', 'greet', undefined, { deadline: 500 })), {
    code: 'NOT_SENT',
  })
  t.regex(await sim.settle(pending), /^ZmqnetError/)
  await sim.run(5000)
  t.is(
    sim
      .node('bravo')
      .peers()
      .find(({ name }) => name === 'alpha')?.state,
    'dead',
  )
  t.true(isOpen(sim, 'bravo', 'charlie', true))
  for (const name of ['bravo', 'charlie']) apply(sim, name, securityOf(SEED, NAMES, name))
  await sim.runUntil(() => NAMES.every((name) => isOpen(sim, name, undefined, true)), 2000)
  t.is(await sim.settle(sim.node('alpha').request('bravo', 'greet')), 'hello alpha from bravo')
})

test('P8: a former key ends by itself at its moment, and the link stands on the new one', async (t) => {
  await using sim = await mesh()
  const next = keyPairOf(SEED, 'alpha of tomorrow')
  const former = keyPairOf(SEED, 'alpha')
  const until = wallNow(sim) + 3000
  // Bravo hears of the new key, and takes the former one for three seconds; alpha uses the former one on and on.
  apply(
    sim,
    'bravo',
    changed('bravo', 'alpha', { keys: [{ key: next.publicKey }, { key: former.publicKey, until }] }),
  )
  await sim.run(2000)
  t.true(isOpen(sim, 'bravo', 'alpha', true))
  t.is(await sim.settle(sim.node('alpha').request('bravo', 'greet')), 'hello alpha from bravo')
  await sim.run(2000)
  t.false(isOpen(sim, 'bravo', 'alpha'))
  t.false(isOpen(sim, 'alpha', 'bravo'))
  apply(sim, 'alpha', { ...securityOf(SEED, NAMES, 'alpha'), own: [next] })
  await sim.runUntil(() => isOpen(sim, 'alpha', 'bravo', true), 2000)
  t.is(await sim.settle(sim.node('alpha').request('bravo', 'greet')), 'hello alpha from bravo')
})

test('P8: with both keys at both ends, neither the new key nor the end of the former one stops a request', async (t) => {
  await using sim = await mesh()
  const next = keyPairOf(SEED, 'alpha of tomorrow')
  const former = keyPairOf(SEED, 'alpha')
  const until = wallNow(sim) + 3000
  const keys = [{ key: next.publicKey }, { key: former.publicKey, until }]
  for (const name of ['charlie', 'bravo']) apply(sim, name, changed(name, 'alpha', { keys }))
  await sim.run(500)
  const { policy } = changed('alpha', 'alpha', { keys })
  apply(sim, 'alpha', { own: [next, { ...former, until }], policy })
  const answers: unknown[] = []
  for (let count = 0; count < 60; count += 1) {
    answers.push(await sim.settle(sim.node('alpha').request('bravo', 'greet')))
    answers.push(await sim.settle(sim.node('bravo').request('alpha', 'greet')))
    await sim.run(100)
  }
  t.is(answers.length, 120)
  t.true(sim.now > 6000)
  for (const name of NAMES) t.true(isOpen(sim, name, undefined, true))
  t.is(
    NAMES.reduce((sum, name) => sum + sim.node(name).status().counters.impostors, 0),
    0,
  )
})

test('P11: members that are new wait for a restart, members that are gone have no keys', async (t) => {
  await using sim = await mesh()
  const { own, policy } = securityOf(SEED, ['bravo', 'charlie', 'delta'], 'bravo')
  apply(sim, 'bravo', { own, policy })
  t.false(isOpen(sim, 'bravo', 'alpha'))
  t.deepEqual(
    sim
      .node('bravo')
      .peers()
      .map(({ name }) => name),
    ['alpha', 'charlie'],
  )
  t.true(sim.trace.some((line) => line.includes('new members need a restart of this node: delta')))
  t.true(sim.trace.some((line) => line.includes('members that are gone have no keys any more: alpha')))
})

test('P11: a node in plain mode does not become secure while it runs', async (t) => {
  await using sim = await mesh(false)
  const error = t.throws(() => apply(sim, 'alpha', securityOf(SEED, NAMES, 'alpha')))
  t.like(error, {
    code: 'CONFIG',
    message: 'Cannot make "alpha" secure while it runs: it began in plain mode',
  })
  await sim.run(1000)
  t.true(NAMES.every((name) => isOpen(sim, name)))
})

/** The wall clock of simulated hosts, which nobody set otherwise. */
function wallNow(sim: Simulation): number {
  return Math.floor((sim.node('alpha').incarnation - (sim.node('alpha').incarnation % 2048)) / 2048) + sim.now
}
