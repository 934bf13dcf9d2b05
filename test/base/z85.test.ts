/** Z85 against the vector of its specification, and against texts that are none. */

import test from 'ava'
import fc from 'fast-check'
import { decodeZ85, encodeZ85 } from '../../src/base/z85.ts'

const BYTES = Uint8Array.of(0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b)

test('the vector of ZeroMQ RFC 32 holds in both directions', (t) => {
  t.is(encodeZ85(BYTES), 'HelloWorld')
  t.deepEqual(decodeZ85('HelloWorld'), BYTES)
})

test('bytes come back from their text', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const text = encodeZ85(bytes)
      t.is(text.length, 40)
      t.deepEqual(decodeZ85(text), bytes)
    }),
    { seed: 32 },
  )
})

test('a text of another length, with another character, or beyond 32 bits is none', (t) => {
  for (const text of ['Hell', 'HelloWorl', 'Hello Worl', 'Hell"', 'Hell€', '#####', '%nSc1'])
    t.is(decodeZ85(text), undefined, text)
  t.deepEqual(decodeZ85(''), new Uint8Array(0))
  t.deepEqual(decodeZ85('%nSc0'), Uint8Array.of(255, 255, 255, 255))
})
