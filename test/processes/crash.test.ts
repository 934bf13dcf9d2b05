/**
 * Nodes in processes of their own that are killed, restarted, stopped and blocked: dead, restarted, silent and busy are
 * four different answers, and what was asked of them ends honestly.
 */

import test, { type ExecutionContext } from 'ava'
import type { Node, NodeEvent, PeersConfig, PeerView } from '../../src/index.ts'
import { EventLog, errorOf, HANGS_MS, peersOf, quiet, startNode, until } from '../support/mesh.ts'
import { NodeProcess } from '../support/node-processes.ts'

/** Alpha in this process, bravo in another. */
interface Pair {
  readonly alpha: Node
  readonly bravo: NodeProcess
  readonly events: EventLog
  readonly peers: PeersConfig
}

type Carrier = 'tcp' | 'ipc'

async function startPair(t: ExecutionContext, carrier: Carrier = 'tcp'): Promise<Pair> {
  const peers = await peersOf(['alpha', 'bravo'], { sameHost: carrier === 'ipc' })
  const alpha = await startNode(t, { name: 'alpha', peers })
  const bravo = await NodeProcess.start(t, { name: 'bravo', peers })
  await Promise.all([alpha.ready(HANGS_MS), bravo.order({ kind: 'ready', timeoutMs: HANGS_MS })])
  // A link that breaks when it is young is dialled again after a pause, which is not what these tests are about.
  await until(() => (alpha.peers()[0]?.openMs ?? 0) > 300, 'the link has held for a while')
  t.is(alpha.peers()[0]?.transport, carrier)
  bravo.events.length = 0
  return { alpha, bravo, events: new EventLog(alpha), peers }
}

/** Whether a request was; or cannot be just now: its link was given up, and comes back when the loop of the callee turns. */
function isAskedAgain(node: Node): boolean {
  return node.status().counters.retries >= 1 || node.peers()[0]?.link !== 'open'
}

/** How a node sees its first peer at the moment when it tells an event of that kind. */
async function viewAt(node: Node, kind: NodeEvent['kind']): Promise<PeerView | undefined> {
  for await (const event of node.events()) if (event.kind === kind) return node.peers()[0]
  return undefined
}

for (const carrier of ['tcp', 'ipc'] as const) {
  test(`over ${carrier}, a killed node is dead, and its next run is alive and known as another one`, async (t) => {
    const { alpha, bravo, events, peers } = await startPair(t, carrier)
    const first = alpha.peers()[0]?.incarnation
    const killedAt = performance.now()
    await bravo.kill()
    const dead = await events.first('peer:dead bravo')
    t.log(`dead after ${(performance.now() - killedAt).toFixed(0)} ms: ${JSON.stringify(dead)}`)
    await quiet(300)
    const again = await NodeProcess.start(t, { name: 'bravo', peers })
    await alpha.ready(HANGS_MS)
    t.is(alpha.peers()[0]?.transport, carrier, 'also with the next run, which offers another shortcut')
    const changes = events.changes.filter(
      (line) => line.endsWith(' bravo') && !line.startsWith('peer:suspect'),
    )
    t.deepEqual(changes, [
      'link:down bravo',
      'peer:dead bravo',
      'peer:restarted bravo',
      'peer:alive bravo',
      'link:up bravo',
    ])
    const [view] = alpha.peers()
    t.is(view?.incarnation, (await again.status()).incarnation)
    t.not(view?.incarnation, first)
    t.is(view?.outages.count, 1)
    t.true((view?.outages.longestMs ?? 0) >= 300)
  })
}

test('a callee that dies and comes back in between is told as a restart, and nothing runs again', async (t) => {
  const { alpha, bravo, peers } = await startPair(t)
  const failed = errorOf(t, alpha.request('bravo', 'slow', 60_000, { timeout: 1000, retries: 100 }))
  await bravo.running()
  await bravo.kill()
  const again = await NodeProcess.start(t, { name: 'bravo', peers })
  const error = await failed
  t.like(error, { code: 'PEER_RESTARTED', outcome: 'unknown', safeToRetry: false, peer: 'bravo' })
  t.regex(
    error.message,
    /^Cannot request "slow" from "bravo": it restarted after \d+ ms, before it answered$/,
  )
  t.is(again.runs, 0)
})

test('an idempotent request of which nobody knows whether it ran runs in the next run of its callee', async (t) => {
  const { alpha, bravo, peers } = await startPair(t)
  // It has the request, and will not come to answer it.
  await bravo.hold()
  const options = { timeout: 1000, retries: 100, idempotent: true }
  const request = alpha.request('bravo', 'who', undefined, options)
  await until(() => isAskedAgain(alpha), 'it was asked, and asked again')
  await bravo.kill()
  const again = await NodeProcess.start(t, { name: 'bravo', peers })
  t.like(await request, { pid: again.pid })
})

