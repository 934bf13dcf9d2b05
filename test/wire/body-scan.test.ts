/**
 * The scan of msgpack bytes: what it refuses, by table; what it lets pass, the decoder must take without a throw.
 */

import test from 'ava'
import fc from 'fast-check'
import { unpack } from 'msgpackr/unpack'
import { encodeBody } from '../../src/wire/body.ts'
import { scanMsgpack } from '../../src/wire/body-scan.ts'
import { plainScan } from './plain-scan.ts'
import { bytesOf } from './vectors.ts'

const CUT = 'The body ends inside a value'
const TOO_MANY = 'The body announces more values than it can hold'

const refused: readonly (readonly [string, string, string])[] = [
  ['B54', '', 'The body is empty'],
  ['B54', '01 02', 'The body has 1 bytes behind its value'],
  ['B54', '80 c0 c0', 'The body has 2 bytes behind its value'],
  ['B55', '91*33 c0', 'The body is nested deeper than 32 levels'],
  ['B56', 'a2 61', CUT],
  ['B56', 'd9', CUT],
  ['B56', 'da 00', CUT],
  ['B56', 'db ffffffff 61', CUT],
  ['B56', 'dd 0000', CUT],
  ['B56', 'c6 ffffffff 61', CUT],
  ['B56', 'cb 0000', CUT],
  ['B56', 'cc', CUT],
  ['B56', 'd6 ff 0000', CUT],
  ['B56', '93 01 02', TOO_MANY],
  ['B56', 'dd ffffffff', TOO_MANY],
  ['B56', 'df ffffffff 00', TOO_MANY],
  ['B56', 'df 80000001 00', TOO_MANY],
  ['B56', '92 91 01', CUT],
  ['B57', 'c1', 'The body has a value of a type that is not allowed (0xc1)'],
  ['B57', 'd4 72 40', 'The body has a value of a type that is not allowed (0xd4)'],
  ['B57', 'd4 00 00', 'The body has a value of a type that is not allowed (0xd4)'],
  ['B57', 'd5 72 40 00', 'The body has a value of a type that is not allowed (0xd5)'],
  ['B57', 'd8 01 00*16', 'The body has a value of a type that is not allowed (0xd8)'],
  ['B57', 'c8 0001 ff 00', 'The body has a value of a type that is not allowed (0xc8)'],
  ['B57', 'd6 70 00000001', 'The body has an extension of type 112'],
  ['B57', 'c7 04 42 00000001', 'The body has an extension of type 66'],
  ['B57', 'c7 03 ff 000000', 'A timestamp has a wrong size'],
  ['B57', 'c7 0c ff 00000000 7fffffffffffffff', 'A timestamp is outside of what a Date can hold'],
  ['B57', 'c7 0c ff 00000000 8000000000000000', 'A timestamp is outside of what a Date can hold'],
  ['B58', '81 90 01', 'A key of a map is neither a string nor an integer'],
  ['B58', '81 c0 01', 'A key of a map is neither a string nor an integer'],
  ['B58', '81 c4 01 61 01', 'A key of a map is neither a string nor an integer'],
]

function faultOfMsgpack(bytes: Uint8Array): string | undefined {
  return scanMsgpack(bytes).fault
}

for (const [clause, hex, fault] of refused) {
  test(`${clause}: the body "${hex}" is refused`, (t) => {
    t.is(faultOfMsgpack(bytesOf(hex)), fault)
  })
}

test('B54: what other encoders write is accepted, also in forms that ours does not choose', (t) => {
  const accepted = [
    'c0',
    'c3',
    '7f',
    'e0',
    'cc 01',
    'cd 0001',
    'ce 00000001',
    'cf 00*8',
    'd0 ff',
    'd1 ffff',
    'd2 ffffffff',
  ]
  const more = [
    'd3 ff*8',
    'ca 3fc00000',
    'cb 00*8',
    'd9 01 61',
    'da 0001 61',
    'db 00000001 61',
    'c4 01 61',
    'c5 0001 61',
  ]
  const most = [
    'c6 00000001 61',
    'dc 0001 c0',
    'dd 00000001 c0',
    'de 0001 a161 c0',
    'df 00000001 01 c0',
    '81 d9 01 61 c0',
  ]
  const dates = ['d6 ff 00000001', 'd7 ff 00*8', 'c7 0c ff 00*12', '91*32 c0', '82 a161 92 01 02 a162 80']
  for (const hex of [...accepted, ...more, ...most, ...dates]) {
    t.is(faultOfMsgpack(bytesOf(hex)), undefined, hex)
    t.notThrows(() => unpack(bytesOf(hex)), hex)
  }
})

