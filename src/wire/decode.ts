/**
 * The bytes of one envelope to a message. Remote bytes never throw here: faults are kept in the reader as sentences, and
 * a kind that is unknown is an answer of its own. The way there is in encode.ts.
 *
 * Nothing is allocated but the message itself, and bodies are views of the frame.
 */

import { readChallenge, readHello, readRefuse, readWelcome } from './greeting.ts'
import * as kinds from './kinds.ts'
import {
  FOREVER_MS,
  MAX_ACK_RANGES,
  MAX_CODE_BYTES,
  MAX_TEXT_BYTES,
  MAX_VERB_BYTES,
  WHOLE_BODY_BYTES,
} from './limits.ts'
import type {
  Ack,
  Beat,
  Body,
  BodyType,
  Cancel,
  Chunk,
  Credit,
  Decline,
  Echo,
  Freight,
  Message,
  Offer,
  Reject,
  Reply,
  Request,
  Send,
  Withdraw,
} from './messages.ts'
import { asBuffer, NO_BYTES, Reader } from './reader.ts'

/** What became of the bytes of one envelope. An unknown kind is no fault: a newer peer may send it. */
export type Decoded =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly error: 'unknown-kind' }
  | { readonly ok: false; readonly error: 'malformed'; readonly text: string }

/** The body of a message without one. */
export const NO_BODY: Body = { type: 'none', bytes: NO_BYTES }

/**
 * Decodes the content of one envelope, without its length. `secondFrame` is the second frame of the ZeroMQ message, where
 * there is one. Moments are told by the clock that shows `now`.
 */
export function decode(
  bytes: Uint8Array,
  now: number,
  secondFrame?: Uint8Array,
  maxBodyBytes = WHOLE_BODY_BYTES,
): Decoded {
  const second = secondFrame === undefined ? undefined : asBuffer(secondFrame)
  const reader = new Reader(asBuffer(bytes), second, maxBodyBytes)
  const message = decodeEnvelope(reader, now)
  if (reader.bodyTooLarge) reader.fail(`its body is larger than ${maxBodyBytes} bytes`)
  if (reader.fault !== '') return { ok: false, error: 'malformed', text: reader.fault }
  if (message === undefined) return { ok: false, error: 'unknown-kind' }
  return { ok: true, message }
}

/**
 * Decodes what stands between the reader's position and its end. Undefined is an unknown kind, unless the reader has a
 * fault, which makes the result worthless. A body above the limit is left out, and the reader says so.
 */
export function decodeEnvelope(reader: Reader, now: number): Message | undefined {
  const kind = reader.byte()
  switch (kind) {
    case kinds.REQUEST:
      return readRequest(reader, now)
    case kinds.REPLY:
      return readReply(reader)
    case kinds.SEND:
      return readSend(reader)
    case kinds.ACK:
      return readAck(reader)
    case kinds.REJECT:
      return readReject(reader)
    case kinds.CANCEL:
      return { kind: 'cancel', sequence: reader.varint() } satisfies Cancel
    case kinds.CHUNK:
      return readChunk(reader)
    case kinds.CREDIT:
      return readCredit(reader)
    case kinds.OFFER:
      return readOffer(reader, now)
    case kinds.DECLINE:
      return { kind: 'decline', transfer: reader.varint() } satisfies Decline
    case kinds.WITHDRAW:
      return { kind: 'withdraw', transfer: reader.varint() } satisfies Withdraw
    case kinds.BEAT:
      return readBeat(reader)
    case kinds.ECHO:
      return readEcho(reader)
    case kinds.GOODBYE:
      return { kind: 'goodbye' }
    case kinds.SAY_HELLO:
      return { kind: 'say-hello' }
    case kinds.HELLO:
      return readHello(reader)
    case kinds.CHALLENGE:
      return readChallenge(reader)
    case kinds.WELCOME:
      return readWelcome(reader)
    case kinds.REFUSE:
      return readRefuse(reader)
    default:
      return undefined
  }
}

