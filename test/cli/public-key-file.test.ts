/**
 * Public key files: they hold the public side of a key file and nothing else, and what is no such file is refused.
 */

import test from 'ava'
import { parsePublicEntry, publicEntryOf, renderPublicEntry } from '../../src/cli/public-key-file.ts'
import { key, pair } from '../support/keys.ts'

const UNTIL = Date.UTC(2026, 11, 1)

test('the public side of a key file survives being written and read, and has no secret', (t) => {
  const file = {
    name: 'alpha',
    role: 'node' as const,
    own: [pair('alpha'), { ...pair('former'), until: UNTIL }],
  }
  const entry = publicEntryOf(file, UNTIL - 1)
  const text = renderPublicEntry(entry)
  t.deepEqual(parsePublicEntry(text, 'alpha.pub'), entry)
  t.deepEqual(entry, {
    name: 'alpha',
    role: 'node',
    publicKey: key('alpha'),
    former: { key: key('former'), until: UNTIL },
  })
  for (const { secretKey } of file.own) t.false(text.includes(secretKey))
})

test('a former key whose time is over is left out', (t) => {
  const own = [pair('alpha'), { ...pair('former'), until: UNTIL }]
  t.is(publicEntryOf({ name: 'alpha', role: 'node', own }, UNTIL).former, undefined)
})

const WHOLE = { name: 'alpha', role: 'node', public_key: key('alpha') }
const BAD: readonly (readonly [string, unknown])[] = [
  ['no JSON', undefined],
  ['no object', 7],
  ['without a name', { ...WHOLE, name: undefined }],
  ['with another role', { ...WHOLE, role: 'king' }],
  ['with a short key', { ...WHOLE, public_key: key('alpha').slice(1) }],
  ['with a key of other characters', { ...WHOLE, public_key: '~'.repeat(40) }],
  ['with a former key that never ends', { ...WHOLE, former_key: { key: key('former') } }],
  ['with a former key that ends some day', { ...WHOLE, former_key: { key: key('former'), until: 'soon' } }],
]

for (const [name, value] of BAD) {
  test(`a public key file ${name} is refused`, (t) => {
    t.throws(() => parsePublicEntry(JSON.stringify(value) ?? '{', 'x.pub'), {
      message: /^x\.pub is no public key file/,
    })
  })
}
