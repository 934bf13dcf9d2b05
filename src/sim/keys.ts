/**
 * The keys of a simulated mesh in secure mode: real Curve25519 pairs, computed from the seed, so that equal runs prove
 * with equal bytes. Each member has one, and all clients together have one. They protect nothing: whoever knows the
 * seed knows them.
 */

import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { KeyPair } from '../base/keys.ts'
import { encodeZ85 } from '../base/z85.ts'
import type { NodeSettings } from '../node/world.ts'
import { randomFor } from './seeds.ts'

type SecuritySettings = NonNullable<NodeSettings['security']>
type TrustedParty = SecuritySettings['policy']['parties'][number]

/** The name of every simulated client in secure mode. */
export const CLIENT_NAME = 'client'

const KEY_BYTES = 32
/** What goes before the bytes of a private key in DER (PKCS #8, RFC 8410). */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex')

/** The key pair of a party, by its name. */
export function keyPairOf(seed: number, name: string): KeyPair {
  const random = randomFor(seed, `key of ${name}`)
  const secret = Uint8Array.from({ length: KEY_BYTES }, () => random.below(256))
  const der = Buffer.concat([PRIVATE_PREFIX, secret])
  const publicKey = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }))
  const publicBytes = publicKey.export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES)
  return { publicKey: encodeZ85(publicBytes), secretKey: encodeZ85(secret) }
}

/** What a party of a mesh goes by: everybody is known, and may do everything. */
export function securityOf(seed: number, nodes: readonly string[], name: string): SecuritySettings {
  const trusted = (role: TrustedParty['role'], party: string): TrustedParty => {
    return { name: party, role, keys: [{ key: keyPairOf(seed, party).publicKey }], allow: ['*'] }
  }
  const members = nodes.map((node) => trusted('node', node))
  return { own: [keyPairOf(seed, name)], policy: { parties: [...members, trusted('client', CLIENT_NAME)] } }
}
