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

test('O11: a burst far above what may be under way waits its turn and arrives in order', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  const heard: number[] = []
  bravo.handle('note', (body: Buffer) => {
    heard.push(body.readUInt32BE())
  })
  const count = 300
  const bodies = Array.from({ length: count }, (_, index) => {
    // One in seven is tiny: it must not overtake the large ones.
    const body = Buffer.alloc(index % 7 === 0 ? 4 : 60_000)
    body.writeUInt32BE(index)
    return body
  })
  const sends = bodies.map((body) => alpha.send('bravo', 'note', body, { timeout: 60_000 }))
  t.is(alpha.status().pending, count)
  const receipts = await Promise.all(sends)
  t.true(receipts.every((receipt) => receipt.outcome === 'delivered'))
  await until(() => heard.length === count, 'all are handled')
  t.deepEqual(
    heard,
    Array.from({ length: count }, (_, index) => index),
  )
  t.is(alpha.status().counters.dropped, 0)
  t.is(alpha.status().pending, 0)
})

test('O15: who never awaits is refused by a typed error when too much waits, and what was taken is delivered', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  let heard = 0
  bravo.handle('note', () => {
    heard += 1
  })
  const body = Buffer.alloc(500_000)
  const results = await Promise.allSettled(
    Array.from({ length: 200 }, () => alpha.send('bravo', 'note', body, { timeout: 60_000 })),
  )
  const refused = results.filter((result) => result.status === 'rejected')
  for (const { reason } of refused) {
    t.like(reason, { code: 'QUEUE_FULL', outcome: 'not-sent', safeToRetry: true, peer: 'bravo' })
    t.regex(
      reason.message,
      /^Cannot send "note" to "bravo": 16533792 bytes wait for it in all \(at most 16777216, with 1024 for each operation\); /,
    )
  }
  // 8 bodies are under way and 25 wait: with 1 KiB each, 16 MiB have no room for one more.
  t.is(refused.length, 200 - 8 - 25)
  await until(() => heard === 200 - refused.length, 'what was taken is handled')
  t.is(alpha.status().counters.dropped, 0)
})

test('O11: a loop that awaits each, and one that keeps 1000 in flight, are never refused', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  let heard = 0
  bravo.handle('note', () => {
    heard += 1
  })
  for (let count = 0; count < 300; count += 1) await alpha.send('bravo', 'note', count)
  let sent = 0
  let most = 0
  const body = Buffer.alloc(10_000)
  const loop = async (): Promise<void> => {
    while (sent < 5000) {
      sent += 1
      await alpha.send('bravo', 'note', body, { timeout: 60_000 })
      most = Math.max(most, alpha.status().pending)
    }
  }
  await Promise.all(Array.from({ length: 1000 }, loop))
  await until(() => heard === 5300, 'all are handled')
  t.true(most > 900 && most <= 1000, `${most} were pending`)
})

test('O13: when requests have filled the queue, messages wait for room instead of failing', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  const heard: number[] = []
  bravo.handle('note', (body) => {
    heard.push(body)
  })
  bravo.handle('size', (body: Buffer) => body.length)
  const body = Buffer.alloc(900_000)
  const requests = Array.from({ length: 9 }, () => alpha.request('bravo', 'size', body))
  const sends = Array.from({ length: 20 }, (_, index) => {
    return alpha.send('bravo', 'note', index % 2 === 0 ? Buffer.alloc(300_000, index) : index)
  })
  const replies = await Promise.allSettled(requests)
  for (const result of replies) {
    if (result.status === 'rejected') t.like(result.reason, { code: 'QUEUE_FULL', safeToRetry: true })
    else t.is(result.value, body.length)
  }
  const receipts = await Promise.all(sends)
  t.is(receipts.length, 20)
  await until(() => heard.length === 20, 'all are handled')
  t.deepEqual(
    heard.map((one) => (Buffer.isBuffer(one) ? one[0] : one)),
    Array.from({ length: 20 }, (_, index) => index),
  )
})

test('O14: a message that is given up while it waits is not sent, and one that left is unknown', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const alpha = await startNode(t, { name: 'alpha', peers })
  const waiting = new AbortController()
  const unsent = alpha.send('bravo', 'note', 1, { signal: waiting.signal })
  waiting.abort()
  t.like(await errorOf(t, unsent), { code: 'ABORTED', outcome: 'not-sent', safeToRetry: true, peer: 'bravo' })
  const late = alpha.send('bravo', 'note', 2, { signal: waiting.signal })
  t.like(await errorOf(t, late), { code: 'ABORTED', outcome: 'not-sent', safeToRetry: true })

  const bravo = await startNode(t, { name: 'bravo', peers })
  const heard: number[] = []
  bravo.handle('note', (body) => {
    heard.push(body)
  })
  await alpha.ready()
  const leaving = new AbortController()
  const sent = alpha.send('bravo', 'note', 3, { signal: leaving.signal })
  leaving.abort()
  t.like(await errorOf(t, sent), { code: 'ABORTED', outcome: 'unknown', safeToRetry: false })
  t.is((await alpha.send('bravo', 'note', 4, { signal: new AbortController().signal })).outcome, 'delivered')
  await until(() => heard.includes(4), 'the last one is handled')
  t.deepEqual(heard, [3, 4], 'what had left is not called back, what had not is not sent')
  t.is(alpha.status().pending, 0)
})

test('X4: what waits when a node closes is told so, and nothing is left', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const alpha = await startNode(t, { name: 'alpha', peers })
  const errors = Array.from({ length: 100 }, () => errorOf(t, alpha.send('bravo', 'note')))
  t.is(alpha.status().pending, 100)
  await alpha.close({ drain: 0 })
  for (const error of await Promise.all(errors)) t.like(error, { code: 'CLOSED', outcome: 'not-sent' })
  t.is(alpha.status().pending, 0)
})

test('a signal that is none is refused', async (t) => {
  const { alpha } = await startMesh(t, ['alpha', 'bravo'])
  const error = await errorOf(t, alpha.send('bravo', 'note', 1, { signal: 'soon' as never }))
  t.like(error, { code: 'INVALID_ARGUMENT' })
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
