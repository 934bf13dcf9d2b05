/**
 * Keys that come into a peers file, and leave it: what changes, and what is refused.
 */

import test from 'ava'
import { keyEntriesOf, revoke, trust } from '../../src/cli/peers-edit.ts'
import type { PublicEntry } from '../../src/cli/public-key-file.ts'
import { ZmqnetError } from '../../src/errors.ts'
import { key } from '../support/keys.ts'

const FILE = `{
  "replicas": [
    { "pid": 1, "name": "alpha", "address": "127.0.0.1:7001" },
    { "pid": 2, "name": "bravo", "address": "127.0.0.1:7002" }
  ]
}
`

const ALPHA: PublicEntry = { name: 'alpha', role: 'node', publicKey: key('alpha') }
const OPS: PublicEntry = { name: 'ops', role: 'client', publicKey: key('ops') }
const UNTIL = Date.UTC(2026, 11, 1)

const entryOf = (text: string, name: string) => keyEntriesOf(text).find((entry) => entry.name === name)

test('a member gets its key, and the rest of the file stays as it is', (t) => {
  const { text, change } = trust(FILE, ALPHA, false)
  t.is(change, 'added')
  t.is(text, FILE.replace('7001" }', `7001", "public_key": ${JSON.stringify(key('alpha'))} }`))
  t.deepEqual(trust(text, ALPHA, false), { text, change: 'unchanged' })
})

test('a client that is not there is added, first as a new list and then in it', (t) => {
  const one = trust(FILE, OPS, false)
  t.is(one.change, 'added')
  const two = trust(one.text, { ...OPS, name: 'dev', publicKey: key('dev') }, false)
  t.deepEqual(JSON.parse(two.text).clients, [
    { name: 'ops', public_key: key('ops') },
    { name: 'dev', public_key: key('dev') },
  ])
  t.deepEqual(entryOf(two.text, 'dev')?.path, ['clients', 1])
})

test('a former key comes with its end, and goes with the next key', (t) => {
  const first = trust(FILE, ALPHA, false).text
  const rotated = { ...ALPHA, publicKey: key('alpha 2'), former: { key: key('alpha'), until: UNTIL } }
  const second = trust(first, rotated, false)
  t.is(second.change, 'replaced')
  t.like(entryOf(second.text, 'alpha'), {
    publicKey: key('alpha 2'),
    former: { key: key('alpha'), until: '2026-12-01T00:00:00Z' },
  })
  t.is(trust(second.text, rotated, false).change, 'unchanged')
  const third = trust(second.text, { ...ALPHA, publicKey: key('alpha 3') }, false)
  t.is(entryOf(third.text, 'alpha')?.former, undefined)
})

test('who is revoked stays so, unless its key was named', (t) => {
  const before = trust(FILE, ALPHA, false).text
  const entry = entryOf(before, 'alpha')
  if (entry === undefined) throw new Error('alpha is gone')
  const text = revoke(before, entry)
  t.true(entryOf(text, 'alpha')?.revoked)
  t.deepEqual(trust(text, ALPHA, false), { text, change: 'kept-revoked' })
  t.deepEqual(trust(text, ALPHA, true), { text: before, change: 'restored' })
})

test('a member that is not in the file is refused, because nobody knows its address', (t) => {
  const error = t.throws(() => trust(FILE, { ...ALPHA, name: 'delta' }, true), { instanceOf: ZmqnetError })
  t.is(error?.code, 'CONFIG')
  t.regex(error?.message ?? '', /no member "delta"/)
})

test('what is no entry is passed over: the library tells what is wrong with it', (t) => {
  t.deepEqual(keyEntriesOf('[]'), [])
  t.deepEqual(keyEntriesOf('{"peers":[1,{"address":"x"}],"clients":{}}'), [])
  t.is(keyEntriesOf('\uFEFF{"peers":[{"name":"a"}]}').length, 1)
})
