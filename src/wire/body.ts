/**
 * Bodies: the user's values to bytes and back. undefined is an empty body, Uint8Array and Buffer pass as they are, all
 * else is msgpack by msgpackr, without its extensions for records, structured clones and typed arrays, so that any
 * msgpack library in any language can take part.
 *
 * A value is checked before it is encoded, and bytes are scanned before they are decoded: what cannot come back as it
 * was is an error here, at the sender, and what would cost the receiver too much never reaches the decoder. A sender scans
 * what it encoded, too, where that could be.
 *
 * `msgpackr/pack` is the entry without the native add-on: 9 ms to import, not 28.
 */

import { Packr } from 'msgpackr/pack'
import { BodyCheck, type BodyFault } from './body-check.ts'
import { scanMsgpack } from './body-scan.ts'
import { NO_BODY } from './decode.ts'
import { EXTERNAL_BODY_BYTES, HARMLESS_BODY_BYTES } from './limits.ts'
import type { Body } from './messages.ts'
import { asBuffer } from './reader.ts'

/** What became of a received body. */
export type DecodedBody =
  | { readonly ok: true; readonly value: unknown }
  /** `error` is a sentence for people. */
  | { readonly ok: false; readonly error: string }

/** How much of the path to a fault is told. */
const MAX_PATH_CHARACTERS = 100

/** A buffer that has grown beyond this for one large body goes with it, and the next bodies get a small one. */
const MAX_GROWN_BYTES = 1024 * 1024
const FRESH_BYTES = 8 * 1024

/** Up to this size, a buffer is shared by many small bodies as it is. */
const MAX_SHARED_BYTES = 64 * 1024

const options = {
  useRecords: false,
  mapsAsObjects: true,
  // Only own properties, and maps of any size; without it, objects of more than 65,535 keys do not encode.
  variableMapSize: true,
  // Properties that are undefined are left out, as in JSON.
  skipValues: [undefined],
  // 64-bit integers come as numbers up to 2^53, as bigints beyond.
  int64AsType: 'auto',
  useToJSON: false,
}

const packr = new Packr(options as object)

/**
 * Encodes a value of the user's. A Uint8Array is not copied: it must not change until the message is sent.
 * Throws a TypeError that names the place when the value cannot travel: a function, a symbol, a class instance, a Map,
 * a cycle, more than 32 levels.
 */
export function encodeBody(value: unknown): Body {
  if (value === undefined) return NO_BODY
  if (value instanceof Uint8Array) return { type: 'raw', bytes: value }
  const check = new BodyCheck()
  const fault = check.faultOf(value, 0)
  if (fault !== undefined) throw new TypeError(textOf(fault))
  const bytes = packr.pack(value)
  // Otherwise some small body that is kept would keep all of it alive.
  if (bytes.buffer.byteLength > MAX_GROWN_BYTES) packr.useBuffer(Buffer.allocUnsafeSlow(FRESH_BYTES))
  // The scan of the receiver, so that both come to the same sum; a small body without numbers as keys cannot be too costly.
  if ((bytes.length > HARMLESS_BODY_BYTES || check.hasNumberKeys) && scanMsgpack(bytes).fault !== undefined) {
    throw new TypeError(
      'Cannot encode the body: it has too many small values, objects with ever other keys, or numbers as keys; send fewer at once',
    )
  }
  return { type: 'msgpack', bytes: rightSized(bytes) }
}

/**
 * Decodes a body that came from a peer. Never throws. Binary values are views of the received bytes.
 */
export function decodeBody(body: Body): DecodedBody {
  switch (body.type) {
    case 'none':
      return { ok: true, value: undefined }
    case 'raw':
      return { ok: true, value: asBuffer(body.bytes) }
    default:
      return decodeMsgpack(body.bytes)
  }
}

function decodeMsgpack(bytes: Uint8Array): DecodedBody {
  const { fault } = scanMsgpack(bytes)
  if (fault !== undefined) return { ok: false, error: fault }
  try {
    return { ok: true, value: packr.unpack(asBuffer(bytes)) }
  } catch (error) {
    // The scan should have found it; should it have missed something, the peer's bytes still must not throw.
    return {
      ok: false,
      error: `The body is no msgpack: ${error instanceof Error ? error.message : 'unknown fault'}`,
    }
  }
}

/**
 * msgpackr packs one body behind the other into a buffer that grows with the largest body and never shrinks. A small
 * body that is kept, as the reply to a request is, must not hold all of that alive.
 */
function rightSized(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength <= MAX_SHARED_BYTES || bytes.length >= EXTERNAL_BODY_BYTES) return bytes
  return Buffer.from(bytes)
}

function textOf(fault: BodyFault): string {
  const path =
    fault.path.length > MAX_PATH_CHARACTERS ? `${fault.path.slice(0, MAX_PATH_CHARACTERS)}...` : fault.path
  const place = path === '' ? '' : ` at ${path.startsWith('.') ? path.slice(1) : path}`
  return `Cannot encode the body: ${fault.text}${place}`
}
