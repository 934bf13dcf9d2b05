/**
 * What keys cost: the scan against the obvious one, in bodies with more keys than are remembered and with keys that differ in
 * their last bits only; what ordinary data may do, with its numbers; and that sender and receiver agree where it ends.
 */

import test from 'ava'
import fc from 'fast-check'
import { decodeBody, encodeBody } from '../../src/wire/body.ts'
import { scanMsgpack } from '../../src/wire/body-scan.ts'
import { HARMLESS_BODY_BYTES, KNOWN_STEPS } from '../../src/wire/limits.ts'
import { plainScan } from './plain-scan.ts'
import { bytesOf } from './vectors.ts'

/** An array of maps with these keys, each an encoded one, and a value of one byte behind each. */
function mapsOf(maps: readonly (readonly Uint8Array[])[], padding = 0): Buffer {
  const head = Buffer.from([0xdd, 0, 0, 0, 0])
  head.writeUInt32BE(maps.length + (padding > 0 ? 1 : 0), 1)
  const parts = maps.flatMap((keys) => [
    Buffer.from([0xde, keys.length >> 8, keys.length & 0xff]),
    ...keys.flatMap((key) => [key, Buffer.from([1])]),
  ])
  return padding > 0 ? Buffer.concat([head, ...parts, paddingOf(padding)]) : Buffer.concat([head, ...parts])
}

/** A text of about so many bytes. */
function paddingOf(sizeBytes: number): Buffer {
  const head = Buffer.from([0xdb, 0, 0, 0, 0])
  head.writeUInt32BE(sizeBytes, 1)
  return Buffer.concat([head, Buffer.alloc(sizeBytes, 'x')])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([
    bytesOf(bytes.length < 32 ? (0xa0 + bytes.length).toString(16) : 'd9'),
    lengthOf(bytes),
    bytes,
  ])
}

function lengthOf(bytes: Buffer): Buffer {
  return bytes.length < 32 ? Buffer.alloc(0) : Buffer.from([bytes.length])
}

function range<T>(count: number, of: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => of(index))
}

/** What the body costs, which must be what the obvious scan says. */
function costOf(bytes: Uint8Array): number | string {
  const { fault, cost } = scanMsgpack(bytes)
  const plain = plainScan(bytes)
  const found = fault ?? cost
  const obvious = 'fault' in plain ? plain.fault : plain.cost
  if (found !== obvious) throw new Error(`${found}, but ${obvious} by the obvious scan`)
  return found
}

const BOMB = 'The body would need far more memory than its size'

for (const [what, hex, extra] of [
  ['0 makes room for 17', '81 00 01', 8 * 17],
  ['12 finds room behind 0', '82 00 01 0c 01', 8 * 17],
  ['17 makes more of it', '82 00 01 11 01', 8 * (18 + 9 + 16)],
  ['1023 makes room for 1,552', '81 cd 03ff 01', 8 * 1552],
  ['the text of 1023 does as well', '81 a4 31303233 01', 8 * 1552],
  ['and in each form of an integer', '81 d3 00000000000003ff 01', 8 * 1552],
  ['1024 is too far, and the map a hash table', '81 cd 0400 01', 128],
  ['1024 is not too far from room for 17', '82 00 01 cd 0400 01', 8 * (1025 + 512 + 16)],
  ['3,322 makes the largest room', '83 cd 0190 01 cd 0640 01 cd 0cfa 01', 8 * 5000],
  ['3,323 is too far', '83 cd 0190 01 cd 0640 01 cd 0cfb 01', 8 * 2417 + 64 * 4],
  ['several that are far cost for each entry, once', '83 cd 0400 01 cd 0800 01 cd 0c00 01', 64 * 4],
  ['the highest index is far', '81 ce fffffffe 01', 128],
  ['2^32 - 1 is a key like any text', '81 ce ffffffff 01', 0],
  ['so is what is below 0', '81 d1 ff00 01', 0],
  ['so is a small one below 0', '81 ff 01', 0],
  ['so is a number of 64 bits', '81 cf ffffffffffffffff 01', 0],
  ['so is a text with a 0 before it', '81 a4 30313233 01', 0],
  ['so is a text with more than digits', '81 a3 31322e 01', 0],
  ['so is a text of no bytes', '81 a0 01', 0],
  ['so are more digits than an index has', '81 ab 3130303030303030303030 01', 0],
  ['so are ten digits above 2^32 - 2', '81 aa 34323934393637323935 01', 0],
] as const) {
  test(`B62: of numbers as keys, ${what}`, (t) => {
    const bytes = bytesOf(hex)
    const entries = (bytes[0] as number) & 0x0f
    t.is(costOf(bytes), 64 + 8 * entries + extra)
  })
}

