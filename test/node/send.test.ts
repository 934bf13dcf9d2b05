/**
 * One-way messages over real sockets: each settles as delivered, refused, unknown or not sent, and is handled at most
 * once, in order.
 */

import test from 'ava'
import type { Receipt } from '../../src/index.ts'
import { ZmqnetError } from '../../src/index.ts'
import { errorOf, LogLines, peersOf, portOf, rerouted, startMesh, startNode, until } from '../support/mesh.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

test('a message is receipted when the node of the peer has it, and its handler learns that it is one', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  const heard: unknown[] = []
  bravo.handle('note', (body, { from, kind, attempt, remainingMs }) => {
    heard.push({ body, from, kind, attempt, remainingMs })
  })
  const receipt = await alpha.send('bravo', 'note', { text: 'x' })
  t.like(receipt, { peer: 'bravo', outcome: 'delivered' })
  t.true(receipt.ms >= 0)
  await until(() => heard.length === 1, 'the message is handled')
  t.deepEqual(heard, [
    { body: { text: 'x' }, from: 'alpha', kind: 'send', attempt: 1, remainingMs: Number.POSITIVE_INFINITY },
  ])
})

test('a message that nobody takes is refused', async (t) => {
  const { alpha } = await startMesh(t, ['alpha', 'bravo'])
  const error = await errorOf(t, alpha.send('bravo', 'nobody-takes-it'))
  t.like(error, { code: 'UNKNOWN_VERB', outcome: 'rejected', safeToRetry: true, peer: 'bravo' })
  t.is(error.message, 'Cannot send "nobody-takes-it" to "bravo": No handler for "nobody-takes-it"')
})

test('a message whose handler fails was delivered, and the failure is told in the log of its node', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const log = new LogLines()
  const alpha = await startNode(t, { name: 'alpha', peers })
  const bravo = await startNode(t, { name: 'bravo', peers, log })
  bravo.handle('note', () => {
    throw new Error('It broke')
  })
  t.is((await alpha.send('bravo', 'note')).outcome, 'delivered')
  t.regex(
    await log.first(/It broke/),
    /^warn the handler of "note" failed on a message from alpha: It broke$/,
  )
})

test('a message to a node that never comes is not sent', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const alpha = await startNode(t, { name: 'alpha', peers })
  const error = await errorOf(t, alpha.send('bravo', 'note', 1, { timeout: 150 }))
  t.like(error, { code: 'NOT_SENT', outcome: 'not-sent', safeToRetry: true, peer: 'bravo' })
})

test('10,000 messages arrive once each and in order', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  const heard: number[] = []
  bravo.handle('note', (body) => {
    heard.push(body)
  })
  const receipts = await Promise.all(
    Array.from({ length: 10_000 }, (_, index) => alpha.send('bravo', 'note', index)),
  )
  t.true(receipts.every((receipt) => receipt.outcome === 'delivered'))
  await until(() => heard.length >= 10_000, 'all are handled')
  t.deepEqual(
    heard,
    Array.from({ length: 10_000 }, (_, index) => index),
  )
})

test('more than may wait for one peer is refused by a typed error, and what was taken is delivered', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  let heard = 0
  bravo.handle('note', () => {
    heard += 1
  })
  const body = Buffer.alloc(100_000)
  const results = await Promise.allSettled(
    Array.from({ length: 200 }, () => alpha.send('bravo', 'note', body)),
  )
  const refused = results.filter((result) => result.status === 'rejected')
  for (const { reason } of refused) {
    t.like(reason, { code: 'QUEUE_FULL', outcome: 'not-sent', safeToRetry: true })
  }
  t.true(refused.length > 0 && refused.length < 200, `${refused.length} refused`)
  await until(() => heard === 200 - refused.length, 'what was taken is handled')
  const { dropped } = alpha.status().counters
  t.true(dropped <= refused.length, `${dropped} dropped, ${refused.length} refused`)
})

test('when the link is cut in between, each message is delivered or unknown, none twice and none in silence', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const bravo = await startNode(t, { name: 'bravo', peers })
  const heard: number[] = []
  bravo.handle('note', (body) => {
    heard.push(body)
  })
  const proxy = await TcpProxy.start(t, portOf(peers, 'bravo'))
  const alpha = await startNode(t, { name: 'alpha', peers: rerouted(peers, { bravo: proxy.address }) })
  await alpha.ready()
  const outcomes: Promise<Receipt | ZmqnetError>[] = []
  for (let index = 0; index < 2000; index += 1) {
    outcomes.push(alpha.send('bravo', 'note', index, { timeout: 2000 }).catch((error) => error))
    if (index === 500 || index === 1200) {
      await until(() => heard.length > 0, 'some are handled')
      proxy.stall()
    }
    if (index === 700 || index === 1400) {
      proxy.drop()
      proxy.resume()
    }
    if (index % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const settled = await Promise.all(outcomes)
  const delivered = new Set<number>()
  const count: Record<string, number> = {}
  for (const [index, outcome] of settled.entries()) {
    const name = outcome instanceof ZmqnetError ? `${outcome.code}/${outcome.outcome}` : outcome.outcome
    count[name] = (count[name] ?? 0) + 1
    if (name === 'delivered') delivered.add(index)
    // Not sent means that it has certainly not been handled.
    if (name.endsWith('/not-sent')) t.false(heard.includes(index))
  }
  t.log(count)
  t.true(
    Object.keys(count).every((name) => ['delivered', 'TIMEOUT/unknown', 'NOT_SENT/not-sent'].includes(name)),
  )
  t.is(new Set(heard).size, heard.length)
  t.true([...delivered].every((index) => heard.includes(index)))
  t.true(delivered.size >= 500)
})
