/**
 * Proof of identity over real keys: its bytes against the vectors of docs/vectors.json, and every way in which a proof
 * can be wrong.
 */

import test from 'ava'
import type { SecuritySettings, TrustedParty } from '../../src/security/policy.ts'
import { Proofs } from '../../src/security/proof.ts'
import type { Hello, Welcome } from '../../src/wire/messages.ts'
import { helloTranscript, welcomeTranscript } from '../../src/wire/transcript.ts'
import { keyring, keys, pair, settingsOf, trusted } from '../support/keys.ts'
import { connection, hello, incarnation, welcome } from '../support/samples.ts'
import { bytesOf, proofVectors } from '../wire/vectors.ts'

const PLACE = connection(7)
const PARTIES = [trusted('alpha'), trusted('bravo'), trusted('mallory'), trusted('ops', { role: 'client' })]

function proofs(name: string, parties: readonly TrustedParty[] = PARTIES, own = [pair(name)]): Proofs {
  const ring = keyring(settingsOf(name, parties, own), () => 0, name.length)
  return new Proofs(ring, ring)
}

/** What bravo's proofs ask for on PLACE. */
function challengeOf(callee: Proofs): Uint8Array {
  const verdict = callee.judge(PLACE, hello({ name: 'alpha', expects: 'bravo' }))
  if (verdict.kind !== 'asked') throw new Error('it is not asked')
  return verdict.nonce
}

/** The Hello of alpha to bravo, proven as bravo asks on PLACE. */
function proven(caller: Proofs, callee: Proofs, changes: Partial<Hello> = {}, turn = 0): Hello {
  const said = hello({ name: 'alpha', expects: 'bravo', ...changes })
  const made = caller.prove(said, challengeOf(callee), caller.nonce(), turn)
  if (made === undefined) throw new Error('nothing was proven')
  return made.hello
}

function refusal(callee: Proofs, said: Hello, place = PLACE): string | undefined {
  const verdict = callee.judge(place, said)
  return verdict.kind === 'refused' ? verdict.text : undefined
}

function flipped(bytes: Uint8Array, at = 0): Uint8Array {
  return bytes.with(at, (bytes[at] as number) ^ 1)
}

for (const { name, clause, message, transcript, mac } of proofVectors.messages) {
  test(`${clause}: the ${name} has the bytes and the proof of its vector, with the keys of either side`, (t) => {
    const { alpha, bravo } = proofVectors.keys
    const secret = (who: typeof alpha) => ({ publicKey: who.public_z85, secretKey: who.private_z85 })
    const challenge = proofVectors.messages[0]?.message as Hello
    const bytes =
      message.kind === 'hello'
        ? helloTranscript(message)
        : welcomeTranscript(
            message as Welcome,
            challenge.proof?.nonce as Uint8Array,
            challenge.proof?.challenge as Uint8Array,
          )
    t.is(Buffer.from(bytes).toString('hex'), transcript)
    for (const [own, theirs] of [
      [alpha, bravo],
      [bravo, alpha],
    ] as const) {
      const settings: SecuritySettings = { own: [secret(own)], policy: { parties: [] } }
      const made = keyring(settings).mac(own.public_z85, theirs.public_z85, bytesOf(transcript))
      t.is(Buffer.from(made).toString('hex'), mac)
    }
  })
}

test('P1: a Hello without a proof is asked for one: chance of this run for this connection, and no other', (t) => {
  const callee = proofs('bravo')
  const challenge = challengeOf(callee)
  t.is(challenge.length, 32)
  t.deepEqual(challengeOf(callee), challenge)
  const elsewhere = callee.judge(connection(8), hello({ name: 'alpha' }))
  t.notDeepEqual(elsewhere.kind === 'asked' && elsewhere.nonce, challenge)
  const nextRun = new Proofs(
    keyring(settingsOf('bravo', PARTIES), () => 0, 99),
    keyring(settingsOf('bravo', PARTIES)),
  )
  t.notDeepEqual(challengeOf(nextRun), challenge)
})

test('P4: a Hello is proven by the keys of both, for nodes and for clients', (t) => {
  const callee = proofs('bravo')
  const verdict = callee.judge(PLACE, proven(proofs('alpha'), callee))
  t.like(verdict, {
    kind: 'proven',
    match: { own: pair('bravo').publicKey, theirs: pair('alpha').publicKey },
  })
  const client = proven(proofs('ops'), callee, { role: 'client', name: 'ops' })
  t.is(callee.judge(PLACE, client).kind, 'proven')
})

test('P4: a proof holds for every field of its Hello, and for no other value of it', (t) => {
  const callee = proofs('bravo')
  const said = proven(proofs('alpha'), callee)
  t.is(refusal(callee, said), undefined)
  const { proof } = said
  if (proof === undefined) return t.fail()
  const changes: Partial<Hello>[] = [
    { minVersion: 0 },
    { maxVersion: 2 },
    { incarnation: incarnation(2) },
    { network: 'other' },
    { expects: 'charlie' },
    { capabilities: 1 },
    { maxBodyBytes: 5 },
    { proof: { ...proof, nonce: flipped(proof.nonce) } },
    { proof: { ...proof, mac: flipped(proof.mac, 31) } },
  ]
  for (const change of changes)
    t.is(
      refusal(callee, { ...said, ...change }),
      'its proof was not made with an accepted key',
      Object.keys(change)[0],
    )
  for (const name of ['bravo', 'mallory']) t.truthy(refusal(callee, { ...said, name }), name)
  // Also where a client and a node have one key, which a policy forbids, the role is proven.
  const careless = proofs('bravo', [...PARTIES, trusted('alpha', { role: 'client' })])
  const asNode = proven(proofs('alpha'), careless)
  t.is(careless.judge(PLACE, asNode).kind, 'proven')
  t.is(refusal(careless, { ...asNode, role: 'client' }), 'its proof was not made with an accepted key')
})

