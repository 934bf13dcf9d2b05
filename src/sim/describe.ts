/**
 * A message of frames as one line for the trace: what kind, which number, the start of its body. Reads the bytes with
 * the real codec, as the receiver will. Moments are given as the milliseconds that remain, so that lines do not depend
 * on when they are rendered.
 */

import { decodeFrames } from '../wire/batch.ts'
import { decodeBody } from '../wire/body.ts'
import type { Body, Message } from '../wire/messages.ts'

/** How much of a body stands in a line. */
const MAX_BODY_CHARACTERS = 60

/** Messages above this are described at once: a trace that kept them all would fill the memory. */
const MAX_KEPT_BYTES = 4096
/** Bodies above this are only counted. */
const MAX_READ_BYTES = 1024

/** Like `describeFrames`, when it is asked for; holds on to small messages only. */
export function describeLater(frames: readonly Uint8Array[]): () => string {
  const sizeBytes = frames.reduce((sum, frame) => sum + frame.length, 0)
  if (sizeBytes <= MAX_KEPT_BYTES) return () => describeFrames(frames)
  const text = describeFrames(frames)
  return () => text
}

/** All envelopes in the frames of one message, in words. */
export function describeFrames(frames: readonly Uint8Array[]): string {
  const { messages, tooLarge, unknown, malformed } = decodeFrames(frames, 0)
  const parts = messages.map(describeMessage)
  for (const message of tooLarge) parts.push(`${message.kind} ${message.sequence} too large`)
  if (unknown > 0) parts.push(`${unknown} unknown`)
  if (malformed !== undefined) parts.push(`malformed (${malformed})`)
  return `[${parts.join(', ')}]`
}

/** One envelope in words. */
export function describeMessage(message: Message): string {
  switch (message.kind) {
    case 'hello':
      return `hello from ${message.role} ${message.name}/${message.incarnation} to ${message.expects || 'anyone'}`
    case 'welcome':
      return `welcome from ${message.name}/${message.incarnation}, window ${message.window}`
    case 'refuse':
      return `refuse ${message.reason}`
    case 'say-hello':
    case 'goodbye':
      return message.kind
    case 'beat':
      return `beat ${message.number}${message.wantsEcho ? '?' : ''}${message.hearsNothing ? ', hears nothing' : ''}`
    case 'echo':
      return `echo ${message.number}`
    case 'request': {
      const { sequence, floor, attempt, requestKind, deadlineAt, verb, body } = message
      const what = `${requestKind} ${sequence}>=${floor} attempt ${attempt} within ${deadlineAt} ms`
      return `${what} ${verb} ${describeBody(body)}`
    }
    case 'reply':
      return `reply ${message.sequence} ${describeBody(message.body)}`
    case 'reject':
      return `reject ${message.of} ${message.sequence} ${message.reason} ${message.code}`.trimEnd()
    case 'cancel':
      return `cancel ${message.sequence}`
    case 'send':
      return `send ${message.sequence} ${message.verb} ${describeBody(message.body)}`
    case 'ack':
      return `ack ${message.ranges.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join(' ')}`
    default:
      // A kind that a later version of the wire adds has at least its name.
      return (message as { readonly kind: string }).kind
  }
}

function describeBody(body: Body): string {
  if (body.type === 'none') return '-'
  if (body.type === 'raw') return `${body.bytes.length} raw bytes`
  if (body.bytes.length > MAX_READ_BYTES) return `${body.bytes.length} bytes`
  const decoded = decodeBody(body)
  const text = decoded.ok ? String(JSON.stringify(decoded.value)) : 'unreadable'
  return text.length <= MAX_BODY_CHARACTERS ? text : `${text.slice(0, MAX_BODY_CHARACTERS)}...`
}
