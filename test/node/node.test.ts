/**
 * A node as its user meets it: how it starts in any order, what it shows of itself and its peers, and how it ends.
 */

import test from 'ava'
import { createNode, type NodeEvent, ZmqnetError } from '../../src/index.ts'
import {
  EventLog,
  errorOf,
  freePorts,
  HANGS_MS,
  LogLines,
  local,
  peersOf,
  portOf,
  quiet,
  signal,
  startMesh,
  startNode,
  until,
  within,
} from '../support/mesh.ts'

/** With such ticks, silence makes nobody dead before a test is over. */
const PATIENT_TICK_MS = 20_000

test('nodes that start at once find each other', async (t) => {
  const mesh = await startMesh(t, ['alpha', 'bravo', 'charlie', 'delta', 'echo'])
  t.deepEqual(
    mesh.charlie.peers().map((peer) => `${peer.name} ${peer.state} ${peer.link}`),
    ['alpha alive open', 'bravo alive open', 'delta alive open', 'echo alive open'],
  )
})

test('nodes that start one by one in any order find each other', async (t) => {
  for (const order of ['abc', 'cab', 'bca']) {
    const peers = await peersOf(['a', 'b', 'c'])
    const nodes = []
    for (const name of order) {
      nodes.push(await startNode(t, { name, peers }))
      await quiet(20)
    }
    await Promise.all(nodes.map((node) => node.ready(3000)))
    await Promise.all(nodes.map((node) => node.close()))
  }
  t.pass()
})

test.serial('a node that starts three seconds later is linked both ways at once', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const alpha = await startNode(t, { name: 'alpha', peers })
  const events = new EventLog(alpha)
  await events.first('peer:dead bravo')
  await quiet(1500)
  const bravo = await startNode(t, { name: 'bravo', peers })
  const startedAt = performance.now()
  await Promise.all([alpha.ready(), bravo.ready()])
  const tookMs = performance.now() - startedAt
  t.log(`ready after ${tookMs.toFixed(0)} ms`)
  t.true(tookMs < 1000, `${tookMs} ms`)
  t.deepEqual(events.lines, ['peer:dead bravo', 'peer:alive bravo', 'link:up bravo'])
})

test('an address that is taken is told as such', async (t) => {
  const { peers } = await startMesh(t, ['alpha'])
  const error = await errorOf(t, createNode({ name: 'alpha', peers }))
  t.like(error, { code: 'ADDRESS_IN_USE', outcome: 'not-sent', safeToRetry: true })
  t.is(
    error.message,
    `Cannot start "alpha" on tcp://127.0.0.1:${portOf(peers, 'alpha')}: the address is in use`,
  )
})

test('a second process with the name of a living node is refused by the others, and the first goes on', async (t) => {
  const { alpha, bravo, peers } = await startMesh(t, ['alpha', 'bravo'])
  bravo.handle('who', () => 'the first bravo')
  const events = new EventLog(alpha)
  const [port] = await freePorts(1)
  const second = await startNode(t, { name: 'bravo', peers, bind: local(port) })
  const refused = await new EventLog(second).first('link:refused alpha')
  t.like(refused, { reason: 'name-taken', text: 'Another running process is "bravo"' })
  t.is(second.peers()[0]?.link, 'refused')
  t.is(await alpha.request('bravo', 'who'), 'the first bravo')
  t.is((await errorOf(t, second.request('alpha', 'x', 1, { timeout: 100, retries: 0 }))).code, 'NOT_SENT')
  t.like(bravo.peers()[0], { state: 'alive', link: 'open' })
  t.deepEqual(
    events.changes.filter((line) => line !== 'violation'),
    [],
  )
  t.true(events.count('violation') >= 1)
})

