/**
 * The keys of one party in a test: its own pairs, whom it admits, and which pair it serves, all of which a test changes as
 * it goes on.
 */

import { curveKeyPair } from 'zeromq'
import type { KeyPair, PublicKey } from '../../src/base/keys.ts'
import type { TransportKeys } from '../../src/transport/transport.ts'

export function newPair(): KeyPair {
  const { publicKey, secretKey } = curveKeyPair()
  return { publicKey, secretKey }
}

export class KeyHolder implements TransportKeys {
  /** The present pair first. */
  pairs: KeyPair[] = [newPair()]
  /** The pair that is served, where it is not the present one. */
  served: KeyPair | undefined
  readonly admitted = new Set<PublicKey>()
  /** The keys that it was asked about, in their order. */
  readonly asked: PublicKey[] = []

  /** Holders of which each admits all. */
  static friends(count: number): KeyHolder[] {
    const holders = Array.from({ length: count }, () => new KeyHolder())
    for (const holder of holders) for (const { publicKey } of holders) holder.admitted.add(publicKey)
    return holders
  }

  get publicKey(): PublicKey {
    return (this.pairs[0] as KeyPair).publicKey
  }

  own(): readonly KeyPair[] {
    return this.pairs
  }

  serving(): KeyPair {
    return this.served ?? (this.pairs[0] as KeyPair)
  }

  admits(publicKey: PublicKey): boolean {
    this.asked.push(publicKey)
    return this.admitted.has(publicKey)
  }
}
