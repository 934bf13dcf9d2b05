/**
 * One message to the bytes of one envelope: a varint length, a kind byte, the fields of the kind (docs/protocol.md,
 * clauses B20 to B52). The way back is in decode.ts.
 *
 * REQUEST, REPLY, SEND and ACK pass here hundreds of thousands of times a second; so the writer's position is a local
 * variable, and nothing is allocated. What cannot be encoded is a mistake of our own and an assertion.
 */

import { assert, unreachable } from '../base/assert.ts'
import { GREETING_MAX_BYTES, writeChallenge, writeHello, writeRefuse, writeWelcome } from './greeting.ts'
import * as kinds from './kinds.ts'
import {
  EXTERNAL_BODY_BYTES,
  FOREVER_MS,
  MAX_ACK_RANGES,
  MAX_ATTEMPT,
  MAX_CODE_BYTES,
  MAX_TEXT_BYTES,
  MAX_VERB_BYTES,
  MIN_SIZE_ESTIMATE_BYTES,
} from './limits.ts'
import type {
  Ack,
  Body,
  Challenge,
  Chunk,
  Credit,
  Decline,
  Freight,
  Hello,
  Message,
  Offer,
  Refuse,
  Reply,
  Request,
  Send,
  Welcome,
  Withdraw,
} from './messages.ts'
import { varintSizeBytes, writeVarint } from './varint.ts'
import { closeEnvelope, type Writer, writeText } from './writer.ts'

/** Room for everything but verb, texts and body: 5 varints of 8 bytes, kind, flags, two lengths of 4. */
const FIXED_BYTES = 64

/** Whether the body of `message` travels as a second frame, so that the message has a ZeroMQ message of its own. */
export function isLarge(message: Message): boolean {
  const kind = message.kind
  if (kind !== 'request' && kind !== 'reply' && kind !== 'send' && kind !== 'chunk') return false
  return message.body.bytes.length >= EXTERNAL_BODY_BYTES
}

/**
 * An upper bound of the encoded size of `message` with its envelope's length, in bytes; of a large one, both frames
 * together. Cheap: it takes three bytes for each character. Never below MIN_SIZE_ESTIMATE_BYTES.
 */
export function sizeOf(message: Message): number {
  switch (message.kind) {
    case 'request':
      return 34 + message.verb.length * 3 + message.body.bytes.length
    case 'send':
      return 18 + message.verb.length * 3 + message.body.bytes.length
    case 'reply':
      return MIN_SIZE_ESTIMATE_BYTES + message.body.bytes.length
    case 'ack':
      return MIN_SIZE_ESTIMATE_BYTES + message.ranges.length * 16
    case 'chunk':
      return 24 + message.body.bytes.length
    case 'offer':
      return 24 + sizeOf(message.head)
    case 'credit':
      return 30
    case 'reject':
      return 20 + textBound(message.code, MAX_CODE_BYTES) + textBound(message.text, MAX_TEXT_BYTES)
    case 'refuse':
      return MIN_SIZE_ESTIMATE_BYTES + textBound(message.text, MAX_TEXT_BYTES)
    case 'hello':
    case 'welcome':
      return GREETING_MAX_BYTES
    case 'challenge':
      return 40
    case 'beat':
    case 'echo':
      return 32
    case 'cancel':
    case 'decline':
    case 'withdraw':
    case 'goodbye':
    case 'say-hello':
      return MIN_SIZE_ESTIMATE_BYTES
    default:
      return unreachable(message)
  }
}

function textBound(text: string, maxBytes: number): number {
  return Math.min(text.length * 3, maxBytes)
}

/**
 * Appends `message` as one envelope with its length. The body of a large message is left out, and a flag says that it
 * comes as the second frame. Deadlines are written as what remains of them at `now`.
 */
export function encode(message: Message, now: number, writer: Writer): void {
  const large = isLarge(message)
  writer.reserve(FIXED_BYTES + sizeOf(message) - (large ? (message as Freight | Chunk).body.bytes.length : 0))
  switch (message.kind) {
    case 'request':
      writeRequest(writer, message, now, large)
      break
    case 'reply':
      writeReply(writer, message, large)
      break
    case 'send':
      writeSend(writer, message, large)
      break
    case 'chunk':
      writeChunk(writer, message, large)
      break
    case 'offer':
      writeOffer(writer, message, now)
      break
    default:
      writeOther(writer, message)
  }
}

