/**
 * The keys of one node or client in use: the only place that proves with secret halves. It is the cryptography of
 * security/proof.ts, knows whose keys are accepted at this moment, and tells the transport what to pin and whom to admit.
 *
 * Only primitives of node:crypto: X25519, HKDF-SHA256, HMAC-SHA256. Secrets stand in private fields and key objects, so
 * that neither inspect() nor JSON shows them. It reads no file and watches nothing: `replace` is how keys change.
 */

import {
  createHmac,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { ConnectionId } from '../base/ids.ts'
import type { KeyPair, PublicKey } from '../base/keys.ts'
import { decodeZ85 } from '../base/z85.ts'
import { ZmqnetError } from '../errors.ts'
import { nextExpiry, validAt } from '../security/accepted.ts'
import {
  MAX_KEYS_PER_PARTY,
  type OwnKey,
  type SecuritySettings,
  type TrustedParty,
} from '../security/policy.ts'
import type { ProofCrypto, Trust } from '../security/proof.ts'
import { ALLOW_NONE, type Rules, rulesOf } from '../security/rules.ts'
import { PROOF_BYTES } from '../wire/limits.ts'
import type { Role } from '../wire/messages.ts'
import { openPair } from './key-pair.ts'
import type { Entropy } from './world.ts'

/** What goes before the 32 bytes of a public key in DER (SPKI, RFC 8410). */
const PUBLIC_PREFIX = Buffer.from('302a300506032b656e032100', 'hex')
const PROOF_INFO = 'zmqnet proof 1'
/**
 * Secrets that are remembered, one for each pair of keys that was used in a proof: 4096 members, and twice that for keys
 * that are being replaced. At 51 µs each they are worth it; beyond, all are computed again.
 */
const MAX_SECRETS = 8192

/** A party and its rules, ready to be asked. */
interface Known {
  readonly party: TrustedParty
  readonly rules: Rules
}

/** The keys and rules of one node or client. */
export class Keyring implements ProofCrypto, Trust {
  readonly #wallNow: () => number
  readonly #entropy: Entropy
  readonly #runSecret: KeyObject
  #settings: SecuritySettings
  #privateKeys = new Map<PublicKey, KeyObject>()
  #parties = new Map<string, Known>()
  #keysOfParties = new Map<PublicKey, TrustedParty>()
  readonly #secrets = new Map<string, KeyObject>()

  /** Throws CONFIG when a key of our own is none. */
  constructor(settings: SecuritySettings, wallNow: () => number, entropy: Entropy = randomBytes) {
    this.#wallNow = wallNow
    this.#entropy = entropy
    this.#runSecret = createSecretKey(entropy(PROOF_BYTES))
    this.#settings = settings
    this.replace(settings)
  }

  /** Takes other keys and rules from here on. Throws CONFIG, and changes nothing, when a key of our own is none. */
  replace(settings: SecuritySettings): void {
    const privateKeys = new Map(settings.own.map((key) => [key.publicKey, privateKeyOf(key)]))
    if (settings.own.length === 0) throw noKey('there is none')
    this.#settings = settings
    this.#privateKeys = privateKeys
    this.#parties = new Map()
    this.#keysOfParties = new Map()
    for (const party of settings.policy.parties) {
      this.#parties.set(`${party.role}/${party.name}`, { party, rules: rulesOf(party.allow) })
      for (const { key } of party.keys) this.#keysOfParties.set(key, party)
    }
    this.#secrets.clear()
  }

  /** Whether these are the keys and rules that it has. */
  counts(settings: SecuritySettings): boolean {
    return isDeepStrictEqual(settings, this.#settings)
  }

  /** In how many milliseconds the next key ends; Infinity when none does. */
  get expiresInMs(): number {
    const wallNow = this.#wallNow()
    return nextExpiry(this.#settings, wallNow) - wallNow
  }

  /** The names of all members that are known. */
  get memberNames(): readonly string[] {
    return this.#settings.policy.parties.flatMap(({ role, name }) => (role === 'node' ? [name] : []))
  }

  ownKeys(): readonly PublicKey[] {
    return this.own().map(({ publicKey }) => publicKey)
  }

  keysOf(role: Role, name: string): readonly PublicKey[] {
    const keys = this.#parties.get(`${role}/${name}`)?.party.keys ?? []
    const valid = validAt(keys, this.#wallNow()).slice(0, MAX_KEYS_PER_PARTY)
    return valid.map(({ key }) => key)
  }

  /** What a party may use here. */
  rulesFor(role: Role, name: string): Rules {
    return this.#parties.get(`${role}/${name}`)?.rules ?? ALLOW_NONE
  }

  /** Our pairs that may be used now, the present one first. Should all be over, the present one still counts. */
  own(): readonly KeyPair[] {
    const valid: readonly OwnKey[] = validAt(this.#settings.own, this.#wallNow()).slice(0, MAX_KEYS_PER_PARTY)
    return valid.length > 0 ? valid : this.#settings.own.slice(0, 1)
  }

  /** The pair that those who dial us pin: a former one while it counts, so that everybody has time to learn the present one. */
  serving(): KeyPair {
    return this.own().at(-1) as KeyPair
  }

  /** Whether this key is accepted for anybody. */
  admits(publicKey: PublicKey): boolean {
    const party = this.#keysOfParties.get(publicKey)
    return party !== undefined && this.keysOf(party.role, party.name).includes(publicKey)
  }

  mac(own: PublicKey, theirs: PublicKey, bytes: Uint8Array): Uint8Array {
    return hmac(this.#secretWith(own, theirs), bytes)
  }

  nonce(): Uint8Array {
    return this.#entropy(PROOF_BYTES)
  }

  nonceFor(connection: ConnectionId): Uint8Array {
    return hmac(this.#runSecret, Buffer.from(String(connection)))
  }

  #secretWith(own: PublicKey, theirs: PublicKey): KeyObject {
    const name = `${own} ${theirs}`
    let secret = this.#secrets.get(name)
    if (secret === undefined) {
      if (this.#secrets.size >= MAX_SECRETS) this.#secrets.clear()
      secret = createSecretKey(this.#agree(own, theirs))
      this.#secrets.set(name, secret)
    }
    return secret
  }

  /** What the two keys agree on. With a key that is none nobody agrees: then it is chance, under which nothing is proven. */
  #agree(own: PublicKey, theirs: PublicKey): Buffer {
    const privateKey = this.#privateKeys.get(own)
    const [mine, other] = [decodeZ85(own), decodeZ85(theirs)]
    if (privateKey === undefined || mine === undefined || other?.length !== PROOF_BYTES)
      return randomBytes(PROOF_BYTES)
    try {
      const publicKey = createPublicKey({
        key: Buffer.concat([PUBLIC_PREFIX, other]),
        format: 'der',
        type: 'spki',
      })
      const [lower, higher] = Buffer.compare(mine, other) < 0 ? [mine, other] : [other, mine]
      const info = Buffer.concat([Buffer.from(PROOF_INFO), lower, higher])
      const shared = diffieHellman({ privateKey, publicKey })
      return Buffer.from(hkdfSync('sha256', shared, '', info, PROOF_BYTES))
    } catch {
      // A public key of low order, with which X25519 gives zeros to everybody.
      return randomBytes(PROOF_BYTES)
    }
  }
}

function hmac(secret: KeyObject, bytes: Uint8Array): Uint8Array {
  return createHmac('sha256', secret).update(bytes).digest()
}

/** The secret half as node:crypto has it. The error names neither half. */
function privateKeyOf(pair: OwnKey): KeyObject {
  const result = openPair(pair)
  if (!result.ok) throw noKey(result.message)
  return result.key
}

function noKey(why: string): ZmqnetError {
  return new ZmqnetError({
    code: 'CONFIG',
    safeToRetry: false,
    message: `Cannot use the key of this party: ${why}`,
  })
}
