/**
 * Batches: what is packed comes back, frames stay within their size, and noise never throws.
 */

import test from 'ava'
import fc from 'fast-check'
import { seededRandom } from '../../src/base/random.ts'
import { decodeFrames, isLarge, pack, sizeOf } from '../../src/wire/batch.ts'
import {
  EXTERNAL_BODY_BYTES,
  FRAME_HEADER_BYTES,
  FRAME_TARGET_BYTES,
  MAX_ENVELOPES_PER_FRAME,
  MAX_FRAME_BYTES,
  MIN_SIZE_ESTIMATE_BYTES,
  WHOLE_BODY_BYTES,
} from '../../src/wire/limits.ts'
import type { Message, Reply } from '../../src/wire/messages.ts'
import { encodeBatch } from '../support/encode-batch.ts'
import { comparable, messageAt } from './arbitraries.ts'

const NOW = 5_000

test('B4: any run of messages comes back as it was, in its order', (t) => {
  fc.assert(
    fc.property(fc.array(messageAt(NOW), { maxLength: 20 }), (messages) => {
      const decoded = encodeBatch(messages, NOW).map((frames) => decodeFrames(frames, NOW))
      t.true(decoded.every(({ malformed, unknown }) => malformed === undefined && unknown === 0))
      t.deepEqual(decoded.flatMap((part) => part.messages).map(comparable), messages.map(comparable))
    }),
    { seed: 1, numRuns: 400 },
  )
})

test('B8: the estimate of a message is never below its encoded size', (t) => {
  fc.assert(
    fc.property(messageAt(NOW), (message) => {
      const frames = pack(NOW, [message])
      const encodedBytes = frames.reduce((sum, frame) => sum + frame.length, 0) - FRAME_HEADER_BYTES
      t.true(encodedBytes <= sizeOf(message), `${message.kind}: ${encodedBytes} > ${sizeOf(message)}`)
      t.true(sizeOf(message) >= MIN_SIZE_ESTIMATE_BYTES)
      t.is(frames.length, isLarge(message) ? 2 : 1)
    }),
    { seed: 2, numRuns: 1000 },
  )
})

test('B8: a long run is cut into frames that are nearly full and never above 65,536 bytes', (t) => {
  const messages = Array.from({ length: 5_000 }, (_, index) => reply(index, 100))
  const packed = encodeBatch(messages, NOW)
  t.true(packed.every((frames) => frames.length === 1 && (frames[0]?.length ?? 0) <= FRAME_TARGET_BYTES))
  t.true(packed.slice(0, -1).every((frames) => (frames[0]?.length ?? 0) > FRAME_TARGET_BYTES * 0.85))
  t.deepEqual(sequencesOf(packed), [...messages.keys()])
})

test('B9: the largest frame has room for a body of exactly what travels whole with its envelope', (t) => {
  t.is(MAX_FRAME_BYTES, 1_114_112)
  const message: Message = { ...reply(Number.MAX_SAFE_INTEGER, 8_000) }
  const [frame] = pack(NOW, [message])
  t.true((frame?.length ?? 0) - 8_000 <= MAX_FRAME_BYTES - WHOLE_BODY_BYTES)
})

test('B52: a large body leaves as a second frame without a copy, between what stood before and after it', (t) => {
  const large = reply(2, EXTERNAL_BODY_BYTES)
  const packed = encodeBatch([reply(1, 10), large, reply(3, 10)], NOW)
  t.deepEqual(
    packed.map((frames) => frames.length),
    [1, 2, 1],
  )
  t.is(packed[1]?.[1], large.body.bytes)
  t.deepEqual(sequencesOf(packed), [1, 2, 3])
})

test('B52: a body one byte below the size for a second frame stays in the batch', (t) => {
  t.false(isLarge(reply(1, EXTERNAL_BODY_BYTES - 1)))
  t.true(isLarge(reply(1, EXTERNAL_BODY_BYTES)))
  t.is(encodeBatch([reply(1, EXTERNAL_BODY_BYTES - 1), reply(2, 1)], NOW).length, 1)
})

test('B3: a frame may hold 4,096 envelopes and no more', (t) => {
  const frameOf = (count: number): Buffer => Buffer.from(`7a01${'010a'.repeat(count)}`, 'hex')
  const full = decodeFrames([frameOf(MAX_ENVELOPES_PER_FRAME)], NOW)
  t.is(full.malformed, undefined)
  t.is(full.messages.length, 4096)
  const over = decodeFrames([frameOf(MAX_ENVELOPES_PER_FRAME + 1)], NOW)
  t.is(over.malformed, 'Frame 1 has more than 4096 envelopes')
  t.is(over.messages.length, 4096)
})

