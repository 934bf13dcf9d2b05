/**
 * Keys, policies and keyrings for tests of secure mode: pairs by name, and a policy in which everybody is known, for a test
 * to change.
 */

import { seededRandom } from '../../src/base/random.ts'
import { Keyring } from '../../src/node/keyring.ts'
import type { AcceptedKey, OwnKey, SecuritySettings, TrustedParty } from '../../src/security/policy.ts'
import { keyPairOf } from '../../src/sim/keys.ts'

const SEED = 5

/** The pair of a party, always the same one for a name. */
export function pair(name: string): OwnKey {
  return keyPairOf(SEED, name)
}

/** The public key of that pair. */
export function key(name: string): string {
  return pair(name).publicKey
}

/** A party that is known by the pair of its name. */
export function trusted(name: string, changes: Partial<TrustedParty> = {}): TrustedParty {
  return { name, role: 'node', keys: [{ key: key(name) }], allow: ['*'], ...changes }
}

/** What `name` goes by among `parties`, with its own pair unless others are given. */
export function settingsOf(
  name: string,
  parties: readonly TrustedParty[],
  own: readonly OwnKey[] = [pair(name)],
): SecuritySettings {
  return { own, policy: { parties } }
}

/** Keys that are accepted: by the names of their pairs. */
export function keys(...names: readonly string[]): readonly AcceptedKey[] {
  return names.map((name) => ({ key: key(name) }))
}

/** A keyring whose chance comes from a seed. The wall clock stands at 0 unless a test moves it. */
export function keyring(settings: SecuritySettings, wallNow: () => number = () => 0, seed = SEED): Keyring {
  const random = seededRandom(seed)
  return new Keyring(settings, wallNow, (sizeBytes) =>
    Uint8Array.from({ length: sizeBytes }, () => random.below(256)),
  )
}
