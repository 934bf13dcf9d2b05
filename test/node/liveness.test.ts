/**
 * What nodes think of each other when the network between them misbehaves: a cut, a stall, a one-way silence, a flapping
 * link. Processes that die, stop or hang are in test/processes/.
 */

import test, { type ExecutionContext } from 'ava'
import type { Node } from '../../src/index.ts'
import {
  EventLog,
  HANGS_MS,
  LogLines,
  peersOf,
  portOf,
  quiet,
  rerouted,
  startMesh,
  startNode,
  until,
} from '../support/mesh.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

/** Two nodes that reach each other through a proxy each. */
interface Pair {
  readonly alpha: Node
  readonly bravo: Node
  readonly toBravo: TcpProxy
  readonly toAlpha: TcpProxy
  readonly log: LogLines
}

async function startPair(t: ExecutionContext, tickMs = 100): Promise<Pair> {
  const peers = { ...(await peersOf(['alpha', 'bravo'])), tickMs }
  const toBravo = await TcpProxy.start(t, portOf(peers, 'bravo'))
  const toAlpha = await TcpProxy.start(t, portOf(peers, 'alpha'))
  const log = new LogLines()
  const alpha = await startNode(t, { name: 'alpha', peers: rerouted(peers, { bravo: toBravo.address }), log })
  const bravo = await startNode(t, { name: 'bravo', peers: rerouted(peers, { alpha: toAlpha.address }) })
  await Promise.all([alpha.ready(HANGS_MS), bravo.ready(HANGS_MS)])
  return { alpha, bravo, toBravo, toAlpha, log }
}

test('idle nodes stay alive and silent, and beat between one and two ticks', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'], { tickMs: 100 })
  const events = [new EventLog(alpha), new EventLog(bravo)]
  const before = alpha.status().counters
  const startedAt = performance.now()
  const sent = (): number => alpha.status().counters.sent - before.sent
  // However long the machine takes for them: on a quiet one, 10 to 20 beats of its own and some echoes are 2 s.
  await until(() => sent() >= 20, 'it beats')
  t.deepEqual(
    events.map((log) => log.changes),
    [[], []],
  )
  // A beat in each tick at the most, and an Echo for some of those of bravo.
  const ticks = (performance.now() - startedAt) / 100
  t.true(sent() <= 2.1 * ticks + 5, `${sent()} messages in ${ticks} ticks`)
})

test('a partition makes both sides suspect, then dead, and heals by itself', async (t) => {
  const { alpha, bravo, toBravo, toAlpha } = await startPair(t)
  const events = [new EventLog(alpha), new EventLog(bravo)]
  toBravo.cut()
  toAlpha.cut()
  await events[0]?.first('peer:dead bravo')
  await events[1]?.first('peer:dead alpha')
  await quiet(500)
  toBravo.mend()
  toAlpha.mend()
  await Promise.all([alpha.ready(HANGS_MS), bravo.ready(HANGS_MS)])
  for (const [index, other] of ['bravo', 'alpha'].entries()) {
    const states = events[index]?.lines.filter((line) => line.startsWith('peer:'))
    t.deepEqual(
      states?.filter((line) => !line.startsWith('peer:suspect') && !line.startsWith('peer:busy')),
      [`peer:dead ${other}`, `peer:alive ${other}`],
    )
  }
  const [view] = alpha.peers()
  t.is(view?.outages.count, 1)
  t.true((view?.outages.longestMs ?? 0) >= 500 && view?.outages.longestMs === view?.outages.totalMs)
})

test('a network that swallows everything is noticed by silence, and heals by itself', async (t) => {
  const { alpha, bravo, toBravo, toAlpha } = await startPair(t)
  const events = new EventLog(alpha)
  const startedAt = performance.now()
  toBravo.stall()
  toAlpha.stall()
  await events.first('peer:dead bravo')
  const tookMs = performance.now() - startedAt
  t.log(`dead after ${tookMs.toFixed(0)} ms`)
  toBravo.resume()
  toAlpha.resume()
  await Promise.all([alpha.ready(HANGS_MS), bravo.ready(HANGS_MS)])
  t.is(alpha.peers()[0]?.state, 'alive')
})

test('a cut of one direction is visible as a link that is down, and kills nobody', async (t) => {
  const { alpha, bravo, toBravo } = await startPair(t, 500)
  const events = new EventLog(alpha)
  toBravo.cut()
  await events.first('link:down bravo')
  // More than twice the time that makes a peer dead of which nothing is heard.
  await quiet(3500)
  // Bravo's own link still carries its heartbeats to alpha.
  t.like(alpha.peers()[0], { state: 'alive', link: 'down' })
  t.like(bravo.peers()[0], { state: 'alive', link: 'open' })
  t.deepEqual(events.changes, ['link:down bravo'])
  toBravo.mend()
  await alpha.ready(HANGS_MS)
})

test('each outage is counted, and the log tells the longest and all together', async (t) => {
  const { alpha, toBravo, log } = await startPair(t)
  for (let round = 1; round <= 3; round += 1) {
    await until(() => alpha.peers()[0]?.link === 'open', 'the link is open')
    // Only a link that held for a while is dialled again at once; a younger one may need a moment more.
    await until(() => (alpha.peers()[0]?.openMs ?? 0) > 20, 'it has held for a moment')
    toBravo.drop()
    await until(() => alpha.peers()[0]?.outages.count === round, `outage ${round}`)
  }
  await until(() => alpha.peers()[0]?.link === 'open', 'the link is open')
  const outages = alpha.peers()[0]?.outages
  t.is(outages?.count, 3)
  t.true((outages?.totalMs ?? 0) >= (outages?.longestMs ?? 0))
  await log.first(/; bravo 3 outages, longest \S+, total \S+$/)
})

test('a restart of a link does not make anybody dead, and events tell down before up', async (t) => {
  const { alpha, toBravo } = await startPair(t, 500)
  const events = new EventLog(alpha)
  await until(() => (alpha.peers()[0]?.openMs ?? 0) > 300, 'the link has held')
  toBravo.drop()
  await events.first('link:up bravo')
  t.deepEqual(events.changes, ['link:down bravo', 'link:up bravo'])
})
