/**
 * Arbitrary messages and bodies for the property tests of the wire.
 */

import fc from 'fast-check'
import type { Incarnation } from '../../src/base/ids.ts'
import { EXTERNAL_BODY_BYTES, MAX_NAME_BYTES, MAX_VERB_BYTES, PROOF_BYTES } from '../../src/wire/limits.ts'
import {
  type Body,
  type Chunk,
  type Credit,
  type Freight,
  type Hello,
  type Message,
  type Offer,
  REFUSE_REASONS,
  REJECT_REASONS,
  type Reply,
  type Request,
  type Send,
} from '../../src/wire/messages.ts'
import { isName } from '../../src/wire/names.ts'

/** Any number that a varint can hold, small and large ones about equally often. */
export const whole = fc.oneof(
  fc.nat(300),
  fc.nat(2 ** 31 - 1),
  fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }).map(Number),
  fc.constantFrom(0x7f, 0x80, 0x3fff, 0x4000, 2 ** 28 - 1, 2 ** 28, 2 ** 35, 2 ** 49, 2 ** 53 - 1),
)

const text = (maxBytes: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'grapheme', maxLength: 40 }).filter((value) => Buffer.byteLength(value) <= maxBytes)

export const name = fc.oneof(
  fc.constantFrom('alpha', 'bravo', 'ünïcode', 'a'.repeat(MAX_NAME_BYTES)),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter(isName),
)

const verb = fc.oneof(
  fc.constantFrom('greet', 'x', 'grüße', 'v'.repeat(MAX_VERB_BYTES), 'ü'.repeat(127)),
  text(MAX_VERB_BYTES).filter((value) => value !== ''),
)

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .constantFrom(8, 100, EXTERNAL_BODY_BYTES - 1, EXTERNAL_BODY_BYTES, 20_000)
    .map((size) => new Uint8Array(size).fill(7)),
)

export const body: fc.Arbitrary<Body> = fc.oneof(
  fc.constant<Body>({ type: 'none', bytes: new Uint8Array(0) }),
  fc.record({ type: fc.constantFrom('raw' as const, 'msgpack' as const), bytes }),
)

const ranges = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 2 ** 40 }), fc.nat(2 ** 40)), { maxLength: 64 })
  .map((steps) => {
    let before = 0
    return steps.map(([gap, more]) => {
      const range = { first: before + gap, last: before + gap + more }
      before = range.last
      return range
    })
  })

const incarnation = whole.filter((value) => value > 0).map((value) => value as Incarnation)
const forever = fc.constant(Number.POSITIVE_INFINITY)

/** A request whose deadline, at a clock that shows `now`, is not over. */
const request = (now: number): fc.Arbitrary<Request> =>
  fc.record({
    kind: fc.constant('request' as const),
    sequence: whole,
    floor: fc.constant(0),
    attempt: fc.integer({ min: 1, max: 255 }),
    requestKind: fc.constantFrom('request' as const, 'broadcast' as const),
    deadlineAt: fc.oneof(
      forever,
      fc.nat(2 ** 31 - 1).map((ms) => now + ms),
    ),
    expiresAt: forever,
    verb,
    body,
  })

const requestWithFloor = (now: number): fc.Arbitrary<Request> =>
  fc.tuple(request(now), fc.double({ min: 0, max: 1, noNaN: true })).map(([message, part]) => ({
    ...message,
    floor: Math.min(message.sequence, Math.floor(message.sequence * part)),
  }))

const send: fc.Arbitrary<Send> = fc.record({
  kind: fc.constant('send' as const),
  sequence: whole,
  expiresAt: forever,
  verb,
  body,
})

const reply: fc.Arbitrary<Reply> = fc.record({ kind: fc.constant('reply' as const), sequence: whole, body })

const TYPED = { type: 'raw', bytes: new Uint8Array(0) } as const

const offer = (now: number): fc.Arbitrary<Offer> =>
  fc.record({
    kind: fc.constant('offer' as const),
    transfer: whole,
    totalBytes: whole.filter((value) => value > 0),
    head: fc.oneof(requestWithFloor(now), send, reply).map((head): Freight => ({ ...head, body: TYPED })),
    isRepeat: fc.boolean(),
  })

