/** The ways to fit keys together, and in which order they are tried. */

import test from 'ava'
import type { KeyPair } from '../../src/base/keys.ts'
import { DialKeys } from '../../src/transport/zmq-dial-keys.ts'

const pair = (name: string): KeyPair => ({ publicKey: name, secretKey: `secret of ${name}` })

/** The way of the next attempt, as "own to server". */
const wayOf = (keys: DialKeys): string | undefined => {
  const way = keys.next()
  return way && `${way.curvePublicKey} to ${way.curveServerKey}`
}

test('E4: our present pair goes before the former one, and within that the present key of the peer first', (t) => {
  const keys = new DialKeys(
    () => [pair('new'), pair('old')],
    () => ['N', 'O'],
  )
  const tried: unknown[] = []
  for (let attempt = 0; attempt < 5; attempt += 1) tried.push(wayOf(keys), keys.refused())
  t.deepEqual(tried, [
    ...['new to N', true, 'new to O', true, 'old to N', true, 'old to O', false],
    ...['new to N', true],
  ])
})

test('E4: a way that was taken is kept, and a round begins with it', (t) => {
  const keys = new DialKeys(
    () => [pair('new')],
    () => ['N', 'O'],
  )
  t.true(keys.refused())
  keys.taken()
  t.is(wayOf(keys), 'new to O')
  t.true(keys.refused(), 'the other way is left in this round')
  t.is(wayOf(keys), 'new to N')
  t.false(keys.refused())
})

test('E4: lists that change are asked anew, and without a key there is no way', (t) => {
  let own = [pair('new'), pair('old')]
  let server: string[] = []
  const keys = new DialKeys(
    () => own,
    () => server,
  )
  t.is(keys.next(), undefined)
  t.false(keys.refused())
  server = ['N']
  t.deepEqual(keys.next(), { curveServerKey: 'N', curvePublicKey: 'old', curveSecretKey: 'secret of old' })
  own = [pair('only')]
  t.is(wayOf(keys), 'only to N')
  own = []
  t.is(keys.next(), undefined)
})
