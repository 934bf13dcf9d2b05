/**
 * The map of rising numbers against a plain Map, with numbers that come and leave in any order, jump and collide.
 */

import test from 'ava'
import fc from 'fast-check'
import { SequenceMap } from '../../src/base/sequence-map.ts'

/** Numbers that lie close together, or share a slot of a small ring, or are as large as they can be. */
const key = fc.oneof(
  fc.nat(100),
  fc.nat(40).map((count) => count * 64 + 3),
  fc.constantFrom(2 ** 31, 2 ** 32 + 3, 2 ** 53 - 1),
)
const step = fc.record({ action: fc.constantFrom('set', 'take', 'look'), key })

test('a sequence map does what a Map does, and knows its lowest key', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const map = new SequenceMap<string>()
      const twin = new Map<number, string>()
      for (const [index, { action, key: at }] of steps.entries()) {
        if (action === 'set') {
          map.set(at, `${at}:${index}`)
          twin.set(at, `${at}:${index}`)
        } else if (action === 'take') {
          const wanted = twin.get(at)
          twin.delete(at)
          if (map.take(at) !== wanted) return false
        }
        if (map.get(at) !== twin.get(at) || map.has(at) !== twin.has(at) || map.size !== twin.size)
          return false
        const lowest = twin.size === 0 ? undefined : Math.min(...twin.keys())
        if (map.lowest !== lowest) return false
        const isOdd = (value: string): boolean => value.length % 2 === 1
        const odd = [...twin.entries()].filter(([, value]) => isOdd(value)).sort(([a], [b]) => a - b)[0]
        if (map.find(isOdd) !== odd?.[1]) return false
        const upTo = [...twin.entries()].filter(([each]) => each <= at).sort(([a], [b]) => a - b)
        if (JSON.stringify(map.upTo(at)) !== JSON.stringify(upTo.map(([, value]) => value))) return false
      }
      const inOrder = [...twin.entries()].sort(([a], [b]) => a - b).map(([, value]) => value)
      return JSON.stringify(map.all()) === JSON.stringify(inOrder)
    }),
    { seed: 11, numRuns: 500 },
  )
  t.pass()
})

test('a hundred thousand that come in order, with one that stays and some that leave out of order', (t) => {
  const map = new SequenceMap<number>()
  map.set(1, 1)
  for (let at = 2; at <= 100_000; at += 1) {
    map.set(at, at)
    // Every seventh leaves at once, the others after a while.
    if (at % 7 === 0) map.take(at)
    const old = at - 500
    if (old > 1) map.take(old)
  }
  t.is(map.lowest, 1)
  t.is(map.get(1), 1)
  t.is(map.get(99_999), 99_999)
  t.is(map.get(99_995), undefined)
  t.is(map.take(1), 1)
  t.is(map.take(1), undefined)
  t.is(map.lowest, 99_501)
  t.is(map.size, map.all().length)
})

test('more than the ring may hold are set aside and found again', (t) => {
  const map = new SequenceMap<number>()
  for (let at = 0; at < 300_000; at += 1) map.set(at, at)
  t.is(map.size, 300_000)
  t.is(map.get(0), 0)
  t.is(map.get(299_999), 299_999)
  for (let at = 0; at < 300_000; at += 1) if (map.take(at) !== at) t.fail(`${at} is lost`)
  t.is(map.size, 0)
  t.is(map.lowest, undefined)
})
