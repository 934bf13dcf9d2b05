/**
 * Whole cores with each other: what concerns sessions, links, requests and one-way messages at the same time. Liveness,
 * broadcasts and closing are in core-mesh.test.ts.
 */

import test from 'ava'
import type { Incarnation } from '../../src/base/ids.ts'
import type { Ask } from '../../src/rpc/caller.ts'
import { CALLER_KEPT_MS } from '../../src/session/callers.ts'
import { CoreMesh, type Member, type Pair, startPair } from '../support/core-mesh.ts'
import { bodyOf, hello, incarnation, order, reject, reply, request, send } from '../support/samples.ts'

function ask({ mesh, alpha }: Pair, changes: Parameters<typeof order>[0] = {}): Ask {
  const deadlineAt = mesh.now + 10_000
  const asked = alpha.core.outreach.caller.request(mesh.now, 'bravo', order({ deadlineAt, ...changes }))
  mesh.settle()
  return asked
}

function finishAll(mesh: CoreMesh, member: Member): number[] {
  const calls = member.take('call').map((event) => event.call)
  for (const call of calls) member.core.reception.responder.finish(call, { kind: 'done', body: bodyOf(1) })
  mesh.settle()
  return calls.map((call) => call.sequence)
}

function failures(member: Member): string[] {
  return member.take('request-failed').map((event) => event.failure.kind)
}

function post({ mesh, alpha }: Pair, verb = 'note'): void {
  const deadlineAt = mesh.now + 5000
  alpha.core.outreach.sender.send(mesh.now, 'bravo', { verb, body: bodyOf(1), deadlineAt, ticket: undefined })
  mesh.settle()
}

test('S1: two nodes that meet open their links and see each other alive', (t) => {
  const { alpha, bravo } = startPair()
  t.is(alpha.core.outreach.routes.get('bravo')?.link.state, 'open')
  t.is(bravo.core.outreach.routes.get('alpha')?.link.state, 'open')
  t.is(alpha.core.detector.get('bravo').state, 'alive')
  t.is(bravo.core.detector.get('alpha').state, 'alive')
})

test('R3: a request goes there and its reply comes back', (t) => {
  const scene = startPair()
  ask(scene)
  t.deepEqual(finishAll(scene.mesh, scene.bravo), [1])
  t.is(scene.alpha.take('request-done').length, 1)
  t.is(scene.alpha.core.pendingCount, 0)
  t.is(scene.bravo.core.pendingCount, 0)
})

test('R5: a reply that was lost comes by a retry, and the handler runs once', (t) => {
  const scene = startPair()
  scene.mesh.isLost = (_from, _to, message) => message.kind === 'reply'
  ask(scene)
  finishAll(scene.mesh, scene.bravo)
  scene.mesh.isLost = () => false
  scene.mesh.pass(2600)
  t.is(scene.alpha.take('request-done').length, 1)
  t.deepEqual(scene.bravo.take('call'), [])
})

test('R8: what ends while the caller is cut off is sent when it is back, without being asked', (t) => {
  const scene = startPair()
  ask(scene)
  scene.mesh.cut('alpha', 'bravo')
  t.deepEqual(finishAll(scene.mesh, scene.bravo), [1])
  t.is(scene.alpha.take('request-done').length, 0)
  scene.alpha.sent.length = 0
  scene.mesh.connect('alpha', 'bravo')
  t.is(scene.alpha.take('request-done').length, 1)
  t.deepEqual(scene.alpha.takeSent('bravo'), ['hello', 'request'], 'what was asked is asked again')
  t.deepEqual(scene.bravo.take('call'), [], 'and does not run again')
})

test('R16: a callee that restarts makes the outcome unknown at once', (t) => {
  const scene = startPair()
  ask(scene)
  scene.mesh.kill('bravo')
  t.deepEqual(failures(scene.alpha), [], 'dead is not restarted: it may be the network')
  scene.mesh.start('bravo', ['alpha'])
  scene.mesh.connect('alpha', 'bravo')
  t.deepEqual(failures(scene.alpha), ['restarted'])
})

test('R16: an idempotent request is asked of the new run', (t) => {
  const scene = startPair()
  ask(scene, { idempotent: true })
  scene.mesh.kill('bravo')
  const again = scene.mesh.start('bravo', ['alpha'])
  scene.mesh.connect('alpha', 'bravo')
  t.deepEqual(finishAll(scene.mesh, again), [1])
  t.is(scene.alpha.take('request-done').length, 1)
})

