/**
 * Requests over real sockets while peers are away, come back, or the network between them misbehaves. What happens to
 * processes that die is in test/processes/.
 */

import test from 'ava'
import {
  EventLog,
  errorOf,
  peersOf,
  portOf,
  rerouted,
  signal,
  startMesh,
  startNode,
  until,
  within,
} from '../support/mesh.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

test('a request to a node that never comes is not sent, says so, and is safe to retry', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const alpha = await startNode(t, { name: 'alpha', peers })
  const startedAt = performance.now()
  const error = await errorOf(t, alpha.request('bravo', 'x', 1, { timeout: 100, retries: 2 }))
  t.like(error, { code: 'NOT_SENT', outcome: 'not-sent', safeToRetry: true, peer: 'bravo' })
  t.regex(error.message, /^Cannot request "x" from "bravo": not reached within \d+ ms, nothing was sent$/)
  t.true(performance.now() - startedAt < 1000)
  t.is(alpha.status().counters.retries, 0)
})

test('a node that comes during the retries answers', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const alpha = await startNode(t, { name: 'alpha', peers })
  const reply = alpha.request('bravo', 'who', 1, { timeout: 300, retries: 20 })
  const early = alpha.send('bravo', 'note', 1)
  await until(() => alpha.peers()[0]?.state === 'dead', 'alpha gives bravo up', 4000)
  const bravo = await startNode(t, { name: 'bravo', peers })
  bravo.handle('who', () => 'bravo is here')
  bravo.handle('note', () => {})
  t.is(await reply, 'bravo is here')
  t.is((await early).outcome, 'delivered')
})

test('a node that restarts during the retries of an unsent request answers as its next run', async (t) => {
  const { alpha, bravo, peers } = await startMesh(t, ['alpha', 'bravo'])
  const events = new EventLog(alpha)
  await bravo.close()
  await events.first('link:down bravo')
  const reply = alpha.request('bravo', 'who', 1, { timeout: 200, retries: 30 })
  const again = await startNode(t, { name: 'bravo', peers })
  again.handle('who', () => again.incarnation)
  t.is(await reply, again.incarnation)
  await events.first('peer:restarted bravo')
})

test('a reply that is cut off is fetched again, and its handler does not run again', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const bravo = await startNode(t, { name: 'bravo', peers })
  const proxy = await TcpProxy.start(t, portOf(peers, 'bravo'))
  const alpha = await startNode(t, { name: 'alpha', peers: rerouted(peers, { bravo: proxy.address }) })
  await alpha.ready()
  let runs = 0
  const [started, go] = [signal(), signal()]
  bravo.handle('work', async () => {
    runs += 1
    started.resolve()
    await go.promise
    return 'done'
  })
  const reply = alpha.request('bravo', 'work', 1, { timeout: 300, retries: 20 })
  await started.promise
  proxy.stall()
  go.resolve()
  // The answer is on its way into the stalled proxy now; what it holds is lost with the cut.
  await until(() => bravo.status().counters.sent > 0, 'bravo sends')
  proxy.cut()
  proxy.resume()
  proxy.mend()
  t.is(await reply, 'done')
  t.is(runs, 1)
})

test('a link that swallows everything is reset, and the request is answered on the new one', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const bravo = await startNode(t, { name: 'bravo', peers })
  bravo.handle('who', () => 'bravo')
  const proxy = await TcpProxy.start(t, portOf(peers, 'bravo'))
  const alpha = await startNode(t, { name: 'alpha', peers: rerouted(peers, { bravo: proxy.address }) })
  await alpha.ready()
  const events = new EventLog(alpha)
  proxy.stall()
  const reply = alpha.request('bravo', 'who', 1, { timeout: 300, retries: 20 })
  await Promise.race([events.first('link:reset bravo'), events.first('link:down bravo')])
  proxy.drop()
  proxy.resume()
  t.is(await within(6000, reply, 'the request'), 'bravo')
})

test('all requests in flight on a link that is lost are asked again on the next one, and run once', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const bravo = await startNode(t, { name: 'bravo', peers })
  const runs = new Map<number, number>()
  bravo.handle('count', (index: number) => {
    runs.set(index, (runs.get(index) ?? 0) + 1)
    return index
  })
  const proxy = await TcpProxy.start(t, portOf(peers, 'bravo'))
  const alpha = await startNode(t, { name: 'alpha', peers: rerouted(peers, { bravo: proxy.address }) })
  await alpha.ready()
  const sentBefore = alpha.status().counters.sent
  proxy.stall()
  const replies = Array.from({ length: 200 }, (_, index) =>
    alpha.request('bravo', 'count', index, { timeout: 1000, retries: 4 }),
  )
  await until(() => alpha.status().counters.sent >= sentBefore + 200, 'all are under way')
  proxy.drop()
  proxy.resume()
  const settled = await Promise.allSettled(replies)
  t.is(settled.filter((each) => each.status === 'fulfilled').length, 200)
  t.is(runs.size, 200)
  t.true([...runs.values()].every((count) => count === 1))
})

test('a half-closed connection costs no request', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const bravo = await startNode(t, { name: 'bravo', peers })
  bravo.handle('who', () => 'bravo')
  const proxy = await TcpProxy.start(t, portOf(peers, 'bravo'))
  const alpha = await startNode(t, { name: 'alpha', peers: rerouted(peers, { bravo: proxy.address }) })
  await alpha.ready()
  proxy.halfClose()
  t.is(await alpha.request('bravo', 'who', 1, { timeout: 500, retries: 10 }), 'bravo')
})

test('a slow network makes round trips long and nothing else', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const bravo = await startNode(t, { name: 'bravo', peers })
  bravo.handle('who', () => 'bravo')
  const proxy = await TcpProxy.start(t, portOf(peers, 'bravo'))
  const alpha = await startNode(t, { name: 'alpha', peers: rerouted(peers, { bravo: proxy.address }) })
  await alpha.ready()
  const events = new EventLog(alpha)
  proxy.delayMs = 60
  const startedAt = performance.now()
  t.is(await alpha.request('bravo', 'who'), 'bravo')
  t.true(performance.now() - startedAt >= 115)
  await until(() => (alpha.peers()[0]?.rttMs ?? 0) >= 115, 'the round trip of 120 ms is measured', 12_000)
  t.deepEqual(events.lines, [])
})
