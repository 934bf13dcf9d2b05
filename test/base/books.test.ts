/**
 * The books of one peer: numbers in order, each given once, under one bound.
 */

import test from 'ava'
import { Books } from '../../src/base/books.ts'

function entry(sizeBytes = 0) {
  return { sequence: 0, sizeBytes }
}

function booksOf(...sizesBytes: readonly number[]) {
  const books = new Books<ReturnType<typeof entry>>({ maxItems: 4, maxBytes: 100 })
  const entries = sizesBytes.map(entry)
  for (const one of entries) books.enter(one)
  return { books, entries }
}

test('entries are numbered from 1 and stand in that order', (t) => {
  const { books, entries } = booksOf(1, 2, 3)
  t.deepEqual(
    entries.map(({ sequence }) => sequence),
    [1, 2, 3],
  )
  t.deepEqual([...books.all()], entries)
  t.is(books.oldest, entries[0])
  t.is(books.get(2), entries[1])
  t.is(books.get(4), undefined)
})

test('a number is given once, also when its entry is gone', (t) => {
  const { books, entries } = booksOf(1, 2)
  for (const one of entries) books.remove(one)
  t.is(books.size, 0)
  t.is(books.oldest, undefined)
  const next = entry()
  books.enter(next)
  t.is(next.sequence, 3)
  t.deepEqual([books.wasGiven(2), books.wasGiven(3), books.wasGiven(4)], [true, true, false])
  t.throws(() => books.enter(next))
})

test('number and bytes are bounded, and what is removed makes room once', (t) => {
  const { books, entries } = booksOf(60, 30)
  const [first] = entries
  if (first === undefined) return t.fail('no entry')
  t.deepEqual([books.hasRoom(10), books.hasRoom(11)], [true, false])
  books.remove(first)
  books.remove(first)
  books.remove(entry(5))
  t.deepEqual(books.fullnessFor(1), { items: 1, bytes: 30, maxItems: 4, maxBytes: 100 })
  for (let count = 0; count < 3; count += 1) books.enter(entry())
  t.false(books.hasRoom(0))
})

test('entries may be removed while they are met', (t) => {
  const { books } = booksOf(1, 2, 3)
  const met: number[] = []
  for (const one of books.all()) {
    met.push(one.sequence)
    books.remove(one)
  }
  t.deepEqual([met, books.size], [[1, 2, 3], 0])
})
