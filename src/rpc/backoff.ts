/**
 * How long to wait before the next attempt: exponential backoff with full jitter, so that callers that failed together
 * do not come back together (Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 */

import type { Random } from '../base/random.ts'

/** The delay grows from `baseMs`, doubling with each attempt, to at most `capMs`. */
export interface BackoffOptions {
  readonly baseMs: number
  readonly capMs: number
}

/** Milliseconds before the attempt that follows `attempt` (1 for the first): uniform in [0, min(cap, base x 2^(attempt-1))]. */
export function backoffMs(attempt: number, random: Random, { baseMs, capMs }: BackoffOptions): number {
  const ceilingMs = Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 30))
  return random.below(Math.floor(ceilingMs) + 1)
}
