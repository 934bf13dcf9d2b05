/** Which keys count at a moment, and when that changes next. */

import test from 'ava'
import { nextExpiry, validAt } from '../../src/security/accepted.ts'
import type { SecuritySettings } from '../../src/security/policy.ts'

const KEY = { publicKey: 'p', secretKey: 's' }

function settings(ownUntil: number | undefined, theirUntil: number | undefined): SecuritySettings {
  const keys = [{ key: 'a' }, { key: 'b', until: theirUntil }]
  const own = [KEY, { ...KEY, until: ownUntil }]
  return { own, policy: { parties: [{ name: 'bravo', role: 'node', keys, allow: [] }] } }
}

test('P8: a former key counts until its moment, and not at it', (t) => {
  const keys = [{ name: 'present' }, { name: 'former', until: 100 }]
  const names = (wallNow: number): string[] => validAt(keys, wallNow).map(({ name }) => name)
  t.deepEqual(names(0), ['present', 'former'])
  t.deepEqual(names(99), ['present', 'former'])
  t.deepEqual(names(100), ['present'])
})

test('P8: the next moment at which a key ends is the earliest that is still to come, ours or theirs', (t) => {
  t.is(nextExpiry(settings(undefined, undefined), 0), Number.POSITIVE_INFINITY)
  t.is(nextExpiry(settings(200, 100), 0), 100)
  t.is(nextExpiry(settings(100, 200), 0), 100)
  t.is(nextExpiry(settings(100, 200), 100), 200)
  t.is(nextExpiry(settings(100, 200), 200), Number.POSITIVE_INFINITY)
})
