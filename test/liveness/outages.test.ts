/**
 * How long a stream stays open: outages are counted from a break to the next opening.
 */

import test from 'ava'
import { Outages } from '../../src/liveness/outages.ts'

test('a link that has not opened yet has no outage', (t) => {
  const outages = new Outages()
  outages.closed(10)
  t.deepEqual(outages.summary(100), { count: 0, longestMs: 0, totalMs: 0 })
  t.is(outages.openMs(100), undefined)
})

test('outages are counted, with their longest and their sum', (t) => {
  const outages = new Outages()
  outages.opened(0)
  outages.closed(100)
  outages.opened(130)
  outages.closed(200)
  outages.opened(210)
  t.deepEqual(outages.summary(1000), { count: 2, longestMs: 30, totalMs: 40 })
  t.is(outages.openMs(1000), 790)
})

test('an outage that goes on counts up to now', (t) => {
  const outages = new Outages()
  outages.opened(0)
  outages.closed(100)
  t.deepEqual(outages.summary(175), { count: 1, longestMs: 75, totalMs: 75 })
  t.is(outages.openMs(175), undefined)
  outages.opened(200)
  t.deepEqual(outages.summary(500), { count: 1, longestMs: 100, totalMs: 100 })
})

test('what is told twice counts once', (t) => {
  const outages = new Outages()
  outages.opened(0)
  outages.opened(50)
  t.is(outages.openMs(100), 100)
  outages.closed(100)
  outages.closed(150)
  t.deepEqual(outages.summary(200), { count: 1, longestMs: 100, totalMs: 100 })
})
