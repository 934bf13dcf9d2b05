/**
 * HELLO, CHALLENGE, WELCOME and REFUSE: what versions N and N+1 exchange before they know each other. So they carry tagged fields (tag, length, bytes, by rising tag): a field that the receiver does not know is skipped, one that it
 * needs and does not find is a fault.
 *
 * They come once per link; so this is plain code, without the care for speed of encode.ts.
 */

import { assert } from '../base/assert.ts'
import type { Incarnation } from '../base/ids.ts'
import { byteOfRefuseReason, byteOfRole, refuseReasonOf, roleOf } from './kinds.ts'
import {
  MAX_FIELDS,
  MAX_HOST_TOKEN_BYTES,
  MAX_NAME_BYTES,
  MAX_SHORTCUT_BYTES,
  MAX_TEXT_BYTES,
  PROOF_BYTES,
} from './limits.ts'
import type { Challenge, Hello, HelloProof, Refuse, Welcome } from './messages.ts'
import { isName } from './names.ts'
import type { Reader } from './reader.ts'
import { varintSizeBytes } from './varint.ts'
import { truncate, type Writer, writeText } from './writer.ts'

const HELLO_TAG = {
  minVersion: 1,
  maxVersion: 2,
  role: 3,
  name: 4,
  incarnation: 5,
  network: 6,
  expects: 7,
  capabilities: 8,
  maxBodyBytes: 9,
  nonce: 10,
  challenge: 11,
  mac: 12,
} as const

const WELCOME_TAG = {
  version: 1,
  name: 2,
  incarnation: 3,
  window: 4,
  capabilities: 5,
  maxBodyBytes: 6,
  hostToken: 7,
  shortcut: 8,
  proof: 9,
} as const

const CHALLENGE_TAG = { nonce: 1 } as const

const REFUSE_TAG = { reason: 1, text: 2 } as const

/**
 * An upper bound of an encoded Hello or Welcome: twelve fields of at most 12 bytes with tag and length, three texts. Those
 * of a Welcome, a name, a host token and a shortcut, are the longer ones; a Hello has the longer proof.
 */
export const GREETING_MAX_BYTES =
  12 * 12 +
  3 * 4 +
  MAX_NAME_BYTES +
  Math.max(2 * MAX_NAME_BYTES, MAX_HOST_TOKEN_BYTES + MAX_SHORTCUT_BYTES) +
  3 * PROOF_BYTES

export function writeHello(writer: Writer, hello: Hello): void {
  writeProvenHello(writer, hello)
  if (hello.proof !== undefined) bytesField(writer, HELLO_TAG.mac, hello.proof.mac)
}

/** All fields but the proof itself: what a proof is made of. */
export function writeProvenHello(writer: Writer, hello: Hello): void {
  assert(hello.minVersion <= hello.maxVersion, 'the lowest version is at most the highest')
  assert(isName(hello.name) && isName(hello.network), 'a name obeys the rule of names.ts')
  assert(hello.expects === '' || isName(hello.expects), 'a name obeys the rule of names.ts')
  numberField(writer, HELLO_TAG.minVersion, hello.minVersion)
  numberField(writer, HELLO_TAG.maxVersion, hello.maxVersion)
  numberField(writer, HELLO_TAG.role, byteOfRole(hello.role))
  textField(writer, HELLO_TAG.name, hello.name)
  numberField(writer, HELLO_TAG.incarnation, hello.incarnation)
  textField(writer, HELLO_TAG.network, hello.network)
  if (hello.expects !== '') textField(writer, HELLO_TAG.expects, hello.expects)
  if (hello.capabilities !== 0) numberField(writer, HELLO_TAG.capabilities, hello.capabilities)
  numberField(writer, HELLO_TAG.maxBodyBytes, hello.maxBodyBytes)
  if (hello.proof === undefined) return
  bytesField(writer, HELLO_TAG.nonce, hello.proof.nonce)
  bytesField(writer, HELLO_TAG.challenge, hello.proof.challenge)
}

