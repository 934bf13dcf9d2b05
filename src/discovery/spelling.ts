/**
 * Finds what somebody may have meant: a known word that differs from the one in hand by case, by "-" and "_", by one
 * letter, or by two letters that changed places. Used in messages only; nothing is ever corrected in silence.
 */

/** The first of `candidates` that `word` may be a misspelling of, or undefined. A word that is right has none. */
export function misspelt(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.includes(word)) return undefined
  const plain = plainOf(word)
  const same = candidates.find((candidate) => plainOf(candidate) === plain)
  return same ?? candidates.find((candidate) => isOneSlipApart(plain, plainOf(candidate)))
}

function plainOf(word: string): string {
  return word.toLowerCase().replace(/[-_\s]/g, '')
}

/** One letter more, less or different, or two neighbours exchanged. Very short words are never alike. */
function isOneSlipApart(a: string, b: string): boolean {
  if (Math.min(a.length, b.length) < 3 || Math.abs(a.length - b.length) > 1) return false
  let start = 0
  while (start < a.length && a[start] === b[start]) start += 1
  let end = 0
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end += 1
  const [restA, restB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)]
  if (restA.length <= 1 && restB.length <= 1) return true
  return restA.length === 2 && restB.length === 2 && restA === `${restB[1]}${restB[0]}`
}
