/**
 * Whole cores with each other: liveness, broadcasts and closing.
 */

import test from 'ava'
import type { Cast } from '../../src/broadcast/caster.ts'
import type { BroadcastOrder } from '../../src/node/core.ts'
import { CoreMesh, type Member } from '../support/core-mesh.ts'
import { hello, incarnation, NO_BODY, order, send } from '../support/samples.ts'

const NAMES = ['alpha', 'bravo', 'charlie'] as const

interface Trio {
  readonly mesh: CoreMesh
  readonly alpha: Member
  readonly bravo: Member
  readonly charlie: Member
}

/** Three nodes that are all connected. */
function trio(): Trio {
  const mesh = new CoreMesh()
  const [alpha, bravo, charlie] = NAMES.map((name) => mesh.start(name, others(name)))
  for (const from of NAMES) for (const to of others(from)) mesh.connect(from, to)
  if (alpha === undefined || bravo === undefined || charlie === undefined) throw new Error('three names')
  for (const member of [alpha, bravo, charlie]) {
    member.events.length = 0
    member.sent.length = 0
  }
  return { mesh, alpha, bravo, charlie }
}

function others(name: string): string[] {
  return NAMES.filter((each) => each !== name)
}

function broadcast(mesh: CoreMesh, from: Member, changes: Partial<BroadcastOrder> = {}): Cast {
  const leg = { verb: 'greet', body: NO_BODY, timeoutMs: 2000, retries: 0, deadlineAt: mesh.now + 2000 }
  const cast = from.core.broadcast(mesh.now, { leg, until: 'all', ticket: undefined, ...changes })
  mesh.settle()
  return cast
}

function answer(mesh: CoreMesh, ...members: Member[]): void {
  for (const member of members) {
    for (const { call } of member.take('call')) {
      member.core.reception.responder.finish(call, { kind: 'done', body: NO_BODY })
    }
  }
  mesh.settle()
}

/** Who acked and who is missing and why, when the broadcast is over. */
function result(cast: Cast): string[] {
  if (!cast.isOver) return ['goes on']
  const acked = cast.tally.acked.map(({ peer }) => `${peer} acked`)
  return [...acked, ...cast.tally.missing.map(({ peer, reason }) => `${peer} ${reason}`)]
}

function states(member: Member, peer: string): string[] {
  return member
    .take('peer-state')
    .filter((event) => event.peer === peer)
    .map(({ state }) => state)
}

test('L1: nodes that have nothing to say stay alive to each other for an hour, without a flap', (t) => {
  const { mesh, alpha, bravo, charlie } = trio()
  mesh.pass(3_600_000)
  for (const member of [alpha, bravo, charlie]) {
    t.deepEqual(member.take('peer-state'), [])
    t.deepEqual(member.take('peer-busy'), [])
    t.deepEqual(member.take('link-closed'), [])
  }
})

test('L2: a peer that is met on one link only stays alive and is never busy', (t) => {
  const { mesh, alpha } = trio()
  mesh.cut('bravo', 'alpha')
  mesh.pass(3_600_000)
  t.deepEqual(alpha.take('peer-state'), [])
  t.deepEqual(alpha.take('peer-busy'), [])
})

test('L2: a peer that is met on one link only, and answers after 100 ms, is never busy', (t) => {
  const { mesh, alpha } = trio()
  mesh.cut('bravo', 'alpha')
  mesh.isLost = (from, to) => from === 'bravo' && to === 'alpha'
  const echoes: { at: number; number: number }[] = []
  for (let step = 0; step < 60_000; step += 1) {
    for (const { to, message } of alpha.sent.splice(0)) {
      if (to !== 'bravo' || message.kind !== 'beat' || !message.wantsEcho) continue
      echoes.push({ at: mesh.now + 100, number: message.number })
    }
    for (; echoes[0] !== undefined && echoes[0].at <= mesh.now; echoes.shift()) {
      mesh.forgeAnswer('bravo', 'alpha', {
        kind: 'echo',
        number: echoes[0].number,
        loopDelayMs: 0,
        queuedBytes: 0,
      })
    }
    mesh.pass(10)
  }
  t.deepEqual(alpha.take('peer-busy'), [])
})

