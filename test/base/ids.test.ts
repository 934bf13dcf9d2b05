/**
 * Incarnations: safe integers that rise with time and differ by chance.
 */

import test from 'ava'
import { type Incarnation, isSameWindow, newIncarnation } from '../../src/base/ids.ts'

const NOW_MS = 1_760_000_000_000

test('an incarnation is a positive safe integer, today and in two hundred years', (t) => {
  for (const wallNowMs of [1, NOW_MS, 2 ** 42 - 1]) {
    for (const chance of [0, 2047]) {
      const incarnation = newIncarnation(wallNowMs, chance)
      t.true(Number.isSafeInteger(incarnation) && incarnation > 0)
    }
  }
  t.true(new Date(2 ** 42 - 1).getUTCFullYear() > 2100)
})

test('a later start has a higher incarnation, whatever the chance', (t) => {
  t.true(newIncarnation(NOW_MS + 1, 0) > newIncarnation(NOW_MS, 2047))
})

test('two starts in one millisecond differ by their chance', (t) => {
  t.not(newIncarnation(NOW_MS, 1), newIncarnation(NOW_MS, 2))
})

test('two windows are the same when run and number are, and none is like none', (t) => {
  const of = (incarnation: number, window: number) => ({ incarnation: incarnation as Incarnation, window })
  t.true(isSameWindow(of(1, 2), of(1, 2)))
  t.false(isSameWindow(of(1, 2), of(1, 3)))
  t.false(isSameWindow(of(1, 2), of(2, 2)))
  t.false(isSameWindow(of(1, 2), undefined))
  t.true(isSameWindow(undefined, undefined))
})