test('R13: a request to a node that starts later is answered during its retries', (t) => {
  const mesh = new CoreMesh()
  const alpha = mesh.start('alpha', ['bravo'])
  const scene = { mesh, alpha, bravo: alpha }
  ask(scene)
  mesh.pass(6000)
  const bravo = mesh.start('bravo', ['alpha'])
  mesh.connect('alpha', 'bravo')
  mesh.pass(1000)
  t.deepEqual(finishAll(mesh, bravo), [1])
  t.is(alpha.take('request-done').length, 1)
})

test('R15: a link that swallows everything is dialled afresh, and the request answered', (t) => {
  const scene = startPair()
  scene.mesh.pass(1000)
  scene.mesh.isLost = (from, to) => from === 'alpha' && to === 'bravo'
  ask(scene)
  scene.mesh.pass(2400)
  t.is(scene.bravo.take('call').length, 0)
  scene.mesh.isLost = () => false
  const sessions = scene.bravo.take('session-opened').length
  scene.mesh.pass(200)
  t.true(scene.bravo.take('session-opened').length > 0 && sessions > 0, 'a new connection')
  t.deepEqual(finishAll(scene.mesh, scene.bravo), [1])
  t.is(scene.alpha.take('request-done').length, 1)
})

test('R15: short attempts leave the link to a busy peer alone, until it hangs', (t) => {
  const scene = startPair()
  scene.mesh.pass(1000)
  scene.alpha.take('link-closed')
  // Its loop is blocked: its connections stand, and nothing comes from it on any of them.
  scene.mesh.isLost = (from) => from === 'bravo'
  ask(scene, { timeoutMs: 100, retries: 300, deadlineAt: scene.mesh.now + 20_000 })
  scene.mesh.pass(8000)
  t.deepEqual(scene.alpha.take('link-closed'), [])
  scene.mesh.isLost = () => false
  scene.mesh.pass(1500)
  t.deepEqual(finishAll(scene.mesh, scene.bravo), [1])
  t.is(scene.alpha.take('request-done').length, 1)
  scene.mesh.isLost = (from) => from === 'bravo'
  ask(scene, { timeoutMs: 100, retries: 300, deadlineAt: scene.mesh.now + 20_000 })
  scene.mesh.pass(12_500)
  t.is(scene.alpha.take('peer-hung').length, 1)
  t.is(scene.alpha.take('link-closed').length, 1)
})

test('R15: many short timeouts on a slow handler leave the link alone', (t) => {
  const scene = startPair()
  scene.mesh.pass(100)
  scene.alpha.take('link-closed')
  for (let count = 0; count < 20; count += 1) {
    ask(scene, { timeoutMs: 50, retries: 30 })
    scene.mesh.pass(100)
  }
  scene.mesh.pass(3000)
  t.deepEqual(scene.alpha.take('link-closed'), [])
})

test('R19: a reply to nothing and a reject of nothing are violations', (t) => {
  const { mesh, alpha } = startPair()
  mesh.forgeAnswer('bravo', 'alpha', reply(77), reject(78), reject(79, { of: 'send' }))
  t.deepEqual(
    alpha.take('violation').map(({ text }) => text),
    [
      '"bravo" sent a reply to nothing',
      '"bravo" sent a reject of nothing',
      '"bravo" sent a reject of nothing',
    ],
  )
})

test('S13: a message before Hello is answered with one say-hello, and what came with it is dropped', (t) => {
  const mesh = new CoreMesh()
  const alpha = mesh.start('alpha', ['bravo'])
  mesh.start('bravo', ['alpha'])
  mesh.isLost = (_from, _to, message) => message.kind === 'hello'
  mesh.connect('bravo', 'alpha')
  mesh.forge('bravo', 'alpha', request(1), request(2), send(1))
  t.deepEqual(alpha.takeSent('bravo'), ['say-hello'])
  t.deepEqual(
    alpha.take('violation').map(({ text }) => text),
    ['A request came in before Hello'],
  )
  t.deepEqual(alpha.take('call'), [])
})

test('S13: what comes in one message behind Hello is served', (t) => {
  const mesh = new CoreMesh()
  const alpha = mesh.start('alpha', ['bravo'])
  mesh.start('bravo', ['alpha'])
  mesh.isLost = (from) => from === 'bravo'
  mesh.connect('bravo', 'alpha')
  mesh.forge('bravo', 'alpha', hello({ incarnation: incarnation(2) }), request(1))
  t.is(alpha.take('call').length, 1)
})

