/** Virtual time: order, ties, cancelling. */

import test from 'ava'
import fc from 'fast-check'
import { Scheduler } from '../../src/sim/scheduler.ts'

test('events run by time, and by insertion when they are due together', (t) => {
  const order = (list: readonly number[]): void => {
    const scheduler = new Scheduler()
    const seen: { readonly atMs: number; readonly index: number }[] = []
    list.forEach((atMs, index) => {
      scheduler.at(atMs, () => {
        t.is(scheduler.nowMs, atMs)
        seen.push({ atMs, index })
      })
    })
    while (scheduler.step(1000));
    const sorted = seen.toSorted((a, b) => a.atMs - b.atMs || a.index - b.index)
    t.is(seen.length, list.length)
    t.deepEqual(seen, sorted)
  }
  fc.assert(fc.property(fc.array(fc.nat(20), { maxLength: 60 }), order), { seed: 1 })
})

test('a cancelled event never runs, and the others keep their order', (t) => {
  const run = (list: readonly { readonly atMs: number; readonly cancelled: boolean }[]): void => {
    const scheduler = new Scheduler()
    const seen: number[] = []
    const events = list.map(({ atMs }, index) => scheduler.at(atMs, () => seen.push(index)))
    list.forEach(({ cancelled }, index) => {
      const event = events[index]
      if (cancelled && event !== undefined) scheduler.cancel(event)
    })
    while (scheduler.step(1000));
    const kept = list.flatMap(({ atMs, cancelled }, index) => (cancelled ? [] : [{ atMs, index }]))
    const expected = kept.toSorted((a, b) => a.atMs - b.atMs || a.index - b.index).map(({ index }) => index)
    t.deepEqual(seen, expected)
  }
  const item = fc.record({ atMs: fc.nat(20), cancelled: fc.boolean() })
  fc.assert(fc.property(fc.array(item, { maxLength: 60 }), run), { seed: 2 })
})

test('what is put off with soon runs in this millisecond, after what is due in it', (t) => {
  const scheduler = new Scheduler()
  const seen: string[] = []
  scheduler.at(5, () => {
    scheduler.soon(() => seen.push(`soon ${scheduler.nowMs}`))
    seen.push('first')
  })
  scheduler.at(5, () => seen.push('second'))
  scheduler.at(6, () => seen.push('later'))
  while (scheduler.step(10));
  t.deepEqual(seen, ['first', 'second', 'soon 5', 'later'])
})

test('time stops at the limit and moves on by request only', (t) => {
  const scheduler = new Scheduler()
  scheduler.at(50, () => {})
  t.false(scheduler.step(49))
  t.is(scheduler.nowMs, 0)
  scheduler.advance(49)
  t.is(scheduler.nowMs, 49)
  t.throws(() => scheduler.advance(51), { message: /never skips an event/ })
})

test('an endless loop within one millisecond is reported and does not hang the test', (t) => {
  const scheduler = new Scheduler()
  const again = (): void => scheduler.soon(again)
  again()
  t.throws(
    () => {
      while (scheduler.step(10));
    },
    { message: /time stands still at 0 ms/ },
  )
})
