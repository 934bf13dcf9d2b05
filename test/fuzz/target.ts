/**
 * One execution of the fuzz: the bytes of one ZeroMQ message go through all that a node does with bytes before a machine sees
 * them. What must hold is checked here; what it looked like is told as a short text, by which the fuzzer knows new behaviour.
 */

import { isDeepStrictEqual } from 'node:util'
import { decodeFrames } from '../../src/wire/batch.ts'
import { decodeBody } from '../../src/wire/body.ts'
import type { Message } from '../../src/wire/messages.ts'
import { encodeBatch } from '../support/encode-batch.ts'
import { comparable } from '../wire/arbitraries.ts'

/** Numbers differ in every fault; they are no behaviour of their own. */
const NUMBERS = /\d+/g
/** Of a long run of envelopes, the first ones tell enough. */
const TOLD_KINDS = 4
/** A body that is decoded in a longer time is a finding: those of the fuzz have a few hundred bytes. */
export const HANG_MS = 1000

/** Runs the bytes; throws when something is not as it must be. Gives what happened. */
export function execute(frames: readonly Uint8Array[], isThorough: boolean): string {
  const { messages, tooLarge, unknown, malformed } = decodeFrames(frames, 0)
  let seen = `${frames.length}:${unknown > 0 ? 'u' : ''}${tooLarge.length > 0 ? 'l' : ''}`
  for (let index = 0; index < messages.length; index += 1) {
    const message = messages[index] as Message
    const text = 'body' in message ? bodyOf(message) : ''
    if (index < TOLD_KINDS) seen += `${message.kind}${text};`
  }
  if (malformed !== undefined) seen += malformed.replace(NUMBERS, '#')
  if (isThorough) for (const message of messages) checkRoundTrip(message)
  return seen
}

function bodyOf(message: Extract<Message, { body: unknown }>): string {
  const decoded = decodeBody(message.body)
  if (decoded.ok) return decoded.value === undefined ? '' : typeof decoded.value
  // The scan must have found it: what the decoder finds is a hole in the scan.
  if (decoded.error.startsWith('The body is no msgpack'))
    throw new Error(`The scan let pass: ${decoded.error}`)
  return decoded.error.replace(NUMBERS, '#')
}

/** What was decoded encodes to something that decodes to the same. */
function checkRoundTrip(message: Message): void {
  const batches = encodeBatch([message], 0)
  const again = decodeFrames(batches[0] ?? [], 0)
  const [other] = again.messages
  if (other === undefined || again.malformed !== undefined)
    throw new Error(`A ${message.kind} does not decode again: ${again.malformed}`)
  if (!isDeepStrictEqual(comparable(other), comparable(message)))
    throw new Error(`A ${message.kind} is another one after encoding and decoding`)
}