test('L7: a node that is killed is dead to the others in the moment that its address refuses', (t) => {
  const { mesh, alpha, charlie } = trio()
  mesh.pass(100)
  mesh.kill('bravo')
  t.deepEqual(states(alpha, 'bravo'), ['dead'])
  t.deepEqual(states(charlie, 'bravo'), ['dead'])
  t.is(alpha.core.detector.get('charlie').state, 'alive')
})

test('L4: who refuses this node at the address of a peer does not make that peer alive', (t) => {
  const { mesh, alpha, bravo } = trio()
  mesh.cut('bravo', 'alpha')
  mesh.cut('alpha', 'bravo')
  mesh.isLost = (from, to) => from === 'alpha' && to === 'bravo'
  mesh.connect('alpha', 'bravo')
  mesh.pass(100)
  const refuse = { kind: 'refuse', reason: 'wrong-node', text: 'This is "zulu"' } as const
  mesh.forgeAnswer('bravo', 'alpha', refuse)
  for (let second = 0; second < 100; second += 1) {
    mesh.pass(1000)
    mesh.forgeAnswer('bravo', 'alpha', refuse)
  }
  t.deepEqual(states(alpha, 'bravo'), ['suspect', 'dead'])
  mesh.isLost = () => false
  mesh.pass(31_000)
  t.deepEqual(states(alpha, 'bravo'), ['alive'])
  alpha.take('peer-busy')
  mesh.pass(60_000)
  t.deepEqual([states(alpha, 'bravo'), alpha.take('peer-busy')], [[], []])
  t.is(bravo.core.detector.get('alpha').state, 'alive')
  mesh.isLost = (from) => from === 'bravo'
  mesh.pass(10_000)
  t.deepEqual(states(alpha, 'bravo'), [], 'the link that is open again stands for it')
  t.is(alpha.take('peer-busy').length, 1)
})

test('L8: a node that comes back is alive again, as another run', (t) => {
  const { mesh, alpha } = trio()
  mesh.pass(100)
  mesh.kill('bravo')
  mesh.pass(60_000)
  mesh.start('bravo', others('bravo'))
  mesh.connect('bravo', 'alpha')
  t.deepEqual(states(alpha, 'bravo'), ['dead', 'alive'])
  t.is(alpha.take('peer-restarted').length, 1)
})

test('L12: a node whose address cannot be reached is dialled at once when it says Hello', (t) => {
  const { mesh, alpha } = trio()
  mesh.kill('bravo')
  mesh.start('bravo', others('bravo'))
  alpha.events.length = 0
  mesh.connect('bravo', 'alpha')
  t.is(alpha.take('link-opened').length, 1)
})

test('L4: a node that falls silent on links that stand is busy, not dead, and heals', (t) => {
  const { mesh, alpha } = trio()
  mesh.isLost = (from) => from === 'bravo'
  mesh.pass(20_000)
  t.deepEqual(states(alpha, 'bravo'), [])
  t.deepEqual(
    alpha.take('peer-busy').map(({ busy }) => busy),
    [true],
  )
  mesh.isLost = () => false
  mesh.pass(2000)
  t.deepEqual(
    alpha.take('peer-busy').map(({ busy }) => busy),
    [false],
  )
})

test('L9: a goodbye is heard once, and an old Hello does not take it back', (t) => {
  const { mesh, alpha, bravo } = trio()
  bravo.core.drain()
  mesh.settle()
  t.deepEqual(states(alpha, 'bravo'), ['left'])
  mesh.forge('bravo', 'alpha', hello({ incarnation: incarnation(2) }))
  mesh.pass(500)
  mesh.kill('bravo')
  mesh.pass(60_000)
  t.deepEqual(states(alpha, 'bravo'), [])
  mesh.start('bravo', others('bravo'))
  mesh.connect('bravo', 'alpha')
  t.deepEqual(states(alpha, 'bravo'), ['alive'])
})

test('L10: a node whose own loop stalls does not suspect the others for it', (t) => {
  const { mesh, alpha } = trio()
  mesh.cut('alpha', 'bravo')
  mesh.cut('bravo', 'alpha')
  mesh.pass(100)
  mesh.now += 5000
  alpha.core.wake(mesh.now)
  t.deepEqual(states(alpha, 'bravo'), [])
  mesh.pass(10_000)
  t.deepEqual(states(alpha, 'bravo'), ['suspect', 'dead'])
})

