/**
 * The line of messages that wait, against a plain array that does the same.
 */

import test from 'ava'
import fc from 'fast-check'
import { type Standing, WaitingLine } from '../../src/oneway/waiting-line.ts'

class Item implements Standing<Item> {
  ahead: Item | undefined = undefined
  behind: Item | undefined = undefined
  readonly sizeBytes: number

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes
  }
}

function lineOf(maxItems = 1000, maxBytes = 1000): WaitingLine<Item> {
  return new WaitingLine({ maxItems, maxBytes })
}

test('who comes first is first, and who leaves from the middle closes the gap', (t) => {
  const line = lineOf()
  const items = [1, 2, 3].map((sizeBytes) => new Item(sizeBytes))
  for (const item of items) line.join(item)
  const [first, second, third] = items as [Item, Item, Item]
  line.leave(second)
  t.is(line.first, first)
  t.deepEqual([second.ahead, second.behind], [undefined, undefined], 'it holds on to nobody')
  line.leave(first)
  t.is(line.first, third)
  line.leave(third)
  t.deepEqual([line.first, line.size], [undefined, 0])
  t.throws(() => line.leave(third))
})

test('a line has room for so many, and for so many bytes', (t) => {
  const line = lineOf(2, 10)
  const item = new Item(4)
  line.join(item)
  t.deepEqual([line.hasRoom(6), line.hasRoom(7)], [true, false])
  line.join(new Item(1))
  t.false(line.hasRoom(0))
  t.deepEqual(line.fullnessFor(1), { items: 2, bytes: 5, maxItems: 2, maxBytes: 10 })
  line.leave(item)
  t.true(line.hasRoom(9))
})

test('whatever joins and leaves, the line is what an array would be', (t) => {
  const steps = fc.array(fc.record({ joins: fc.boolean(), place: fc.nat(100) }), { maxLength: 200 })
  fc.assert(
    fc.property(steps, (all) => {
      const line = lineOf()
      const twin: Item[] = []
      for (const { joins, place } of all) {
        if (joins || twin.length === 0) {
          const item = new Item(place % 5)
          line.join(item)
          twin.push(item)
        } else {
          const [item] = twin.splice(place % twin.length, 1)
          if (item !== undefined) line.leave(item)
        }
        const standing: Item[] = []
        for (let item = line.first; item !== undefined; item = item.behind) standing.push(item)
        if (standing.length !== twin.length || standing.some((item, index) => item !== twin[index]))
          return false
        const bytes = twin.reduce((sum, item) => sum + item.sizeBytes, 0)
        if (line.size !== twin.length || line.fullnessFor(1).bytes !== bytes) return false
      }
      return true
    }),
    { seed: 11, numRuns: 300 },
  )
  t.pass()
})
