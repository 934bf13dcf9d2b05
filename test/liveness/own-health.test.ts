/**
 * Whether a node may trust its own suspicions, and what it says of its loop.
 */

import test from 'ava'
import { OwnHealth } from '../../src/liveness/own-health.ts'

test('L10: a wake that is 100 ms late or more is a stall, a shorter delay is not', (t) => {
  const health = new OwnHealth()
  t.is(health.woke(1000, 1000), 0)
  t.is(health.woke(1099, 1000), 0)
  t.is(health.woke(1100, 1000), 100)
  t.is(health.woke(9000, 1000), 7900, 'what was given is not given again')
  t.is(health.woke(9300, 9100), 200)
})

test('L10: a wake before its time, or without one, is none', (t) => {
  const health = new OwnHealth()
  t.is(health.woke(1000, 2000), 0)
  t.is(health.woke(1000, Number.POSITIVE_INFINITY), 0)
  t.is(health.delayMs(1000), 0)
})

test('L11: the delay that is told fades to 0 within 500 ms', (t) => {
  const health = new OwnHealth()
  health.woke(10_000, 9600)
  t.deepEqual(
    [10_000, 10_125, 10_250, 10_500, 20_000].map((now) => health.delayMs(now)),
    [400, 300, 200, 0, 0],
  )
})

test('L21: how late the loop ran fades to 0 within 2000 ms, and is noted however little it was', (t) => {
  const health = new OwnHealth()
  health.woke(10_000, 9960)
  t.deepEqual(
    [10_000, 10_500, 11_000, 12_000, 20_000].map((now) => health.strainMs(now)),
    [40, 30, 20, 0, 0],
  )
  health.woke(11_000, 10_990)
  t.is(health.strainMs(11_000), 20, 'a shorter delay does not replace it')
  health.woke(11_000, 10_900)
  t.is(health.strainMs(11_000), 100, 'a longer one does')
})

test('L11: a longer delay replaces what has faded, a shorter one does not', (t) => {
  const health = new OwnHealth()
  health.woke(10_000, 9600)
  health.woke(10_250, 10_200)
  t.is(health.delayMs(10_250), 200)
  health.woke(10_250, 9950)
  t.is(health.delayMs(10_250), 300)
})
