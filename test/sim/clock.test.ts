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
