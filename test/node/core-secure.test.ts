/**
 * Whole cores in secure mode: they meet by proof, forged greetings get nothing, rules are asked before handlers, and what
 * keys no longer prove ends at once.
 */

import test from 'ava'
import type { Keyring } from '../../src/node/keyring.ts'
import type { TrustedParty } from '../../src/security/policy.ts'
import { CoreMesh, type Member } from '../support/core-mesh.ts'
import { keyring, keys, pair, settingsOf, trusted } from '../support/keys.ts'
import { bodyOf, hello, incarnation, order, request, send, welcome } from '../support/samples.ts'

interface Pair {
  readonly mesh: CoreMesh
  readonly alpha: Member
  readonly bravo: Member
  readonly rings: { readonly alpha: Keyring; readonly bravo: Keyring }
}

const BOTH = [trusted('alpha'), trusted('bravo')]

/** Two nodes that are connected and have met. */
function met(parties: readonly TrustedParty[] = BOTH): Pair {
  const mesh = new CoreMesh()
  const rings = { alpha: keyring(settingsOf('alpha', parties)), bravo: keyring(settingsOf('bravo', parties)) }
  const alpha = mesh.start('alpha', ['bravo'], { trusted: rings.alpha })
  const bravo = mesh.start('bravo', ['alpha'], { trusted: rings.bravo })
  mesh.join('alpha', 'bravo')
  return { mesh, alpha, bravo, rings }
}

function linkOf(member: Member, peer: string) {
  const link = member.core.outreach.routes.get(peer)?.link
  if (link === undefined) throw new Error('no link')
  return link
}

function asked({ mesh, alpha }: Pair, verb: string): void {
  alpha.core.outreach.caller.request(mesh.now, 'bravo', order({ verb, deadlineAt: mesh.now + 10_000 }))
  mesh.settle()
}

test('P1: two nodes that know each other meet by proof', (t) => {
  const { alpha, bravo } = met()
  for (const [member, peer] of [
    [alpha, 'bravo'],
    [bravo, 'alpha'],
  ] as const) {
    t.is(linkOf(member, peer).state, 'open')
    t.true(linkOf(member, peer).isProven)
    t.is(member.core.detector.get(peer).state, 'alive')
    t.deepEqual(member.take('impostor'), [])
    t.true(member.core.isSecure)
  }
})

test('P2: a plain node gets no session of a secure one, nor the other way round, and both say why', (t) => {
  const mesh = new CoreMesh()
  const alpha = mesh.start('alpha', ['bravo'], { trusted: keyring(settingsOf('alpha', BOTH)) })
  const bravo = mesh.start('bravo', ['alpha'])
  mesh.join('alpha', 'bravo')
  t.not(linkOf(alpha, 'bravo').state, 'open')
  t.not(linkOf(bravo, 'alpha').state, 'open')
  t.like(bravo.take('link-refused')[0], { refuse: { reason: 'not-proven' } })
  t.like(alpha.take('impostor')[0], { party: 'bravo', text: 'its Welcome has no proof' })
  t.is(alpha.core.reception.sessions.size, 0)
})

test('P5: forged greetings, and all traffic behind them, get nothing', (t) => {
  const { mesh, alpha, bravo } = met([...BOTH, trusted('mallory')])
  mesh.start('mallory', ['bravo'])
  mesh.connect('mallory', 'bravo')
  bravo.events.length = 0
  const forged = hello({ name: 'alpha', expects: 'bravo', incarnation: incarnation(77) })
  const proof = { nonce: new Uint8Array(32), challenge: new Uint8Array(32), mac: new Uint8Array(32) }
  mesh.forge('mallory', 'bravo', forged, request(1), send(1))
  mesh.forge('mallory', 'bravo', { ...forged, proof }, request(2), send(2))
  t.deepEqual(bravo.take('call'), [])
  t.deepEqual(bravo.take('arrival'), [])
  t.is(bravo.take('impostor').length, 1)
  t.is(linkOf(alpha, 'bravo').state, 'open')
  // Nor does an answer that only its name speaks for.
  mesh.forgeAnswer('bravo', 'alpha', welcome({ name: 'bravo', window: 99 }))
  t.is(alpha.take('impostor').length, 1)
  t.not(linkOf(alpha, 'bravo').session?.window, 99)
})

test('S16: a challenge from a dialler is a violation', (t) => {
  const { mesh, bravo } = met()
  bravo.events.length = 0
  mesh.forge('alpha', 'bravo', { kind: 'challenge', nonce: new Uint8Array(32) })
  t.is(bravo.take('violation').length, 1)
})

