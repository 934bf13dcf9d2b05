/** The simulation as its users meet it, over production nodes. */

import test from 'ava'
import { ZmqnetError } from '../../src/errors.ts'
import type { Node } from '../../src/node/api.ts'
import { type SimOptions, type Simulation, simulate } from '../../src/sim/index.ts'

const NODES = ['alpha', 'bravo', 'charlie']

/** A mesh whose nodes answer `greet`, at once, and `slow`, after a while; all have met. */
async function mesh(options: Partial<SimOptions> = {}): Promise<Simulation> {
  let sim: Simulation | undefined
  const setup = (node: Node, name: string): void => {
    node.handle('greet', (body) => `hello ${body} from ${name}`)
    node.handle('slow', async (body) => {
      await sim?.sleep(body, name)
      return 'at last'
    })
  }
  sim = await simulate({ seed: 7, nodes: NODES, setup, ...options })
  await sim.runUntil(() => allSee(sim as Simulation, 'alive'), 5000)
  return sim
}

function allSee(sim: Simulation, state: string): boolean {
  return NODES.every((name) =>
    sim
      .node(name)
      .peers()
      .every((peer) => peer.state === state && peer.link === 'open'),
  )
}

function stateOf(sim: Simulation, observer: string, peer: string): string | undefined {
  return sim
    .node(observer)
    .peers()
    .find(({ name }) => name === peer)?.state
}

/** How the promise failed: code and outcome. */
async function failure(sim: Simulation, promise: Promise<unknown>): Promise<string> {
  const error = await sim.settle(
    promise.then(
      () => undefined,
      (reason: unknown) => reason,
    ),
  )
  return error instanceof ZmqnetError ? `${error.code} ${error.outcome}` : `no ZmqnetError: ${error}`
}

test('nodes meet, and a request is answered in virtual time', async (t) => {
  await using sim = await mesh()
  const before = sim.now
  t.is(await sim.settle(sim.node('alpha').request('bravo', 'greet', 'you')), 'hello you from bravo')
  t.true(sim.now - before <= 22)
  t.is(await sim.settle(sim.node('alpha').request('bravo', 'slow', 2000)), 'at last')
  t.true(sim.now - before >= 2000)
})

test('a crash is noticed within a second, and the outcome of what was under way is unknown', async (t) => {
  await using sim = await mesh()
  const asked = sim.node('alpha').request('bravo', 'slow', 500, { timeout: 300, retries: 0 })
  await sim.run(100)
  sim.crash('bravo')
  t.false(sim.isUp('bravo'))
  t.throws(() => sim.node('bravo'), { message: /node "bravo" is not up/ })
  t.is(await failure(sim, asked), 'TIMEOUT unknown')
  await sim.runUntil(() => stateOf(sim, 'alpha', 'bravo') === 'dead', 1000)
  t.is(
    await failure(sim, sim.node('alpha').request('bravo', 'greet', 'x', { timeout: 200, retries: 0 })),
    'NOT_SENT not-sent',
  )
})

test('a restart is a new incarnation with the handlers of setup', async (t) => {
  await using sim = await mesh()
  const { incarnation } = sim.node('bravo')
  sim.crash('bravo')
  await sim.run(3000)
  await sim.restart('bravo')
  t.true(sim.node('bravo').incarnation > incarnation)
  await sim.runUntil(() => allSee(sim, 'alive'), 5000)
  t.is(await sim.settle(sim.node('charlie').request('bravo', 'greet', 'you')), 'hello you from bravo')
})

test('a partition makes both sides see each other dead, and heals by itself when it ends', async (t) => {
  await using sim = await mesh()
  sim.partition(['alpha'], ['bravo', 'charlie'])
  await sim.runUntil(
    () => stateOf(sim, 'alpha', 'bravo') === 'dead' && stateOf(sim, 'bravo', 'alpha') === 'dead',
    15_000,
  )
  t.is(stateOf(sim, 'bravo', 'charlie'), 'alive')
  sim.heal()
  await sim.runUntil(() => allSee(sim, 'alive'), 10_000)
  t.deepEqual(sim.errors, [])
})

test('a one-way cut stops what goes that way', async (t) => {
  await using sim = await mesh()
  sim.cut('bravo', 'alpha')
  t.is(
    await failure(sim, sim.node('alpha').request('bravo', 'greet', 'x', { timeout: 300, retries: 0 })),
    'TIMEOUT unknown',
  )
  sim.mend('bravo', 'alpha')
  await sim.runUntil(() => allSee(sim, 'alive'), 10_000)
})