test('a node shows itself and its peers', async (t) => {
  const { alpha, bravo, peers } = await startMesh(t, ['alpha', 'bravo'], { network: 'mine' })
  const status = alpha.status()
  t.like(status, { name: 'alpha', network: 'mine', incarnation: alpha.incarnation })
  t.is(status.endpoint, `tcp://${local(portOf(peers, 'alpha'))}`)
  t.is(status.endpoint, alpha.endpoint)
  t.true(Number.isSafeInteger(alpha.incarnation) && alpha.incarnation !== bravo.incarnation)
  await until(() => alpha.peers()[0]?.rttMs !== undefined, 'a round trip is measured')
  const [peer] = alpha.peers()
  t.like(peer, { name: 'bravo', state: 'alive', busy: false, link: 'open', incarnation: bravo.incarnation })
  t.deepEqual(peer?.outages, { count: 0, longestMs: 0, totalMs: 0 })
  t.true((peer?.lastSeenMs ?? -1) >= 0 && (peer?.openMs ?? -1) >= 0)
  const { counters } = alpha.status()
  t.true(counters.sent > 0 && counters.received > 0 && counters.framesSent > 0 && counters.framesReceived > 0)
  t.like(counters, { dropped: 0, violations: 0, retries: 0, resets: 0 })
})

test('counters count each message of both sides', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  bravo.handle('x', () => 1)
  const before = { alpha: alpha.status().counters, bravo: bravo.status().counters }
  await Promise.all(Array.from({ length: 500 }, () => alpha.request('bravo', 'x')))
  const after = { alpha: alpha.status().counters, bravo: bravo.status().counters }
  t.true(after.alpha.sent - before.alpha.sent >= 500 && after.alpha.received - before.alpha.received >= 500)
  t.true(after.bravo.sent - before.bravo.sent >= 500 && after.bravo.received - before.bravo.received >= 500)
  // What is queued together leaves together.
  t.true(after.alpha.framesSent - before.alpha.framesSent < 100)
})

test('the status line comes at the start and on each change, and a restart is told', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const log = new LogLines()
  await startNode(t, { name: 'alpha', peers, log })
  const port = portOf(peers, 'alpha')
  t.is(log.lines[0], `info alpha listens on tcp://127.0.0.1:${port} in network zmqnet, 1 peers`)
  const alone = /^info 0 of 1 peers online: bravo suspect; sent \d+, received \d+, dropped 0; no outages$/
  await log.first(alone)
  const bravo = await startNode(t, { name: 'bravo', peers })
  await log.first(/^info 1 of 1 peers online: bravo alive; .* no outages$/)
  t.is(log.matching(/^info peer bravo is alive$/).length, 1)
  await bravo.close()
  await log.first(/^info peer bravo has left$/)
  await log.first(/^info 0 of 1 peers online: bravo left; .*; bravo 1 outage, longest .*, total .*$/)
  await startNode(t, { name: 'bravo', peers })
  await log.first(/^info peer bravo restarted$/)
  await log.first(/^info 1 of 1 peers online: bravo alive; .*; bravo 1 outage, longest .*, total .*$/)
  t.deepEqual(log.matching(/^(warn|error)/), [])
})

test('a logger that throws costs nobody an answer', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const broken = (): never => {
    throw new Error('The disk is full')
  }
  const log = { debug: broken, info: broken, warn: broken, error: broken }
  const alpha = await startNode(t, { name: 'alpha', peers, log })
  const bravo = await startNode(t, { name: 'bravo', peers, log })
  await Promise.all([alpha.ready(), bravo.ready()])
  bravo.handle('x', () => 1)
  t.is(await alpha.request('bravo', 'x'), 1)
  await bravo.close()
})

test('events come in the order of a life, to each reader, and end with the node', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const alpha = await startNode(t, { name: 'alpha', peers, tick: PATIENT_TICK_MS })
  const [first, second] = [new EventLog(alpha), new EventLog(alpha)]
  const bravo = await startNode(t, { name: 'bravo', peers })
  await first.first('peer:alive bravo')
  await alpha.ready(HANGS_MS)
  await bravo.close()
  await first.first('link:down bravo')
  const again = await startNode(t, { name: 'bravo', peers })
  await first.first('peer:restarted bravo')
  await alpha.ready(HANGS_MS)
  const [peer] = alpha.peers()
  t.is(peer?.incarnation, again.incarnation)
  await alpha.close()
  await until(() => first.isEnded && second.isEnded, 'both readers end')
  t.deepEqual(first.lines, second.lines)
  const states = first.changes.filter((line) => line.startsWith('peer:'))
  t.deepEqual(states, ['peer:alive bravo', 'peer:left bravo', 'peer:restarted bravo', 'peer:alive bravo'])
  const links = first.lines.filter((line) => line.startsWith('link:'))
  t.deepEqual(links, ['link:up bravo', 'link:down bravo', 'link:up bravo'])
})