test('L10: after a stall, the end of a link that is read before anything else kills nobody', (t) => {
  const { mesh, alpha } = trio()
  mesh.pass(100)
  mesh.now += 5000
  mesh.cut('alpha', 'bravo')
  t.deepEqual(states(alpha, 'bravo'), [])
})

test('C1: a broadcast asks every other member, and is over when all have acked', (t) => {
  const { mesh, alpha, bravo, charlie } = trio()
  const cast = broadcast(mesh, alpha)
  t.deepEqual(bravo.events.filter((event) => event.kind === 'call').length, 1)
  answer(mesh, bravo)
  t.deepEqual(result(cast), ['goes on'])
  answer(mesh, charlie)
  t.deepEqual(result(cast), ['bravo acked', 'charlie acked'])
  t.is(alpha.take('cast-done').length, 1)
})

test('C1: the handler learns that it is one leg of a broadcast', (t) => {
  const { mesh, alpha, bravo } = trio()
  broadcast(mesh, alpha)
  t.is(bravo.take('call')[0]?.call.request.requestKind, 'broadcast')
})

test('C2: a dead peer costs nothing but its line', (t) => {
  const { mesh, alpha, charlie } = trio()
  mesh.pass(100)
  mesh.kill('bravo')
  const cast = broadcast(mesh, alpha)
  answer(mesh, charlie)
  t.deepEqual(result(cast), ['charlie acked', 'bravo dead'])
})

test('C3: a peer that dies meanwhile is missing in that moment', (t) => {
  const { mesh, alpha, charlie } = trio()
  mesh.pass(100)
  const cast = broadcast(mesh, alpha)
  answer(mesh, charlie)
  mesh.kill('bravo')
  t.deepEqual(result(cast), ['charlie acked', 'bravo dead'])
})

test('C7: a peer that restarts before anybody missed it is missing as dead', (t) => {
  const { mesh, alpha, charlie } = trio()
  const cast = broadcast(mesh, alpha)
  answer(mesh, charlie)
  mesh.cut('alpha', 'bravo')
  mesh.start('bravo', others('bravo'))
  mesh.connect('alpha', 'bravo')
  t.deepEqual(result(cast), ['charlie acked', 'bravo dead'])
})

test('C3: a peer that leaves meanwhile may still answer, until its connection ends', (t) => {
  const { mesh, alpha, bravo, charlie } = trio()
  const cast = broadcast(mesh, alpha)
  answer(mesh, charlie)
  bravo.core.drain()
  mesh.settle()
  t.deepEqual(result(cast), ['goes on'])
  mesh.kill('bravo')
  t.deepEqual(result(cast), ['charlie acked', 'bravo dead'])
})

test('C3: a peer that has left is missing at once when this node throws the link to it away', (t) => {
  const { mesh, alpha, bravo, charlie } = trio()
  const cast = broadcast(mesh, alpha)
  answer(mesh, charlie)
  bravo.core.drain()
  mesh.settle()
  const { connection } = alpha.core.outreach.routes.get('bravo')?.link ?? {}
  if (connection !== undefined) alpha.core.linkDown(mesh.now, connection, 'reset')
  t.deepEqual(result(cast), ['charlie acked', 'bravo dead'])
})

test('C1: a peer that has left is not expected', (t) => {
  const { mesh, alpha, bravo, charlie } = trio()
  bravo.core.drain()
  mesh.settle()
  const cast = broadcast(mesh, alpha)
  answer(mesh, charlie)
  t.deepEqual(result(cast), ['charlie acked'])
  t.is(cast.tally.expected, 1)
})

test('C7: who does not answer in time, refuses, or cannot be reached is missing with its reason', (t) => {
  const { mesh, alpha, charlie } = trio()
  mesh.cut('alpha', 'bravo')
  mesh.cut('bravo', 'alpha')
  const leg = { verb: 'greet', body: NO_BODY, timeoutMs: 200, retries: 0, deadlineAt: mesh.now + 200 }
  const quick = broadcast(mesh, alpha, { leg })
  mesh.pass(200)
  t.deepEqual(result(quick).sort(), ['bravo not-sent', 'charlie timeout'])
  charlie.core.reception.responder.drain()
  const refused = broadcast(mesh, alpha, { leg: { ...leg, deadlineAt: mesh.now + 200 } })
  mesh.pass(200)
  t.deepEqual(result(refused), ['charlie refused', 'bravo not-sent'])
})

