/**
 * Deadlines against a dumb twin that searches a list, and its edges by hand.
 */

import test from 'ava'
import fc from 'fast-check'
import { Deadlines, type Timed } from '../../src/base/deadlines.ts'
import { seededRandom } from '../../src/base/random.ts'

class Item implements Timed {
  dueAt = 0
  heapIndex = -1
  readonly name: number

  constructor(name: number) {
    this.name = name
  }
}

/** The dumb twin: a list that is searched from end to end. */
class Twin {
  readonly #dueAt = new Map<number, number>()

  get size(): number {
    return this.#dueAt.size
  }

  get next(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#dueAt.values())
  }

  set(name: number, dueAt: number): void {
    this.#dueAt.set(name, dueAt)
  }

  remove(name: number): void {
    this.#dueAt.delete(name)
  }

  isDue(name: number, now: number): boolean {
    const dueAt = this.#dueAt.get(name)
    return dueAt !== undefined && dueAt <= now && dueAt === this.next
  }
}

const step = fc.oneof(
  fc.record({
    action: fc.constant('set' as const),
    name: fc.nat(15),
    at: fc.oneof(fc.nat(50), fc.constant(Infinity)),
  }),
  fc.record({ action: fc.constant('remove' as const), name: fc.nat(15), at: fc.constant(0) }),
  fc.record({ action: fc.constant('due' as const), name: fc.constant(0), at: fc.nat(50) }),
)

test('a heap of deadlines does what a searched list does', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = new Deadlines<Item>()
      const twin = new Twin()
      const items = Array.from({ length: 16 }, (_, name) => new Item(name))
      for (const { action, name, at } of steps) {
        const item = items[name] as Item
        if (action === 'set') {
          heap.set(item, at)
          twin.set(name, at)
        } else if (action === 'remove') {
          heap.remove(item)
          twin.remove(name)
        } else {
          const nothingIsDue = twin.next > at
          const due = heap.due(at)
          t.is(due === undefined, nothingIsDue)
          if (due !== undefined) {
            t.true(twin.isDue(due.name, at))
            t.is(due.heapIndex, -1)
            twin.remove(due.name)
          }
        }
        t.is(heap.size, twin.size)
        t.is(heap.next, twin.next)
      }
    }),
    { seed: 10, numRuns: 500 },
  )
})

test('what is due comes out by time, each once', (t) => {
  const heap = new Deadlines<Item>()
  for (const [name, dueAt] of [50, 10, 30, 20, 40].entries()) heap.set(new Item(name), dueAt)
  const order: number[] = []
  for (let item = heap.due(40); item !== undefined; item = heap.due(40)) order.push(item.dueAt)
  t.deepEqual(order, [10, 20, 30, 40])
  t.is(heap.next, 50)
  t.is(heap.size, 1)
})

test('an item that is set again moves, forward and back', (t) => {
  const heap = new Deadlines<Item>()
  const items = [new Item(0), new Item(1)] as const
  heap.set(items[0], 10)
  heap.set(items[1], 20)
  heap.set(items[0], 30)
  t.is(heap.next, 20)
  heap.set(items[0], 5)
  t.is(heap.next, 5)
  t.is(heap.size, 2)
})

test('equal times leave in an order that the operations before decide alone', (t) => {
  const order = (): number[] => {
    const heap = new Deadlines<Item>()
    for (let name = 0; name < 20; name += 1) heap.set(new Item(name), name % 3)
    const names: number[] = []
    for (let item = heap.due(9); item !== undefined; item = heap.due(9)) names.push(item.name)
    return names
  }
  t.is(order().length, 20)
  t.deepEqual(order(), order())
})

test('an empty heap waits for nothing, and to remove what does not wait changes nothing', (t) => {
  const heap = new Deadlines<Item>()
  heap.remove(new Item(0))
  t.is(heap.next, Number.POSITIVE_INFINITY)
  t.is(heap.due(Number.POSITIVE_INFINITY), undefined)
})

test('an item in two heaps and a deadline that is no number are mistakes of our own', (t) => {
  const item = new Item(0)
  const left = new Deadlines<Item>()
  left.set(item, 1)
  const right = new Deadlines<Item>()
  right.set(new Item(1), 1)
  t.throws(() => right.remove(item), { message: /one heap only/ })
  t.throws(() => left.set(item, Number.NaN), { message: /a deadline is a number/ })
})

test('thousands that come in rising order and leave in any other are found again', (t) => {
  const deadlines = new Deadlines<Item>()
  const random = seededRandom(3)
  const waiting: Item[] = []
  let now = 0
  for (let name = 0; name < 20_000; name += 1) {
    now += random.below(2)
    const item = new Item(name)
    // Now and then one that is due earlier than the one before, and one that waits much longer than all.
    const delayMs = random.below(50) === 0 ? random.below(90) : random.below(500) === 0 ? 5000 : 100
    deadlines.set(item, now + delayMs)
    waiting.push(item)
    // Mostly the oldest leaves, sometimes another one.
    while (waiting.length > 1500) {
      const index = random.below(20) === 0 ? random.below(waiting.length) : 0
      const [leaving] = waiting.splice(index, 1)
      deadlines.remove(leaving as Item)
      t.is(leaving?.heapIndex, -1)
    }
    if (name % 500 !== 0) continue
    t.is(deadlines.size, waiting.length)
    t.is(deadlines.next, Math.min(...waiting.map((each) => each.dueAt)))
  }
  const left = new Set(waiting)
  let before = 0
  deadlines.takeDue(Number.POSITIVE_INFINITY, (item) => {
    t.true(left.delete(item) && item.dueAt >= before)
    before = item.dueAt
  })
  t.is(left.size, 0)
  t.is(deadlines.size, 0)
})
