/** The sums of what is held for one peer. */

import test from 'ava'
import { BodyBook } from '../../src/base/body-book.ts'

const bounds = { smallBytes: 100, largeFromBytes: 50, largeBytes: 200 }

test('small and large bodies have a bound each', (t) => {
  const book = new BodyBook(bounds)
  book.add(49)
  book.add(49)
  t.true(book.hasRoom(2))
  t.false(book.hasRoom(3))
  t.true(book.hasRoom(200))
  book.add(150)
  t.true(book.hasRoom(50))
  t.false(book.hasRoom(51))
  t.is(book.bytes, 248)
  book.remove(150)
  book.remove(49)
  t.true(book.hasRoom(200))
  t.is(book.bytes, 49)
})

test('a body of exactly the border is large', (t) => {
  const book = new BodyBook(bounds)
  t.deepEqual(
    [49, 50].map((size) => book.isLarge(size)),
    [false, true],
  )
})

test('a class is over its bound, but never by a single body', (t) => {
  const book = new BodyBook(bounds)
  book.add(300)
  t.false(book.isOver(300))
  book.add(50)
  t.true(book.isOver(50))
  t.false(book.isOver(10), 'the other class is not')
})
