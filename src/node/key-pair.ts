/**
 * Key pairs of Curve25519 (RFC 7748), in Z85: making them, and checking that two halves belong together. X25519 comes
 * from node:crypto; the same pairs serve CURVE and the proofs.
 *
 * In the pairs that are made here the secret half is not enumerable, so that neither inspect() nor JSON shows it, nor does
 * a copy made with `...` have it: `endingAt` is how a pair gets an end.
 */

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { KeyPair, PublicKey } from '../base/keys.ts'
import { decodeZ85, encodeZ85 } from '../base/z85.ts'
import type { OwnKey } from '../security/policy.ts'

const KEY_BYTES = 32
/** What goes before the 32 bytes of a private key in DER (PKCS #8, RFC 8410). */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex')

/**
 * A pair that nobody had before. The halves are encoded by the call that makes them: exporting a key object afterwards
 * hangs Node.js 20 for ever when garbage is collected meanwhile, for the job that made it then waits for its own lock.
 */
export function newKeyPair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('x25519', {
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  })
  return sealed(encodeZ85(publicKey.subarray(-KEY_BYTES)), encodeZ85(privateKey.subarray(-KEY_BYTES)))
}

/** The same pair, usable until a moment in milliseconds since 1970, or without end. */
export function endingAt({ publicKey, secretKey }: KeyPair, until: number | undefined): OwnKey {
  return sealed(publicKey, secretKey, until)
}

/** What is wrong with a pair, in words that name neither half; undefined when nothing is. */
export function pairFault(pair: KeyPair): string | undefined {
  const result = openPair(pair)
  return result.ok ? undefined : result.message
}

/** The secret half as node:crypto has it, checked against the public one. A message names neither. */
export function openPair({
  publicKey,
  secretKey,
}: KeyPair):
  | { readonly ok: true; readonly key: KeyObject }
  | { readonly ok: false; readonly message: string } {
  const [wanted, secret] = [bytesOf(publicKey), bytesOf(secretKey)]
  if (secret === undefined) return { ok: false, message: 'its secret half is not 40 characters of Z85' }
  if (wanted === undefined) return { ok: false, message: 'its public half is not 40 characters of Z85' }
  const key = createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, secret]), format: 'der', type: 'pkcs8' })
  const own = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES)
  return own.equals(wanted) ? { ok: true, key } : { ok: false, message: 'its halves do not match' }
}

function bytesOf(half: unknown): Uint8Array | undefined {
  const bytes = typeof half === 'string' ? decodeZ85(half) : undefined
  return bytes?.length === KEY_BYTES ? bytes : undefined
}

function sealed(publicKey: PublicKey, secretKey: string, until?: number): OwnKey {
  const shown = until === undefined ? { publicKey } : { publicKey, until }
  return Object.defineProperty(shown, 'secretKey', { value: secretKey, enumerable: false }) as OwnKey
}