test('B3: a batch that fits by the estimate never has too many envelopes', (t) => {
  const packed = encodeBatch(Array<Message>(20_000).fill({ kind: 'goodbye' }), NOW)
  const decoded = packed.map((frames) => decodeFrames(frames, NOW))
  t.true(decoded.every(({ malformed }) => malformed === undefined))
  t.is(
    decoded.reduce((sum, { messages }) => sum + messages.length, 0),
    20_000,
  )
})

test('B61: a body above the limit is left out and its message told apart, the others are served', (t) => {
  const [frames = []] = encodeBatch([reply(1, 10), reply(2, 11), reply(3, 10)], NOW)
  const decoded = decodeFrames(frames, NOW, 10)
  t.is(decoded.malformed, undefined)
  t.deepEqual(
    decoded.messages.map((message) => (message as Reply).sequence),
    [1, 3],
  )
  t.deepEqual(decoded.tooLarge, [
    { kind: 'reply', sequence: 2, body: { type: 'none', bytes: Buffer.alloc(0) } },
  ])
})

test('B61: the limit holds for a second frame too', (t) => {
  const [frames = []] = encodeBatch([reply(1, 9_000)], NOW)
  t.is(decodeFrames(frames, NOW, 9_000).messages.length, 1)
  const decoded = decodeFrames(frames, NOW, 8_999)
  t.is(decoded.messages.length, 0)
  t.is(decoded.tooLarge.length, 1)
})

test('B61: a body of 1 MiB passes by default, one byte more does not', (t) => {
  const framesOf = (sizeBytes: number): readonly Uint8Array[] =>
    encodeBatch([reply(1, sizeBytes)], NOW)[0] ?? []
  t.is(decodeFrames(framesOf(1024 * 1024), NOW).messages.length, 1)
  t.is(decodeFrames(framesOf(1024 * 1024 + 1), NOW).tooLarge.length, 1)
})

test('a batch owns its bytes: the next one does not overwrite them', (t) => {
  const first = pack(NOW, [reply(1, 50)])
  const before = Buffer.from(first[0] ?? []).toString('hex')
  pack(NOW, [reply(2, 50), reply(3, 60)])
  t.is(Buffer.from(first[0] ?? []).toString('hex'), before)
})

test('a batch survives one before it that failed', (t) => {
  t.throws(() => pack(NOW, [reply(1, 10), reply(-1, 10)]), { message: /Assertion failed/ })
  t.deepEqual(sequencesOf([pack(NOW, [reply(5, 10)])]), [5])
})

test('to pack nothing, or a large message in company, or too much, is a mistake of our own', (t) => {
  t.throws(() => pack(NOW, []), { message: /Assertion failed/ })
  t.throws(() => pack(NOW, [reply(1, 1), reply(2, EXTERNAL_BODY_BYTES)]), { message: /travels alone/ })
  t.throws(() => pack(NOW, Array(9).fill(reply(1, 8_000))), { message: /larger than a frame/ })
})

test('B6: 100,000 random byte strings never throw', (t) => {
  const random = seededRandom(7)
  let malformed = 0
  let decodedMessages = 0
  for (let round = 0; round < 100_000; round += 1) {
    const frames = randomFrames(random)
    const decoded = decodeFrames(frames, NOW)
    if (decoded.malformed !== undefined) malformed += 1
    decodedMessages += decoded.messages.length
  }
  t.true(malformed > 50_000)
  t.true(decodedMessages > 1_000, `${decodedMessages} messages came out of the noise`)
})

/** Noise that gets past the first checks: usually a header, often a length that fits and a kind that is known. */
function randomFrames(random: ReturnType<typeof seededRandom>): Buffer[] {
  const frame = Buffer.alloc(random.below(40))
  for (let index = 0; index < frame.length; index += 1) frame[index] = random.below(256)
  if (random.below(10) > 0 && frame.length > 4) {
    frame[0] = 0x7a
    frame[1] = 1
    if (random.below(4) > 0) frame[2] = frame.length - 3
    if (random.below(4) > 0) frame[3] = random.below(0x18)
    for (let index = 4; index < frame.length; index += 1) {
      if (random.below(3) > 0) frame[index] = random.below(4)
    }
  }
  return random.below(8) === 0 ? [frame, Buffer.from('x')] : [frame]
}

function reply(sequence: number, sizeBytes: number): Reply {
  return { kind: 'reply', sequence, body: { type: 'raw', bytes: new Uint8Array(sizeBytes).fill(1) } }
}

function sequencesOf(packed: readonly (readonly Uint8Array[])[]): number[] {
  return packed.flatMap((frames) =>
    decodeFrames(frames, NOW).messages.map((message) => (message as Reply).sequence),
  )
}
