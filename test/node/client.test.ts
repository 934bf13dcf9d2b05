/**
 * Clients over real sockets: they need no entry in the peers list, they get the tally of what a node did for them, and
 * they are told why when a node does not take them.
 */

import test from 'ava'
import { connect } from '../../src/index.ts'
import {
  EventLog,
  errorOf,
  LogLines,
  peersOf,
  quiet,
  signal,
  startClient,
  startMesh,
  startNode,
  until,
} from '../support/mesh.ts'

test('the message of a client goes to all others, and the client gets the tally', async (t) => {
  const mesh = await startMesh(t, ['alpha', 'bravo', 'charlie'])
  const heard: string[] = []
  for (const name of ['alpha', 'bravo', 'charlie'] as const) {
    mesh[name].handle('message', (body, { from, kind }) => {
      heard.push(`${name}: ${body} from ${from === client.name ? 'the client' : from} by ${kind}`)
    })
  }
  const client = await startClient(t, 'bravo', { peers: mesh.peers })
  const result = await client.message('this is a test message')
  t.like(result, { ok: true, node: 'bravo', attempts: 1, expected: 2, missing: [] })
  t.is(result.id, `${client.name}/1`)
  t.deepEqual(result.acked.map((each) => each.peer).sort(), ['alpha', 'charlie'])
  t.deepEqual(heard.sort(), [
    'alpha: this is a test message from bravo by broadcast',
    'bravo: this is a test message from the client by message',
    'charlie: this is a test message from bravo by broadcast',
  ])
})

test('without a handler of the user, each node logs the message and acks it', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const logs = { alpha: new LogLines(), bravo: new LogLines() }
  const alpha = await startNode(t, { name: 'alpha', peers, log: logs.alpha })
  await startNode(t, { name: 'bravo', peers, log: logs.bravo })
  await alpha.ready()
  const client = await startClient(t, 'alpha', { peers })
  t.true((await client.message('a text')).ok)
  t.is(await logs.alpha.first(/a text/), `info message from ${client.name}: a text`)
  t.is(await logs.bravo.first(/a text/), 'info message from alpha: a text')
})

test('a peer that is gone is missing in the tally of a client', async (t) => {
  const peers = await peersOf(['alpha', 'bravo', 'charlie'])
  const alpha = await startNode(t, { name: 'alpha', peers })
  await startNode(t, { name: 'bravo', peers })
  await until(() => alpha.peers()[0]?.link === 'open', 'bravo is there')
  const client = await startClient(t, 'alpha', { peers })
  const result = await client.message('x', { timeout: 1000, retries: 0 })
  t.like(result, { ok: false, expected: 2 })
  t.deepEqual(
    result.acked.map((each) => each.peer),
    ['bravo'],
  )
  t.is(result.missing[0]?.peer, 'charlie')
})

test.serial(
  'the fan-out of a node ends before its client gives up, even when the client is in a hurry',
  async (t) => {
    const { peers, bravo } = await startMesh(t, ['alpha', 'bravo'])
    bravo.handle('message', () => new Promise(() => {}))
    const client = await startClient(t, 'alpha', { peers })
    const result = await client.message('x', { timeout: 1000, retries: 0 })
    t.deepEqual(
      result.missing.map((each) => `${each.peer} ${each.reason}`),
      ['bravo timeout'],
    )
  },
)

test('a client asks, sends, pings and reads the state of its node', async (t) => {
  const { alpha, peers } = await startMesh(t, ['alpha', 'bravo'])
  const notes: unknown[] = []
  alpha.handle('add', ([left, right], { from }) => ({ sum: left + right, from }))
  alpha.handle('note', (body) => {
    notes.push(body)
  })
  const client = await startClient(t, 'alpha', { peers })
  t.deepEqual(await client.request('add', [1, 2]), { sum: 3, from: client.name })
  t.like(await client.send('note', 'n'), { peer: 'alpha', outcome: 'delivered' })
  t.deepEqual(notes, ['n'])
  const rttMs = await client.ping()
  t.true(rttMs > 0 && rttMs < 1000)
  const status = await client.status()
  t.like(status, { name: 'alpha', incarnation: alpha.incarnation, endpoint: alpha.endpoint })
  t.deepEqual(
    status.peers.map((peer) => `${peer.name} ${peer.state} ${peer.link}`),
    ['bravo alive open'],
  )
  t.deepEqual(
    alpha.peers().map((peer) => peer.name),
    ['bravo'],
  )
})