test('B62: more numbers than 1 in 27 make room beyond 5,000 places, fewer do not', (t) => {
  const sparse = (step: number): Buffer =>
    mapsOf([range(1500, (index) => text(String(index * step)))], 20_000)
  const shared = 32 + 2 * 8 + 24 + 64 + 1500 * 8 + 1484 * 64
  const dense = costOf(sparse(17)) as number
  const credit = 64 * 1484
  t.true(dense > shared + 8 * 1499 * 17 - credit && dense < shared + 8 * 1.6 * 1499 * 17, String(dense))
  t.true((costOf(sparse(19)) as number) < shared + 8 * 5000 + 64 * 17)
})

test('B62: numbers that have an array are not charged for a hash table as well', (t) => {
  const dense = costOf(mapsOf([range(5000, (index) => text(String(index)))], 20_000)) as number
  const table = 32 + 2 * 8 + 24 + 64 + 5000 * 8 + 4984 * 64
  t.is(dense - table, 8 * 17 + Math.max(0, 8 * (18 + 9 + 16 - 17) - 64 * 2))
})

test('B62: bombs of numbers as keys are refused, however small the body is', (t) => {
  t.is(costOf(mapsOf(range(100, () => [text('1023')]))), BOMB)
  t.is(costOf(mapsOf(range(100, () => [text('1024')]))), 32 + 100 * (8 + 72 + 128))
  t.throws(() => encodeBody(range(100, () => ({ 1023: 1 }))), {
    instanceOf: TypeError,
    message: /objects with ever other keys/,
  })
  t.throws(() => encodeBody({ a: [range(100, () => ({ b: 1, 1023: 1 }))] }), { instanceOf: TypeError })
  t.notThrows(() => encodeBody(range(80, () => ({ 1023: 1 }))))
})

test('B62: the scan says of any numbers as keys what the obvious one says', (t) => {
  const number = fc.oneof(fc.nat(40), fc.nat(1100), fc.nat(6000), fc.nat(2 ** 32 - 1))
  const key = fc.oneof(
    number.map((value) => text(String(value))),
    number.map((value) => Buffer.from(encodeBody(value).bytes)),
    fc
      .constantFrom('a0', 'a161', 'ff', 'a23031', 'd9023132', 'da00023132', 'cf0000000000000007')
      .map(bytesOf),
  )
  let grown = 0
  fc.assert(
    fc.property(fc.array(fc.array(key, { maxLength: 24 }), { maxLength: 6 }), (maps) => {
      const small = costOf(mapsOf(maps))
      const large = costOf(mapsOf(maps, HARMLESS_BODY_BYTES))
      if (typeof small === 'number' && typeof large === 'number' && large > small + 32) grown += 1
    }),
    { seed: 14, numRuns: 3000 },
  )
  t.true(grown > 300, `${grown} with keys that only large bodies count`)
})

test('B63: a map whose keys are new behind the keys before them costs for each of its entries, once', (t) => {
  const [a, b, c] = [text('a'), text('b'), text('c')] as const
  const costs = (...maps: (readonly Uint8Array[])[]): number => {
    const values = maps.reduce((sum, keys) => sum + 8 + 64 + 8 * keys.length, 0)
    return (costOf(mapsOf(maps, 20_000)) as number) - 32 - 8 - 24 - values
  }
  t.is(costs([]), 0)
  t.is(costs([a]), 128)
  t.is(costs([a], [a]), 128)
  t.is(costs([a], [b]), 256)
  t.is(costs([a, b], [a, b], [a], [a, b]), 192)
  t.is(costs([a, b], [b, a]), 384, 'another order is another description')
  t.is(costs([a, b], [a, c]), 384)
  t.is(costs([a, b, c], [a, b], [a, c]), 256 + 192)
  const many = range(20, (index) => text(`k${index}`))
  t.is(costs(many), 64 * 4 + 64 * 17, 'of many keys, the first 16')
  t.is(costs(many, [...many.slice(0, 16), a, b, c, text('d')]), 2 * 64 * 4 + 64 * 17)
})

