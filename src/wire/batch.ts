/**
 * Many envelopes in one frame. Sending costs about the same whatever the size, so what is queued for a peer leaves
 * together; that is where the speed of the mesh comes from.
 *
 * A ZeroMQ message has one frame (header, then envelopes) or two (header and one envelope, then its body, which is not
 * copied). Which messages go together is not decided here: the outbox knows the lanes.
 */

import { assert } from '../base/assert.ts'
import { decodeEnvelope } from './decode.ts'
import { encode, isLarge } from './encode.ts'
import {
  FRAME_FORMAT,
  FRAME_HEADER_BYTES,
  FRAME_MAGIC,
  FRAME_TARGET_BYTES,
  MAX_ENVELOPES_PER_FRAME,
  WHOLE_BODY_BYTES,
} from './limits.ts'
import type { Chunk, Freight, Message } from './messages.ts'
import { asBuffer, Reader } from './reader.ts'
import { Writer } from './writer.ts'

export { isLarge, sizeOf } from './encode.ts'

/** What came out of the frames of one ZeroMQ message. */
export interface DecodedFrames {
  /** Everything that could be decoded before the first fault. */
  readonly messages: readonly Message[]
  /** Messages whose body is above the limit; the body is left out, so that they can be answered with `too-large`. */
  readonly tooLarge: readonly Freight[]
  /** How many envelopes were of a kind that this version does not know. */
  readonly unknown: number
  /** What broke the protocol, as a sentence; undefined when nothing did. Everything behind it was refused. */
  readonly malformed: string | undefined
}

// One batch is encoded at a time and copied out when it is done, so that one buffer serves the whole process.
const writer = new Writer(FRAME_TARGET_BYTES + 1024)

/**
 * The frames of one ZeroMQ message for `messages`: a run whose sizes, by `sizeOf`, and FRAME_HEADER_BYTES together stay
 * within FRAME_TARGET_BYTES, or exactly one large message.
 */
export function pack(now: number, messages: readonly Message[]): readonly Uint8Array[] {
  assert(messages.length > 0, 'a batch has a message')
  assert(messages.length <= MAX_ENVELOPES_PER_FRAME, 'a batch has more envelopes than a frame may hold')
  writer.position = FRAME_HEADER_BYTES
  writer.buffer[0] = FRAME_MAGIC
  writer.buffer[1] = FRAME_FORMAT
  let body: Uint8Array | undefined
  for (const message of messages) {
    if (isLarge(message)) {
      assert(messages.length === 1, 'a large message travels alone')
      body = (message as Freight | Chunk).body.bytes
    }
    encode(message, now, writer)
  }
  assert(writer.position <= FRAME_TARGET_BYTES, 'a batch is larger than a frame should be')
  const head = writer.take()
  return body === undefined ? [head] : [head, body]
}

/**
 * Decodes the frames of one ZeroMQ message. Never throws, whatever the bytes are. Bodies are views of the frames; those
 * above `maxBodyBytes` are left out.
 */
export function decodeFrames(
  frames: readonly Uint8Array[],
  now: number,
  maxBodyBytes = WHOLE_BODY_BYTES,
): DecodedFrames {
  const messages: Message[] = []
  const tooLarge: Freight[] = []
  const fault = faultOfFrames(frames)
  if (fault !== undefined) return { messages, tooLarge, unknown: 0, malformed: fault }
  const second = frames[1]
  const first = asBuffer(frames[0] as Uint8Array)
  const reader = new Reader(first, second === undefined ? undefined : asBuffer(second), maxBodyBytes)
  const frameEnd = first.length
  const maxEnvelopes = second === undefined ? MAX_ENVELOPES_PER_FRAME : 1
  let unknown = 0
  let count = 0
  reader.position = FRAME_HEADER_BYTES
  while (reader.position < frameEnd) {
    if (count === maxEnvelopes) {
      const what = second === undefined ? `${maxEnvelopes} envelopes` : 'one envelope before a second frame'
      return { messages, tooLarge, unknown, malformed: `Frame 1 has more than ${what}` }
    }
    count += 1
    reader.end = frameEnd
    const length = reader.varint()
    const start = reader.position
    if (reader.fault !== '')
      return { messages, tooLarge, unknown, malformed: at(count, 'length', reader.fault) }
    if (length === 0 || start + length > frameEnd) {
      const text = length === 0 ? 'it is empty' : `it has ${length} bytes, but ${frameEnd - start} are left`
      return { messages, tooLarge, unknown, malformed: at(count, 'envelope', text) }
    }
    reader.end = start + length
    const message = decodeEnvelope(reader, now)
    if (reader.fault !== '') {
      return { messages, tooLarge, unknown, malformed: at(count, message?.kind ?? 'envelope', reader.fault) }
    }
    // The kinds that may grow have been read without looking at what follows their last known field.
    reader.position = start + length
    if (message === undefined) {
      unknown += 1
      if (second !== undefined) reader.secondFrameTaken = true
    } else if (reader.bodyTooLarge) {
      reader.bodyTooLarge = false
      tooLarge.push(message as Freight)
    } else {
      messages.push(message)
    }
  }
  if (second !== undefined && !reader.secondFrameTaken) {
    return {
      messages: [],
      tooLarge,
      unknown,
      malformed: 'Frame 2 was not announced by the envelope in frame 1',
    }
  }
  return { messages, tooLarge, unknown, malformed: undefined }
}

function at(number: number, what: string, fault: string): string {
  return `Envelope ${number} (${what}) is malformed: ${fault}`
}

/** What is wrong with the frames before their envelopes are looked at. */
function faultOfFrames(frames: readonly Uint8Array[]): string | undefined {
  const first = frames[0]
  if (first === undefined) return 'The message has no frame'
  if (frames.length > 2) return `The message has ${frames.length} frames, at most 2 are allowed`
  if (first.length === 0 || frames[1]?.length === 0) return 'A frame is empty'
  if (first[0] !== FRAME_MAGIC) return 'Frame 1 does not begin with the letter z'
  if (first.length < FRAME_HEADER_BYTES) return 'Frame 1 ends inside its header'
  if (first[1] !== FRAME_FORMAT) return `Frame 1 has format ${first[1]}, only ${FRAME_FORMAT} is known`
  if (first.length === FRAME_HEADER_BYTES) return 'Frame 1 has no envelope'
  return undefined
}
