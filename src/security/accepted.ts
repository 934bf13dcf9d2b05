/**
 * Which keys count at a moment: former keys end by themselves. The arithmetic of `until` over plain values; times are
 * wall-clock milliseconds, which are an argument.
 */

import type { SecuritySettings } from './policy.ts'

/** Something that ends. */
interface Ending {
  readonly until?: number | undefined
}

/** Those that count at `wallNow`, in their order. */
export function validAt<T extends Ending>(keys: readonly T[], wallNow: number): T[] {
  return keys.filter(({ until }) => until === undefined || until > wallNow)
}

/** When the next key ends that counts at `wallNow`, ours or another's; Infinity when none does. */
export function nextExpiry({ own, policy }: SecuritySettings, wallNow: number): number {
  const all: Ending[] = [...own, ...policy.parties.flatMap(({ keys }) => keys)]
  return Math.min(
    ...validAt(all, wallNow).flatMap(({ until }) => (until === undefined ? [] : [until])),
    Number.POSITIVE_INFINITY,
  )
}
