/**
 * docs/vectors.json against the codec: every vector in both directions, every malformed one with its sentence, and every
 * truncation and every corruption of a single byte, none of which may throw.
 */

import test from 'ava'
import { decodeFrames } from '../../src/wire/batch.ts'
import { encodeBatch } from '../support/encode-batch.ts'
import { comparable } from './arbitraries.ts'
import { malformedVectors, vectors } from './vectors.ts'

/** Bodies of a second frame are opaque: corrupting their first bytes says as much as corrupting all. */
const MAX_CORRUPTED_BYTES = 200

for (const vector of vectors) {
  test(`${vector.clause}: ${vector.name} decodes to its messages`, (t) => {
    const decoded = decodeFrames(vector.frames, 0)
    t.is(decoded.malformed, undefined)
    t.is(decoded.unknown, vector.unknown)
    t.deepEqual(decoded.messages.map(comparable), vector.messages.map(comparable))
    t.deepEqual(decoded.tooLarge, [])
  })

  if (!vector.decodeOnly) {
    test(`${vector.clause}: ${vector.name} encodes to its bytes`, (t) => {
      const frames = encodeBatch(vector.messages, 0)
      t.is(frames.length, 1)
      t.deepEqual(
        (frames[0] ?? []).map((frame) => Buffer.from(frame).toString('hex')),
        vector.frames.map((frame) => frame.toString('hex')),
      )
    })
  }
}

for (const vector of malformedVectors) {
  test(`${vector.clause}: ${vector.name} is malformed`, (t) => {
    const decoded = decodeFrames(vector.frames, 0)
    t.is(decoded.malformed, vector.error)
    t.is(decoded.messages.length, vector.messages)
  })
}

test('B6: every truncation of every vector gives a defined answer', (t) => {
  let malformed = 0
  for (const vector of [...vectors, ...malformedVectors]) {
    for (const [index, frame] of vector.frames.entries()) {
      for (let length = 0; length < Math.min(frame.length, MAX_CORRUPTED_BYTES); length += 1) {
        const frames = vector.frames.with(index, frame.subarray(0, length))
        if (isDefined(frames) === 'malformed') malformed += 1
      }
    }
  }
  // A cut at the border of two envelopes, or inside a body that is a second frame, leaves something valid.
  t.true(malformed > 400, `only ${malformed} truncations are malformed`)
})

test('B6: every corruption of one byte of every vector gives a defined answer', (t) => {
  const answers = { malformed: 0, messages: 0 }
  for (const vector of vectors) {
    for (const [index, frame] of vector.frames.entries()) {
      for (let at = 0; at < Math.min(frame.length, MAX_CORRUPTED_BYTES); at += 1) {
        for (let flip = 1; flip < 256; flip += flip < 32 ? 1 : 29) {
          const corrupted = Buffer.from(frame)
          corrupted[at] = (corrupted[at] as number) ^ flip
          answers[isDefined(vector.frames.with(index, corrupted))] += 1
        }
      }
    }
  }
  t.true(answers.malformed > 1000)
  t.true(answers.messages > 1000)
})

/** Decodes; what was decoded must be whole: it encodes, and what that decodes to encodes to the same bytes. */
function isDefined(frames: readonly Buffer[]): 'malformed' | 'messages' {
  const decoded = decodeFrames(frames, 0)
  const once = encodeBatch(decoded.messages, 0)
  const twice = encodeBatch(
    once.flatMap((packed) => decodeFrames(packed, 0).messages),
    0,
  )
  if (!Buffer.concat(once.flat()).equals(Buffer.concat(twice.flat()))) throw new Error('Not the same again')
  return decoded.malformed === undefined ? 'messages' : 'malformed'
}
