/** What counts in a run and what does not, with the time given by hand. */

import test from 'ava'
import { Tally } from '../../bench/tally.ts'

const TIMES = { warmUpMs: 100, measureMs: 400 }

/** Lets an operation end at each of these times; gives the answers. */
function endAt(tally: Tally, ...timesMs: readonly number[]): boolean[] {
  return timesMs.map((timeMs) => tally.ended(timeMs))
}

test('one at a time is counted from the end of the first after the warm-up to the end of the last', (t) => {
  const tally = new Tally(TIMES, 1, 0)
  t.deepEqual(endAt(tally, 50, 150, 250, 450, 550, 560), [true, true, true, true, false, false])
  // 250, 450 and 550 count, from 150 on.
  t.is(tally.ran.perSecond, 3 / 0.4)
  t.is(tally.ran.p50Ms, 100)
  t.is(tally.ran.p99Ms, 200)
})

test('operations that take longer than the run are still counted right', (t) => {
  const tally = new Tally(TIMES, 1, 0)
  t.deepEqual(endAt(tally, 3000, 6000), [true, false])
  t.is(tally.ran.perSecond, 1 / 3)
  t.is(tally.ran.p50Ms, 3000)
})

test('many at a time are counted in a window, whenever in it they end', (t) => {
  const tally = new Tally(TIMES, 10, 0)
  t.true(endAt(tally, ...Array.from({ length: 10 }, () => 99)).every(Boolean))
  t.true(endAt(tally, ...Array.from({ length: 40 }, () => 499)).every(Boolean))
  t.false(tally.ended(500))
  t.deepEqual(tally.ran, { perSecond: 100, p50Ms: undefined, p99Ms: undefined })
})

test('a window that saw too few of many grows by its own length', (t) => {
  const tally = new Tally(TIMES, 10, 0)
  t.true(endAt(tally, ...Array.from({ length: 39 }, () => 300)).every(Boolean))
  t.true(tally.ended(600))
  t.false(tally.ended(900))
  // 40 in two windows.
  t.is(tally.ran.perSecond, 50)
})

test('a window does not grow for ever', (t) => {
  const tally = new Tally(TIMES, 10, 0)
  t.true(tally.ended(100 + 11 * 400 - 1))
  t.false(tally.ended(100 + 11 * 400))
  t.is(tally.ran.perSecond, 1 / 4.4)
})

test('a run in which nothing ended has no latencies', (t) => {
  t.deepEqual(new Tally(TIMES, 1, 0).ran, { perSecond: 0, p50Ms: undefined, p99Ms: undefined })
})