test('B63: in bodies up to 16,384 bytes texts as keys cost nothing', (t) => {
  const maps = range(1000, (index) => [text(`k${index}`)])
  const rest = 16_384 - mapsOf(maps, 1).length + 1
  const small = mapsOf(maps, rest)
  t.is(small.length, 16_384)
  t.is(costOf(small), 32 + 24 + 8 + 1000 * (8 + 72))
  t.is(costOf(mapsOf(maps, rest + 1)), 32 + 24 + 8 + 1000 * (8 + 72 + 128))
})

test('B63: no body up to 16,384 bytes is too costly without numbers as keys', (t) => {
  // What costs most for a byte, each as much as there can be of it.
  for (const unit of ['80', '90', 'a26161', 'c400', 'd6ff00000000', 'ca00000000', '81a080', '82a080ff80']) {
    const row = bytesOf(unit)
    const count = Math.floor((16_384 - 5) / row.length)
    const head = Buffer.from([0xdd, 0, 0, 0, 0])
    head.writeUInt32BE(count, 1)
    t.is(typeof costOf(Buffer.concat([head, ...range(count, () => row)])), 'number', unit)
  }
  const entries = Buffer.concat([bytesOf('de 1fff'), ...range(0x1fff, () => bytesOf('ff80'))])
  t.is(typeof costOf(entries), 'number')
})

test('B63: 4,096 steps are remembered, then all are forgotten', (t) => {
  const fresh = (count: number): Buffer[][] => range(count, (index) => [text(`k${index}`)])
  const again = (count: number): number => {
    const maps = [...fresh(count), ...fresh(count)]
    return ((costOf(mapsOf(maps, 20_000)) as number) - 32 - 8 - 24 - maps.length * 80) / 128
  }
  t.is(again(KNOWN_STEPS), KNOWN_STEPS)
  // The last one makes all forgotten, and is not remembered itself; the 4,096 others are, and then it is too much again.
  t.is(again(KNOWN_STEPS + 1), 2 * (KNOWN_STEPS + 1))
})

test('B63: in a map that was open while all steps were forgotten, what comes behind is new, whatever was learnt since', (t) => {
  // Two steps are known by the first map; the last of these maps is one too many, and z and b take the places of a and b.
  const inner = range(KNOWN_STEPS - 1, (index) =>
    Buffer.concat([bytesOf('81'), text(`k${index}`), bytesOf('01')]),
  )
  const maps = Buffer.concat([bytesOf('dd 00001000'), ...inner, bytesOf('82 a17a 01 a162 01')])
  const outer = Buffer.concat([bytesOf('82 a161'), maps, bytesOf('a162 01')])
  const bytes = Buffer.concat([bytesOf('93 82 a161 01 a162 01'), outer, paddingOf(20_000)])
  const [ofTwo, isStrange] = [64 + 16, 192]
  t.is(
    costOf(bytes),
    32 + 3 * 8 + 24 + 32 + KNOWN_STEPS * 8 + 3 * (ofTwo + isStrange) + (KNOWN_STEPS - 1) * (72 + 128),
  )
})

/** Keys of many lengths that share their beginnings, down to the last bit. */
const similar = fc
  .tuple(
    fc.constantFrom('', 'k', 'key', 'a-long-beginning-of-a-key-that-many-share-'),
    fc.nat(3000),
    fc.nat(40),
  )
  .map(([head, index, more]) =>
    text(`${head}${String.fromCharCode(0x60 + (index & 31), 0x100 + index)}${'y'.repeat(more >> 2)}`),
  )