test('P10: a verb that is not allowed is refused before a handler is looked up: request, one-way, large body', (t) => {
  const scene = met([trusted('alpha', { allow: ['greet', 'jobs.*'] }), trusted('bravo')])
  const { mesh, alpha, bravo } = scene
  for (const verb of ['note', 'nobody-handles-it']) {
    asked(scene, verb)
    t.like(alpha.take('request-failed')[0], {
      failure: { kind: 'rejected', reject: { reason: 'not-allowed' } },
    })
  }
  asked(scene, 'jobs.run')
  t.like(alpha.take('request-failed')[0], {
    failure: { kind: 'rejected', reject: { reason: 'unknown-verb' } },
  })
  asked(scene, 'greet')
  t.is(bravo.take('call').length, 1)
  const { sender, caller } = alpha.core.outreach
  const oneWay = { verb: 'note', body: bodyOf(1), deadlineAt: mesh.now + 5000, ticket: undefined }
  sender.send(mesh.now, 'bravo', oneWay)
  mesh.settle()
  t.like(alpha.take('send-failed')[0], { failure: { kind: 'rejected', reject: { reason: 'not-allowed' } } })
  for (const body of [bodyOf(600_000), bodyOf(2_000_000)]) {
    sender.send(mesh.now, 'bravo', { ...oneWay, body })
    caller.request(mesh.now, 'bravo', order({ verb: 'note', body, deadlineAt: mesh.now + 5000 }))
    mesh.settle()
    t.like(alpha.take('send-failed')[0], { failure: { kind: 'rejected', reject: { reason: 'not-allowed' } } })
    t.like(alpha.take('request-failed')[0], {
      failure: { kind: 'rejected', reject: { reason: 'not-allowed' } },
    })
  }
  t.is(bravo.core.transfers.count, 0)
  t.deepEqual(bravo.take('arrival'), [])
  t.deepEqual(bravo.take('call'), [])
})

test('P10: rules that change count for the next request, and a retry of what ran gets its answer', (t) => {
  const scene = met()
  const { mesh, alpha, bravo, rings } = scene
  mesh.isLost = (from, _to, message) => from === 'bravo' && message.kind === 'reply'
  asked(scene, 'greet')
  const [event] = bravo.take('call')
  if (event === undefined) return t.fail()
  bravo.core.reception.finish(event.call, { kind: 'done', body: bodyOf(1) })
  mesh.settle()
  rings.bravo.replace(settingsOf('bravo', [trusted('alpha', { allow: ['note'] }), trusted('bravo')]))
  bravo.core.keysChanged(mesh.now)
  mesh.isLost = () => false
  mesh.pass(4000)
  t.is(alpha.take('request-done').length, 1)
  asked(scene, 'greet')
  t.like(alpha.take('request-failed')[0], {
    failure: { kind: 'rejected', reject: { reason: 'not-allowed' } },
  })
})

test('P8: who is revoked loses session and link at once, and gets no service', (t) => {
  const scene = met()
  const { mesh, alpha, bravo, rings } = scene
  rings.bravo.replace(settingsOf('bravo', [trusted('alpha', { keys: [] }), trusted('bravo')]))
  bravo.core.keysChanged(mesh.now)
  t.is(bravo.core.reception.sessions.size, 0)
  mesh.settle()
  t.is(linkOf(bravo, 'alpha').session, undefined)
  asked(scene, 'greet')
  mesh.pass(5000)
  t.deepEqual(bravo.take('call'), [])
  t.is(linkOf(alpha, 'bravo').state, 'refused')
  t.true(bravo.take('impostor').length > 0)
  t.is(linkOf(bravo, 'alpha').session, undefined)
})

test('P8: a new key of a party is taken beside the former one, and links stand', (t) => {
  const { mesh, alpha, bravo, rings } = met()
  const parties = [trusted('alpha', { keys: keys('alpha-next', 'alpha') }), trusted('bravo')]
  rings.bravo.replace(settingsOf('bravo', parties))
  bravo.core.keysChanged(mesh.now)
  t.is(bravo.core.reception.sessions.size, 1)
  t.deepEqual(bravo.take('reset-link'), [])
  // Alpha uses its new pair from here on; what was proven with the former one stands while that is its own.
  rings.alpha.replace(settingsOf('alpha', parties, [pair('alpha-next'), pair('alpha')]))
  alpha.core.keysChanged(mesh.now)
  t.is(linkOf(alpha, 'bravo').state, 'open')
  rings.alpha.replace(settingsOf('alpha', parties, [pair('alpha-next')]))
  alpha.core.keysChanged(mesh.now)
  rings.bravo.replace(settingsOf('bravo', [trusted('alpha', { keys: keys('alpha-next') }), trusted('bravo')]))
  bravo.core.keysChanged(mesh.now)
  mesh.pass(3000)
  for (const [member, peer] of [
    [alpha, 'bravo'],
    [bravo, 'alpha'],
  ] as const) {
    t.is(linkOf(member, peer).state, 'open', peer)
    t.is(member.core.reception.sessions.size, 1)
  }
  t.is(linkOf(alpha, 'bravo').provenHello?.match.own, pair('alpha-next').publicKey)
})
