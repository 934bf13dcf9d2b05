/**
 * The bytes that stand for kinds, reasons, roles and flags: the numbers of docs/protocol.md in one place. A number is
 * never given twice, also not after its meaning has been dropped.
 */

import type { RefuseReason, RejectReason, Role } from './messages.ts'

export const HELLO = 0x01
export const WELCOME = 0x02
export const REFUSE = 0x03
export const SAY_HELLO = 0x04
export const CHALLENGE = 0x05
export const BEAT = 0x08
export const ECHO = 0x09
export const GOODBYE = 0x0a
export const REQUEST = 0x10
export const REPLY = 0x11
export const REJECT = 0x12
export const CANCEL = 0x13
export const SEND = 0x14
export const ACK = 0x15
export const OFFER = 0x20
export const CHUNK = 0x21
export const CREDIT = 0x22
export const DECLINE = 0x23
export const WITHDRAW = 0x24

/** Bits 0 and 1 of the flags of REQUEST, REPLY and SEND: the type of the body. The value 3 is free. */
export const BODY_NONE = 0
export const BODY_MSGPACK = 1
export const BODY_RAW = 2
export const BODY_TYPE_MASK = 3
/** Bit 2: the body is the second frame of the ZeroMQ message. */
export const BODY_EXTERNAL = 4
/** Bit 3 of REQUEST: one leg of a broadcast. */
export const REQUEST_BROADCAST = 8

/** Bit 0 of BEAT: an ECHO is wanted. */
export const BEAT_WANTS_ECHO = 1
/** Bit 1 of BEAT: nothing has been heard of the receiver for long. */
export const BEAT_HEARS_NOTHING = 2
/** Bit 0 of REJECT: it answers a SEND, not a REQUEST. */
export const REJECT_OF_SEND = 1
/** Bit 0 of OFFER: it was made before, and an answer is wanted. */
export const OFFER_REPEAT = 1
/** Bit 0 of CREDIT: what was sent from `received` on is to be sent again. */
export const CREDIT_GO_BACK = 1

const ROLE_BYTES: { readonly [role in Role]: number } = { node: 1, client: 2 }

const REFUSE_BYTES: { readonly [reason in RefuseReason]: number } = {
  version: 1,
  network: 2,
  'wrong-node': 3,
  'unknown-node': 4,
  'name-taken': 5,
  'too-many-sessions': 6,
  closing: 7,
  malformed: 8,
  'not-proven': 9,
}

/** From this byte on, a handler has run or may have begun to run; below it, certainly none ran. */
const MAY_HAVE_RUN = 0x80

const REJECT_BYTES: { readonly [reason in RejectReason]: number } = {
  'unknown-verb': 0x01,
  expired: 0x02,
  overloaded: 0x03,
  closing: 0x04,
  'bad-body': 0x05,
  'too-large': 0x06,
  'not-allowed': 0x07,
  'handler-failed': 0x80,
  forgotten: 0x81,
  cancelled: 0x82,
}

function inverse<Word extends string>(
  bytes: { readonly [word in Word]: number },
): readonly (Word | undefined)[] {
  const words: (Word | undefined)[] = new Array(256).fill(undefined)
  for (const word of Object.keys(bytes) as Word[]) words[bytes[word]] = word
  return words
}

const ROLES = inverse(ROLE_BYTES)
const REFUSE_WORDS = inverse(REFUSE_BYTES)
const REJECT_WORDS = inverse(REJECT_BYTES)

export function byteOfRole(role: Role): number {
  return ROLE_BYTES[role]
}

/** The role, or undefined: who comes as something that this version does not know cannot be treated as it expects. */
export function roleOf(byte: number): Role | undefined {
  return ROLES[byte]
}

export function byteOfRefuseReason(reason: RefuseReason): number {
  return REFUSE_BYTES[reason]
}

/**
 * The reason; `version` for a byte that this version does not know. Only a newer peer can have sent it, and to take the
 * refusal for malformed would leave this side waiting for an answer that it already has. The text still tells more.
 */
export function refuseReasonOf(byte: number): RefuseReason {
  return REFUSE_WORDS[byte] ?? 'version'
}

export function byteOfRejectReason(reason: RejectReason): number {
  return REJECT_BYTES[reason]
}

/**
 * The reason. For a byte that this version does not know, the high bit still says the one thing that a caller must know:
 * below 0x80 nothing ran (`not-allowed`), from 0x80 on it is unknown whether something ran (`forgotten`).
 */
export function rejectReasonOf(byte: number): RejectReason {
  return REJECT_WORDS[byte] ?? (byte < MAY_HAVE_RUN ? 'not-allowed' : 'forgotten')
}
