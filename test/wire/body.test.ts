/**
 * Bodies: what travels comes back as it was, what cannot is an error that names its place.
 */

import { createContext, runInContext } from 'node:vm'
import test from 'ava'
import fc from 'fast-check'
import { decodeBody, encodeBody } from '../../src/wire/body.ts'
import type { Body } from '../../src/wire/messages.ts'

function roundTrip(value: unknown): unknown {
  const decoded = decodeBody(encodeBody(value))
  if (!decoded.ok) throw new Error(decoded.error)
  return decoded.value
}

/** Views of bytes as plain Uint8Arrays, to compare a Buffer with what it was made of. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

test('B50: undefined is an empty body', (t) => {
  t.deepEqual(encodeBody(undefined), { type: 'none', bytes: Buffer.alloc(0) })
  t.is(roundTrip(undefined), undefined)
})

test('B50: bytes pass as they are, without a copy, and arrive as a Buffer', (t) => {
  const bytes = new Uint8Array([1, 2, 3])
  const body = encodeBody(bytes)
  t.is(body.type, 'raw')
  t.is(body.bytes, bytes)
  t.deepEqual(roundTrip(bytes), Buffer.from([1, 2, 3]))
  t.deepEqual(roundTrip(new Uint8Array(0)), Buffer.alloc(0))
})

const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53 - 1,
    -(2 ** 53 - 1),
    2 ** 31,
    2 ** 32,
  ),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.integer(),
  fc.double().map((value) => (Object.is(value, -0) ? 0 : value)),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 20 }),
  fc.bigInt({ min: 2n ** 53n + 1n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) - 1n }),
)
const key = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => text !== '__proto__')
/** Anything that may travel. */
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    leaf,
    fc.array(tie('tree'), { maxLength: 6 }),
    fc.dictionary(key, tie('tree'), { maxKeys: 6, noNullPrototype: true }),
  ),
}))

test('B53: all plain data comes back as it was', (t) => {
  fc.assert(
    fc.property(tree, (value) => {
      t.deepEqual(plain(roundTrip(value)), plain(value))
    }),
    { seed: 6, numRuns: 1000 },
  )
})

test('B53: dates keep their milliseconds from one end of the calendar to the other', (t) => {
  for (const ms of [
    0,
    1,
    -1,
    -1500,
    999,
    1_700_000_000_123,
    2 ** 32 * 1000,
    2 ** 34 * 1000 + 7,
    8.64e15,
    -8.64e15,
  ]) {
    t.deepEqual(roundTrip(new Date(ms)), new Date(ms))
    t.deepEqual(roundTrip([new Date(ms)]), [new Date(ms)])
  }
})

test('B53: what changes on the way changes as the table says', (t) => {
  t.deepEqual(roundTrip({ a: undefined, b: 1 }), { b: 1 })
  t.deepEqual(roundTrip([5n, -5n, 2n ** 53n]), [5, -5, 2 ** 53])
  t.true(Object.is(roundTrip(-0), 0))
  t.deepEqual(roundTrip(Object.assign(Object.create(null), { a: 1 })), { a: 1 })
  t.deepEqual(roundTrip(Object.assign([1], { extra: 2 })), [1])
  t.deepEqual(roundTrip({ [Symbol('s')]: 1, a: 2 }), { a: 2 })
})

test('B53: an object of another realm is plain data too', (t) => {
  t.deepEqual(roundTrip(runInContext('({ a: [1, { b: 2 }] })', createContext())), { a: [1, { b: 2 }] })
})

test('B53: keys that look like methods are ordinary keys', (t) => {
  const value = { constructor: 1, hasOwnProperty: 2, toString: 'x', length: 3, toJSON: null, valueOf: [] }
  t.deepEqual(roundTrip(value), value)
})

test('B53: an object may have more than 65,535 keys', (t) => {
  const value = Object.fromEntries(Array.from({ length: 70_000 }, (_, index) => [`key-${index}`, index]))
  t.deepEqual(roundTrip(value), value)
})

class Point {
  readonly x = 1
}

