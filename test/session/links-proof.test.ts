/**
 * The dialling side in secure mode as a script: what it proves, to whom, and which Welcome it believes.
 */

import test from 'ava'
import type { Keyring } from '../../src/node/keyring.ts'
import { Proofs } from '../../src/security/proof.ts'
import { type Link, type LinkEvent, Links } from '../../src/session/links.ts'
import type { Challenge, Hello, Welcome } from '../../src/wire/messages.ts'
import { keyring, keys, pair, settingsOf, trusted } from '../support/keys.ts'
import { Recorder } from '../support/recorder.ts'
import { ALPHA, connection, welcome } from '../support/samples.ts'

const LINE = connection(1)
const PLACE = connection(9)
const CHALLENGE: Challenge = { kind: 'challenge', nonce: new Uint8Array(32).fill(7) }
const REFUSE = { kind: 'refuse', reason: 'not-proven', text: 'No' } as const

interface Scene {
  readonly links: Links
  readonly link: Link
  readonly out: Recorder<LinkEvent>
  readonly bravo: Proofs
  /** What alpha goes by. */
  readonly ring: Keyring
}

/** Alpha's link to bravo, on which it has just said Hello. Each knows the keys of these names for the other. */
function greeting(alphaKeys: readonly string[] = ['alpha'], bravoKeys: readonly string[] = ['bravo']): Scene {
  const out = new Recorder<LinkEvent>()
  const bravo = trusted('bravo', { keys: keys(...bravoKeys) })
  const ring = keyring(settingsOf('alpha', [bravo], alphaKeys.map(pair)))
  const links = new Links(ALPHA, out, new Proofs(ring, ring))
  const link = links.add('bravo', LINE)
  links.up(0, LINE)
  out.sent()
  const ringOfBravo = keyring(settingsOf('bravo', [trusted('alpha')]))
  return { links, link, out, bravo: new Proofs(ringOfBravo, ringOfBravo), ring }
}

/** What bravo answers to the Hello that alpha proves now. */
function welcomed({ links, link, out, bravo }: Scene, changes: Partial<Welcome> = {}): Welcome {
  const asked = bravo.judge(PLACE, {
    ...link.provenHello?.hello,
    name: 'alpha',
    role: 'node',
    proof: undefined,
  } as Hello)
  if (asked.kind !== 'asked') throw new Error('it is not asked')
  links.challenge(1, link, { kind: 'challenge', nonce: asked.nonce })
  const [said] = out.sentOf('hello')
  const verdict = said === undefined ? undefined : bravo.judge(PLACE, said)
  if (verdict?.kind !== 'proven') throw new Error('it is not proven')
  return bravo.seal(welcome(changes), verdict.proof, verdict.match)
}

test('P2: a challenge is answered by the same Hello with a proof, once for each Hello', (t) => {
  const scene = greeting()
  const { links, link, out } = scene
  links.challenge(1, link, CHALLENGE)
  const [said] = out.sentOf('hello')
  t.like(said, { name: 'alpha', expects: 'bravo', incarnation: 9 })
  t.deepEqual(said?.proof?.challenge, CHALLENGE.nonce)
  t.is(said?.proof?.mac.length, 32)
  links.challenge(2, link, CHALLENGE)
  t.deepEqual(out.sent(), [])
  // The next Hello may be challenged again, and has the same chance of ours while the connection lasts.
  links.wake(500)
  t.is(out.sentOf('hello')[0]?.proof, undefined)
  links.challenge(501, link, CHALLENGE)
  t.deepEqual(out.sentOf('hello')[0], said)
})

test('P2: a new connection gets a new nonce', (t) => {
  const { links, link, out } = greeting()
  const nonces = [0, 1].map(() => {
    links.up(0, LINE)
    links.challenge(1, link, CHALLENGE)
    return out.sentOf('hello').at(-1)?.proof?.nonce
  })
  t.is(nonces[0]?.length, 32)
  t.notDeepEqual(nonces[0], nonces[1])
})

test('P2: a challenge on a link that does not wait for an answer is ignored', (t) => {
  const scene = greeting()
  const { links, link, out } = scene
  links.welcome(1, link, welcomed(scene))
  t.is(link.state, 'open')
  links.challenge(2, link, CHALLENGE)
  links.down(3, LINE, 'closed')
  links.challenge(4, link, CHALLENGE)
  t.deepEqual(out.sent(), [])
})

