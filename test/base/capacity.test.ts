/**
 * How much a place holds: two counts, two limits.
 */

import test from 'ava'
import { Capacity } from '../../src/base/capacity.ts'

test('an item has room when both the number and the bytes stay within their limits', (t) => {
  const capacity = new Capacity({ maxItems: 2, maxBytes: 10 })
  t.true(capacity.hasRoom(10))
  t.false(capacity.hasRoom(11))
  capacity.add(4)
  t.deepEqual([capacity.hasRoom(6), capacity.hasRoom(7)], [true, false])
  capacity.add(0)
  t.false(capacity.hasRoom(0), 'the number is reached')
  t.deepEqual(capacity.fullnessFor(1), { items: 2, bytes: 4, maxItems: 2, maxBytes: 10 })
  capacity.remove(4)
  t.true(capacity.hasRoom(10))
  t.is(capacity.items, 1)
})

test('more than was added cannot be removed, and a limit of nothing is a mistake', (t) => {
  const capacity = new Capacity({ maxItems: 2, maxBytes: 10 })
  t.throws(() => capacity.remove(0))
  capacity.add(3)
  t.throws(() => capacity.remove(4))
  t.throws(() => new Capacity({ maxItems: 0, maxBytes: 10 }))
})
