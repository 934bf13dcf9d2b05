/** The line of calls: who is next, and that what is over leaves from wherever it stands. */

import test from 'ava'
import fc from 'fast-check'
import { CallLine, type InLine, STALE_MS } from '../../src/rpc/call-line.ts'

class Item implements InLine<Item> {
  lineSince: number | undefined = undefined
  before: Item | undefined = undefined
  behind: Item | undefined = undefined
  readonly name: number

  constructor(name: number) {
    this.name = name
  }
}

const items = (count: number): Item[] => Array.from({ length: count }, (_, index) => new Item(index))

test('R7b: the first come is the first served while the line is short', (t) => {
  const line = new CallLine<Item>()
  for (const item of items(3)) line.add(10, item)
  const now = 10 + STALE_MS - 1
  t.deepEqual([line.take(now)?.name, line.take(now)?.name, line.take(now)?.name], [0, 1, 2])
  t.is(line.take(now), undefined)
  t.true(line.isEmpty)
})

test('R7b: the last come is the first served once the first has waited for too long', (t) => {
  const line = new CallLine<Item>()
  const [old, young, youngest] = items(3) as [Item, Item, Item]
  line.add(0, old)
  line.add(60, young)
  line.add(90, youngest)
  t.is(line.take(STALE_MS), youngest)
  t.is(line.take(STALE_MS), young)
  t.is(line.take(STALE_MS), old, 'and the first when nobody else is left')
})

test('R7b: when those who waited for too long are gone, the line is in order again', (t) => {
  const line = new CallLine<Item>()
  const [old, young, youngest] = items(3) as [Item, Item, Item]
  line.add(0, old)
  line.add(150, young)
  line.add(160, youngest)
  line.remove(old)
  t.is(line.take(200), young)
})

test('an item that waits already keeps its place, and one that does not wait can be taken out', (t) => {
  const line = new CallLine<Item>()
  const [first, second] = items(2) as [Item, Item]
  line.remove(first)
  line.add(0, first)
  line.add(1, second)
  line.add(2, first)
  t.deepEqual([line.take(3), line.take(3), line.take(3)], [first, second, undefined])
})

test('a line does what an array would do', (t) => {
  const step = fc.record({
    name: fc.nat(9),
    kind: fc.constantFrom('add', 'remove', 'take'),
    pauseMs: fc.nat(40),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const [line, all] = [new CallLine<Item>(), items(10)]
      let dumb: { readonly item: Item; readonly since: number }[] = []
      let now = 0
      for (const { name, kind, pauseMs } of steps) {
        now += pauseMs
        const item = all[name] as Item
        if (kind === 'take') {
          const isStale = now - (dumb[0]?.since ?? now) >= STALE_MS
          const next = isStale ? dumb.at(-1) : dumb[0]
          dumb = dumb.filter((each) => each !== next)
          if (line.take(now) !== next?.item) return false
        } else if (kind === 'remove') {
          line.remove(item)
          dumb = dumb.filter((each) => each.item !== item)
        } else {
          line.add(now, item)
          if (!dumb.some((each) => each.item === item)) dumb.push({ item, since: now })
        }
        if (line.isEmpty !== (dumb.length === 0)) return false
      }
      return true
    }),
    { seed: 4, numRuns: 1000 },
  )
  t.pass()
})
