/**
 * The test vectors of docs/vectors.json, turned into messages and bytes. One table drives encoding, decoding and the
 * corruption tests.
 */

import { readFileSync } from 'node:fs'
import type { Body, BodyType, Message } from '../../src/wire/messages.ts'

export interface Vector {
  readonly name: string
  readonly clause: string
  readonly decodeOnly: boolean
  readonly unknown: number
  readonly messages: readonly Message[]
  readonly frames: readonly Buffer[]
}

export interface MalformedVector {
  readonly name: string
  readonly clause: string
  readonly frames: readonly Buffer[]
  readonly error: string
  /** How many messages stand before the fault. */
  readonly messages: number
}

interface JsonVector {
  readonly name: string
  readonly clause: string
  readonly decodeOnly?: boolean
  readonly unknown?: number
  readonly messages: readonly JsonMessage[]
  readonly frames: readonly string[]
}

type JsonMessage = Readonly<Record<string, unknown>> & { readonly kind: string }

interface JsonFile {
  readonly vectors: readonly JsonVector[]
  readonly malformed: readonly (Omit<JsonVector, 'messages'> & {
    readonly messages?: number
    readonly error: string
  })[]
  readonly proof: {
    readonly keys: Readonly<Record<'alpha' | 'bravo', JsonKeys>>
    readonly agreed: string
    readonly secret: string
    readonly messages: readonly {
      readonly name: string
      readonly clause: string
      readonly message: JsonMessage
      readonly transcript: string
      readonly mac: string
    }[]
  }
}

interface JsonKeys {
  readonly public: string
  readonly private: string
  readonly public_z85: string
  readonly private_z85: string
}

const file = JSON.parse(
  readFileSync(new URL('../../../docs/vectors.json', import.meta.url), 'utf8'),
) as JsonFile

export const vectors: readonly Vector[] = file.vectors.map((vector) => ({
  name: vector.name,
  clause: vector.clause,
  decodeOnly: vector.decodeOnly ?? false,
  unknown: vector.unknown ?? 0,
  messages: vector.messages.map(messageOf),
  frames: vector.frames.map(bytesOf),
}))

export const malformedVectors: readonly MalformedVector[] = file.malformed.map((vector) => ({
  name: vector.name,
  clause: vector.clause,
  frames: vector.frames.map(bytesOf),
  error: vector.error,
  messages: vector.messages ?? 0,
}))

/** "7a01 61*3" is 7a 01 61 61 61. */
export function bytesOf(text: string): Buffer {
  const parts = text.split(' ').map((part) => {
    const [hex = '', times = '1'] = part.split('*')
    return Buffer.from(hex.repeat(Number(times)), 'hex')
  })
  return Buffer.concat(parts)
}

function messageOf(json: JsonMessage): Message {
  const message: Record<string, unknown> = { ...json }
  const body = json.body as { type: BodyType; hex: string } | undefined
  if (body !== undefined) message.body = { type: body.type, bytes: bytesOf(body.hex) } satisfies Body
  if (json.head !== undefined) message.head = messageOf(json.head as JsonMessage)
  if (json.kind === 'challenge') message.nonce = hexOf(json.nonce)
  if (json.proof !== undefined) message.proof = proofOf(json.proof)
  if (json.deadlineAt === null) message.deadlineAt = Number.POSITIVE_INFINITY
  if (json.kind === 'request' || json.kind === 'send') message.expiresAt = Number.POSITIVE_INFINITY
  return message as unknown as Message
}

/** The proof of a Welcome is one text, that of a Hello an object of three. */
function proofOf(proof: unknown): Uint8Array | Record<string, Uint8Array> {
  if (typeof proof === 'string') return hexOf(proof)
  return Object.fromEntries(Object.entries(proof as object).map(([key, value]) => [key, hexOf(value)]))
}

function hexOf(text: unknown): Uint8Array {
  return Uint8Array.from(bytesOf(String(text)))
}

/** The test vectors of the proof of identity. */
export const proofVectors = {
  ...file.proof,
  messages: file.proof.messages.map(({ message, ...rest }) => ({ ...rest, message: messageOf(message) })),
}
