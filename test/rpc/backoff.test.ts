/**
 * The pause between two attempts: its bounds, and that it is spread over all of them.
 */

import test from 'ava'
import type { Random } from '../../src/base/random.ts'
import { seededRandom } from '../../src/base/random.ts'
import { backoffMs } from '../../src/rpc/backoff.ts'

const options = { baseMs: 50, capMs: 1000 }

/** Notes the bounds that it is asked for, and answers with the largest number below. */
function highest(bounds: number[]): Random {
  return {
    next: () => 1,
    below: (bound) => {
      bounds.push(bound)
      return bound - 1
    },
  }
}

test('R11: the longest pause doubles from 50 ms with each attempt, to 1000 ms', (t) => {
  const bounds: number[] = []
  const random = highest(bounds)
  const pauses = [1, 2, 3, 4, 5, 6, 7, 100, 100_000].map((attempt) => backoffMs(attempt, random, options))
  t.deepEqual(pauses, [50, 100, 200, 400, 800, 1000, 1000, 1000, 1000])
})

test('R11: a pause is uniform between 0 and its longest', (t) => {
  const random = seededRandom(7)
  const counts = [0, 0, 0, 0]
  for (let round = 0; round < 20_000; round += 1) {
    const pauseMs = backoffMs(2, random, options)
    t.true(Number.isInteger(pauseMs) && pauseMs >= 0 && pauseMs <= 100)
    const quarter = Math.min(3, Math.floor(pauseMs / 25.25))
    counts[quarter] = (counts[quarter] ?? 0) + 1
  }
  for (const count of counts) t.true(Math.abs(count - 5000) < 300, `${counts}`)
})
