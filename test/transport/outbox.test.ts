/**
 * The queue in front of a connection: against a dumb twin that searches a plain list, and one test for each promise.
 */

import test from 'ava'
import fc from 'fast-check'
import { LANE_LIMIT, Outbox, type OutboxLimits, type OutboxTraits } from '../../src/transport/outbox.ts'

interface Item {
  readonly lane: number
  readonly bytes: number
  readonly expiresAt: number
  readonly large: boolean
}

const traits: OutboxTraits<Item> = {
  laneOf: (item) => item.lane,
  bytesOf: (item) => item.bytes,
  expiresAtOf: (item) => item.expiresAt,
  isLarge: (item) => item.large,
}

const limits: OutboxLimits = { maxBytes: 1_000_000, maxItems: 100_000, frameBytes: 64_000 }

function item(part: Partial<Item> = {}): Item {
  return { lane: 1, bytes: 10, expiresAt: Number.POSITIVE_INFINITY, large: false, ...part }
}

/** The same rules over one list in the order of pushing, without any cleverness. */
class Twin {
  list: Item[] = []
  readonly #limits: OutboxLimits

  constructor(twinLimits: OutboxLimits) {
    this.#limits = twinLimits
  }

  get bytes(): number {
    return this.list.reduce((sum, each) => sum + each.bytes, 0)
  }

  push(added: Item): boolean {
    const isControl = added.lane === 0
    if (this.bytes + added.bytes > this.#limits.maxBytes + (isControl ? 64 * 1024 : 0)) return false
    if (this.list.length + 1 > this.#limits.maxItems + (isControl ? 512 : 0)) return false
    this.list.push(added)
    return true
  }

  take(now: number): { items: Item[]; expired: Item[] } {
    const items: Item[] = []
    const expired: Item[] = []
    for (;;) {
      const next = this.#inOrder()[0]
      if (next === undefined) return { items, expired }
      if (next.expiresAt <= now) {
        expired.push(next)
      } else {
        const alone = next.large || next.bytes > this.#limits.frameBytes
        const taken = items.reduce((sum, each) => sum + each.bytes, 0)
        if (items.length > 0 && (alone || taken + next.bytes > this.#limits.frameBytes))
          return { items, expired }
        items.push(next)
        if (alone) {
          this.list.splice(this.list.indexOf(next), 1)
          return { items, expired }
        }
      }
      this.list.splice(this.list.indexOf(next), 1)
    }
  }

  expire(now: number): Item[] {
    const expired = this.#inOrder().filter((each) => each.expiresAt <= now)
    this.list = this.list.filter((each) => each.expiresAt > now)
    return expired
  }

  drain(): Item[] {
    const all = this.#inOrder()
    this.list = []
    return all
  }

  #inOrder(): Item[] {
    return [...this.list].sort((a, b) => a.lane - b.lane)
  }
}

type Step =
  | { readonly kind: 'push'; readonly item: Item }
  | { readonly kind: 'take' | 'expire'; readonly passMs: number }
  | { readonly kind: 'drain' }

const anyItem: fc.Arbitrary<Item> = fc.record({
  lane: fc.nat(3),
  bytes: fc.nat(40),
  expiresAt: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat(60)),
  large: fc.nat(4).map((chance) => chance === 0),
})

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: anyItem.map((pushed): Step => ({ kind: 'push', item: pushed })) },
  { weight: 2, arbitrary: fc.nat(8).map((passMs): Step => ({ kind: 'take', passMs })) },
  { weight: 1, arbitrary: fc.nat(8).map((passMs): Step => ({ kind: 'expire', passMs })) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'drain' }) },
)

test('it behaves as a dumb twin does, whatever is pushed, taken, expired and drained', (t) => {
  const small: OutboxLimits = { maxBytes: 400, maxItems: 20, frameBytes: 50 }
  const property = fc.property(fc.array(anyStep, { maxLength: 120 }), (steps) => {
    const outbox = new Outbox<Item>(traits, small)
    const twin = new Twin(small)
    let now = 0
    for (const step of steps) {
      if (step.kind === 'push') {
        if (outbox.push(step.item) !== twin.push(step.item)) return false
      } else if (step.kind === 'drain') {
        if (!same(outbox.drain(), twin.drain())) return false
      } else {
        now += step.passMs
        if (step.kind === 'expire') {
          if (!same(outbox.expire(now), twin.expire(now))) return false
        } else {
          const [real, dumb] = [outbox.take(now), twin.take(now)]
          if (!same(real.items, dumb.items) || !same(real.expired, dumb.expired)) return false
        }
      }
      if (outbox.size !== twin.list.length || outbox.bytes !== twin.bytes) return false
      if (twin.list.some((each) => each.expiresAt < outbox.expiresAt)) return false
    }
    return true
  })
  t.notThrows(() => fc.assert(property, { seed: 20_260, numRuns: 3000 }))
})

/** Equal as lists of the very same objects. */
function same(a: readonly Item[], b: readonly Item[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index])
}

test('a thousand small items that were pushed between two flushes leave in one take', (t) => {
  const outbox = new Outbox<Item>(traits, limits)
  for (let count = 0; count < 1000; count += 1) t.true(outbox.push(item({ lane: count % 3 })))
  const { items, expired } = outbox.take(0)
  t.is(items.length, 1000)
  t.deepEqual(expired, [])
  t.is(outbox.size, 0)
  t.is(outbox.bytes, 0)
  t.deepEqual(outbox.take(0), { items: [], expired: [] })
})