test('S16: what does not belong on a link or a session is a violation and changes nothing', (t) => {
  const { mesh, alpha, bravo } = startPair()
  mesh.forgeAnswer('bravo', 'alpha', hello(), request(1), send(1), { kind: 'cancel', sequence: 1 })
  t.is(alpha.take('violation').length, 4)
  const strange = [
    reply(1),
    reject(1),
    { kind: 'ack', ranges: [] },
    { kind: 'refuse', reason: 'closing', text: '' },
    { kind: 'say-hello' },
  ] as const
  mesh.forge('alpha', 'bravo', ...strange)
  t.is(bravo.take('violation').length, 5)
  t.deepEqual([alpha.take('call'), alpha.take('arrival'), bravo.take('session-closed')], [[], [], []])
})

test('S16: a node that gets its own Hello says that its connection leads to itself', (t) => {
  const { mesh, alpha, bravo } = startPair()
  const own = bravo.core.detector.get('alpha').incarnation
  mesh.forgeAnswer('bravo', 'alpha', hello({ name: 'alpha', incarnation: own as Incarnation }))
  const text = '"bravo" sent this node\'s own hello back: the connection leads from its port to the same port'
  t.deepEqual(
    alpha.take('violation').map((event) => event.text),
    [text],
  )
})

test('S6, S14: a session that was forgotten is made again, in the same window, and nothing is asked twice', (t) => {
  const scene = startPair()
  ask(scene)
  scene.mesh.isLost = (from, to) => from === 'alpha' && to === 'bravo'
  finishAll(scene.mesh, scene.bravo)
  scene.mesh.pass(31_000)
  t.is(scene.bravo.take('session-closed').length, 1)
  scene.mesh.isLost = () => false
  scene.mesh.pass(3000)
  t.is(scene.alpha.core.outreach.routes.get('bravo')?.link.state, 'open')
  ask(scene)
  t.deepEqual(finishAll(scene.mesh, scene.bravo), [2])
})

test('S9, S15: a Hello that is repeated counts as one session: who leaves then is forgotten in time', (t) => {
  const { mesh, alpha, bravo } = startPair()
  const session = bravo.take('session-opened')[0]?.session
  if (session === undefined) throw new Error('no session')
  const windowNow = (): number | undefined => alpha.core.outreach.routes.get('bravo')?.link.session?.window
  t.is(windowNow(), 1)
  mesh.forge('alpha', 'bravo', session.hello)
  t.is(windowNow(), 1, 'the same Welcome came again')
  mesh.cut('alpha', 'bravo')
  bravo.core.connectionGone(mesh.now, session.connection)
  mesh.pass(CALLER_KEPT_MS)
  // What is too old goes when somebody leaves.
  const other = mesh.start('charlie', ['bravo'], { role: 'client' })
  mesh.connect('charlie', 'bravo')
  t.is(other.core.outreach.routes.get('bravo')?.link.session?.window, 2)
  const guest = bravo.take('session-opened').at(-1)?.session
  if (guest === undefined) throw new Error('no guest')
  mesh.cut('charlie', 'bravo')
  bravo.core.connectionGone(mesh.now, guest.connection)
  mesh.connect('alpha', 'bravo')
  t.is(windowNow(), 3, 'nothing is left of the former memory')
})

test('S15: who says goodbye and loses the connection meets the same window, and no call runs twice', (t) => {
  const { mesh, alpha, bravo } = startPair()
  const asked = { deadlineAt: mesh.now + 10_000, idempotent: true }
  alpha.core.outreach.caller.request(mesh.now, 'bravo', order(asked))
  mesh.settle()
  alpha.core.drain()
  mesh.settle()
  mesh.cut('alpha', 'bravo')
  mesh.pass(3000)
  mesh.connect('alpha', 'bravo')
  mesh.settle()
  const calls = bravo.take('call')
  t.is(calls.length, 1)
  for (const { call } of calls) bravo.core.reception.finish(call, { kind: 'done', body: call.request.body })
  mesh.settle()
  t.is(alpha.take('request-done').length, 1)
})