test('a paused process is missed, a stalled event loop is answered for by its sockets', async (t) => {
  await using sim = await mesh()
  const lines = () =>
    sim.trace.filter((line) => line.includes('alpha    down') && line.includes('tcp://bravo')).length
  sim.stall('bravo', 1500)
  await sim.run(1500)
  t.is(lines(), 0)
  sim.pause('bravo')
  await sim.run(2000)
  t.true(lines() > 0)
  sim.resume('bravo')
  await sim.runUntil(() => allSee(sim, 'alive'), 10_000)
})

test('a stop says goodbye', async (t) => {
  await using sim = await mesh()
  await sim.stop('charlie')
  t.false(sim.isUp('charlie'))
  await sim.runUntil(() => stateOf(sim, 'alpha', 'charlie') === 'left', 20)
  await sim.restart('charlie')
  await sim.runUntil(() => allSee(sim, 'alive'), 10_000)
})

test('a client talks to one node and gets the tally of its broadcast', async (t) => {
  await using sim = await mesh()
  const client = await sim.client('bravo')
  const result = await sim.settle(client.message('this is a test message'))
  t.true(result.ok)
  t.deepEqual(result.acked.map(({ peer }) => peer).toSorted(), ['alpha', 'charlie'])
  t.is(await sim.settle(client.request('greet', 'client')), 'hello client from bravo')
  await sim.settle(client.close())
})

test('faults can be changed at any time', async (t) => {
  await using sim = await mesh()
  sim.setFaults({ delayMs: [200, 200] }, { from: 'alpha', to: 'bravo' })
  const before = sim.now
  await sim.settle(sim.node('alpha').request('bravo', 'greet', 'you'))
  t.true(sim.now - before >= 201)
  t.throws(() => sim.setFaults({ loss: 2 }), { message: /loss is a probability, not 2/ })
})

test('what is not reached in time is told with the seed and the time', async (t) => {
  await using sim = await mesh()
  const { now } = sim
  await t.throwsAsync(
    sim.runUntil(() => false, 50),
    { message: `Not reached within 50 ms of virtual time (seed 7, at ${now + 50} ms): () => false` },
  )
  await t.throwsAsync(sim.settle(new Promise(() => {}), 50), {
    message: /did not settle within 50 ms of virtual time \(seed 7/,
  })
})

test('what is thrown in an event fails the run, with the seed and the time', async (t) => {
  await using sim = await mesh()
  const { now } = sim
  sim.after(5, () => {
    throw new Error('broken')
  })
  await t.throwsAsync(sim.run(100), {
    message: `Simulation failed (seed 7, at ${now + 5} ms): Error: broken`,
  })
})

test('names that cannot be used are refused', async (t) => {
  await t.throwsAsync(simulate({ seed: 1, nodes: ['Alpha'] }), { message: /use lower case/ })
  await t.throwsAsync(simulate({ seed: 1, nodes: ['alpha', 'alpha'] }), { message: /two simulated nodes/ })
})

test('the trace tells what nodes, handlers and the network did', async (t) => {
  await using sim = await mesh()
  await sim.settle(sim.node('alpha').request('bravo', 'greet', 'you'))
  sim.crash('charlie')
  await sim.run(100)
  const text = sim.trace.join('\n')
  for (const line of [
    /^ +0 \* +start alpha$/m,
    /alpha +up tcp:\/\/bravo:7000$/m,
    /alpha +send tcp:\/\/bravo:7000 \[hello from node alpha/m,
    /alpha +send tcp:\/\/bravo:7000 \[.*request \d+>=\d+ attempt 1 within \d+ ms greet "you"/m,
    /bravo +handler runs: request greet from alpha attempt 1$/m,
    /bravo +handler done: request greet from alpha$/m,
    /alpha +receive tcp:\/\/bravo:7000 \[.*reply \d+ "hello you from bravo"/m,
    /alpha +event peer:alive peer=bravo/m,
    /\* +crash charlie$/m,
    /alpha +down closed tcp:\/\/charlie:7000$/m,
  ]) {
    t.regex(text, line)
  }
})

test('idle nodes cost no turn of the real event loop', async (t) => {
  await using sim = await mesh()
  await sim.run(5000)
  const before = sim.work
  await sim.run(60_000)
  const events = sim.work.events - before.events
  const turns = sim.work.turns - before.turns
  t.true(events > 1000)
  t.true(turns < events / 100, `${events} events took ${turns} turns`)
})