test('P2: without a key for the peer, or without keys at all, the link waits as one that is refused', (t) => {
  const { links, link, out } = greeting(['alpha'], [])
  links.challenge(1, link, CHALLENGE)
  t.is(link.state, 'refused')
  t.deepEqual(out.sent(), [])
  t.like(out.toldOf('link-refused')[0], {
    refuse: { reason: 'not-proven', text: 'No key of node "bravo" is accepted here' },
  })
  const plain = new Links(ALPHA, out)
  const plainLink = plain.add('bravo', LINE)
  plain.up(0, LINE)
  out.sent()
  plain.challenge(1, plainLink, CHALLENGE)
  t.is(plainLink.state, 'refused')
  t.deepEqual(out.sent(), [])
  t.like(out.toldOf('link-refused')[0], { refuse: { reason: 'not-proven' } })
  t.is(plain.deadline, 1001)
})

test('P6: a Welcome with its proof opens the link, and the peer counts as proven', (t) => {
  const scene = greeting()
  const { links, link, out } = scene
  const good = welcomed(scene)
  t.false(link.isProven)
  links.welcome(2, link, good)
  t.is(link.state, 'open')
  t.true(link.isProven)
  links.welcome(3, link, good)
  t.deepEqual(out.toldKinds(), ['link-opened'])
  links.down(4, LINE, 'closed')
  t.false(link.isProven)
})

test('P6: a Welcome without a proof, with a wrong one, or before any proof of ours is ignored and told', (t) => {
  const scene = greeting()
  const { links, link, out } = scene
  const wrong: Welcome[] = [
    welcome(),
    welcome({ proof: new Uint8Array(32) }),
    { ...welcomed(scene), window: 2 },
    // Our own proof, sent back.
    welcome({ proof: link.provenHello?.proof.mac }),
  ]
  for (const message of wrong) {
    links.welcome(2, link, message)
    t.is(link.state, 'greeting')
    t.like(out.told(), [{ kind: 'impostor', connection: LINE, party: 'bravo' }])
  }
})

test('P6: a shortcut is not taken from a Welcome without a proof', (t) => {
  const { links, link, out } = greeting()
  links.welcome(1, link, welcome({ hostToken: 'h', shortcut: `ipc://@zmqnet-${'0'.repeat(32)}` }))
  t.is(link.state, 'greeting')
  t.deepEqual(out.toldKinds(), ['impostor'])
})

test('P7: after a refusal as not proven the other keys are tried at once, and then a pause follows', (t) => {
  const { links, link, out } = greeting(['alpha', 'alpha-former'], ['bravo', 'bravo-former'])
  const matches: unknown[] = []
  const round = (now: number): void => {
    links.challenge(now, link, CHALLENGE)
    matches.push(link.provenHello?.match)
    out.sent()
    links.refuse(now, link, REFUSE)
  }
  for (let attempt = 0; attempt < 3; attempt += 1) {
    round(10)
    t.is(link.state, 'greeting')
    t.is(out.sentOf('hello').length, 1)
  }
  t.deepEqual(out.told(), [])
  round(10)
  t.is(link.state, 'refused')
  t.is(links.deadline, 1010)
  t.deepEqual(out.toldKinds(), ['link-refused'])
  t.is(new Set(matches.map((match) => JSON.stringify(match))).size, 4)
  links.wake(1010)
  round(1010)
  t.deepEqual(matches[4], matches[0])
})

test('P7: with one pair of keys it is tried twice, and another reason is no matter of keys', (t) => {
  const { links, link, out } = greeting()
  links.refuse(1, link, { kind: 'refuse', reason: 'closing', text: '' })
  t.is(link.state, 'refused')
  links.up(2, LINE)
  links.refuse(3, link, REFUSE)
  t.is(link.state, 'greeting')
  links.refuse(4, link, REFUSE)
  t.is(link.state, 'refused')
  t.is(out.toldOf('link-refused').length, 2)
})

test('P8: an open link stands while both of its keys are accepted; any other is to be dialled afresh', (t) => {
  const scene = greeting()
  const { links, link } = scene
  t.false(links.keysChanged(link))
  links.welcome(2, link, welcomed(scene))
  t.true(links.keysChanged(link))
  const bravo = trusted('bravo')
  scene.ring.replace(settingsOf('alpha', [bravo], [pair('alpha-next'), pair('alpha')]))
  t.true(links.keysChanged(link))
  scene.ring.replace(settingsOf('alpha', [bravo], [pair('alpha-next')]))
  t.false(links.keysChanged(link), 'our own key is gone')
  scene.ring.replace(settingsOf('alpha', [{ ...bravo, keys: keys('bravo-next') }]))
  t.false(links.keysChanged(link), 'the key of the peer is gone')
  scene.ring.replace(settingsOf('alpha', [{ ...bravo, keys: keys('bravo-next', 'bravo') }]))
  t.true(links.keysChanged(link))
})