function readRequest(reader: Reader, now: number): Request {
  const flags = readFlags(reader, kinds.BODY_TYPE_MASK | kinds.BODY_EXTERNAL | kinds.REQUEST_BROADCAST)
  const sequence = reader.varint()
  const behind = reader.varint()
  const attempt = reader.byte()
  const remainingMs = reader.varint()
  const verb = readVerb(reader)
  if (behind > sequence) reader.fail('its floor is below 0')
  if (attempt === 0) reader.fail('its attempt is 0')
  if (remainingMs > FOREVER_MS) reader.fail('its remaining time is above 2^48 - 1 ms')
  return {
    kind: 'request',
    sequence,
    floor: sequence - behind,
    attempt,
    requestKind: (flags & kinds.REQUEST_BROADCAST) === 0 ? 'request' : 'broadcast',
    deadlineAt: remainingMs === FOREVER_MS ? Number.POSITIVE_INFINITY : now + remainingMs,
    expiresAt: Number.POSITIVE_INFINITY,
    verb,
    body: readBody(reader, flags),
  }
}

function readReply(reader: Reader): Reply {
  const flags = readFlags(reader, kinds.BODY_TYPE_MASK | kinds.BODY_EXTERNAL)
  const sequence = reader.varint()
  return { kind: 'reply', sequence, body: readBody(reader, flags) }
}

function readSend(reader: Reader): Send {
  const flags = readFlags(reader, kinds.BODY_TYPE_MASK | kinds.BODY_EXTERNAL)
  const sequence = reader.varint()
  const verb = readVerb(reader)
  return { kind: 'send', sequence, expiresAt: Number.POSITIVE_INFINITY, verb, body: readBody(reader, flags) }
}

function readAck(reader: Reader): Ack {
  const count = reader.byte()
  if (count > MAX_ACK_RANGES) reader.fail(`it has ${count} ranges, at most ${MAX_ACK_RANGES} are allowed`)
  const ranges: { first: number; last: number }[] = []
  let before = 0
  for (let index = 0; index < count && reader.fault === ''; index += 1) {
    const gap = reader.varint()
    const first = before + gap
    const last = first + reader.varint()
    if (gap === 0) reader.fail('its ranges are not ascending and disjoint')
    if (last > Number.MAX_SAFE_INTEGER) reader.fail('a range ends above 2^53 - 1')
    ranges.push({ first, last })
    before = last
  }
  return { kind: 'ack', ranges }
}

function readReject(reader: Reader): Reject {
  const flags = readFlags(reader, kinds.REJECT_OF_SEND)
  return {
    kind: 'reject',
    of: (flags & kinds.REJECT_OF_SEND) === 0 ? 'request' : 'send',
    sequence: reader.varint(),
    reason: kinds.rejectReasonOf(reader.byte()),
    code: reader.text(MAX_CODE_BYTES, 'code'),
    text: reader.text(MAX_TEXT_BYTES, 'text'),
  }
}

function readBeat(reader: Reader): Beat {
  const flags = readFlags(reader, kinds.BEAT_WANTS_ECHO | kinds.BEAT_HEARS_NOTHING)
  return {
    kind: 'beat',
    number: reader.varint(),
    wantsEcho: (flags & kinds.BEAT_WANTS_ECHO) !== 0,
    hearsNothing: (flags & kinds.BEAT_HEARS_NOTHING) !== 0,
    loopDelayMs: reader.varint(),
    queuedBytes: reader.varint(),
  }
}

function readEcho(reader: Reader): Echo {
  return { kind: 'echo', number: reader.varint(), loopDelayMs: reader.varint(), queuedBytes: reader.varint() }
}

