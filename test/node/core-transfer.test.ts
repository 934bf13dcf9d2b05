/**
 * Large bodies between cores, without sockets: what a machine has seen or would refuse is not sent again, and what was
 * confirmed is not kept.
 */

import test from 'ava'
import type { Call } from '../../src/rpc/responder.ts'
import type { Body } from '../../src/wire/messages.ts'
import { type Member, type Pair, startPair } from '../support/core-mesh.ts'
import { bodyOf, order } from '../support/samples.ts'

const LARGE: Body = bodyOf(2 * 1024 * 1024)

function ask({ mesh, alpha }: Pair, changes: Parameters<typeof order>[0] = {}): void {
  const { caller } = alpha.core.outreach
  caller.request(mesh.now, 'bravo', order({ body: LARGE, deadlineAt: mesh.now + 20_000, ...changes }))
  mesh.settle()
}

function onlyCall(bravo: Member): Call {
  const calls = bravo.take('call')
  if (calls.length !== 1) throw new Error(`${calls.length} calls`)
  return (calls[0] as { call: Call }).call
}

function chunksOf(member: Member): number {
  return member.sent.filter(({ message }) => message.kind === 'chunk').length
}

test('T3: a retry of a large request that runs does not send its body again', (t) => {
  const scene = startPair()
  ask(scene)
  const call = onlyCall(scene.bravo)
  t.is(call.request.body.bytes.length, LARGE.bytes.length)
  const before = chunksOf(scene.alpha)
  scene.mesh.pass(3000)
  t.true(scene.alpha.sent.some(({ message }) => message.kind === 'offer' && message.head.kind === 'request'))
  t.is(chunksOf(scene.alpha) - before, 0)
  t.deepEqual(scene.bravo.take('call'), [])
  scene.bravo.core.reception.finish(call, { kind: 'done', body: LARGE })
  scene.mesh.settle()
  t.is(scene.alpha.take('request-done').length, 1)
  t.is(scene.alpha.core.transfers.count + scene.bravo.core.transfers.count, 0)
})

test('T20: a large answer is not kept once its caller has all of it', (t) => {
  const scene = startPair()
  ask(scene)
  const call = onlyCall(scene.bravo)
  const { window } = call.caller
  scene.bravo.core.reception.finish(call, { kind: 'done', body: LARGE })
  t.true(window.keptBytes > LARGE.bytes.length)
  scene.mesh.settle()
  t.is(window.keptBytes, 0)
  t.like(scene.alpha.take('request-done'), [{ ask: { attempt: 1 } }])
  t.true(scene.alpha.take('progress').some(({ direction }) => direction === 'in'))
})

test('T17: a large answer that its connection took along is sent again on the next', (t) => {
  const scene = startPair()
  ask(scene)
  const call = onlyCall(scene.bravo)
  scene.mesh.isLost = (_from, _to, message) => message.kind === 'chunk' || message.kind === 'offer'
  scene.bravo.core.reception.finish(call, { kind: 'done', body: LARGE })
  scene.mesh.settle()
  scene.mesh.cut('alpha', 'bravo')
  scene.mesh.isLost = () => false
  scene.mesh.connect('alpha', 'bravo')
  t.is(scene.alpha.take('request-done').length, 1)
  t.deepEqual(scene.bravo.take('call'), [], 'and nothing ran again')
})

test('T3: a large request that would be refused is refused before its body is taken', (t) => {
  const scene = startPair()
  ask(scene, { verb: 'nobody' })
  t.like(scene.alpha.take('request-failed'), [
    { failure: { kind: 'rejected', reject: { reason: 'unknown-verb' } } },
  ])
  scene.bravo.core.drain()
  ask(scene)
  t.like(scene.alpha.take('request-failed'), [
    { failure: { kind: 'rejected', reject: { reason: 'closing' } } },
  ])
  t.is(scene.alpha.core.transfers.count + scene.bravo.core.transfers.count, 0)
})

test('T19: a large request whose body did not leave in full was not sent', (t) => {
  const scene = startPair()
  scene.mesh.isLost = (_from, to) => to === 'alpha'
  ask(scene, { retries: 0 })
  scene.mesh.pass(3000)
  t.like(scene.alpha.take('request-failed'), [{ failure: { kind: 'not-sent' } }])
})

test('T3: offers that go the wrong way are violations and are declined', (t) => {
  const { mesh, alpha, bravo } = startPair()
  const body = { type: 'raw', bytes: new Uint8Array(0) } as const
  const offer = { kind: 'offer', transfer: 1, totalBytes: 2_000_000, isRepeat: false } as const
  mesh.forge('alpha', 'bravo', { ...offer, head: { kind: 'reply', sequence: 1, body } })
  t.is(bravo.take('violation').length, 1)
  mesh.forgeAnswer('bravo', 'alpha', { ...offer, head: { kind: 'reply', sequence: 9, body } })
  const head = { kind: 'send', sequence: 1, expiresAt: 0, verb: 'note', body } as const
  mesh.forgeAnswer('bravo', 'alpha', { ...offer, head })
  t.deepEqual(
    alpha.take('violation').map(({ text }) => text),
    ['"bravo" sent a reply to nothing', '"bravo" sent a send on a link that this node dialled'],
  )
  t.is(alpha.core.transfers.count + bravo.core.transfers.count, 0)
})

test('T22: a mebibyte that is echoed travels whole both ways from the fifth time on, until something small is asked', (t) => {
  const scene = startPair()
  const { mesh, alpha, bravo } = scene
  const body = bodyOf(1024 * 1024)
  /** How many messages with a body, or a part of one, an echo took on its way there and back. */
  const echo = (asked = body): readonly [number, number] => {
    const before = [alpha.sent.length, bravo.sent.length] as const
    ask(scene, { body: asked })
    bravo.core.reception.finish(onlyCall(bravo), { kind: 'done', body: asked })
    mesh.settle()
    t.is(alpha.take('request-done').length, 1)
    return [bodiesOf(alpha, before[0]), bodiesOf(bravo, before[1])]
  }
  for (let count = 0; count < 4; count += 1) t.deepEqual(echo(), [8, 8])
  for (let count = 0; count < 20; count += 1) t.deepEqual(echo(), [1, 1])
  echo(bodyOf(10))
  t.deepEqual(echo(), [8, 8])
  t.is(alpha.core.transfers.count + bravo.core.transfers.count, 0)
})

function bodiesOf(member: Member, from: number): number {
  const kinds = member.sent.slice(from).map(({ message }) => message.kind)
  return kinds.filter((kind) => kind === 'chunk' || kind === 'request' || kind === 'reply').length
}