test('lower lanes leave first, and inside a lane the order is kept', (t) => {
  const outbox = new Outbox<Item>(traits, limits)
  const [bulk1, rpc1, control, rpc2, bulk2] = [
    item({ lane: 3 }),
    item(),
    item({ lane: 0 }),
    item(),
    item({ lane: 3 }),
  ]
  for (const pushed of [bulk1, rpc1, control, rpc2, bulk2]) outbox.push(pushed)
  t.true(same(outbox.take(0).items, [control, rpc1, rpc2, bulk1, bulk2]))
})

test('a large item travels alone and is not overtaken inside its lane', (t) => {
  const outbox = new Outbox<Item>(traits, limits)
  const [before, large, after] = [item(), item({ large: true, bytes: 300_000 }), item()]
  for (const pushed of [before, large, after]) outbox.push(pushed)
  t.true(same(outbox.take(0).items, [before]))
  t.true(same(outbox.take(0).items, [large]))
  t.true(same(outbox.take(0).items, [after]))
})

test('an item that is bigger than a frame goes alone even when nobody called it large', (t) => {
  const outbox = new Outbox<Item>(traits, limits)
  const [big, small] = [item({ bytes: 64_001 }), item()]
  outbox.push(big)
  outbox.push(small)
  t.true(same(outbox.take(0).items, [big]))
  t.true(same(outbox.take(0).items, [small]))
})

test('a frame is filled to its last byte and not further', (t) => {
  const outbox = new Outbox<Item>(traits, limits)
  for (let count = 0; count < 70; count += 1) outbox.push(item({ bytes: 1000 }))
  t.is(outbox.take(0).items.length, 64)
  t.is(outbox.take(0).items.length, 6)
})

test('expired items are handed back by take and never sent', (t) => {
  const outbox = new Outbox<Item>(traits, limits)
  const [late, good, latest] = [item({ expiresAt: 100 }), item({ expiresAt: 101 }), item({ expiresAt: 50 })]
  for (const pushed of [late, good, latest]) outbox.push(pushed)
  const { items, expired } = outbox.take(100)
  t.true(same(items, [good]))
  t.true(same(expired, [late, latest]))
  t.is(outbox.bytes, 0)
})

test('expire takes out what is due, tells when to come again, and keeps the rest in order', (t) => {
  const outbox = new Outbox<Item>(traits, limits)
  const [first, second, third] = [
    item({ expiresAt: 300 }),
    item({ expiresAt: 100 }),
    item({ expiresAt: 200 }),
  ]
  for (const pushed of [first, second, third]) outbox.push(pushed)
  t.is(outbox.expiresAt, 100)
  t.deepEqual(outbox.expire(99), [])
  t.true(same(outbox.expire(100), [second]))
  t.is(outbox.expiresAt, 200)
  t.true(same(outbox.take(150).items, [first, third]))
  t.is(outbox.expiresAt, Number.POSITIVE_INFINITY)
})

test('control finds room when bulk has filled the queue, but not without end', (t) => {
  const outbox = new Outbox<Item>(traits, { maxBytes: 1000, maxItems: 10, frameBytes: 500 })
  t.true(outbox.push(item({ lane: 3, bytes: 1000 })))
  t.false(outbox.push(item({ lane: 3, bytes: 1 })))
  t.true(outbox.push(item({ lane: 0, bytes: 100 })))
  t.is(outbox.size, 2)
  let accepted = 0
  while (outbox.push(item({ lane: 0, bytes: 100 }))) accepted += 1
  t.true(accepted > 100 && accepted < 1000, `accepted ${accepted}`)
})

test('a push above the number of items is refused and changes nothing', (t) => {
  const outbox = new Outbox<Item>(traits, { maxBytes: 1000, maxItems: 2, frameBytes: 500 })
  t.deepEqual([outbox.push(item()), outbox.push(item()), outbox.push(item())], [true, true, false])
  t.deepEqual([outbox.size, outbox.bytes], [2, 20])
})

test('drain gives everything in the order of the lanes and leaves an empty queue', (t) => {
  const outbox = new Outbox<Item>(traits, limits)
  const [bulk, control, large] = [item({ lane: 3 }), item({ lane: 0 }), item({ large: true })]
  for (const pushed of [bulk, control, large]) outbox.push(pushed)
  t.true(same(outbox.drain(), [control, large, bulk]))
  t.deepEqual([outbox.size, outbox.bytes, outbox.expiresAt], [0, 0, Number.POSITIVE_INFINITY])
})

test('a lane out of range is a bug of the caller', (t) => {
  const outbox = new Outbox<Item>(traits, limits)
  t.throws(() => outbox.push(item({ lane: LANE_LIMIT })), { message: /lane/ })
  t.throws(() => outbox.push(item({ lane: 0.5 })), { message: /lane/ })
  t.deepEqual([outbox.size, outbox.bytes], [0, 0])
})

test('a backlog of 200,000 items leaves frame by frame in linear work', (t) => {
  let asked = 0
  const bytesOf = (each: Item): number => {
    asked += 1
    return each.bytes
  }
  const counting: OutboxTraits<Item> = { ...traits, bytesOf }
  const outbox = new Outbox<Item>(counting, { maxBytes: 1e9, maxItems: 1e6, frameBytes: 1000 })
  for (let count = 0; count < 200_000; count += 1) outbox.push(item({ expiresAt: 1000 }))
  let takes = 0
  while (outbox.take(0).items.length > 0) takes += 1
  t.is(takes, 2000)
  // Once at the push, once when taken, and once more at the end of each frame: nothing is looked at again and again.
  t.true(asked <= 200_000 * 2 + takes, `bytesOf was asked ${asked} times`)
})
