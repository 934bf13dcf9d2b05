/**
 * Virtual time: one queue of events for a whole simulation, ordered by time and then by insertion, so that a run is
 * fixed by what was put in. `soon` holds the events of the present millisecond, which spares them the heap.
 *
 * It knows nothing of nodes, promises or the real clock; turns.ts says when the next event may run.
 */

import { assert } from '../base/assert.ts'

/** A millisecond of virtual time with more events than this is an endless loop, not a busy moment. */
const MAX_EVENTS_PER_MS = 1_000_000

/** Something that happens at a moment of virtual time. */
export interface SimEvent {
  /** When, in milliseconds of virtual time. */
  atMs: number
  /** Breaks ties: what was scheduled first runs first. */
  order: number
  /** Where it stands in the heap; -1 when it does not wait there. */
  heapIndex: number
  run: () => void
}

/** The queue of events and the virtual clock. */
export class Scheduler {
  readonly #heap: SimEvent[] = []
  #soon: (() => void)[] = []
  #soonHead = 0
  #nowMs = 0
  #order = 0
  #runs = 0
  #runsInThisMs = 0

  /** Virtual milliseconds since the simulation began. */
  get nowMs(): number {
    return this.#nowMs
  }

  /** How many events have run: the measure of a simulation's work. */
  get runs(): number {
    return this.#runs
  }

  /** When the next event is due; Infinity when there is none. */
  get nextMs(): number {
    if (this.#soonHead < this.#soon.length) return this.#nowMs
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY
  }

  /** Runs `task` at `atMs`, or now when that is past. The event can be cancelled until then. */
  at(atMs: number, run: () => void): SimEvent {
    assert(Number.isFinite(atMs), 'an event has a finite time')
    const event: SimEvent = {
      atMs: Math.max(this.#nowMs, Math.ceil(atMs)),
      order: this.#order,
      heapIndex: -1,
      run,
    }
    this.#order += 1
    event.heapIndex = this.#heap.length
    this.#heap.push(event)
    this.#up(event)
    return event
  }

  /** Runs `task` after what is already waiting in this millisecond, before time moves on. */
  soon(task: () => void): void {
    this.#soon.push(task)
  }

  /** Takes `event` out, if it still waits. */
  cancel(event: SimEvent): void {
    const index = event.heapIndex
    if (index === -1) return
    event.heapIndex = -1
    const last = this.#heap.pop() as SimEvent
    if (last === event) return
    last.heapIndex = index
    this.#heap[index] = last
    this.#up(last)
    this.#down(last)
  }

  /** Takes the next event that is due by `limitMs`, moves time to it and runs it; false when there is none. */
  step(limitMs: number): boolean {
    const beforeMs = this.#nowMs
    const task = this.#take(limitMs)
    if (task === undefined) return false
    this.#runs += 1
    this.#runsInThisMs = this.#nowMs === beforeMs ? this.#runsInThisMs + 1 : 0
    assert(this.#runsInThisMs < MAX_EVENTS_PER_MS, `time stands still at ${this.#nowMs} ms: something spins`)
    task()
    return true
  }

  /** Moves time on to `atMs`; nothing may be due before. */
  advance(atMs: number): void {
    assert(this.nextMs >= atMs, 'time never skips an event')
    this.#nowMs = Math.max(this.#nowMs, atMs)
  }

  #take(limitMs: number): (() => void) | undefined {
    // What is due by the clock goes before what was put off to the end of the millisecond.
    const top = this.#heap[0]
    if (this.#soonHead < this.#soon.length && !(top !== undefined && top.atMs <= this.#nowMs))
      return this.#takeSoon()
    if (top === undefined || top.atMs > limitMs) return undefined
    this.cancel(top)
    this.#nowMs = top.atMs
    return top.run
  }

  #takeSoon(): (() => void) | undefined {
    const task = this.#soon[this.#soonHead]
    this.#soonHead += 1
    if (this.#soonHead === this.#soon.length) {
      this.#soon = []
      this.#soonHead = 0
    }
    return task
  }

  #up(event: SimEvent): void {
    const heap = this.#heap
    let index = event.heapIndex
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex] as SimEvent
      if (isBefore(parent, event)) break
      heap[index] = parent
      parent.heapIndex = index
      index = parentIndex
    }
    heap[index] = event
    event.heapIndex = index
  }

  #down(event: SimEvent): void {
    const heap = this.#heap
    let index = event.heapIndex
    for (;;) {
      let childIndex = index * 2 + 1
      if (childIndex >= heap.length) break
      const right = heap[childIndex + 1]
      if (right !== undefined && isBefore(right, heap[childIndex] as SimEvent)) childIndex += 1
      const child = heap[childIndex] as SimEvent
      if (isBefore(event, child)) break
      heap[index] = child
      child.heapIndex = index
      index = childIndex
    }
    heap[index] = event
    event.heapIndex = index
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
