/**
 * Deadlines in order: the earliest first, with removal by handle. One set for a whole machine replaces one timer for
 * each request, and its earliest is the machine's `deadline`.
 *
 * Most machines give every item the same time, so that items come in rising order and leave in nearly the same: these
 * stand in a row, where adding and removing cost a few steps however many wait. Whatever is due before the end of the
 * row goes into a binary heap, at O(log n).
 */

import { assert } from './assert.ts'

/** Something that can wait for its time. The two fields belong to the deadlines while it waits. */
export interface Timed {
  /** When it is due, in milliseconds of the clock that drives the machine. */
  dueAt: number
  /** Its place: in the heap from 0 on, in the row from -2 downwards; -1 when it does not wait. */
  heapIndex: number
}

const NOWHERE = -1
const FIRST_IN_ROW = -2

/** A row of more places than this is closed up when three quarters of them are gaps. */
const SLACK = 1024

/** Items over `dueAt`; equal times leave in an order that depends only on the operations before. */
export class Deadlines<T extends Timed> {
  readonly #heap: T[] = []
  /** In rising order; removed ones leave a gap. The first is never a gap. */
  #row: (T | undefined)[] = []
  #head = 0
  #rowSize = 0
  /** When the last item of the row is due, also after it was removed. */
  #rowEnd = Number.NEGATIVE_INFINITY

  get size(): number {
    return this.#heap.length + this.#rowSize
  }

  /** When the earliest is due; Infinity when none waits. */
  get next(): number {
    const inRow = this.#row[this.#head]?.dueAt ?? Number.POSITIVE_INFINITY
    const inHeap = this.#heap[0]?.dueAt ?? Number.POSITIVE_INFINITY
    return inRow < inHeap ? inRow : inHeap
  }

  /** Lets `item` wait until `dueAt`, or moves it there if it waits already. */
  set(item: T, dueAt: number): void {
    assert(!Number.isNaN(dueAt), 'a deadline is a number')
    if (item.heapIndex !== NOWHERE) this.remove(item)
    item.dueAt = dueAt
    if (dueAt >= this.#rowEnd) {
      item.heapIndex = FIRST_IN_ROW - this.#row.length
      this.#row.push(item)
      this.#rowSize += 1
      this.#rowEnd = dueAt
      return
    }
    item.heapIndex = this.#heap.length
    this.#heap.push(item)
    this.#up(item.heapIndex)
  }

  /** Takes `item` out, if it waits. */
  remove(item: T): void {
    const place = item.heapIndex
    if (place === NOWHERE) return
    item.heapIndex = NOWHERE
    if (place < NOWHERE) this.#removeFromRow(item, FIRST_IN_ROW - place)
    else this.#removeFromHeap(item, place)
  }

  /** Takes out and returns one item that is due at `now`, or undefined. */
  due(now: number): T | undefined {
    const inRow = this.#row[this.#head]
    const inHeap = this.#heap[0]
    const isRowFirst = inRow !== undefined && (inHeap === undefined || inRow.dueAt <= inHeap.dueAt)
    const first = isRowFirst ? inRow : inHeap
    if (first === undefined || first.dueAt > now) return undefined
    this.remove(first)
    return first
  }

  /** Takes out each item that is due at `now` and visits it; what a visit makes due at once is visited as well. */
  takeDue(now: number, visit: (item: T) => void): void {
    for (let item = this.due(now); item !== undefined; item = this.due(now)) visit(item)
  }

  #removeFromRow(item: T, index: number): void {
    const row = this.#row
    assert(row[index] === item, 'a timed item waits in one heap only')
    row[index] = undefined
    this.#rowSize -= 1
    if (this.#rowSize === 0) {
      this.#row = []
      this.#head = 0
      this.#rowEnd = Number.NEGATIVE_INFINITY
      return
    }
    while (row[this.#head] === undefined) this.#head += 1
    if (row.length > SLACK && row.length > this.#rowSize * 4) this.#closeUp()
  }

  #closeUp(): void {
    const row = this.#row.filter((item) => item !== undefined)
    for (let index = 0; index < row.length; index += 1) (row[index] as T).heapIndex = FIRST_IN_ROW - index
    this.#row = row
    this.#head = 0
  }

  #removeFromHeap(item: T, index: number): void {
    assert(this.#heap[index] === item, 'a timed item waits in one heap only')
    const last = this.#heap.pop() as T
    if (last === item) return
    last.heapIndex = index
    this.#heap[index] = last
    this.#up(index)
    this.#down(last.heapIndex)
  }

  #up(start: number): void {
    const heap = this.#heap
    let index = start
    const item = heap[index] as T
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex] as T
      if (parent.dueAt <= item.dueAt) break
      heap[index] = parent
      parent.heapIndex = index
      index = parentIndex
    }
    heap[index] = item
    item.heapIndex = index
  }

  #down(start: number): void {
    const heap = this.#heap
    let index = start
    const item = heap[index] as T
    for (;;) {
      let childIndex = index * 2 + 1
      if (childIndex >= heap.length) break
      const right = heap[childIndex + 1]
      if (right !== undefined && right.dueAt < (heap[childIndex] as T).dueAt) childIndex += 1
      const child = heap[childIndex] as T
      if (child.dueAt >= item.dueAt) break
      heap[index] = child
      child.heapIndex = index
      index = childIndex
    }
    heap[index] = item
    item.heapIndex = index
  }
}
