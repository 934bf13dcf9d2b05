/**
 * Varints: the table of the specification, round trips, and that only the shortest form is valid.
 */

import test from 'ava'
import fc from 'fast-check'
import { Reader } from '../../src/wire/reader.ts'
import { MAX_VARINT_BYTES, varintSizeBytes, writeVarint } from '../../src/wire/varint.ts'
import { whole } from './arbitraries.ts'

function encoded(value: number): Buffer {
  const buffer = Buffer.alloc(MAX_VARINT_BYTES)
  return buffer.subarray(0, writeVarint(buffer, 0, value))
}

function readerOf(bytes: Buffer): Reader {
  return new Reader(bytes, undefined, 0)
}

test('B10: the table of the specification holds in both directions', (t) => {
  const table: readonly (readonly [number, string])[] = [
    [0, '00'],
    [1, '01'],
    [127, '7f'],
    [128, '8001'],
    [300, 'ac02'],
    [16_383, 'ff7f'],
    [16_384, '808001'],
    [2 ** 28 - 1, 'ffffff7f'],
    [2 ** 28, '8080808001'],
    [2 ** 32, '8080808010'],
    [2 ** 49 - 1, 'ffffffffffff7f'],
    [2 ** 49, '8080808080808001'],
    [2 ** 53 - 1, 'ffffffffffffff0f'],
  ]
  for (const [value, hex] of table) {
    t.is(encoded(value).toString('hex'), hex)
    t.is(readerOf(Buffer.from(hex, 'hex')).varint(), value)
  }
})

test('B10: every number comes back, in as many bytes as were announced', (t) => {
  fc.assert(
    fc.property(whole, (value) => {
      const bytes = encoded(value)
      const reader = readerOf(bytes)
      t.is(reader.varint(), value)
      t.is(reader.fault, '')
      t.is(reader.position, bytes.length)
      t.is(varintSizeBytes(value), bytes.length)
    }),
    { seed: 3, numRuns: 2000 },
  )
})

test('B11: of any bytes that are read as a varint, the shortest form is the only one', (t) => {
  let valid = 0
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 10 }), (bytes) => {
      const reader = readerOf(Buffer.from(bytes))
      const value = reader.varint()
      if (reader.fault !== '') return
      valid += 1
      t.deepEqual(encoded(value), Buffer.from(bytes.subarray(0, reader.position)))
    }),
    { seed: 4, numRuns: 5000 },
  )
  t.true(valid > 1000)
})

test('to write what is no safe integer of 0 or more is a mistake of our own', (t) => {
  for (const value of [-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => encoded(value), { message: /Assertion failed/ }, `${value}`)
  }
})
