/**
 * The keyring: which keys it computes with, whom it admits, what it does with keys that are none, and that it shows no
 * secret.
 */

import { inspect } from 'node:util'
import test from 'ava'
import { encodeZ85 } from '../../src/base/z85.ts'
import { Keyring } from '../../src/node/keyring.ts'
import { key, keyring, keys, pair, settingsOf, trusted } from '../support/keys.ts'
import { connection } from '../support/samples.ts'

const BYTES = Uint8Array.of(1, 2, 3)

test('P3: two parties agree on one secret for their two keys, and on another one with anybody else', (t) => {
  const alpha = keyring(settingsOf('alpha', []))
  const bravo = keyring(settingsOf('bravo', []))
  const mac = alpha.mac(key('alpha'), key('bravo'), BYTES)
  t.is(mac.length, 32)
  t.deepEqual(bravo.mac(key('bravo'), key('alpha'), BYTES), mac)
  t.notDeepEqual(bravo.mac(key('bravo'), key('charlie'), BYTES), mac)
  t.notDeepEqual(alpha.mac(key('alpha'), key('bravo'), Uint8Array.of(1, 2)), mac)
})

test('P3: with a key that is none, or of low order, or not ours, nobody agrees, and nothing throws', (t) => {
  const alpha = keyring(settingsOf('alpha', []))
  const zero = encodeZ85(new Uint8Array(32))
  for (const theirs of ['', 'x', '"'.repeat(40), zero, encodeZ85(new Uint8Array(4))]) {
    const mac = alpha.mac(key('alpha'), theirs, BYTES)
    t.is(mac.length, 32)
    t.notDeepEqual(keyring(settingsOf('alpha', [])).mac(key('alpha'), theirs, BYTES), mac)
  }
  t.notDeepEqual(
    alpha.mac(key('bravo'), key('charlie'), BYTES),
    keyring(settingsOf('bravo', [])).mac(key('bravo'), key('charlie'), BYTES),
  )
})

test('P3: secrets are kept for so many pairs of keys, and made again after that', (t) => {
  const alpha = keyring(settingsOf('alpha', []))
  const first = alpha.mac(key('alpha'), key('bravo'), BYTES)
  for (let number = 0; number < 8192; number += 1) alpha.mac(key('alpha'), `none ${number}`, BYTES)
  t.deepEqual(alpha.mac(key('alpha'), key('bravo'), BYTES), first)
})

test('P8: a former key of ours is served while it counts, and the present one is used first', (t) => {
  let wallNow = 0
  const own = [pair('alpha'), { ...pair('former'), until: 100 }]
  const ring = keyring(settingsOf('alpha', [], own), () => wallNow)
  t.deepEqual(ring.ownKeys(), [key('alpha'), key('former')])
  t.is(ring.serving().publicKey, key('former'))
  t.is(ring.expiresInMs, 100)
  wallNow = 100
  t.deepEqual(ring.ownKeys(), [key('alpha')])
  t.is(ring.serving().publicKey, key('alpha'))
  t.is(ring.expiresInMs, Number.POSITIVE_INFINITY)
})

test('P8: whom it admits and whose keys it accepts change with time and with a new policy, at once', (t) => {
  let wallNow = 0
  const former = [{ key: key('bravo') }, { key: key('former'), until: 100 }]
  const ring = keyring(settingsOf('alpha', [trusted('bravo', { keys: former })]), () => wallNow)
  const admitted = (): boolean[] => ['bravo', 'former', 'charlie'].map((name) => ring.admits(key(name)))
  t.deepEqual(admitted(), [true, true, false])
  t.deepEqual(ring.keysOf('node', 'bravo'), [key('bravo'), key('former')])
  t.deepEqual(ring.keysOf('client', 'bravo'), [])
  wallNow = 100
  t.deepEqual(admitted(), [true, false, false])
  ring.replace(settingsOf('alpha', [trusted('charlie'), trusted('bravo', { keys: [] })]))
  t.deepEqual(admitted(), [false, false, true])
  t.deepEqual(ring.keysOf('node', 'bravo'), [])
  t.deepEqual(ring.memberNames, ['charlie', 'bravo'])
})

test('P7: a party has two keys at most, whatever a policy says', (t) => {
  const many = keys('one', 'two', 'three', 'four')
  const ring = keyring(
    settingsOf('alpha', [trusted('bravo', { keys: many })], [pair('alpha'), pair('one'), pair('two')]),
  )
  t.is(ring.keysOf('node', 'bravo').length, 2)
  t.deepEqual(ring.ownKeys(), [key('alpha'), key('one')])
})

test('P10: rules are those of the party by role and name, and none for whoever is not known', (t) => {
  const ops = trusted('ops', { role: 'client', allow: ['jobs.*'], keys: keys('ops') })
  const ring = keyring(settingsOf('alpha', [ops]))
  t.true(ring.rulesFor('client', 'ops')('jobs.run'))
  t.false(ring.rulesFor('client', 'ops')('note'))
  t.false(ring.rulesFor('node', 'ops')('jobs.run'))
  t.false(ring.rulesFor('client', 'zulu')('jobs.run'))
})

test('P1: the challenge for a connection is the same within a run, and another one in the next', (t) => {
  const ring = keyring(settingsOf('alpha', []))
  t.deepEqual(ring.nonceFor(connection(1)), ring.nonceFor(connection(1)))
  t.notDeepEqual(ring.nonceFor(connection(1)), ring.nonceFor(connection(2)))
  t.notDeepEqual(ring.nonce(), ring.nonce())
  const [one, other] = [1, 2].map(() => new Keyring(settingsOf('alpha', []), () => 0))
  t.notDeepEqual(one?.nonceFor(connection(1)), other?.nonceFor(connection(1)))
})

test('a key of our own that is none is a fault of the configuration, which changes nothing and shows no secret', (t) => {
  const ring = keyring(settingsOf('alpha', [trusted('bravo')]))
  const wrong = [
    [],
    [{ ...pair('alpha'), secretKey: 'x'.repeat(40) }],
    [{ ...pair('alpha'), secretKey: pair('bravo').secretKey }],
    [{ ...pair('alpha'), publicKey: '' }],
  ]
  for (const own of wrong) {
    const error = t.throws(() => ring.replace(settingsOf('alpha', [], own)))
    t.like(error, { code: 'CONFIG', safeToRetry: false })
    for (const { secretKey } of [pair('alpha'), pair('bravo')]) t.false(inspect(error).includes(secretKey))
  }
  t.true(ring.admits(key('bravo')))
  t.throws(() => keyring(settingsOf('alpha', [], [])))
})

test('no secret is seen in a keyring', (t) => {
  const ring = keyring(settingsOf('alpha', [trusted('bravo')]))
  ring.mac(key('alpha'), key('bravo'), BYTES)
  const seen = `${inspect(ring, { depth: 10, showHidden: true })} ${JSON.stringify(ring)}`
  t.false(seen.includes(pair('alpha').secretKey))
})

test('keys and rules count when they are the same in every part, wherever they come from', (t) => {
  const settings = settingsOf('alpha', [trusted('bravo')])
  const ring = keyring(settings)
  const [bravo] = structuredClone(settings.policy.parties)
  t.true(ring.counts(structuredClone(settings)))
  t.false(ring.counts(settingsOf('alpha', [{ ...trusted('bravo'), ...bravo, allow: ['x'] }])))
  t.false(ring.counts(settingsOf('alpha', [trusted('bravo')], [{ ...pair('alpha'), until: 1 }])))
})