test('a reader that stops reading gets no more, and the others do', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const alpha = await startNode(t, { name: 'alpha', peers })
  const other = new EventLog(alpha)
  const seen: NodeEvent[] = []
  const reading = (async () => {
    for await (const event of alpha.events()) {
      seen.push(event)
      break
    }
  })()
  await startNode(t, { name: 'bravo', peers })
  await within(3000, reading, 'the reader that breaks off')
  await until(() => other.lines.length >= 2, 'the other reader')
  t.is(seen.length, 1)
})

test('to wait for the others ends with an error that names who is missing', async (t) => {
  const peers = await peersOf(['alpha', 'bravo', 'charlie'])
  const alpha = await startNode(t, { name: 'alpha', peers })
  await startNode(t, { name: 'bravo', peers })
  await until(() => alpha.peers()[0]?.link === 'open', 'bravo is linked')
  const error = await errorOf(t, alpha.ready(100))
  t.is(error.code, 'TIMEOUT')
  t.regex(error.message, /^"alpha" was not ready within 100 ms: charlie is (suspect|dead) \(link down\)$/)
})

test('close waits for the handlers that run, tells the others goodbye, and refuses what is new', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  const events = new EventLog(alpha)
  const [started, go] = [signal(), signal()]
  bravo.handle('work', async () => {
    started.resolve()
    await go.promise
    return 'done'
  })
  const running = alpha.request('bravo', 'work')
  await started.promise
  const closing = bravo.close({ drain: 5000 })
  const mine = await errorOf(t, bravo.request('alpha', 'x'))
  t.like(mine, { code: 'CLOSED', outcome: 'not-sent', safeToRetry: true })
  t.is(mine.message, 'Cannot request "x" from "alpha": "bravo" is closing or closed')
  t.is((await errorOf(t, bravo.send('alpha', 'x'))).code, 'CLOSED')
  t.is((await errorOf(t, bravo.broadcast('x'))).code, 'CLOSED')
  t.is((await errorOf(t, bravo.ready())).code, 'CLOSED')
  await events.first('peer:left bravo')
  const theirs = await errorOf(t, alpha.request('bravo', 'work', 1, { timeout: 2000, retries: 0 }))
  t.like(theirs, { code: 'REJECTED', outcome: 'rejected', safeToRetry: true })
  t.regex(theirs.message, /The node is closing/)
  const send = await errorOf(t, alpha.send('bravo', 'work', 1, { timeout: 2000 }))
  t.like(send, { outcome: 'rejected', safeToRetry: true })
  go.resolve()
  t.is(await running, 'done')
  await within(1000, closing, 'the close, once nothing runs any more')
})

test.serial('the answer that a close has waited for arrives, every time', async (t) => {
  for (let round = 0; round < 20; round += 1) {
    const peers = await peersOf(['alpha', 'bravo'])
    const [alpha, bravo] = [
      await startNode(t, { name: 'alpha', peers }),
      await startNode(t, { name: 'bravo', peers }),
    ]
    await Promise.all([alpha.ready(), bravo.ready()])
    const events = new EventLog(alpha)
    const [started, go] = [signal(), signal<string>()]
    bravo.handle('work', () => {
      started.resolve()
      return go.promise
    })
    const running = alpha.request('bravo', 'work', 1, { timeout: 3000, retries: 0 })
    await started.promise
    const closing = bravo.close({ drain: 5000 })
    // Now nothing but the answer is left to be sent, and the connection ends right behind it.
    await events.first('peer:left bravo')
    go.resolve('the last word')
    t.is(await running, 'the last word', `round ${round}`)
    await closing
    await alpha.close()
  }
})

