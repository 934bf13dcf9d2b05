/**
 * When a broadcast is enough: all expected peers, more than half of them, or a number.
 */

/** What the sender of a broadcast waits for. */
export type StopRule = 'all' | 'majority' | number

/** How many acks the rule asks for among `expected` peers. A number above `expected` can never be met. */
export function acksNeeded(rule: StopRule, expected: number): number {
  if (rule === 'all') return expected
  if (rule === 'majority') return expected === 0 ? 0 : Math.floor(expected / 2) + 1
  return rule
}
