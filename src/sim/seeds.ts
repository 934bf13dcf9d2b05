/**
 * Many independent streams of chance from one seed: each part of a simulation draws from its own, so that one more
 * draw in one part does not change what happens in all others.
 */

import { type Random, seededRandom } from '../base/random.ts'

/** A generator that depends on the seed and on what it is for. `seed` counts modulo 2^32. */
export function randomFor(seed: number, purpose: string): Random {
  // FNV-1a (Fowler, Noll, Vo) over the purpose fills the upper 21 bits of the safe integer that seededRandom takes.
  let hash = 0x811c9dc5
  for (let index = 0; index < purpose.length; index += 1) {
    hash = Math.imul(hash ^ purpose.charCodeAt(index), 0x01000193) >>> 0
  }
  return seededRandom((hash >>> 11) * 2 ** 32 + (seed >>> 0))
}
