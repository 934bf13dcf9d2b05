/**
 * Encoding one envelope: deadlines, clamps, cuts, and the mistakes of our own that are assertions.
 */

import test from 'ava'
import { pack } from '../../src/wire/batch.ts'
import { decode } from '../../src/wire/decode.ts'
import { FOREVER_MS } from '../../src/wire/limits.ts'
import type { Hello, Message, Reject, Request } from '../../src/wire/messages.ts'

const REQUEST: Request = {
  kind: 'request',
  sequence: 1,
  floor: 1,
  attempt: 1,
  requestKind: 'request',
  deadlineAt: 0,
  expiresAt: Number.POSITIVE_INFINITY,
  verb: 'x',
  body: { type: 'none', bytes: new Uint8Array(0) },
}

/** The content of the only envelope: frame 1 without header and length, which is short here. */
function content(message: Message, now = 0): Uint8Array {
  const frame = pack(now, [message])[0] as Uint8Array
  return frame.subarray((frame[2] as number) < 0x80 ? 3 : 4)
}

function again(message: Message, encodedAt: number, decodedAt: number): Message {
  const decoded = decode(content(message, encodedAt), decodedAt)
  if (!decoded.ok) throw new Error(decoded.error)
  return decoded.message
}

function deadlineAfter(deadlineAt: number, encodedAt: number, decodedAt: number): number {
  return (again({ ...REQUEST, deadlineAt }, encodedAt, decodedAt) as Request).deadlineAt
}

test('B15: a deadline arrives as what remained of it, on the clock of the receiver', (t) => {
  t.is(deadlineAfter(1_000, 400, 70_000), 70_600)
})

test('B15: a part of a millisecond is rounded up, a deadline that has passed is 0', (t) => {
  t.is(deadlineAfter(1_000.2, 1_000, 0), 1)
  t.is(deadlineAfter(1_000, 1_001, 50), 50)
  t.is(deadlineAfter(Number.NEGATIVE_INFINITY, 0, 50), 50)
})

test('B15: a deadline of Infinity stays one, and one beyond 8,900 years becomes one', (t) => {
  t.is(deadlineAfter(Number.POSITIVE_INFINITY, 7, 9), Number.POSITIVE_INFINITY)
  t.is(deadlineAfter(FOREVER_MS, 0, 0), Number.POSITIVE_INFINITY)
  t.is(deadlineAfter(FOREVER_MS - 1, 0, 0), FOREVER_MS - 1)
})

test('B40: an attempt above 255 is told as 255', (t) => {
  t.is((again({ ...REQUEST, attempt: 1_000 }, 0, 0) as Request).attempt, 255)
})

test('B42: a code and a text that are too long arrive cut', (t) => {
  const reject: Reject = {
    kind: 'reject',
    of: 'request',
    sequence: 1,
    reason: 'handler-failed',
    code: 'C'.repeat(100),
    text: 'ü'.repeat(100_000),
  }
  t.deepEqual(again(reject, 0, 0), { ...reject, code: 'C'.repeat(64), text: 'ü'.repeat(512) })
})

test('what is local stays local: an attempt has no end on the wire', (t) => {
  t.is((again({ ...REQUEST, expiresAt: 5 }, 0, 0) as Request).expiresAt, Number.POSITIVE_INFINITY)
})

test('what can never be decoded is a mistake of our own', (t) => {
  const hello: Hello = {
    kind: 'hello',
    minVersion: 1,
    maxVersion: 1,
    role: 'node',
    name: 'a b',
    incarnation: 1 as Hello['incarnation'],
    network: 'm',
    expects: '',
    capabilities: 0,
    maxBodyBytes: 0,
  }
  const bad: readonly Message[] = [
    { ...REQUEST, verb: '' },
    { ...REQUEST, verb: 'v'.repeat(256) },
    { ...REQUEST, floor: 2 },
    { ...REQUEST, attempt: 0 },
    { ...REQUEST, sequence: 1.5 },
    { ...REQUEST, body: { type: 'none', bytes: new Uint8Array(1) } },
    { kind: 'ack', ranges: [{ first: 2, last: 1 }] },
    { kind: 'ack', ranges: [{ first: 0, last: 1 }] },
    {
      kind: 'ack',
      ranges: Array.from({ length: 65 }, (_, index) => ({ first: index * 2 + 1, last: index * 2 + 1 })),
    },
    hello,
    { ...hello, name: 'a', minVersion: 2 },
    { ...hello, name: 'a', expects: 'a/b' },
  ]
  for (const message of bad)
    t.throws(() => pack(0, [message]), { message: /Assertion failed/ }, JSON.stringify(message))
})