const chunk: fc.Arbitrary<Chunk> = fc.record({
  kind: fc.constant('chunk' as const),
  transfer: whole,
  offset: fc.nat(2 ** 31 - 1),
  body: fc.record({ type: fc.constant('raw' as const), bytes: bytes.filter((part) => part.length > 0) }),
})

const credit: fc.Arbitrary<Credit> = fc
  .record({ transfer: whole, one: whole, other: whole, goBack: fc.boolean() })
  .map(({ transfer, one, other, goBack }) => {
    return {
      kind: 'credit',
      transfer,
      receivedBytes: Math.min(one, other),
      limitBytes: Math.max(one, other),
      goBack,
    }
  })

/** A nonce or a proof. */
const chance = fc.uint8Array({ minLength: PROOF_BYTES, maxLength: PROOF_BYTES })

const provenHello: fc.Arbitrary<Hello> = fc.record({
  kind: fc.constant('hello' as const),
  minVersion: fc.constant(1),
  maxVersion: whole.filter((version) => version > 0),
  role: fc.constantFrom('node' as const, 'client' as const),
  name,
  incarnation,
  network: name,
  expects: name,
  capabilities: whole,
  maxBodyBytes: whole,
  proof: fc.record({ nonce: chance, challenge: chance, mac: chance }),
})

/** Any message that can be encoded, at a clock that shows `now`. */
export const messageAt = (now: number): fc.Arbitrary<Message> =>
  fc.oneof(
    requestWithFloor(now),
    send,
    reply,
    offer(now),
    chunk,
    credit,
    fc.record({ kind: fc.constantFrom('decline' as const, 'withdraw' as const), transfer: whole }),
    fc.record({
      kind: fc.constant('reject' as const),
      of: fc.constantFrom('request' as const, 'send' as const),
      sequence: whole,
      reason: fc.constantFrom(...REJECT_REASONS),
      code: text(64),
      text: text(1024),
    }),
    fc.record({ kind: fc.constant('cancel' as const), sequence: whole }),
    fc.record({ kind: fc.constant('ack' as const), ranges }),
    fc.record({
      kind: fc.constant('beat' as const),
      number: whole,
      wantsEcho: fc.boolean(),
      hearsNothing: fc.boolean(),
      loopDelayMs: whole,
      queuedBytes: whole,
    }),
    fc.record({ kind: fc.constant('echo' as const), number: whole, loopDelayMs: whole, queuedBytes: whole }),
    fc.constant<Message>({ kind: 'goodbye' }),
    fc.constant<Message>({ kind: 'say-hello' }),
    fc.record({
      kind: fc.constant('refuse' as const),
      reason: fc.constantFrom(...REFUSE_REASONS),
      text: text(1024),
    }),
    fc.record({ kind: fc.constant('challenge' as const), nonce: chance }),
    fc.record(
      {
        kind: fc.constant('welcome' as const),
        version: whole,
        name,
        incarnation,
        window: whole,
        capabilities: whole,
        maxBodyBytes: whole,
        hostToken: text(64),
        shortcut: text(113),
        proof: chance,
      },
      {
        requiredKeys: [
          'kind',
          'version',
          'name',
          'incarnation',
          'window',
          'capabilities',
          'maxBodyBytes',
          'hostToken',
          'shortcut',
        ],
      },
    ),
    fc.tuple(whole, whole).chain(([left, right]) =>
      fc.record({
        kind: fc.constant('hello' as const),
        minVersion: fc.constant(Math.min(left, right)),
        maxVersion: fc.constant(Math.max(left, right)),
        role: fc.constantFrom('node' as const, 'client' as const),
        name,
        incarnation,
        network: name,
        expects: fc.oneof(fc.constant(''), name),
        capabilities: whole,
        maxBodyBytes: whole,
      }),
    ),
    provenHello,
  )

/** The message with its body as a plain Uint8Array, to compare with one that was decoded to a Buffer. */
export function comparable(message: Message): Message {
  if (message.kind === 'offer') return { ...message, head: comparable(message.head) as Freight }
  if (!('body' in message)) return message
  return { ...message, body: { type: message.body.type, bytes: Uint8Array.from(message.body.bytes) } }
}
