/**
 * The running sums of ping against sums over the whole list.
 */

import test from 'ava'
import fc from 'fast-check'
import { RoundTrips } from '../../src/cli/round-trips.ts'

function near(a: number | undefined, b: number): boolean {
  return a !== undefined && Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b))
}

test('running sums agree with those over the whole list', (t) => {
  const time = fc.double({ min: 0, max: 1e5, noNaN: true })
  const property = fc.property(fc.array(time, { minLength: 1 }), fc.nat(20), (times, losses) => {
    const roundTrips = new RoundTrips()
    for (const ms of times) roundTrips.addAnswer(ms)
    for (let index = 0; index < losses; index++) roundTrips.addLoss()
    const { sent, answered, minMs, maxMs, avgMs, mdevMs } = roundTrips.summarize()
    const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length
    const variance = times.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / times.length
    return (
      sent === times.length + losses &&
      answered === times.length &&
      minMs === Math.min(...times) &&
      maxMs === Math.max(...times) &&
      near(avgMs, mean) &&
      Math.abs((mdevMs ?? -1) - Math.sqrt(variance)) < 1e-3
    )
  })
  fc.assert(property, { seed: 6 })
  t.pass()
})

test('without an answer there are no times', (t) => {
  const roundTrips = new RoundTrips()
  t.like(roundTrips.summarize(), { sent: 0, answered: 0, lossPercent: 0, avgMs: undefined })
  roundTrips.addLoss()
  t.like(roundTrips.summarize(), { sent: 1, answered: 0, lossPercent: 100, minMs: undefined })
})