test('C6: a stop rule that is met early leaves the others to themselves', (t) => {
  const { mesh, alpha, bravo, charlie } = trio()
  const cast = broadcast(mesh, alpha, { until: 1 })
  answer(mesh, charlie)
  t.deepEqual(result(cast), ['charlie acked', 'bravo not-awaited'])
  answer(mesh, bravo)
  mesh.pass(5000)
  t.is(alpha.take('cast-done').length, 1)
  t.is(alpha.core.pendingCount, 0)
})

test('C8: two nodes that broadcast at the same time do not wait for each other', (t) => {
  const { mesh, alpha, bravo, charlie } = trio()
  const first = broadcast(mesh, alpha)
  const second = broadcast(mesh, bravo)
  answer(mesh, charlie, alpha, bravo)
  t.deepEqual([result(first).length, result(second).length], [2, 2])
  t.true(first.tally.isMet && second.tally.isMet)
})

test('X1: who closes says goodbye on every link and session, and beats no more', (t) => {
  const { mesh, bravo } = trio()
  bravo.core.drain()
  const goodbyes = bravo.sent.filter(({ message }) => message.kind === 'goodbye')
  t.deepEqual(goodbyes.map(({ to }) => to).sort(), ['alpha', 'alpha', 'charlie', 'charlie'])
  mesh.pass(5000)
  t.false(bravo.sent.some(({ message }) => message.kind === 'beat'))
})

test('X1: on a link that opens while it closes, it says goodbye as well', (t) => {
  const mesh = new CoreMesh()
  const alpha = mesh.start('alpha', ['bravo'])
  const bravo = mesh.start('bravo', ['alpha'])
  bravo.core.drain()
  mesh.connect('bravo', 'alpha')
  t.deepEqual(bravo.takeSent('alpha').slice(0, 2), ['hello', 'goodbye'])
  t.is(alpha.core.detector.get('bravo').state, 'left')
})

test('X2: who closes takes no new work and no newcomers, and ends what it has', (t) => {
  const { mesh, alpha, bravo } = trio()
  const ask = (): void => {
    alpha.core.outreach.caller.request(mesh.now, 'bravo', order({ deadlineAt: mesh.now + 1000 }))
    mesh.settle()
  }
  ask()
  bravo.core.drain()
  mesh.settle()
  ask()
  t.deepEqual(
    alpha.take('request-failed').map(({ failure }) => failure.kind === 'rejected' && failure.reject.reason),
    ['closing'],
  )
  answer(mesh, bravo)
  t.is(alpha.take('request-done').length, 1)
  mesh.cut('charlie', 'bravo')
  mesh.connect('charlie', 'bravo')
  t.true(bravo.take('hello-refused').some(({ text }) => text.startsWith('closing')))
})

test('X4: at the end everything that waits settles, and what runs is aborted', (t) => {
  const { mesh, alpha, bravo } = trio()
  const deadlineAt = mesh.now + 10_000
  bravo.core.outreach.caller.request(mesh.now, 'alpha', order({ deadlineAt }))
  alpha.core.outreach.caller.request(mesh.now, 'bravo', order({ deadlineAt }))
  bravo.core.outreach.sender.send(mesh.now, 'charlie', {
    verb: 'note',
    body: NO_BODY,
    deadlineAt,
    ticket: undefined,
  })
  mesh.forge('charlie', 'bravo', send(1))
  const cast = broadcast(mesh, bravo)
  bravo.core.close(mesh.now)
  t.deepEqual(
    bravo.take('request-failed').map(({ failure }) => failure.kind),
    ['closed'],
  )
  t.is(bravo.take('call-aborted').length, 1)
  const aborted = bravo.take('arrival-aborted')
  t.is(aborted.length, 1)
  for (const { arrival } of aborted) bravo.core.reception.finishArrival(arrival)
  t.deepEqual(result(cast), ['alpha not-awaited', 'charlie not-awaited'])
  answer(mesh, bravo)
  t.is(bravo.core.pendingCount, 0)
})

test('a core that dials nobody and met nobody has no deadline', (t) => {
  const mesh = new CoreMesh()
  t.is(mesh.start('alpha', []).core.deadline, Number.POSITIVE_INFINITY)
})