test('B53: what cannot come back as it was is an error that names its place', (t) => {
  const table: readonly (readonly [unknown, string])[] = [
    [() => 1, 'a function'],
    [Symbol('s'), 'a symbol'],
    [{ a: [0, { b: () => 1 }] }, 'a function at a[1].b'],
    [[1, undefined], 'undefined in an array (null would travel) at [1]'],
    [new Array(1), 'undefined in an array (null would travel) at [0]'],
    [{ m: new Map() }, 'a Map (Object.fromEntries makes an object that travels) at m'],
    [new Set([1]), 'a Set (spread it into an array)'],
    [new Point(), 'an instance of Point (plain data travels)'],
    [new Error('x'), 'an instance of Error (plain data travels)'],
    [/x/, 'an instance of RegExp (plain data travels)'],
    [new URL('http://example.org'), 'an instance of URL (plain data travels)'],
    [new String('x'), 'an instance of String (plain data travels)'],
    [{ f: new Float32Array(1) }, 'a typed array other than Uint8Array at f'],
    [new ArrayBuffer(1), 'a typed array other than Uint8Array'],
    [Promise.resolve(1), 'a promise (await it first)'],
    [new Date(Number.NaN), 'an invalid Date'],
    [2n ** 64n, 'a bigint of more than 64 bits'],
    [-(2n ** 63n) - 1n, 'a bigint of more than 64 bits'],
    ['\ud800', 'a string with half a character (a lone surrogate)'],
    [{ '\udc00': 1 }, 'a key with half a character at \udc00'],
    [JSON.parse('{"__proto__": 1}'), 'a key that would be renamed for safety at __proto__'],
  ]
  for (const [value, text] of table) {
    t.throws(() => encodeBody(value), { instanceOf: TypeError, message: `Cannot encode the body: ${text}` })
  }
})

test('B55: 32 levels travel, a 33rd and a cycle are errors', (t) => {
  const nested = (levels: number): unknown =>
    levels === 0 ? 1 : levels % 2 === 0 ? [nested(levels - 1)] : { a: nested(levels - 1) }
  t.deepEqual(roundTrip(nested(32)), nested(32))
  t.throws(() => encodeBody(nested(33)), { message: /deeper than 32 levels/ })
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  t.throws(() => encodeBody(cycle), {
    instanceOf: TypeError,
    message: /contains itself at self\.self.*\.\.\.$/,
  })
})

test('B59: too many small values are an error at the sender, not at the receiver', (t) => {
  t.throws(() => encodeBody(Array(100_000).fill({})), {
    instanceOf: TypeError,
    message: /too many small values/,
  })
  t.notThrows(() => encodeBody(Array(15_000).fill({})))
})

test('B59: a value that holds itself many times over ends in an error, not in a hang', (t) => {
  let value: unknown = 1
  for (let level = 0; level < 30; level += 1) value = [value, value]
  t.throws(() => encodeBody(value), { instanceOf: TypeError, message: /far too many values/ })
})

test('a small body that is kept holds no large buffer alive', (t) => {
  encodeBody('x'.repeat(500_000))
  for (let round = 0; round < 10; round += 1) {
    t.true(encodeBody({ round }).bytes.buffer.byteLength <= 64 * 1024)
  }
})

test('a body that was encoded does not change when the next one is', (t) => {
  const first = encodeBody({ a: 1 })
  const before = Buffer.from(first.bytes).toString('hex')
  for (let round = 0; round < 1000; round += 1) encodeBody({ b: 'x'.repeat(round) })
  t.is(Buffer.from(first.bytes).toString('hex'), before)
})

test('B54: random bytes as msgpack give a value or a sentence, never a throw', (t) => {
  let values = 0
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
      const decoded = decodeBody({ type: 'msgpack', bytes } satisfies Body)
      if (decoded.ok) values += 1
      else t.regex(decoded.error, /^(The body|A key|A timestamp)/)
    }),
    { seed: 7, numRuns: 20_000 },
  )
  t.true(values > 100)
})

test('a large value does not leave its buffer to the small ones behind it', (t) => {
  t.true(encodeBody({ text: 'x'.repeat(3 * 1024 * 1024) }).bytes.buffer.byteLength > 3 * 1024 * 1024)
  const next = encodeBody({ text: 'y'.repeat(20_000) }).bytes
  t.true(next.buffer.byteLength < 1024 * 1024, `${next.buffer.byteLength} bytes`)
})