test('P5: a proof for another connection, or of no known party, or for nobody in particular is refused', (t) => {
  const callee = proofs('bravo')
  const said = proven(proofs('alpha'), callee)
  t.is(refusal(callee, said, connection(8)), 'its proof answers another challenge')
  t.is(refusal(callee, { ...said, name: 'zulu' }), 'no key of node "zulu" is accepted here')
  t.is(refusal(callee, hello({ name: 'zulu' })), 'no key of node "zulu" is accepted here')
  t.is(refusal(callee, { ...said, expects: '' }), 'it does not say whom it means to reach')
})

test('P5: who has a valid key of its own proves no other name with it', (t) => {
  const callee = proofs('bravo')
  const mallory = proofs('mallory')
  for (const [role, name] of [
    ['node', 'alpha'],
    ['client', 'ops'],
    ['node', 'bravo'],
  ] as const)
    t.is(
      refusal(callee, proven(mallory, callee, { role, name })),
      'its proof was not made with an accepted key',
      name,
    )
  t.is(callee.judge(PLACE, proven(mallory, callee, { name: 'mallory' })).kind, 'proven')
})

test('P6: a Welcome is proven for one Hello, with every field', (t) => {
  const [caller, callee] = [proofs('alpha'), proofs('bravo')]
  const made = caller.prove(
    hello({ name: 'alpha', expects: 'bravo' }),
    challengeOf(callee),
    caller.nonce(),
    0,
  )
  if (made === undefined) return t.fail()
  const verdict = callee.judge(PLACE, made.hello)
  if (verdict.kind !== 'proven') return t.fail()
  const said = callee.seal(welcome({ name: 'bravo' }), verdict.proof, verdict.match)
  t.true(caller.isWelcome(said, made))
  t.false(caller.isWelcome({ ...said, proof: undefined }, made))
  const changes: Partial<Welcome>[] = [
    { version: 2 },
    { name: 'charlie' },
    { incarnation: incarnation(2) },
    { window: 2 },
    { capabilities: 1 },
    { maxBodyBytes: 5 },
    { hostToken: 'x' },
    { shortcut: 'ipc://x' },
    { proof: flipped(said.proof as Uint8Array) },
    // What the Hello proved is no Welcome.
    { proof: made.proof.mac },
  ]
  for (const change of changes)
    t.false(caller.isWelcome({ ...said, ...change }, made), Object.keys(change)[0])
  const again = { ...made, proof: { ...made.proof, nonce: caller.nonce() } }
  t.false(caller.isWelcome(said, again), 'another nonce of the dialler')
  const elsewhere = { ...made, proof: { ...made.proof, challenge: caller.nonce() } }
  t.false(caller.isWelcome(said, elsewhere), 'another challenge')
})

test('P7: each of two keys of ours is tried with each of two keys of theirs', (t) => {
  const parties = [
    trusted('alpha', { keys: keys('alpha', 'alpha-former') }),
    trusted('bravo', { keys: keys('bravo', 'bravo-former') }),
  ]
  const caller = proofs('alpha', parties, [pair('alpha'), pair('alpha-former')])
  const callee = proofs('bravo', parties, [pair('bravo'), pair('bravo-former')])
  t.is(caller.turns('bravo'), 4)
  const matches = [0, 1, 2, 3, 4].map((turn) => {
    const verdict = callee.judge(PLACE, proven(caller, callee, {}, turn))
    return verdict.kind === 'proven' ? verdict.match : undefined
  })
  const match = (own: string, theirs: string) => ({
    own: pair(own).publicKey,
    theirs: pair(theirs).publicKey,
  })
  t.deepEqual(matches, [
    match('bravo', 'alpha'),
    match('bravo-former', 'alpha'),
    match('bravo', 'alpha-former'),
    match('bravo-former', 'alpha-former'),
    match('bravo', 'alpha'),
  ])
})

test('P8: what was proven holds as long as both keys are accepted, for that party', (t) => {
  const callee = proofs('bravo')
  const match = { own: pair('bravo').publicKey, theirs: pair('alpha').publicKey }
  t.true(callee.holds(match, 'node', 'alpha'))
  t.false(callee.holds(match, 'client', 'alpha'))
  t.false(callee.holds(match, 'node', 'mallory'))
  t.false(callee.holds({ ...match, own: pair('mallory').publicKey }, 'node', 'alpha'))
  t.false(proofs('bravo', [trusted('alpha', { keys: [] })]).holds(match, 'node', 'alpha'))
})

test('P2: to a node without an accepted key nothing is proven', (t) => {
  const caller = proofs('alpha', [trusted('bravo', { keys: [] })])
  t.is(caller.turns('bravo'), 0)
  t.is(caller.prove(hello({ expects: 'bravo' }), caller.nonce(), caller.nonce(), 0), undefined)
})