function readChunk(reader: Reader): Chunk {
  const flags = readFlags(reader, kinds.BODY_TYPE_MASK | kinds.BODY_EXTERNAL)
  const transfer = reader.varint()
  const offset = reader.varint()
  const body = readBody(reader, flags)
  // What is wrong with a part cannot be answered for the whole: nobody sends parts of this size.
  if (reader.bodyTooLarge) reader.fail(`its part of a body is larger than ${reader.maxBodyBytes} bytes`)
  else if (body.type !== 'raw' || body.bytes.length === 0) reader.fail('its part of a body is not raw bytes')
  if (offset + body.bytes.length > Number.MAX_SAFE_INTEGER)
    reader.fail('its part of a body ends above 2^53 - 1')
  reader.bodyTooLarge = false
  return { kind: 'chunk', transfer, offset, body }
}

function readCredit(reader: Reader): Credit {
  const flags = readFlags(reader, kinds.CREDIT_GO_BACK)
  const transfer = reader.varint()
  const receivedBytes = reader.varint()
  const limitBytes = reader.varint()
  if (limitBytes < receivedBytes) reader.fail('its limit is below what has arrived')
  return { kind: 'credit', transfer, receivedBytes, limitBytes, goBack: (flags & kinds.CREDIT_GO_BACK) !== 0 }
}

/** The head is an envelope inside of the envelope; what follows it is for later versions. */
function readOffer(reader: Reader, now: number): Offer {
  const isRepeat = (readFlags(reader, kinds.OFFER_REPEAT) & kinds.OFFER_REPEAT) !== 0
  const transfer = reader.varint()
  const totalBytes = reader.varint()
  const lengthBytes = reader.varint()
  const { end } = reader
  const headEnd = reader.position + lengthBytes
  if (headEnd > end) reader.fail('it ends inside its head')
  reader.end = Math.min(headEnd, end)
  const head = readHead(reader, now)
  reader.position = reader.end
  reader.end = end
  if (totalBytes === 0) reader.fail('it offers a body of no bytes')
  if (head.body.type === 'none') reader.fail('its head has no type of body')
  if (head.body.bytes.length > 0 || reader.bodyTooLarge) reader.fail('its head has a body')
  return { kind: 'offer', transfer, totalBytes, head, isRepeat }
}

function readHead(reader: Reader, now: number): Freight {
  const kind = reader.byte()
  if (kind === kinds.REQUEST) return readRequest(reader, now)
  if (kind === kinds.SEND) return readSend(reader)
  if (kind !== kinds.REPLY) reader.fail('its head is no REQUEST, REPLY or SEND')
  return readReply(reader)
}

/** The flags byte. A bit that this version does not know could change the meaning of what follows. */
function readFlags(reader: Reader, known: number): number {
  const flags = reader.byte()
  if ((flags & ~known) !== 0) reader.fail('it has flags that are unknown')
  return flags
}

function readVerb(reader: Reader): string {
  const verb = reader.cachedText(MAX_VERB_BYTES, 'verb')
  if (verb === '') reader.fail('its verb is empty')
  return verb
}

/** The rest of the envelope, or the second frame, as the flags say. */
function readBody(reader: Reader, flags: number): Body {
  const typeBits = flags & kinds.BODY_TYPE_MASK
  const external = (flags & kinds.BODY_EXTERNAL) !== 0
  if (typeBits === kinds.BODY_NONE) {
    if (external || reader.position !== reader.end) reader.fail('it has a body, though its type says none')
    return NO_BODY
  }
  if (typeBits === kinds.BODY_TYPE_MASK) reader.fail('its type of body is unknown')
  const type: BodyType = typeBits === kinds.BODY_MSGPACK ? 'msgpack' : 'raw'
  if (external) {
    if (reader.position !== reader.end) reader.fail('its body is in both frames')
    if (reader.secondFrame === undefined) reader.fail('it announces a second frame that did not come')
    reader.secondFrameTaken = true
  }
  const sizeBytes = external ? (reader.secondFrame?.length ?? 0) : reader.end - reader.position
  if (sizeBytes > reader.maxBodyBytes) {
    reader.bodyTooLarge = true
    return NO_BODY
  }
  return { type, bytes: external ? (reader.secondFrame ?? NO_BYTES) : reader.rest() }
}