test.serial('close gives up at the end of its budget, and aborts the handlers that still run', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  const [started, reason] = [signal(), signal<string>()]
  bravo.handle('never', (_body, context) => {
    context.signal.addEventListener('abort', () => reason.resolve(context.signal.reason.code))
    started.resolve()
    return new Promise(() => {})
  })
  const running = alpha.request('bravo', 'never', 1, { timeout: 600, retries: 0 })
  await started.promise
  const startedAt = performance.now()
  await bravo.close({ drain: 150 })
  const tookMs = performance.now() - startedAt
  t.true(tookMs >= 145 && tookMs < 600, `${tookMs} ms`)
  t.is(await reason.promise, 'CLOSED')
  t.is((await errorOf(t, running)).outcome, 'unknown')
})

test.serial('close with nothing to wait for is quick, also when a peer is not there', async (t) => {
  const peers = await peersOf(['alpha', 'bravo', 'charlie'])
  const alpha = await startNode(t, { name: 'alpha', peers })
  const bravo = await startNode(t, { name: 'bravo', peers })
  await until(() => alpha.peers()[0]?.link === 'open' && bravo.peers()[0]?.link === 'open', 'both are linked')
  const startedAt = performance.now()
  await alpha.close()
  await bravo.close()
  t.true(performance.now() - startedAt < 500, `${performance.now() - startedAt} ms`)
})

test('what is pending when a node closes settles with an honest outcome', async (t) => {
  const peers = await peersOf(['alpha', 'bravo', 'charlie'])
  // With such ticks, whoever is not there is not dead before the end.
  const alpha = await startNode(t, { name: 'alpha', peers, tick: PATIENT_TICK_MS })
  const bravo = await startNode(t, { name: 'bravo', peers })
  await until(() => alpha.peers()[0]?.link === 'open', 'bravo is there')
  bravo.handle('never', () => new Promise(() => {}))
  const events = new EventLog(alpha)
  const waiting = alpha.ready(60_000)
  const sent = alpha.request('bravo', 'never', undefined, { timeout: 60_000 })
  const unsent = alpha.request('charlie', 'never')
  const note = alpha.send('charlie', 'never')
  const cast = alpha.broadcast('never', undefined, { timeout: 60_000 })
  await alpha.close({ drain: 100 })
  t.like(await errorOf(t, sent), { code: 'CLOSED', outcome: 'unknown', safeToRetry: false })
  t.like(await errorOf(t, unsent), { code: 'CLOSED', outcome: 'not-sent', safeToRetry: true })
  t.like(await errorOf(t, note), { code: 'CLOSED', outcome: 'not-sent' })
  t.is((await errorOf(t, waiting)).code, 'CLOSED')
  const result = await cast
  t.deepEqual(result.missing.map((each) => `${each.peer} ${each.reason}`).sort(), [
    'bravo not-awaited',
    'charlie not-awaited',
  ])
  await until(() => events.isEnded, 'the events end')
  t.deepEqual(await alpha.events().next(), { done: true, value: undefined })
})

test('a node that is closed twice, or waited for when it is closed, answers', async (t) => {
  const { alpha } = await startMesh(t, ['alpha', 'bravo'])
  await Promise.all([alpha.close(), alpha.close({ drain: 5 })])
  await alpha.close()
  t.is((await errorOf(t, alpha.ready(100))).code, 'CLOSED')
  t.is(alpha.status().name, 'alpha')
})

test('`await using` closes a node and a client', async (t) => {
  const peers = await peersOf(['alpha'])
  let events: EventLog
  {
    await using alpha = await createNode({ name: 'alpha', peers })
    events = new EventLog(alpha)
    t.is(alpha.peers().length, 0)
  }
  await until(() => events.isEnded, 'the events end')
  await startNode(t, { name: 'alpha', peers })
})

test('every fault of the options is told at once', async (t) => {
  const peers = await peersOf(['alpha'])
  const bad = { name: 'alpah', peers, bind: 'nowhere', tick: -1, statusEvery: 5 }
  const error = await t.throwsAsync(createNode(bad), { instanceOf: ZmqnetError, code: 'CONFIG' })
  for (const part of ['did you mean "alpha"', 'bind:', 'tick:', 'statusEvery:']) {
    t.true(error.message.includes(part), `${part} in ${error.message}`)
  }
})