function writeRequest(writer: Writer, message: Request, now: number, large: boolean): void {
  const { sequence, floor, verb, body } = message
  assert(floor <= sequence, 'the floor of a request is at most its sequence')
  assert(message.attempt >= 1, 'attempts count from 1')
  assert(verb.length > 0 && verb.length <= MAX_VERB_BYTES, 'a verb has 1 to 255 bytes')
  const remainingMs = remainingAt(message.deadlineAt, now)
  const behind = sequence - floor
  const bodyBytes = large ? 0 : body.bytes.length
  const guess =
    4 +
    varintSizeBytes(sequence) +
    varintSizeBytes(behind) +
    varintSizeBytes(remainingMs) +
    verb.length +
    bodyBytes
  const buffer = writer.buffer
  const start = writer.position
  const reserved = varintSizeBytes(guess)
  let position = start + reserved
  buffer[position++] = kinds.REQUEST
  buffer[position++] =
    bodyFlags(body, large) | (message.requestKind === 'broadcast' ? kinds.REQUEST_BROADCAST : 0)
  position = writeVarint(buffer, position, sequence)
  position = writeVarint(buffer, position, behind)
  buffer[position++] = message.attempt < MAX_ATTEMPT ? message.attempt : MAX_ATTEMPT
  position = writeVarint(buffer, position, remainingMs)
  position = writeText(buffer, position, verb)
  if (bodyBytes > 0) {
    buffer.set(body.bytes, position)
    position += bodyBytes
  }
  writer.position = position
  closeEnvelope(writer, start, reserved)
}

function writeReply(writer: Writer, message: Reply, large: boolean): void {
  const { sequence, body } = message
  const bodyBytes = large ? 0 : body.bytes.length
  const buffer = writer.buffer
  let position = writeVarint(buffer, writer.position, 2 + varintSizeBytes(sequence) + bodyBytes)
  buffer[position++] = kinds.REPLY
  buffer[position++] = bodyFlags(body, large)
  position = writeVarint(buffer, position, sequence)
  if (bodyBytes > 0) buffer.set(body.bytes, position)
  writer.position = position + bodyBytes
}

function writeSend(writer: Writer, message: Send, large: boolean): void {
  const { sequence, verb, body } = message
  assert(verb.length > 0 && verb.length <= MAX_VERB_BYTES, 'a verb has 1 to 255 bytes')
  const bodyBytes = large ? 0 : body.bytes.length
  const buffer = writer.buffer
  const start = writer.position
  const reserved = varintSizeBytes(3 + varintSizeBytes(sequence) + verb.length + bodyBytes)
  let position = start + reserved
  buffer[position++] = kinds.SEND
  buffer[position++] = bodyFlags(body, large)
  position = writeVarint(buffer, position, sequence)
  position = writeText(buffer, position, verb)
  if (bodyBytes > 0) {
    buffer.set(body.bytes, position)
    position += bodyBytes
  }
  writer.position = position
  closeEnvelope(writer, start, reserved)
}

function writeChunk(writer: Writer, message: Chunk, large: boolean): void {
  const { transfer, offset, body } = message
  assert(body.type === 'raw' && body.bytes.length > 0, 'a chunk has raw bytes')
  const bodyBytes = large ? 0 : body.bytes.length
  const buffer = writer.buffer
  const lengthBytes = 2 + varintSizeBytes(transfer) + varintSizeBytes(offset) + bodyBytes
  let position = writeVarint(buffer, writer.position, lengthBytes)
  buffer[position++] = kinds.CHUNK
  buffer[position++] = bodyFlags(body, large)
  position = writeVarint(buffer, position, transfer)
  position = writeVarint(buffer, position, offset)
  if (bodyBytes > 0) buffer.set(body.bytes, position)
  writer.position = position + bodyBytes
}

/** The head stands inside as an envelope of its own, with its length, so that later versions may add what they like. */
function writeOffer(writer: Writer, { transfer, totalBytes, head, isRepeat }: Offer, now: number): void {
  assert(head.body.type !== 'none' && head.body.bytes.length === 0, 'an offered head has a type and no bytes')
  assert(totalBytes > 0, 'an offered body has bytes')
  const start = writer.position
  // One byte for a short envelope; with a long verb, closeEnvelope makes room for a second.
  writer.position = start + 1
  writer.byte(kinds.OFFER)
  writer.byte(isRepeat ? kinds.OFFER_REPEAT : 0)
  writer.varint(transfer)
  writer.varint(totalBytes)
  if (head.kind === 'request') writeRequest(writer, head, now, false)
  else if (head.kind === 'reply') writeReply(writer, head, false)
  else writeSend(writer, head, false)
  closeEnvelope(writer, start, 1)
}