export function readHello(reader: Reader): Hello {
  const fields = new Fields(reader)
  const minVersion = fields.number(HELLO_TAG.minVersion, 'lowest version')
  const maxVersion = fields.number(HELLO_TAG.maxVersion, 'highest version')
  const role = roleOf(fields.number(HELLO_TAG.role, 'role'))
  if (role === undefined) reader.fail('its role is unknown')
  if (minVersion > maxVersion) reader.fail('its lowest version is above its highest')
  return {
    kind: 'hello',
    minVersion,
    maxVersion,
    role: role ?? 'client',
    name: fields.name(HELLO_TAG.name, 'name'),
    incarnation: fields.incarnation(HELLO_TAG.incarnation),
    network: fields.name(HELLO_TAG.network, 'network'),
    expects: fields.has(HELLO_TAG.expects) ? fields.name(HELLO_TAG.expects, 'expected name') : '',
    capabilities: fields.has(HELLO_TAG.capabilities)
      ? fields.number(HELLO_TAG.capabilities, 'capabilities')
      : 0,
    maxBodyBytes: fields.number(HELLO_TAG.maxBodyBytes, 'largest body'),
    ...readProof(reader, fields),
  }
}

/** All three of its fields, or none of them: a part proves nothing. */
function readProof(reader: Reader, fields: Fields): { readonly proof?: HelloProof } {
  const { nonce, challenge, mac } = HELLO_TAG
  const count = [nonce, challenge, mac].filter((tag) => fields.has(tag)).length
  if (count === 0) return {}
  if (count < 3) reader.fail('it has a part of a proof')
  return {
    proof: {
      nonce: fields.proof(nonce, 'nonce'),
      challenge: fields.proof(challenge, 'challenge'),
      mac: fields.proof(mac, 'proof'),
    },
  }
}

export function writeChallenge(writer: Writer, challenge: Challenge): void {
  bytesField(writer, CHALLENGE_TAG.nonce, challenge.nonce)
}

export function readChallenge(reader: Reader): Challenge {
  return { kind: 'challenge', nonce: new Fields(reader).proof(CHALLENGE_TAG.nonce, 'nonce') }
}

export function writeWelcome(writer: Writer, welcome: Welcome): void {
  assert(isName(welcome.name), 'a name obeys the rule of names.ts')
  numberField(writer, WELCOME_TAG.version, welcome.version)
  textField(writer, WELCOME_TAG.name, welcome.name)
  numberField(writer, WELCOME_TAG.incarnation, welcome.incarnation)
  numberField(writer, WELCOME_TAG.window, welcome.window)
  if (welcome.capabilities !== 0) numberField(writer, WELCOME_TAG.capabilities, welcome.capabilities)
  numberField(writer, WELCOME_TAG.maxBodyBytes, welcome.maxBodyBytes)
  if (welcome.hostToken !== '') textField(writer, WELCOME_TAG.hostToken, welcome.hostToken)
  if (welcome.shortcut !== '') textField(writer, WELCOME_TAG.shortcut, welcome.shortcut)
  if (welcome.proof !== undefined) bytesField(writer, WELCOME_TAG.proof, welcome.proof)
}

export function readWelcome(reader: Reader): Welcome {
  const fields = new Fields(reader)
  return {
    kind: 'welcome',
    version: fields.number(WELCOME_TAG.version, 'version'),
    name: fields.name(WELCOME_TAG.name, 'name'),
    incarnation: fields.incarnation(WELCOME_TAG.incarnation),
    window: fields.number(WELCOME_TAG.window, 'window'),
    capabilities: fields.has(WELCOME_TAG.capabilities)
      ? fields.number(WELCOME_TAG.capabilities, 'capabilities')
      : 0,
    maxBodyBytes: fields.number(WELCOME_TAG.maxBodyBytes, 'largest body'),
    hostToken: fields.has(WELCOME_TAG.hostToken)
      ? fields.text(WELCOME_TAG.hostToken, MAX_HOST_TOKEN_BYTES, 'host token')
      : '',
    shortcut: fields.has(WELCOME_TAG.shortcut)
      ? fields.text(WELCOME_TAG.shortcut, MAX_SHORTCUT_BYTES, 'shortcut')
      : '',
    ...(fields.has(WELCOME_TAG.proof) ? { proof: fields.proof(WELCOME_TAG.proof, 'proof') } : {}),
  }
}

