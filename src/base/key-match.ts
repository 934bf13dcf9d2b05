/**
 * The two keys between which something was proven, for the rooms that pass it on: session/ keeps it, security/ reads it.
 */

import type { PublicKey } from './keys.ts'

/** Two public keys, ours and another party's. */
export interface KeyMatch {
  readonly own: PublicKey
  readonly theirs: PublicKey
}
