/**
 * Broadcasts over real sockets: the tally always adds up, each missing peer has its reason, and nobody waits for the
 * dead or for another broadcast.
 */

import test from 'ava'
import type { BroadcastResult } from '../../src/index.ts'
import {
  EventLog,
  errorOf,
  HeldHandler,
  peersOf,
  portOf,
  rerouted,
  signal,
  startMesh,
  startNode,
  until,
} from '../support/mesh.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

const names = ['alpha', 'bravo', 'charlie', 'delta'] as const

function ackedOf(result: BroadcastResult): string[] {
  return result.acked.map((each) => each.peer).sort()
}

function missingOf(result: BroadcastResult): string[] {
  return result.missing.map((each) => `${each.peer} ${each.reason}`).sort()
}

test('a broadcast asks every other member once and gives their replies', async (t) => {
  const mesh = await startMesh(t, names)
  for (const name of names)
    mesh[name].handle('who', (_body, { from, kind }) => `${name} to ${from} by ${kind}`)
  const result = await mesh.alpha.broadcast('who')
  t.like(result, { ok: true, expected: 3, missing: [] })
  t.deepEqual(
    result.acked.map((each) => each.reply).sort(),
    names.slice(1).map((name) => `${name} to alpha by broadcast`),
  )
  t.true(result.acked.every((each) => each.ms >= 0 && each.ms <= result.ms))
})

test.serial(
  'a peer without the handler, one that fails and one that is too slow are missing, each for its reason',
  async (t) => {
    const mesh = await startMesh(t, names)
    mesh.charlie.handle('who', () => {
      throw new Error('It broke')
    })
    mesh.delta.handle('who', () => new Promise(() => {}))
    const result = await mesh.alpha.broadcast('who', 1, { timeout: 800 })
    t.like(result, { ok: false, expected: 3, acked: [] })
    t.deepEqual(missingOf(result), ['bravo refused', 'charlie refused', 'delta timeout'])
    t.deepEqual(result.missing.map((each) => each.text).sort(), [
      'It broke',
      'It did not answer in time',
      'No handler for "who"',
    ])
    t.true(result.ms >= 799 && result.ms < 2000)
  },
)

test('a peer that was not reached is missing as not sent', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const alpha = await startNode(t, { name: 'alpha', peers })
  const result = await alpha.broadcast('who', 1, { timeout: 150 })
  t.deepEqual(missingOf(result), ['bravo not-sent'])
  t.like(result, { ok: false, expected: 1, acked: [] })
})

test.serial('a dead peer costs its line in the result and no time', async (t) => {
  const peers = await peersOf(['alpha', 'bravo', 'charlie'])
  const [alpha, bravo] = [
    await startNode(t, { name: 'alpha', peers }),
    await startNode(t, { name: 'bravo', peers }),
  ]
  bravo.handle('who', () => 'bravo')
  await until(
    () => alpha.peers()[1]?.state === 'dead' && alpha.peers()[0]?.state === 'alive',
    'charlie is dead',
  )
  const result = await alpha.broadcast('who')
  t.deepEqual([ackedOf(result), missingOf(result)], [['bravo'], ['charlie dead']])
  t.false(result.ok)
  t.true(result.ms < 500, `${result.ms} ms`)
})

test('a peer that left is not expected', async (t) => {
  const mesh = await startMesh(t, names)
  for (const name of names) mesh[name].handle('who', () => name)
  const events = new EventLog(mesh.alpha)
  await mesh.delta.close()
  await events.first('peer:left delta')
  t.like(await mesh.alpha.broadcast('who'), { ok: true, expected: 2, missing: [] })
})

test.serial('the rule says when it is enough: a majority or a number', async (t) => {
  const mesh = await startMesh(t, names)
  mesh.bravo.handle('who', () => 'bravo')
  mesh.charlie.handle('who', () => 'charlie')
  mesh.delta.handle('who', () => new Promise(() => {}))
  const majority = await mesh.alpha.broadcast('who', 1, { until: 'majority' })
  t.deepEqual([ackedOf(majority), missingOf(majority)], [['bravo', 'charlie'], ['delta not-awaited']])
  t.like(majority, { ok: true, expected: 3 })
  const one = await mesh.alpha.broadcast('who', 1, { until: 1 })
  t.like(one, { ok: true, expected: 3 })
  t.is(one.acked.length, 1)
  t.true(one.ms < 1000 && majority.ms < 1000)
  const three = await mesh.alpha.broadcast('who', 1, { until: 3, timeout: 500 })
  t.false(three.ok)
  t.deepEqual([ackedOf(three), missingOf(three)], [['bravo', 'charlie'], ['delta timeout']])
  const tooMany = await mesh.alpha.broadcast('who', 1, { until: 4, timeout: 150 })
  t.like(tooMany, { ok: false, expected: 3 })
})