test('two clients of one node do not get in each other’s way', async (t) => {
  const { alpha, peers } = await startMesh(t, ['alpha', 'bravo'])
  const [first, second] = [await startClient(t, 'alpha', { peers }), await startClient(t, 'alpha', { peers })]
  t.not(first.name, second.name)
  const go = signal()
  alpha.handle('who', async (wait, { from }) => {
    if (wait) await go.promise
    return from
  })
  const slow = first.request('who', true)
  t.is(await second.request('who', false), second.name)
  go.resolve()
  t.is(await slow, first.name)
  const casts = await Promise.all([first.message('1'), second.message('2'), first.message('3')])
  t.true(casts.every((cast) => cast.ok))
})

test.serial('a client of another network is refused with the reason', async (t) => {
  const { peers } = await startMesh(t, ['alpha'], { network: 'mine' })
  const other = { ...peers, network: 'yours' }
  const error = await errorOf(t, connect('alpha', { peers: other, timeout: 400 }))
  t.is(error.code, 'REFUSED')
  t.is(error.message, 'Cannot connect to "alpha" within 400 ms: network: This is network "mine", not "yours"')
  const client = await startClient(t, 'alpha', { peers: other })
  const call = await errorOf(t, client.request('x', 1, { timeout: 200, retries: 0 }))
  t.is(call.code, 'REFUSED')
  t.regex(call.message, /it refuses this client \(network: This is network "mine", not "yours"\)/)
})

test.serial('a client that expects another name at an address is refused', async (t) => {
  const { peers } = await startMesh(t, ['alpha'])
  const wrong = { peers: peers.peers.map(({ address }) => ({ name: 'bravo', address })) }
  const error = await errorOf(t, connect('bravo', { peers: wrong, timeout: 300 }))
  t.is(error.code, 'REFUSED')
  t.regex(error.message, /wrong-node: This is "alpha", not "bravo"/)
})

test.serial(
  'a client of a node that is not there: at once with a timeout, at the call without',
  async (t) => {
    const peers = await peersOf(['alpha'])
    const startedAt = performance.now()
    const error = await errorOf(t, connect('alpha', { peers, timeout: 200 }))
    t.like(error, { code: 'NOT_SENT', outcome: 'not-sent', safeToRetry: true, peer: 'alpha' })
    t.is(error.message, 'Cannot connect to "alpha" within 200 ms: nobody answers at its address')
    t.true(performance.now() - startedAt < 1000)
    const client = await startClient(t, 'alpha', { peers })
    t.is((await errorOf(t, client.message('x', { timeout: 100, retries: 1 }))).code, 'NOT_SENT')
    t.is((await errorOf(t, client.send('x', 1, { timeout: 100 }))).code, 'NOT_SENT')
  },
)

test('a client of a name that the list does not know is told the names', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const error = await errorOf(t, connect('alphq', { peers }))
  t.is(error.code, 'CONFIG')
  t.regex(error.message, /No peer is called "alphq"; the peers are alpha, bravo; did you mean "alpha"\?/)
})

test('a client waits for a node that starts later, and goes on with the next run of its node', async (t) => {
  const peers = await peersOf(['alpha'])
  const client = await startClient(t, 'alpha', { peers })
  const early = client.request('who', 1, { timeout: 200, retries: 50 })
  const first = await startNode(t, { name: 'alpha', peers })
  first.handle('who', () => 'first')
  t.is(await early, 'first')
  await first.close()
  // The client may not have heard of the end yet; then its request leaves, and only an idempotent one goes on.
  const later = client.request('who', 1, { timeout: 200, retries: 50, idempotent: true })
  const second = await startNode(t, { name: 'alpha', peers })
  second.handle('who', () => 'second')
  t.is(await later, 'second')
  t.is(await client.request('who'), 'second')
})

test('clients come and go without a word to the peers of their node', async (t) => {
  const { alpha, peers } = await startMesh(t, ['alpha', 'bravo'])
  const events = new EventLog(alpha)
  for (let round = 0; round < 20; round += 1) {
    const client = await connect('alpha', { peers, timeout: 2000 })
    t.true((await client.message(round)).ok)
    await client.close()
  }
  await quiet(50)
  t.deepEqual(events.lines, [])
})

test('a closed client refuses new calls, settles the old ones, and closes twice without harm', async (t) => {
  const { alpha, peers } = await startMesh(t, ['alpha'])
  alpha.handle('wait', () => new Promise(() => {}))
  const client = await connect('alpha', { peers, timeout: 2000 })
  const pending = client.request('wait')
  await Promise.all([client.close({ drain: 20 }), client.close()])
  t.like(await errorOf(t, pending), { code: 'CLOSED', outcome: 'unknown', safeToRetry: false })
  for (const call of [client.request('x'), client.send('x'), client.message('x'), client.ping()]) {
    t.like(await errorOf(t, call), { code: 'CLOSED', outcome: 'not-sent', safeToRetry: true })
  }
})
