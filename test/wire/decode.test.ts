/**
 * Decoding one envelope without its frame: the answers that the vectors do not show.
 */

import test from 'ava'
import { decode } from '../../src/wire/decode.ts'
import { bytesOf } from './vectors.ts'

test('B4: one envelope decodes without its frame', (t) => {
  t.deepEqual(decode(bytesOf('13 ac02'), 0), { ok: true, message: { kind: 'cancel', sequence: 300 } })
})

test('B7: an unknown kind is an answer of its own, for each of them', (t) => {
  const known = [
    0x01, 0x02, 0x03, 0x04, 0x05, 0x08, 0x09, 0x0a, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x20, 0x21, 0x22,
    0x23, 0x24,
  ]
  for (let kind = 0; kind < 256; kind += 1) {
    const decoded = decode(Uint8Array.of(kind, 0xff), 0)
    const unknown = !decoded.ok && decoded.error === 'unknown-kind'
    t.is(unknown, !known.includes(kind), `kind ${kind}`)
  }
})

test('B4: an envelope without a kind is malformed', (t) => {
  t.deepEqual(decode(new Uint8Array(0), 0), { ok: false, error: 'malformed', text: 'it ends too early' })
})

test('B61: a single envelope with a body above the limit says so', (t) => {
  const decoded = decode(bytesOf('11 02 07 61*11'), 0, undefined, 10)
  t.deepEqual(decoded, { ok: false, error: 'malformed', text: 'its body is larger than 10 bytes' })
})

test('B52: a body that is a second frame is given as it came, without a copy', (t) => {
  const body = Buffer.from('hello')
  const decoded = decode(bytesOf('11 06 07'), 0, body)
  t.true(decoded.ok && decoded.message.kind === 'reply' && decoded.message.body.bytes === body)
})

test('B20: more than 64 fields are malformed', (t) => {
  const fields = (count: number): string =>
    Array.from({ length: count }, (_, index) => (index + 3).toString(16).padStart(2, '0')).join('00 ')
  t.true(decode(bytesOf(`03 010102 ${fields(63)}00`), 0).ok)
  t.deepEqual(decode(bytesOf(`03 010102 ${fields(64)}00`), 0), {
    ok: false,
    error: 'malformed',
    text: 'it has more than 64 fields',
  })
})