test.serial('retries go to the missing only', async (t) => {
  const peers = await peersOf(['alpha', 'bravo', 'charlie'])
  const [bravo, charlie] = [
    await startNode(t, { name: 'bravo', peers }),
    await startNode(t, { name: 'charlie', peers }),
  ]
  const proxy = await TcpProxy.start(t, portOf(peers, 'charlie'))
  const alpha = await startNode(t, { name: 'alpha', peers: rerouted(peers, { charlie: proxy.address }) })
  await alpha.ready()
  const attempts: string[] = []
  for (const node of [bravo, charlie]) {
    node.handle('who', (_body, { attempt }) => {
      attempts.push(`${node.name} ${attempt}`)
      return node.name
    })
  }
  proxy.stall()
  const casting = alpha.broadcast('who', 1, { timeout: 300, retries: 10 })
  await until(() => attempts.length === 1, 'bravo has answered the first attempt')
  const { counters } = alpha.status()
  await until(() => {
    const now = alpha.status().counters
    return now.retries > counters.retries || now.resets > counters.resets
  }, 'the first attempt to charlie is over')
  proxy.drop()
  proxy.resume()
  const result = await casting
  t.deepEqual(ackedOf(result), ['bravo', 'charlie'])
  t.is(attempts[0], 'bravo 1')
  t.is(attempts.length, 2, attempts.join())
  t.regex(attempts[1] ?? '', /^charlie/)
})

test.serial(
  'a handler that is too slow for the first attempt runs once and is counted by a later one',
  async (t) => {
    const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
    const slow = new HeldHandler()
    bravo.handle('slow', slow.handle)
    const casting = alpha.broadcast('slow', 1, { timeout: 80, retries: 20 })
    await until(() => alpha.status().counters.retries > 0, 'a retry')
    slow.answer('late')
    t.like(await casting, { ok: true, expected: 1 })
    t.is(slow.runs, 1)
  },
)

test('broadcasts of two nodes do not block each other, although each asks the other', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo', 'charlie'])
  const [atAlpha, atBravo] = [signal(), signal()]
  // Each handler answers only when the other broadcast has arrived as well.
  alpha.handle('meet', async () => {
    atAlpha.resolve()
    await atBravo.promise
  })
  bravo.handle('meet', async () => {
    atBravo.resolve()
    await atAlpha.promise
  })
  const results = await Promise.all([alpha.broadcast('meet'), bravo.broadcast('meet')])
  t.deepEqual(results.map(ackedOf), [['bravo'], ['alpha']])
})

test('a slow broadcast does not hold up a fast one', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  const go = signal()
  bravo.handle('slow', () => go.promise)
  bravo.handle('fast', () => 1)
  const slow = alpha.broadcast('slow')
  t.true((await alpha.broadcast('fast')).ok)
  go.resolve()
  t.true((await slow).ok)
})

test('a hundred broadcasts at once from each of four nodes are all answered by all', async (t) => {
  const mesh = await startMesh(t, names)
  for (const name of names) mesh[name].handle('echo', (body) => ({ name, body }))
  const casts = names.flatMap((name) =>
    Array.from({ length: 100 }, async (_, index) => {
      const result = await mesh[name].broadcast('echo', index)
      return result.ok && result.acked.length === 3 && result.acked.every((each) => each.reply.body === index)
    }),
  )
  t.true((await Promise.all(casts)).every(Boolean))
})

test('an aborted broadcast rejects here and aborts its handlers there', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  const [started, aborted] = [signal(), signal<string>()]
  bravo.handle('wait', (_body, context) => {
    context.signal.addEventListener('abort', () => aborted.resolve(context.signal.reason.code))
    started.resolve()
    return new Promise(() => {})
  })
  const abort = new AbortController()
  const cast = alpha.broadcast('wait', 1, { signal: abort.signal })
  await started.promise
  abort.abort()
  t.is((await errorOf(t, cast)).code, 'ABORTED')
  // Not EXPIRED: the handler need not wait for the end of its time.
  t.is(await aborted.promise, 'ABORTED')
})

test('the abort of a request reaches the broadcast that its handler makes, down to the last handler', async (t) => {
  const { alpha, bravo, charlie } = await startMesh(t, ['alpha', 'bravo', 'charlie'])
  const [started, aborted] = [signal(), signal<string>()]
  charlie.handle('wait', (_body, context) => {
    context.signal.addEventListener('abort', () => aborted.resolve(context.signal.reason.code))
    started.resolve()
    return new Promise(() => {})
  })
  bravo.handle('fan', (_body, context) => context.broadcast('wait'))
  const abort = new AbortController()
  const request = alpha.request('bravo', 'fan', 1, { signal: abort.signal })
  await started.promise
  abort.abort()
  t.is((await errorOf(t, request)).code, 'ABORTED')
  t.is(await aborted.promise, 'ABORTED')
})

test('a node that is alone in its list broadcasts to nobody, at once', async (t) => {
  const { alpha } = await startMesh(t, ['alpha'])
  t.deepEqual(await alpha.broadcast('who'), { ok: true, expected: 0, acked: [], missing: [], ms: 0 })
})
