/**
 * Numbers that users pass: what is taken, and that the error names the option and the value.
 */

import test from 'ava'
import { ZmqnetError } from '../../src/errors.ts'
import { count, milliseconds } from '../../src/node/options.ts'

const WEEK_MS = 7 * 24 * 3600 * 1000

test('a duration is above 0 and at most a week, rounded up', (t) => {
  t.is(milliseconds('timeout', 1), 1)
  t.is(milliseconds('timeout', 0.2), 1)
  t.is(milliseconds('timeout', 2500.5), 2501)
  t.is(milliseconds('timeout', WEEK_MS), WEEK_MS)
})

test('a count is a whole number from 0 to 1000', (t) => {
  t.is(count('retries', 0), 0)
  t.is(count('retries', 1000), 1000)
})

test('anything else is INVALID_ARGUMENT with the name and the value', (t) => {
  const wrong = [0, -1, WEEK_MS + 1, Number.NaN, Number.POSITIVE_INFINITY, '5', null, {}, 5n]
  for (const value of wrong) {
    const error = t.throws(() => milliseconds('timeout', value as number), { instanceOf: ZmqnetError })
    t.is(error?.code, 'INVALID_ARGUMENT')
    t.true(error?.message.startsWith('"timeout" is milliseconds'), error?.message)
    t.true(error?.message.endsWith(`not ${String(value)}`), error?.message)
  }
  for (const value of [-1, 1.5, 1001, Number.NaN, '3', undefined]) {
    const error = t.throws(() => count('retries', value as number), { instanceOf: ZmqnetError })
    t.is(error?.code, 'INVALID_ARGUMENT')
    t.regex(error?.message ?? '', /^"retries" is a whole number from 0 to 1000, not /)
  }
})
