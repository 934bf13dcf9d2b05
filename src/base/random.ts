/**
 * The only randomness that the pure rooms know: an injected interface, and a small seeded generator behind it, so that
 * a whole cluster can be replayed from one number.
 */

/** A source of uniform random numbers. */
export interface Random {
  /** A float in [0, 1). */
  next(): number
  /** An integer in [0, bound). `bound` is a positive integer up to 2^32. */
  below(bound: number): number
}

/**
 * A generator that is fixed by its seed: sfc32 (Chris Doty-Humphrey, PractRand), 128 bits of state. Not for secrets.
 * `seed` is any safe integer; equal seeds give equal sequences on every machine.
 */
export function seededRandom(seed: number): Random {
  let a = seed >>> 0
  let b = Math.floor(seed / 2 ** 32) >>> 0
  let c = 0x9e3779b9
  let counter = 1
  const next32 = (): number => {
    const sum = (a + b + counter) >>> 0
    counter = (counter + 1) >>> 0
    a = (b ^ (b >>> 9)) >>> 0
    b = (c + (c << 3)) >>> 0
    c = (((c << 21) | (c >>> 11)) + sum) >>> 0
    return sum
  }
  // Twelve rounds mix a small seed into the whole state, as the reference implementation does.
  for (let round = 0; round < 12; round += 1) next32()
  return {
    next: () => next32() / 2 ** 32,
    below: (bound) => Math.floor((next32() / 2 ** 32) * bound),
  }
}
