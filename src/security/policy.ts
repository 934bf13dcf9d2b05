/**
 * Who is known by which key, and what each may ask for: the policy of one node, over plain values. It is read from the
 * peers file by src/discovery/, kept and applied by src/node/, and asked by the sessions and the reception.
 *
 * Keys are those of CURVE (Curve25519, RFC 7748), written in Z85 (ZeroMQ RFC 32): 40 characters. The same key is pinned
 * by the transport and proves the name inside the protocol. Nothing here reads a file, a clock or a secret.
 */

import type { KeyPair, PublicKey } from '../base/keys.ts'
import type { Role } from '../wire/messages.ts'

export type { KeyPair, PublicKey } from '../base/keys.ts'

/** A key that is accepted for a party. */
export interface AcceptedKey {
  readonly key: PublicKey
  /** Accepted until this moment, in milliseconds of wall-clock time since 1970; without end if missing. */
  readonly until?: number | undefined
}

/** A node or client that is known, and what it may do. */
export interface TrustedParty {
  readonly name: string
  readonly role: Role
  /** The keys that prove it, the present one first. At most MAX_KEYS_PER_PARTY; empty: it is revoked. */
  readonly keys: readonly AcceptedKey[]
  /** The verbs that it may use here: names, or a beginning followed by `*`; `*` alone is every verb. */
  readonly allow: readonly string[]
}

/** All that a node in secure mode goes by. It is replaced as a whole when the peers file changes. */
export interface SecurityPolicy {
  /** Members and clients. No two have the same role and name, and no key belongs to two. */
  readonly parties: readonly TrustedParty[]
}

/** What makes a node or client secure: who it is, and whom it knows. */
export interface SecuritySettings {
  /** Its own key pairs, the present one first; a former one follows while its time of overlap runs. */
  readonly own: readonly OwnKey[]
  readonly policy: SecurityPolicy
}

/** A key pair of our own, and until when it may be used. */
export interface OwnKey extends KeyPair {
  readonly until?: number | undefined
}

/** A present key, and one that it replaces. */
export const MAX_KEYS_PER_PARTY = 2
