/**
 * A heap of deadlines: the earliest first, with removal by handle. One heap for a whole machine replaces one timer for
 * each request, and its top is the machine's `deadline`.
 *
 * Adding in rising order, which equal timeouts do, costs one comparison; removing costs O(log n).
 */

import { assert } from './assert.ts'

/** Something that can wait in a heap of deadlines. The two fields belong to the heap while it waits. */
export interface Timed {
  /** When it is due, in milliseconds of the clock that drives the machine. */
  dueAt: number
  /** Where it stands in the heap; -1 when it does not wait. */
  heapIndex: number
}

/** A binary min-heap over `dueAt`; equal times leave in an order that depends only on the operations before. */
export class Deadlines<T extends Timed> {
  readonly #heap: T[] = []

  get size(): number {
    return this.#heap.length
  }

  /** When the earliest is due; Infinity when none waits. */
  get next(): number {
    return this.#heap[0]?.dueAt ?? Number.POSITIVE_INFINITY
  }

  /** Lets `item` wait until `dueAt`, or moves it there if it waits already. */
  set(item: T, dueAt: number): void {
    assert(!Number.isNaN(dueAt), 'a deadline is a number')
    item.dueAt = dueAt
    if (item.heapIndex === -1) {
      item.heapIndex = this.#heap.length
      this.#heap.push(item)
    }
    this.#up(item.heapIndex)
    this.#down(item.heapIndex)
  }

  /** Takes `item` out, if it waits. */
  remove(item: T): void {
    const index = item.heapIndex
    if (index === -1) return
    assert(this.#heap[index] === item, 'a timed item waits in one heap only')
    item.heapIndex = -1
    const last = this.#heap.pop() as T
    if (last === item) return
    last.heapIndex = index
    this.#heap[index] = last
    this.#up(index)
    this.#down(last.heapIndex)
  }

  /** Takes out and returns one item that is due at `now`, or undefined. */
  due(now: number): T | undefined {
    const top = this.#heap[0]
    if (top === undefined || top.dueAt > now) return undefined
    this.remove(top)
    return top
  }

  /** Takes out each item that is due at `now` and visits it; what a visit makes due at once is visited as well. */
  takeDue(now: number, visit: (item: T) => void): void {
    for (let item = this.due(now); item !== undefined; item = this.due(now)) visit(item)
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
