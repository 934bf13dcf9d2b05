/** Key pairs: what node:crypto makes is what CURVE and the proofs take, and the secret half does not show itself. */

import { spawnSync } from 'node:child_process'
import { inspect } from 'node:util'
import test from 'ava'
import { curveKeyPair } from 'zeromq'
import { endingAt, newKeyPair, openPair, pairFault } from '../../src/node/key-pair.ts'
import { cleanEnvironment } from '../support/environment.ts'
import { pair } from '../support/keys.ts'

test('a new pair is 40 characters of Z85 each, fits together, and is never the same', (t) => {
  const pairs = Array.from({ length: 20 }, newKeyPair)
  for (const { publicKey, secretKey } of pairs) {
    t.is(publicKey.length, 40)
    t.is(secretKey.length, 40)
    t.is(pairFault({ publicKey, secretKey }), undefined)
  }
  t.is(new Set(pairs.flatMap(({ publicKey, secretKey }) => [publicKey, secretKey])).size, 40)
})

test('making pairs does not hang when garbage is collected meanwhile', (t) => {
  const module = new URL('../../src/node/key-pair.js', import.meta.url).href
  const script = `const { newKeyPair } = await import('${module}')\nfor (let pairs = 0; pairs < 300; pairs += 1) newKeyPair()`
  const options = { env: cleanEnvironment(), timeout: 20_000, killSignal: 'SIGKILL' } as const
  const { status, signal } = spawnSync(
    process.execPath,
    ['--gc-interval=20', '--input-type=module', '-e', script],
    options,
  )
  t.deepEqual({ status, signal }, { status: 0, signal: null })
})

test('pairs of libzmq are pairs here', (t) => {
  t.is(pairFault(curveKeyPair()), undefined)
})

test('what is no pair is told without its halves', (t) => {
  const { publicKey, secretKey } = pair('alpha')
  const matching = 'its halves do not match'
  t.is(pairFault({ publicKey: pair('bravo').publicKey, secretKey }), matching)
  t.is(pairFault({ publicKey: secretKey, secretKey: publicKey }), matching)
  t.is(pairFault({ publicKey, secretKey: secretKey.slice(1) }), 'its secret half is not 40 characters of Z85')
  t.is(
    pairFault({ publicKey: `${publicKey}00000`, secretKey }),
    'its public half is not 40 characters of Z85',
  )
  const nothing = { publicKey } as unknown as Parameters<typeof pairFault>[0]
  t.is(pairFault(nothing), 'its secret half is not 40 characters of Z85')
  t.true(openPair({ publicKey, secretKey }).ok)
})

test('the secret half is not shown by inspect, JSON or a copy', (t) => {
  for (const made of [newKeyPair(), endingAt(pair('alpha'), 7)]) {
    const { secretKey } = made
    t.is(secretKey.length, 40)
    for (const shown of [inspect({ made }), JSON.stringify({ made }), JSON.stringify({ ...made })])
      t.false(shown.includes(secretKey))
  }
  t.is(endingAt(pair('alpha'), 7).until, 7)
  t.false('until' in endingAt(pair('alpha'), undefined))
})
