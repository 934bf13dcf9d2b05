/**
 * The receiving side of one-way messages: what is taken, what is receipted.
 */

import test from 'ava'
import fc from 'fast-check'
import { MAX_HOLES } from '../../src/base/sequence-set.ts'
import {
  type Arrival,
  Arrivals,
  MAX_RUNNING_BYTES_PER_SENDER,
  MAX_RUNNING_PER_SENDER,
} from '../../src/oneway/receiver.ts'
import type { Send } from '../../src/wire/messages.ts'

function parcel(sizeBytes: number): Send {
  const body = { type: 'raw', bytes: new Uint8Array(sizeBytes) } as const
  return { kind: 'send', sequence: 1, expiresAt: 0, verb: 'note', body }
}

function ranges(arrivals: Arrivals): number[][] | undefined {
  return arrivals.receipt()?.ranges.map(({ first, last }) => [first, last])
}

test('O3: a number is taken once', (t) => {
  const arrivals = new Arrivals()
  t.deepEqual(
    [2, 1, 2, 1, 3].map((sequence) => arrivals.take(sequence)),
    [true, true, false, false, true],
  )
})

test('O4: a receipt names all that was taken, and is owed once for what came together', (t) => {
  const arrivals = new Arrivals()
  t.is(arrivals.receipt(), undefined)
  for (const sequence of [1, 2, 3, 5, 6]) arrivals.take(sequence)
  t.deepEqual(ranges(arrivals), [
    [1, 3],
    [5, 6],
  ])
  t.is(arrivals.receipt(), undefined)
  arrivals.take(4)
  t.deepEqual(ranges(arrivals), [[1, 6]])
})

test('O3: a repeated message is receipted again', (t) => {
  const arrivals = new Arrivals()
  arrivals.take(1)
  arrivals.receipt()
  t.false(arrivals.take(1))
  t.deepEqual(ranges(arrivals), [[1, 1]])
})

test('O4: of more than 16 ranges, the youngest are named', (t) => {
  const arrivals = new Arrivals()
  for (let sequence = 1; sequence <= 39; sequence += 2) arrivals.take(sequence)
  const told = ranges(arrivals)
  t.is(told?.length, 16)
  t.deepEqual(told?.at(-1), [39, 39])
  t.deepEqual(told?.at(0), [9, 9])
})

test('O5: the handlers of one sender are bounded in number', (t) => {
  const arrivals = new Arrivals()
  const started = Array.from({ length: MAX_RUNNING_PER_SENDER }, (_, index) => {
    return arrivals.start('bravo', { ...parcel(0), sequence: index + 1 })
  })
  t.false(arrivals.hasRoom(0))
  t.true(arrivals.finish(started[0] as Arrival))
  t.false(arrivals.finish(started[0] as Arrival), 'a handler ends once')
  t.true(arrivals.hasRoom(0))
  t.is(arrivals.runningCount, MAX_RUNNING_PER_SENDER - 1)
})

test('O5: the bodies that handlers hold are bounded in bytes', (t) => {
  const arrivals = new Arrivals()
  const part = MAX_RUNNING_BYTES_PER_SENDER / 32
  const first = arrivals.start('bravo', parcel(part))
  for (let count = 2; count < 32; count += 1) arrivals.start('bravo', { ...parcel(part), sequence: count })
  t.true(arrivals.hasRoom(part))
  t.false(arrivals.hasRoom(part + 1))
  arrivals.finish(first)
  t.true(arrivals.hasRoom(part + 1))
})

test('O5: the large bodies that handlers hold have a bound of their own', (t) => {
  const arrivals = new Arrivals(1_000_000)
  const first = arrivals.start('bravo', parcel(1_000_000))
  t.true(arrivals.hasRoom(1_000_000))
  arrivals.start('bravo', { ...parcel(600_000), sequence: 2 })
  t.false(arrivals.hasRoom(600_000))
  t.true(arrivals.hasRoom(100_000), 'small ones are not kept out')
  arrivals.finish(first)
  t.true(arrivals.hasRoom(1_000_000))
})

test('O5: a number that is refused is not receipted, and may come again', (t) => {
  const arrivals = new Arrivals()
  arrivals.take(1)
  arrivals.take(2)
  arrivals.refuse(2)
  t.deepEqual(ranges(arrivals), [[1, 1]])
  t.true(arrivals.take(2))
  t.deepEqual(ranges(arrivals), [[1, 2]])
})

test('O6: who reconnects is owed a receipt, if anything was ever taken', (t) => {
  const arrivals = new Arrivals()
  arrivals.reconnected()
  t.is(arrivals.receipt(), undefined)
  arrivals.take(1)
  arrivals.receipt()
  arrivals.reconnected()
  t.deepEqual(ranges(arrivals), [[1, 1]])
})

test('O10: a number whose hole was closed is neither taken nor receipted', (t) => {
  const arrivals = new Arrivals()
  arrivals.take(MAX_HOLES + 100)
  t.false(arrivals.take(1))
  t.deepEqual(ranges(arrivals), [[MAX_HOLES + 100, MAX_HOLES + 100]])
})

test('O4: a receipt never names a number that was not taken', (t) => {
  const step = fc.record({
    sequence: fc.oneof(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 5000 })),
    refuse: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const arrivals = new Arrivals()
      const taken = new Set<number>()
      for (const { sequence, refuse } of steps) {
        if (!arrivals.take(sequence)) continue
        taken.add(sequence)
        if (!refuse) continue
        arrivals.refuse(sequence)
        taken.delete(sequence)
      }
      for (const { first, last } of arrivals.receipt()?.ranges ?? []) {
        for (let sequence = first; sequence <= last; sequence += 1) {
          if (!taken.has(sequence)) throw new Error(`${sequence} was not taken`)
        }
      }
    }),
    { seed: 12, numRuns: 500 },
  )
  t.pass()
})