function writeOther(writer: Writer, message: Exclude<Message, Freight | Chunk | Offer>): void {
  const start = writer.position
  writer.position = start + 1
  switch (message.kind) {
    case 'ack':
      writeAck(writer, message)
      break
    case 'cancel':
      writer.byte(kinds.CANCEL)
      writer.varint(message.sequence)
      break
    case 'credit':
    case 'decline':
    case 'withdraw':
      writeTransfer(writer, message)
      break
    case 'reject':
      writer.byte(kinds.REJECT)
      writer.byte(message.of === 'send' ? kinds.REJECT_OF_SEND : 0)
      writer.varint(message.sequence)
      writer.byte(kinds.byteOfRejectReason(message.reason))
      writer.truncatedText(message.code, MAX_CODE_BYTES)
      writer.truncatedText(message.text, MAX_TEXT_BYTES)
      break
    case 'beat':
      writer.byte(kinds.BEAT)
      writer.byte(
        (message.wantsEcho ? kinds.BEAT_WANTS_ECHO : 0) |
          (message.hearsNothing ? kinds.BEAT_HEARS_NOTHING : 0),
      )
      writer.varint(message.number)
      writer.varint(message.loopDelayMs)
      writer.varint(message.queuedBytes)
      break
    case 'echo':
      writer.byte(kinds.ECHO)
      writer.varint(message.number)
      writer.varint(message.loopDelayMs)
      writer.varint(message.queuedBytes)
      break
    case 'goodbye':
      writer.byte(kinds.GOODBYE)
      break
    case 'say-hello':
      writer.byte(kinds.SAY_HELLO)
      break
    case 'hello':
    case 'challenge':
    case 'welcome':
    case 'refuse':
      writeGreeting(writer, message)
      break
    default:
      unreachable(message)
  }
  closeEnvelope(writer, start, 1)
}

function writeGreeting(writer: Writer, message: Hello | Challenge | Welcome | Refuse): void {
  switch (message.kind) {
    case 'hello':
      writer.byte(kinds.HELLO)
      writeHello(writer, message)
      break
    case 'challenge':
      writer.byte(kinds.CHALLENGE)
      writeChallenge(writer, message)
      break
    case 'welcome':
      writer.byte(kinds.WELCOME)
      writeWelcome(writer, message)
      break
    case 'refuse':
      writer.byte(kinds.REFUSE)
      writeRefuse(writer, message)
      break
    default:
      unreachable(message)
  }
}

function writeTransfer(writer: Writer, message: Credit | Decline | Withdraw): void {
  if (message.kind === 'credit') {
    writer.byte(kinds.CREDIT)
    writer.byte(message.goBack ? kinds.CREDIT_GO_BACK : 0)
    writer.varint(message.transfer)
    writer.varint(message.receivedBytes)
    writer.varint(message.limitBytes)
  } else {
    writer.byte(message.kind === 'decline' ? kinds.DECLINE : kinds.WITHDRAW)
    writer.varint(message.transfer)
  }
}

/** Each range as its distance from the last of the range before (from 0 at first) and its length less one. */
function writeAck(writer: Writer, message: Ack): void {
  const ranges = message.ranges
  assert(ranges.length <= MAX_ACK_RANGES, 'an ack has at most 64 ranges')
  writer.byte(kinds.ACK)
  writer.byte(ranges.length)
  let before = 0
  for (const range of ranges) {
    assert(
      range.first > before && range.last >= range.first,
      'the ranges of an ack are ascending and disjoint',
    )
    writer.varint(range.first - before)
    writer.varint(range.last - range.first)
    before = range.last
  }
}

/** What remains until `deadlineAt`, rounded up: a receiver may try a little too long, never give up too early. */
function remainingAt(deadlineAt: number, now: number): number {
  const remainingMs = Math.ceil(deadlineAt - now)
  if (remainingMs >= FOREVER_MS) return FOREVER_MS
  return remainingMs > 0 ? remainingMs : 0
}

function bodyFlags(body: Body, large: boolean): number {
  const type = body.type
  const bits = type === 'msgpack' ? kinds.BODY_MSGPACK : type === 'raw' ? kinds.BODY_RAW : kinds.BODY_NONE
  assert(bits !== kinds.BODY_NONE || body.bytes.length === 0, 'a body of type none has no bytes')
  return large ? bits | kinds.BODY_EXTERNAL : bits
}
