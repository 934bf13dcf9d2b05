/**
 * The writer: cutting texts on character boundaries, against a dumb twin, and growing.
 */

import test from 'ava'
import fc from 'fast-check'
import { truncate, Writer } from '../../src/wire/writer.ts'

test('B42: a text that is too long is cut on a character boundary', (t) => {
  t.is(truncate('abc', 3), 'abc')
  t.is(truncate('abcd', 3), 'abc')
  t.is(truncate('aüb', 3), 'aü')
  t.is(truncate('abü', 3), 'ab')
  t.is(truncate('a\u{1f600}', 4), 'a')
  t.is(truncate('a\u{1f600}', 5), 'a\u{1f600}')
  t.is(truncate('ü'.repeat(600), 1024), 'ü'.repeat(512))
})

test('B42: what is cut is the longest beginning that fits', (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.integer({ min: 1, max: 40 }),
      (text, maxBytes) => {
        // The dumb twin: whole characters, one after the other, as long as they fit.
        let expected = ''
        for (const character of text) {
          if (Buffer.byteLength(expected + character) > maxBytes) break
          expected += character
        }
        t.is(truncate(text, maxBytes), expected)
      },
    ),
    { seed: 5, numRuns: 2000 },
  )
})

test('a writer grows and keeps what it has', (t) => {
  const writer = new Writer(4)
  for (let value = 0; value < 100; value += 1) {
    writer.reserve(1)
    writer.byte(value)
  }
  const bytes = writer.take()
  t.deepEqual([...bytes], [...Array(100).keys()])
  t.is(writer.position, 0)
})
