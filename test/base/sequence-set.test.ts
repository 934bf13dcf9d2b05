/**
 * The set of sequences against a plain set, while holes are few, and its bounds when they are many.
 */

import test from 'ava'
import fc from 'fast-check'
import { MAX_HOLES, SequenceSet } from '../../src/base/sequence-set.ts'

const step = fc.record({
  action: fc.constantFrom('add' as const, 'add' as const, 'remove' as const),
  sequence: fc.integer({ min: 1, max: 60 }),
})

function rangesOf(seen: ReadonlySet<number>): { first: number; last: number }[] {
  const ranges: { first: number; last: number }[] = []
  for (const sequence of [...seen].sort((left, right) => left - right)) {
    const last = ranges.at(-1)
    if (last?.last === sequence - 1) last.last = sequence
    else ranges.push({ first: sequence, last: sequence })
  }
  return ranges
}

test('while its holes are few, it does what a plain set does', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const set = new SequenceSet()
      const twin = new Set<number>()
      for (const { action, sequence } of steps) {
        if (action === 'add') {
          t.is(set.add(sequence), !twin.has(sequence))
          twin.add(sequence)
        } else {
          set.remove(sequence)
          twin.delete(sequence)
        }
        for (let probe = 1; probe <= 61; probe += 1) t.is(set.has(probe), twin.has(probe), `${probe}`)
        t.deepEqual(set.ranges(100), rangesOf(twin))
      }
    }),
    { seed: 11, numRuns: 200 },
  )
})

test('of many ranges, the youngest are told, ascending', (t) => {
  const set = new SequenceSet()
  for (const sequence of [1, 3, 5, 7, 9]) set.add(sequence)
  t.deepEqual(set.ranges(2), [
    { first: 7, last: 7 },
    { first: 9, last: 9 },
  ])
})

test('a jump far ahead keeps the youngest holes; the older numbers count as seen, but are not told', (t) => {
  const set = new SequenceSet()
  set.add(1)
  set.add(1_000_000_000)
  t.is(set.holes, MAX_HOLES)
  t.false(set.add(5), 'too late: counts as seen')
  t.true(set.add(999_999_999))
  const [first] = set.ranges(10)
  t.deepEqual(first, { first: 999_999_999, last: 1_000_000_000 })
})

test('holes never outgrow their bound', (t) => {
  const set = new SequenceSet()
  for (let sequence = 2; sequence < 10_000; sequence += 2) set.add(sequence)
  t.is(set.holes, MAX_HOLES)
  t.false(set.add(1))
  t.true(set.add(9_997))
})

test('O10: a hole that was closed for want of room is told in no range', (t) => {
  const set = new SequenceSet()
  for (let sequence = 2; sequence <= 2 * (MAX_HOLES + 2); sequence += 2) set.add(sequence)
  t.true(set.has(1), 'it counts as seen')
  t.true(set.has(3), 'and so does the next')
  const [first] = set.ranges(MAX_HOLES + 10)
  t.deepEqual(first, { first: 4, last: 4 })
})
