/** Moments in files: the same arithmetic as Date, and nothing that leaves its zone open. */

import test from 'ava'
import fc from 'fast-check'
import { readMoment } from '../../src/discovery/moment.ts'

test('a moment is read as Date reads it', (t) => {
  const range = {
    min: new Date('0000-03-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true,
  }
  fc.assert(
    fc.property(fc.date(range), (date) => {
      t.deepEqual(readMoment(date.toISOString()), { ok: true, ms: date.getTime() })
    }),
    { seed: 5, numRuns: 2000 },
  )
})

for (const text of [
  '2026-12-01T00:00:00Z',
  '2026-12-01T01:00+01:00',
  '2026-12-01T01:00:59.25-11:30',
  '2024-02-29T23:59Z',
  '2000-02-29T00:00Z',
  '1969-12-31T23:59:59.999Z',
]) {
  test(`${text} is a moment`, (t) => {
    t.deepEqual(readMoment(text), { ok: true, ms: new Date(text).getTime() })
  })
}

for (const value of [
  '2026-12-01',
  '2026-12-01T00:00:00',
  '2026-12-01 00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-00-01T00:00:00Z',
  '2026-02-29T00:00:00Z',
  '1900-02-29T00:00:00Z',
  '2026-04-31T00:00:00Z',
  '2026-04-00T00:00:00Z',
  '2026-12-01T24:00:00Z',
  '2026-12-01T00:60:00Z',
  '2026-12-01T00:00:60Z',
  '2026-12-01T00:00:00+24:00',
  '2026-12-01T00:00:00Z ',
  'tomorrow',
  '',
  1_764_547_200_000,
  undefined,
]) {
  test(`${JSON.stringify(value)} is no moment`, (t) => {
    const result = readMoment(value)
    t.false(result.ok)
    t.regex(result.ok ? '' : result.message, /^expected a moment such as "2026-12-01T00:00:00Z", found /)
  })
}