export function writeRefuse(writer: Writer, refuse: Refuse): void {
  numberField(writer, REFUSE_TAG.reason, byteOfRefuseReason(refuse.reason))
  if (refuse.text !== '') textField(writer, REFUSE_TAG.text, truncate(refuse.text, MAX_TEXT_BYTES))
}

export function readRefuse(reader: Reader): Refuse {
  const fields = new Fields(reader)
  return {
    kind: 'refuse',
    reason: refuseReasonOf(fields.number(REFUSE_TAG.reason, 'reason')),
    text: fields.has(REFUSE_TAG.text) ? fields.text(REFUSE_TAG.text, MAX_TEXT_BYTES, 'text') : '',
  }
}

function numberField(writer: Writer, tag: number, value: number): void {
  writer.varint(tag)
  writer.varint(varintSizeBytes(value))
  writer.varint(value)
}

/** The bytes of a text field are its UTF-8; `writeText` puts the length before it, which is the field's own. */
function textField(writer: Writer, tag: number, text: string): void {
  writer.varint(tag)
  writer.position = writeText(writer.buffer, writer.position, text)
}

function bytesField(writer: Writer, tag: number, bytes: Uint8Array): void {
  assert(bytes.length === PROOF_BYTES, 'a nonce and a proof have 32 bytes')
  writer.varint(tag)
  writer.varint(bytes.length)
  writer.buffer.set(bytes, writer.position)
  writer.position += bytes.length
}

/** The tagged fields of one envelope: where each begins and ends. */
class Fields {
  readonly #reader: Reader
  readonly #places = new Map<number, { readonly start: number; readonly end: number }>()

  constructor(reader: Reader) {
    this.#reader = reader
    let before = 0
    while (reader.position < reader.end && reader.fault === '') {
      const tag = reader.varint()
      const length = reader.varint()
      const start = reader.position
      if (start + length > reader.end) reader.fail('it ends inside a field')
      else if (tag <= before) reader.fail('its fields do not stand in rising order, each once')
      else if (this.#places.size === MAX_FIELDS) reader.fail(`it has more than ${MAX_FIELDS} fields`)
      else this.#places.set(tag, { start, end: start + length })
      before = tag
      reader.position = start + length
    }
  }

  has(tag: number): boolean {
    return this.#places.has(tag)
  }

  number(tag: number, what: string): number {
    return this.#inside(tag, what, (reader) => {
      const value = reader.varint()
      if (reader.position !== reader.end) reader.fail(`its ${what} is not one varint`)
      return value
    })
  }

  incarnation(tag: number): Incarnation {
    const value = this.number(tag, 'incarnation')
    if (value === 0) this.#reader.fail('its incarnation is 0')
    return value as Incarnation
  }

  text(tag: number, maxBytes: number, what: string): string {
    return this.#inside(tag, what, (reader) => {
      const length = reader.end - reader.position
      if (length > maxBytes) reader.fail(`its ${what} has ${length} bytes, at most ${maxBytes} are allowed`)
      return reader.textOf(length, what)
    })
  }

  name(tag: number, what: string): string {
    const name = this.text(tag, MAX_NAME_BYTES, what)
    if (!isName(name)) this.#reader.fail(`its ${what} is no name`)
    return name
  }

  /** A copy, because a frame is not to be held for the sake of it. */
  proof(tag: number, what: string): Uint8Array {
    return this.#inside(tag, what, (reader) => {
      const length = reader.end - reader.position
      if (length !== PROOF_BYTES) reader.fail(`its ${what} has ${length} bytes, not ${PROOF_BYTES}`)
      return Uint8Array.from(reader.rest())
    })
  }

  /** Lets `read` see one field only. A field that is missing is read as an empty one, which fails by itself. */
  #inside<T>(tag: number, what: string, read: (reader: Reader) => T): T {
    const reader = this.#reader
    const place = this.#places.get(tag)
    if (place === undefined) reader.fail(`its ${what} is missing`)
    const { position, end } = reader
    reader.position = place?.start ?? end
    reader.end = place?.end ?? end
    const value = read(reader)
    reader.position = position
    reader.end = end
    return value
  }
}