test('a callee that dies for good leaves a timeout with an unknown outcome', async (t) => {
  const { alpha, bravo, events } = await startPair(t)
  const failed = errorOf(t, alpha.request('bravo', 'slow', 60_000, { timeout: 250, retries: 2 }))
  const sends = Array.from({ length: 50 }, () => alpha.send('bravo', 'note', 1, { timeout: 600 }))
  const receipts = Promise.allSettled(sends)
  await bravo.running()
  await bravo.kill()
  const error = await failed
  t.like(error, { code: 'TIMEOUT', outcome: 'unknown', safeToRetry: false, peer: 'bravo' })
  await events.first('peer:dead bravo')
  const late = await errorOf(t, alpha.send('bravo', 'note', 1, { timeout: 100 }))
  t.is(late.code, 'NOT_SENT')
  t.is((await receipts).length, 50)
  t.is(events.count('peer:dead bravo'), 1)
})

test('a broadcast does not wait for a member that dies in it', async (t) => {
  const { alpha, bravo } = await startPair(t)
  const cast = alpha.broadcast('slow', 60_000, { timeout: 100_000 })
  await bravo.running()
  await bravo.kill()
  const result = await cast
  t.deepEqual(
    result.missing.map((each) => `${each.peer} ${each.reason}`),
    ['bravo dead'],
  )
})

for (const carrier of ['tcp', 'ipc'] as const) {
  test(`over ${carrier}, a stopped process is dead by silence, and alive again without a restart when it goes on`, async (t) => {
    const { alpha, bravo, events } = await startPair(t, carrier)
    const first = alpha.peers()[0]?.incarnation
    const stoppedAt = performance.now()
    bravo.signal('SIGSTOP')
    await events.first('peer:dead bravo')
    t.log(`dead after ${(performance.now() - stoppedAt).toFixed(0)} ms`)
    bravo.signal('SIGCONT')
    await events.first('peer:alive bravo')
    await alpha.ready(HANGS_MS)
    t.is(alpha.peers()[0]?.incarnation, first)
    t.is(events.count('peer:restarted bravo'), 0)
    t.like(await alpha.request('bravo', 'who'), { pid: bravo.pid })
  })
}

for (const carrier of ['tcp', 'ipc'] as const) {
  test(`over ${carrier}, a loop that is blocked for more than three seconds is busy, and nobody is dead on either side`, async (t) => {
    const { alpha, bravo, events } = await startPair(t, carrier)
    const view = viewAt(alpha, 'peer:busy')
    const blocked = await bravo.hold()
    const request = alpha.request('bravo', 'slow', 0, { timeout: 60_000, retries: 0 })
    t.like(await view, { state: 'alive', busy: true, link: 'open' })
    // Twice as long as a peer is given that is not there.
    await quiet(3000)
    bravo.release()
    await blocked.over
    t.is(await request, 1)
    await until(() => alpha.peers()[0]?.busy === false, 'bravo is no longer busy')
    t.is((await bravo.status()).peers[0]?.state, 'alive')
    // What bravo thought of alpha while it was blocked itself: nothing.
    const broken = ['peer:dead', 'peer:suspect', 'link:down']
    t.deepEqual(
      bravo.events.filter(({ kind }) => broken.includes(kind)),
      [],
    )
    t.deepEqual(new Set(events.lines), new Set(['peer:busy bravo']))
    t.is(alpha.status().counters.resets, 0)
  })
}

test('a request to a node that is blocked for longer than its attempts is answered, by one run', async (t) => {
  const { alpha, bravo, events } = await startPair(t)
  const blocked = await bravo.hold()
  const request = alpha.request('bravo', 'slow', 0, { timeout: 500, retries: 100 })
  await until(() => isAskedAgain(alpha), 'it was asked again')
  bravo.release()
  t.is(await request, 1)
  await blocked.over
  t.is(await alpha.request('bravo', 'runs'), 1)
  t.is(events.count('peer:dead bravo') + events.count('peer:suspect bravo'), 0)
})

test('a third process that crashes again and again leaves the other two undisturbed', async (t) => {
  const peers = await peersOf(['alpha', 'bravo', 'charlie'])
  const [alpha, bravo] = [
    await startNode(t, { name: 'alpha', peers }),
    await startNode(t, { name: 'bravo', peers }),
  ]
  bravo.handle('x', (body) => body)
  await until(() => alpha.peers()[0]?.link === 'open', 'alpha and bravo are linked')
  const events = new EventLog(alpha)
  for (let round = 0; round < 3; round += 1) {
    const charlie = await NodeProcess.start(t, { name: 'charlie', peers })
    await Promise.all([alpha.ready(HANGS_MS), bravo.ready(HANGS_MS)])
    const replies = Array.from({ length: 200 }, (_, index) => alpha.request('bravo', 'x', index))
    charlie.signal('SIGKILL')
    t.is((await Promise.all(replies)).length, 200)
    await until(() => alpha.peers()[1]?.state === 'dead', 'charlie is dead')
  }
  t.deepEqual(
    events.changes.filter((line) => line.endsWith('bravo')),
    [],
  )
  t.is(events.count('peer:restarted charlie'), 2)
})