test('O4: a one-way message arrives and its receipt settles it', (t) => {
  const scene = startPair()
  scene.bravo.sent.length = 0
  for (let count = 0; count < 3; count += 1) {
    const deadlineAt = scene.mesh.now + 5000
    const message = { verb: 'note', body: bodyOf(1), deadlineAt, ticket: undefined }
    scene.alpha.core.outreach.sender.send(scene.mesh.now, 'bravo', message)
  }
  scene.mesh.settle()
  t.deepEqual(
    scene.bravo.take('arrival').map(({ arrival: { from, message } }) => [from, message.sequence]),
    [
      ['alpha', 1],
      ['alpha', 2],
      ['alpha', 3],
    ],
  )
  t.deepEqual(scene.bravo.takeSent('alpha'), ['ack'], 'one for all that came together')
  t.is(scene.alpha.take('send-delivered').length, 3)
})

test('O6: a receipt that was lost with its connection is made good on the next', (t) => {
  const scene = startPair()
  scene.mesh.isLost = (_from, _to, message) => message.kind === 'ack'
  post(scene)
  t.is(scene.bravo.take('arrival').length, 1)
  scene.mesh.isLost = () => false
  scene.mesh.cut('alpha', 'bravo')
  scene.mesh.connect('alpha', 'bravo')
  t.is(scene.alpha.take('send-delivered').length, 1)
  t.is(scene.bravo.take('arrival').length, 0)
})

test('O7: a message that was lost alone is unknown, though later ones are delivered', (t) => {
  const scene = startPair()
  scene.mesh.isLost = (_from, _to, message) => message.kind === 'send'
  post(scene)
  scene.mesh.isLost = () => false
  post(scene)
  t.deepEqual(
    scene.alpha.take('send-delivered').map(({ parcel }) => parcel.sequence),
    [2],
  )
  scene.mesh.pass(5000)
  t.deepEqual(
    scene.alpha.take('send-failed').map(({ parcel, failure }) => [parcel.sequence, failure.kind]),
    [[1, 'unknown']],
  )
})

test('O5: a message that nobody takes is rejected', (t) => {
  const scene = startPair()
  post(scene, 'sing')
  t.deepEqual(
    scene.alpha
      .take('send-failed')
      .map(({ failure }) => failure.kind === 'rejected' && failure.reject.reason),
    ['unknown-verb'],
  )
  t.deepEqual(scene.bravo.take('arrival'), [])
})

test('X2: a node that closes rejects one-way messages, and runs nothing for them', (t) => {
  const scene = startPair()
  scene.bravo.core.drain()
  post(scene)
  t.deepEqual(
    scene.alpha
      .take('send-failed')
      .map(({ failure }) => failure.kind === 'rejected' && failure.reject.reason),
    ['closing'],
  )
  t.deepEqual(scene.bravo.take('arrival'), [])
})

test('O8: a receiver that restarts leaves what it may have had unknown at once', (t) => {
  const scene = startPair()
  scene.mesh.isLost = (_from, _to, message) => message.kind === 'ack'
  post(scene)
  scene.mesh.kill('bravo')
  scene.mesh.isLost = () => false
  scene.mesh.start('bravo', ['alpha'])
  scene.mesh.connect('alpha', 'bravo')
  t.deepEqual(
    scene.alpha.take('send-failed').map(({ failure }) => failure.kind),
    ['restarted'],
  )
})

test('B61: a body above the limit is refused, and only on a connection that said Hello', (t) => {
  const { mesh, alpha, bravo } = startPair()
  bravo.sent.length = 0
  const guest = bravo.take('session-opened')[0]?.session.connection
  if (guest === undefined) throw new Error('no session')
  bravo.core.tooLarge(mesh.now, guest, request(5), 100)
  bravo.core.tooLarge(mesh.now, guest, reply(5), 100)
  t.deepEqual(bravo.takeSent('alpha'), ['reject'])
  t.is(bravo.take('violation').length, 2)
  mesh.settle()
  t.is(alpha.take('violation').length, 1, 'alpha never asked that')
})

test('S8: a client is served like a node, and is no member', (t) => {
  const mesh = new CoreMesh()
  const alpha = mesh.start('alpha', [])
  const client = mesh.start('client-1', ['alpha'], { role: 'client' })
  mesh.connect('client-1', 'alpha')
  client.core.outreach.caller.request(mesh.now, 'alpha', order({ deadlineAt: mesh.now + 1000 }))
  mesh.settle()
  t.deepEqual(finishAll(mesh, alpha), [1])
  t.is(client.take('request-done').length, 1)
  t.deepEqual([...alpha.core.detector.all()], [])
})
