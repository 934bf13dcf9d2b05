/** A process's view of time, while it runs, stalls, pauses and dies. */

import test from 'ava'
import { SIM_EPOCH_MS, SimClock } from '../../src/sim/clock.ts'
import { SimProcess } from '../../src/sim/process.ts'
import { Scheduler } from '../../src/sim/scheduler.ts'

function setUp() {
  const scheduler = new Scheduler()
  const process = new SimProcess(scheduler, 'alpha', 'alpha')
  const clock = new SimClock(scheduler, process, { monotonicMs: 5000, wallMs: -7 })
  const seen: string[] = []
  const note = (what: string) => () => void seen.push(`${scheduler.nowMs} ${what}`)
  const run = (untilMs: number): void => {
    while (scheduler.step(untilMs));
    scheduler.advance(untilMs)
  }
  return { scheduler, process, clock, seen, note, run }
}

test('both clocks move with virtual time, each with its offset', (t) => {
  const { clock, run } = setUp()
  t.is(clock.now(), 5000)
  t.is(clock.wallNow(), SIM_EPOCH_MS - 7)
  run(12)
  t.is(clock.now(), 5012)
  t.is(clock.wallNow(), SIM_EPOCH_MS + 5)
})

test('an alarm rings once at its time, and a new one replaces it', (t) => {
  const { clock, seen, note, run } = setUp()
  clock.setAlarm(5010, note('first'))
  clock.setAlarm(5020, note('second'))
  run(100)
  t.deepEqual(seen, ['20 second'])
})

test('an alarm that is set again for the same time rings with the new task', (t) => {
  const { clock, seen, note, run } = setUp()
  clock.setAlarm(5010, note('old'))
  clock.setAlarm(5010, note('new'))
  run(100)
  t.deepEqual(seen, ['10 new'])
})

test('an alarm in the past rings at once, and Infinity removes it', (t) => {
  const { clock, seen, note, run } = setUp()
  clock.setAlarm(1, note('past'))
  run(0)
  clock.setAlarm(5010, note('removed'))
  clock.setAlarm(Number.POSITIVE_INFINITY, note('never'))
  run(100)
  t.deepEqual(seen, ['0 past'])
})

test('deferred tasks run in this millisecond and in order', (t) => {
  const { clock, seen, note, run } = setUp()
  clock.defer(note('one'))
  clock.defer(note('two'))
  t.deepEqual(seen, [])
  run(0)
  t.deepEqual(seen, ['0 one', '0 two'])
})

test('a stalled process takes its turns late, all at once and in order', (t) => {
  const { process, clock, seen, note, run } = setUp()
  process.stall(50)
  clock.defer(note('deferred'))
  clock.setAlarm(5020, note('alarm'))
  run(49)
  t.deepEqual(seen, [])
  run(100)
  t.deepEqual(seen, ['50 deferred', '50 alarm'])
})

test('an alarm that was held back by a stall can still be replaced', (t) => {
  const { scheduler, process, clock, seen, note, run } = setUp()
  clock.setAlarm(5020, note('old alarm'))
  scheduler.at(10, () => process.stall(50))
  scheduler.at(15, () =>
    process.turn(() => {
      clock.setAlarm(5080, note('new alarm'))
    }),
  )
  run(100)
  t.deepEqual(seen, ['80 new alarm'])
})

test('a paused process does nothing until it resumes, and a stall inside a pause counts too', (t) => {
  const { scheduler, process, clock, seen, note, run } = setUp()
  process.pause()
  process.stall(30)
  clock.setAlarm(5010, note('alarm'))
  scheduler.at(20, () => process.resume())
  run(25)
  t.deepEqual(seen, [])
  run(40)
  t.deepEqual(seen, ['30 alarm'])
})

test('work of the I/O thread goes on in a stall and waits in a pause', (t) => {
  const { scheduler, process, seen, note, run } = setUp()
  process.stall(30)
  process.runIo(note('stalled'))
  process.pause()
  process.runIo(note('paused'))
  scheduler.at(10, () => process.resume())
  run(50)
  t.deepEqual(seen, ['0 stalled', '10 paused'])
})

test('a dead process does nothing any more', (t) => {
  const { process, clock, seen, note, run } = setUp()
  clock.setAlarm(5010, note('alarm'))
  clock.defer(note('deferred'))
  process.kill()
  clock.defer(note('posthumous'))
  clock.setAlarm(5010, note('posthumous alarm'))
  run(100)
  t.deepEqual(seen, [])
})

test('a clock that runs too fast or too slow counts and rings by its own pace', (t) => {
  const { scheduler, clock, seen, note, run } = setUp()
  clock.skew({ rate: 1.25 })
  clock.setAlarm(5100, note('fast'))
  run(40)
  t.is(clock.now(), 5050)
  t.is(clock.wallNow(), SIM_EPOCH_MS - 7 + 50)
  run(80)
  t.is(clock.now(), 5100)
  clock.skew({ rate: 0.5 })
  clock.setAlarm(5101, note('slow'))
  run(81)
  t.is(clock.now(), 5100)
  run(100)
  t.is(clock.now(), 5110)
  t.deepEqual(seen, ['80 fast', '82 slow'])
  t.is(scheduler.nowMs, 100)
})

test('an alarm never rings before its time on the clock, whatever the pace', (t) => {
  for (const rate of [0.1, 0.333, 0.95, 0.999, 1.001, 1.05, 3, 7.7]) {
    const { scheduler, clock, run } = setUp()
    run(17)
    clock.skew({ rate })
    for (let ms = 1; ms <= 200; ms += 7) {
      const at = clock.now() + ms
      let rangAt = 0
      clock.setAlarm(at, () => {
        rangAt = clock.now()
      })
      run(scheduler.nowMs + Math.ceil(ms / rate) + 2)
      t.true(rangAt >= at && rangAt <= at + Math.ceil(rate), `rate ${rate}: ${rangAt} for ${at}`)
    }
  }
})

test('the wall clock can be set back and forth, and the monotonic one only jumps ahead', (t) => {
  const { clock, seen, note, run } = setUp()
  run(10)
  clock.setAlarm(5060, note('alarm'))
  clock.skew({ wallAheadMs: -3_600_000 })
  t.is(clock.wallNow(), SIM_EPOCH_MS + 10 - 3_600_000)
  t.is(clock.wallAheadMs, -3_600_000)
  t.is(clock.now(), 5010)
  clock.skew({ monotonicJumpMs: 30 })
  t.is(clock.now(), 5040)
  t.is(clock.wallAheadMs, -3_600_000)
  run(29)
  t.deepEqual(seen, [])
  run(30)
  t.deepEqual(seen, ['30 alarm'], 'the alarm that was set before rings at its time on the changed clock')
})

test('a clock knows whether an alarm is set', (t) => {
  const { clock, note, run } = setUp()
  t.false(clock.isArmed)
  clock.setAlarm(5010, note('alarm'))
  t.true(clock.isArmed)
  run(10)
  t.false(clock.isArmed)
})