test('B59: a bomb of small values is refused before it is built', (t) => {
  const array = (count: number, unit: string): Buffer => {
    const head = Buffer.from([0xdd, 0, 0, 0, 0])
    head.writeUInt32BE(count, 1)
    return Buffer.concat([head, Buffer.from(unit.repeat(count), 'hex')])
  }
  const bomb = 'The body would need far more memory than its size'
  t.is(faultOfMsgpack(array(1_000_000, '80')), bomb)
  t.is(faultOfMsgpack(array(1_000_000, '90')), bomb)
  t.is(faultOfMsgpack(array(500_000, 'c400')), bomb)
  t.is(faultOfMsgpack(array(17_000, '81a0c0')), undefined)
  t.is(faultOfMsgpack(array(18_000, '98 0102030405060708'.replace(' ', ''))), undefined)
  t.is(faultOfMsgpack(array(170_000, 'd6ff00000001')), bomb)
  t.is(faultOfMsgpack(array(95_000, '82a2696401a46e616d65a178')), undefined, 'rows of a table')
  t.is(faultOfMsgpack(array(1_000_000, '01')), undefined)
})

/** First bytes that lead somewhere: containers and lengths of every kind, and small numbers for them. */
const TELLING = Buffer.from(
  '00000000010203040c1080818290919297a0a1a2bfc0c1c3c4c5c6c7c8cacbcccfd0d3d4d6d7d9dadbdcdddedfe0ff',
  'hex',
)
const telling = fc.oneof(fc.nat(255), fc.constantFrom(...TELLING), fc.constantFrom(...TELLING))

test('B54 to B59: the scan says of any bytes what the obvious one says, and the same cost', (t) => {
  let passed = 0
  const agree = (bytes: Uint8Array): void => {
    const { fault, cost } = scanMsgpack(bytes)
    const plain = plainScan(bytes)
    const hex = (): string => Buffer.from(bytes).toString('hex')
    if ('fault' in plain) t.is(fault, plain.fault, hex())
    else {
      passed += 1
      t.is(fault, undefined, hex())
      t.is(cost, plain.cost, hex())
    }
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 8 }), fc.array(telling, { maxLength: 40 }), (head, tail) => {
      agree(Buffer.from(tail))
      agree(Buffer.from([...tail, ...head]))
    }),
    { seed: 12, numRuns: 20_000 },
  )
  // What is nearly right: bodies with a byte that is another one.
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.nat(), telling, (value, at, byte) => {
      const bytes = Buffer.from(encodeBody(value).bytes)
      agree(bytes)
      bytes[at % bytes.length] = byte
      agree(bytes)
    }),
    { seed: 13, numRuns: 10_000 },
  )
  t.true(passed > 10_000, `${passed} passed`)
})

test('B54 to B59: the scan agrees with the obvious one about bombs and about nearly bombs', (t) => {
  for (const unit of [
    '80',
    '90',
    '91c0',
    'c400',
    'a161',
    'a26161',
    'd90161',
    'd9026161',
    '81a16101',
    'd6ff00000001',
    'cb00*8',
    'c0',
  ]) {
    const row = bytesOf(unit)
    for (const count of [1000, 9_000, 12_000, 14_000, 20_000, 60_000]) {
      const head = Buffer.from([0xdd, 0, 0, 0, 0])
      head.writeUInt32BE(count, 1)
      const bytes = Buffer.concat([head, ...Array.from({ length: count }, () => row)])
      const plain = plainScan(bytes)
      const { fault, cost } = scanMsgpack(bytes)
      t.deepEqual(
        'fault' in plain ? { fault } : { fault, cost },
        'fault' in plain ? plain : { fault: undefined, ...plain },
      )
    }
  }
})

test('B54: what passes the scan never makes the decoder throw', (t) => {
  let passed = 0
  const token = fc.oneof(
    fc.nat(255),
    fc.constantFrom(0x81, 0x82, 0x91, 0x92, 0xa1, 0xc0, 0xc4, 0xd6, 0xd9, 0xdc, 0xde, 0, 1, 0xff),
  )
  fc.assert(
    fc.property(fc.array(token, { minLength: 1, maxLength: 24 }), (tokens) => {
      const bytes = Buffer.from(tokens)
      if (faultOfMsgpack(bytes) !== undefined) return
      passed += 1
      t.notThrows(() => unpack(Buffer.from(bytes)))
    }),
    { seed: 8, numRuns: 30_000 },
  )
  t.true(passed > 500, `${passed} passed`)
})

test('B54: every truncation of a body is refused, every corruption is answered', (t) => {
  const value = {
    id: 17,
    name: 'alpha',
    tags: ['a', 'b'],
    at: new Date(1_234_567),
    raw: Buffer.from('xy'),
    big: 2n ** 60n,
  }
  const bytes = Buffer.from(encodeBody(value).bytes)
  t.is(faultOfMsgpack(bytes), undefined)
  for (let length = 0; length < bytes.length; length += 1)
    t.not(faultOfMsgpack(bytes.subarray(0, length)), undefined)
  let passed = 0
  for (let at = 0; at < bytes.length; at += 1) {
    for (let byte = 0; byte < 256; byte += 1) {
      const corrupted = Buffer.from(bytes)
      corrupted[at] = byte
      if (faultOfMsgpack(corrupted) !== undefined) continue
      passed += 1
      unpack(corrupted)
    }
  }
  t.true(passed > bytes.length)
})
