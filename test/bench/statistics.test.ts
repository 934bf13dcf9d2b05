/** The arithmetic of the benchmark, by examples that can be checked by hand. */

import test from 'ava'
import fc from 'fast-check'
import { median, percentile, ratioOf, slopeOf, spreadOf } from '../../bench/statistics.ts'

test('the median is the middle one, or the mean of the two in the middle', (t) => {
  t.is(median([3]), 3)
  t.is(median([9, 1, 5]), 5)
  t.is(median([4, 1, 3, 2]), 2.5)
  t.true(Number.isNaN(median([])))
})

test('a percentile is one of the values, by nearest rank', (t) => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index)
  t.is(percentile(hundred, 0.5), 50)
  t.is(percentile(hundred, 0.99), 99)
  t.is(percentile(hundred, 1), 100)
  t.is(percentile([7], 0.99), 7)
  t.is(percentile([2, 1], 0), 1)
  t.true(Number.isNaN(percentile([], 0.5)))
})

test('the median lies among the values, and as many lie on each side of it', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const { median: middle, lowest, highest } = spreadOf(values)
      const below = values.filter((value) => value < middle).length
      const above = values.filter((value) => value > middle).length
      return lowest <= middle && middle <= highest && 2 * below <= values.length && 2 * above <= values.length
    }),
    { seed: 3 },
  )
  t.pass()
})

test('ratios are taken round by round, and only of rounds that both sides ended', (t) => {
  t.deepEqual(ratioOf([10, 30, 60], [10, 10, 20]), { median: 3, lowest: 1, highest: 3 })
  t.deepEqual(ratioOf([10, 30, 60], [10, 10]), { median: 2, lowest: 1, highest: 3 })
  t.is(ratioOf([], [1]), undefined)
  t.is(ratioOf([1], []), undefined)
})

test('the slope of a straight line is found, and of a bent one the best', (t) => {
  t.is(
    slopeOf([
      [0, 5],
      [8, 21],
      [16, 37],
    ]),
    2,
  )
  t.is(
    slopeOf([
      [0, 0],
      [1, 0],
      [2, 3],
    ]),
    1.5,
  )
  t.true(Number.isNaN(slopeOf([[1, 1]])))
})