test('B63: the scan says of any keys what the obvious one says, also when more differ than are remembered', (t) => {
  let forgotten = 0
  fc.assert(
    fc.property(
      fc.array(similar, { minLength: 60, maxLength: 60, size: 'max' }),
      fc.array(fc.array(fc.nat(59), { maxLength: 18, size: 'max' }), {
        minLength: 600,
        maxLength: 900,
        size: 'max',
      }),
      fc.integer({ min: 2, max: 60 }),
      (keys, numbers, span) => {
        const maps = numbers.map((row) => row.map((index) => keys[index % span] as Buffer))
        t.is(typeof costOf(mapsOf(maps, 400_000)), 'number')
        const steps = maps.flatMap((map) =>
          map.slice(0, 16).map((_, at) => Buffer.concat(map.slice(0, at + 1))),
        )
        if (new Set(steps.map((step) => step.toString('latin1'))).size > KNOWN_STEPS) forgotten += 1
      },
    ),
    { seed: 15, numRuns: 20 },
  )
  t.true(forgotten > 5, `${forgotten} with more steps than are remembered`)
})

test('B63: keys that part only in their last bits, and those that end before, are told from each other', (t) => {
  // Each key parts from the one before it one bit later: the deepest tree there can be.
  const deep = range(1500, (index) => {
    const bytes = Buffer.alloc(200)
    bytes[index >> 3] = 0x80 >> (index & 7)
    return Buffer.concat([bytesOf('d9c8'), bytes])
  })
  const short = range(200, (index) => text(`s${index}`))
  const all = [...deep, ...short].slice(0, KNOWN_STEPS)
  const maps = [...all, ...all].map((key) => [key])
  t.is(costOf(mapsOf(maps)), 32 + maps.length * (8 + 72) + all.length * 128)
})

/** Bodies that users send, and the most that there may be of it in one body, found by trying. */
const ordinary: readonly (readonly [string, unknown])[] = [
  [
    '50,000 ids with a row each',
    Object.fromEntries(range(50_000, (index) => [`u${index * 7919}`, { name: 'x', age: index }])),
  ],
  [
    '50,000 numbers as ids with a row each',
    Object.fromEntries(range(50_000, (index) => [index * 7919, { name: 'x', age: index }])),
  ],
  ['50,000 numbers in a row', Object.fromEntries(range(50_000, (index) => [index, { name: 'a name' }]))],
  [
    'every 10th of 500,000 ids',
    Object.fromEntries(range(50_000, (index) => [index * 10, { name: 'a longer name', age: index }])),
  ],
  ['80,000 rows of 2', range(80_000, (index) => ({ id: index, name: 'x' }))],
  [
    '5,000 rows of 40 columns',
    range(5_000, (row) => Object.fromEntries(range(40, (column) => [`c${column}`, row]))),
  ],
  [
    '20,000 rows of a random half of 12 fields',
    range(20_000, (row) =>
      Object.fromEntries(
        range(12, (field) => [
          `field-${field}`,
          ((row * 2654435761) >>> 7) & (1 << field) ? field : undefined,
        ]),
      ),
    ),
  ],
  [
    '20,000 maps with one new key of 36 bytes and a number',
    range(20_000, (index) => ({ [`${index}`.padEnd(36, '-x')]: index })),
  ],
  [
    '5,000 maps with three numbers of 5 digits',
    range(5_000, (index) => ({ [10_000 + index]: 1, [30_000 + index]: 2, [50_000 + index]: 3 })),
  ],
  [
    '100 kinds of rows of 10 columns, one after the other',
    range(20_000, (index) =>
      Object.fromEntries(range(10, (column) => [`c${index % 100}-${column}`, 'value'])),
    ),
  ],
]
for (const [what, value] of ordinary) {
  test(`B63: ordinary data passes: ${what}`, (t) => {
    const body = encodeBody(value)
    t.true(body.bytes.length > HARMLESS_BODY_BYTES)
    t.true(decodeBody(body).ok)
  })
}

const costly: readonly (readonly [string, unknown])[] = [
  ['50,000 maps with one new short key', range(50_000, (index) => ({ [`k${index.toString(36)}`]: 1 }))],
  [
    '40,000 maps with two of 200 keys, each pair once',
    range(40_000, (index) => ({ [`a${index % 200}`]: 1, [`b${(index - (index % 200)) / 200}`]: 1 })),
  ],
  ['1,000 maps with a number below 1,000', range(1000, (index) => ({ [index]: 1 }))],
]
for (const [what, value] of costly) {
  test(`B63: what would cost far more than its size is an error at the sender: ${what}`, (t) => {
    t.throws(() => encodeBody(value), { instanceOf: TypeError, message: /objects with ever other keys/ })
  })
}
