/** The join of virtual time and promises: everything that an event left behind is done before the next one runs. */

import test from 'ava'
import { Scheduler } from '../../src/sim/scheduler.ts'
import { Turns } from '../../src/sim/turns.ts'

/** Runs an event that does `leave`, then one that looks: was all of it done in between? */
async function isDoneBefore(leave: (done: () => void) => void): Promise<boolean> {
  const scheduler = new Scheduler()
  const turns = new Turns(scheduler)
  let isDone = false
  let seen = false
  scheduler.at(1, () => {
    leave(() => {
      isDone = true
    })
  })
  scheduler.at(1, () => {
    seen = isDone
  })
  await turns.run({ limitMs: 2 })
  return seen
}

const after = async (rounds: number, done: () => void): Promise<void> => {
  for (let round = 0; round < rounds; round += 1) await null
  done()
}

test('a promise that an event resolves has run its reactions before the next event', async (t) => {
  let resolve = (): void => {}
  const gate = new Promise<void>((open) => {
    resolve = open
  })
  t.true(
    await isDoneBefore((done) => {
      void gate.then(done)
      resolve()
    }),
  )
})

test('a promise that was waited for long before is seen as well', async (t) => {
  let resolve = (): void => {}
  const gate = new Promise<void>((open) => {
    resolve = open
  })
  let finish = (): void => {}
  const waiter = (async () => {
    await gate
    finish()
  })()
  t.true(
    await isDoneBefore((done) => {
      finish = done
      resolve()
    }),
  )
  await waiter
})

test('long chains of awaits are run to their end', async (t) => {
  t.true(await isDoneBefore((done) => void after(1000, done)))
})

test('a handler that awaits a settled promise is run to its end', async (t) => {
  const settled = Promise.resolve()
  t.true(
    await isDoneBefore((done) => {
      void settled.then(done)
    }),
  )
})

test('queueMicrotask and process.nextTick count as work left behind', async (t) => {
  t.true(await isDoneBefore((done) => queueMicrotask(done)))
  t.true(await isDoneBefore((done) => process.nextTick(done)))
})

test('events that leave nothing behind share one turn of the real event loop', async (t) => {
  const scheduler = new Scheduler()
  const turns = new Turns(scheduler)
  let count = 0
  for (let atMs = 1; atMs <= 1000; atMs += 1) {
    scheduler.at(atMs, () => {
      count += 1
    })
  }
  await turns.run({ limitMs: 1000 })
  t.is(count, 1000)
  t.true(turns.turns <= 3, `it took ${turns.turns} turns`)
})

test('a run ends at the event that meets its condition', async (t) => {
  const scheduler = new Scheduler()
  const turns = new Turns(scheduler)
  let count = 0
  const tick = (): void => {
    count += 1
    scheduler.at(scheduler.nowMs + 10, tick)
  }
  scheduler.at(10, tick)
  t.true(await turns.run({ limitMs: 1000, condition: () => count === 3 }))
  t.is(scheduler.nowMs, 30)
  t.false(await turns.run({ limitMs: 50, condition: () => count === 99 }))
  t.is(scheduler.nowMs, 50)
})

test('what an event throws ends the run', async (t) => {
  const scheduler = new Scheduler()
  const turns = new Turns(scheduler)
  scheduler.at(1, () => {
    throw new Error('broken node')
  })
  await t.throwsAsync(turns.run({ limitMs: 10 }), { message: 'broken node' })
  t.false(turns.busy)
})

test('two simulations side by side do not end each other', async (t) => {
  const seen: string[] = []
  const start = (name: string, events: number): Promise<boolean> => {
    const scheduler = new Scheduler()
    for (let atMs = 1; atMs <= events; atMs += 1) {
      scheduler.at(atMs, () => {
        void after(3, () => seen.push(`${name} ${scheduler.nowMs}`))
      })
    }
    return new Turns(scheduler).run({ limitMs: events })
  }
  await Promise.all([start('short', 3), start('long', 20)])
  t.deepEqual(
    seen.filter((line) => line.startsWith('long')),
    Array.from({ length: 20 }, (_, index) => `long ${index + 1}`),
  )
  t.is(seen.length, 23)
})
