/**
 * The verdict of the soak on readings whose answer is known.
 */

import test from 'ava'
import { seededRandom } from '../../src/base/random.ts'
import { judge } from './slope.ts'

function readings(perMinute: number, noise: number): { atMs: number; value: number }[] {
  const random = seededRandom(3)
  return Array.from({ length: 60 }, (_, minute) => {
    return { atMs: minute * 60_000, value: 100 + perMinute * minute + noise * random.next() }
  })
}

test('what stays is flat, whatever its noise; what grows is not, whatever its noise', (t) => {
  t.true(judge(readings(0, 0), 5).isFlat)
  t.true(judge(readings(0, 20), 5).isFlat)
  t.false(judge(readings(0.5, 20), 5).isFlat)
  t.true(judge(readings(-1, 0), 5).isFlat, 'to shrink is no leak')
})

test('the slope is told for an hour', (t) => {
  const { perHour, rise } = judge(readings(0.5, 0), 5)
  t.is(Math.round(perHour), 30)
  t.is(Math.round(rise), 30)
})

test('too few readings are no verdict', (t) => {
  t.false(judge([], 5).isFlat)
  t.false(judge([{ atMs: 1, value: 1 }], 5).isFlat)
})
