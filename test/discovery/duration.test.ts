/**
 * Durations: what is read, what is refused with which hint, and that what is written can be read again.
 */

import test from 'ava'
import fc from 'fast-check'
import { formatDuration, parseDuration, readDuration } from '../../src/discovery/duration.ts'

const GOOD: readonly (readonly [string, number])[] = [
  ['500ms', 500],
  ['2s', 2000],
  ['1.5s', 1500],
  ['1m', 60_000],
  ['1h', 3_600_000],
  ['2d', 172_800_000],
  ['1h30m', 5_400_000],
  ['1m1s1ms', 61_001],
  ['0', 0],
  ['0ms', 0],
  [' 10s ', 10_000],
  ['0.25ms', 0],
]

for (const [text, ms] of GOOD) {
  test(`"${text}" is ${ms} ms`, (t) => {
    t.is(parseDuration(text), ms)
    t.deepEqual(readDuration(text), { ok: true, ms })
  })
}

const BAD: readonly unknown[] = [
  '',
  ' ',
  'abc',
  's',
  '-1s',
  '+1s',
  '1 s',
  '1S',
  '.5s',
  '1.s',
  '1e3ms',
  '1sm',
  '1w',
  `${'9'.repeat(400)}d`,
  Number.NaN,
  -5,
  null,
  undefined,
  {},
  [],
  true,
]

for (const value of BAD) {
  test(`${JSON.stringify(value)?.slice(0, 30)} (${typeof value}) is no duration`, (t) => {
    const result = readDuration(value)
    t.false(result.ok)
    if (!result.ok) t.regex(result.message, /^expected a duration such as "500ms", "2s" or "1m", found /)
  })
}

test('a bare number is refused with the forms that it may have meant', (t) => {
  for (const value of ['500', 500]) {
    const result = readDuration(value)
    t.false(result.ok)
    if (!result.ok) t.regex(result.message, /a number needs its unit: "500ms" or "500s"$/)
  }
})

test('parseDuration throws a RangeError that says what was expected', (t) => {
  t.throws(() => parseDuration('soon'), {
    instanceOf: RangeError,
    message: 'A duration is wrong: expected a duration such as "500ms", "2s" or "1m", found "soon"',
  })
})

const WRITTEN: readonly (readonly [number, string])[] = [
  [0, '0ms'],
  [-5, '0ms'],
  [Number.NaN, '0ms'],
  [0.26, '0.3ms'],
  [3, '3ms'],
  [9.97, '10ms'],
  [42.4, '42ms'],
  [999, '999ms'],
  [999.7, '1s'],
  [1000, '1s'],
  [1234, '1.2s'],
  [59_949, '59.9s'],
  [59_960, '1m'],
  [60_000, '1m'],
  [150_000, '2m30s'],
  [3_599_600, '1h'],
  [3_660_000, '1h1m'],
  [86_399_999, '1d'],
  [90_000_000, '1d1h'],
  [Number.POSITIVE_INFINITY, 'forever'],
]

for (const [ms, text] of WRITTEN) {
  test(`${ms} ms is written ${text}`, (t) => {
    t.is(formatDuration(ms), text)
  })
}

test('what is written reads as the same duration within a twentieth', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e12 }), (ms) => {
      const again = parseDuration(formatDuration(ms))
      return Math.abs(again - ms) <= ms / 20
    }),
    { seed: 1, numRuns: 2000 },
  )
  t.pass()
})
