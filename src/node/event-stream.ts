/**
 * Events as an async iterator: each reader has a bounded queue of its own, so that a reader that stands still costs a
 * fixed amount and learns what it lost.
 */

import type { NodeEvent } from './api.ts'

/** Events that wait for one reader; at a few hundred bytes each, well below 1 MiB. */
const MAX_WAITING = 1024

/** One reader of events. */
class Reader implements AsyncIterableIterator<NodeEvent> {
  readonly #waiting: NodeEvent[] = []
  readonly #onEnd: (reader: Reader) => void
  #lost = 0
  #isEnded = false
  #pull: ((result: IteratorResult<NodeEvent>) => void) | undefined

  constructor(onEnd: (reader: Reader) => void) {
    this.#onEnd = onEnd
  }

  push(event: NodeEvent): void {
    const pull = this.#pull
    if (pull !== undefined) {
      this.#pull = undefined
      pull({ done: false, value: event })
    } else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(event)
    else this.#lost += 1
  }

  end(): void {
    this.#isEnded = true
    this.#pull?.({ done: true, value: undefined })
    this.#pull = undefined
  }

  next(): Promise<IteratorResult<NodeEvent>> {
    const event = this.#waiting.shift()
    if (event !== undefined) return Promise.resolve({ done: false, value: event })
    if (this.#lost > 0) {
      const count = this.#lost
      this.#lost = 0
      return Promise.resolve({ done: false, value: { kind: 'events:lost', count } })
    }
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => {
      // Two reads at once: the older one ends, as there is one place to wait.
      this.#pull?.({ done: true, value: undefined })
      this.#pull = resolve
    })
  }

  return(): Promise<IteratorResult<NodeEvent>> {
    this.end()
    this.#onEnd(this)
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

/** All readers of one node's events. */
export class EventStream {
  readonly #readers = new Set<Reader>()
  #isEnded = false

  push(event: NodeEvent): void {
    for (const reader of this.#readers) reader.push(event)
  }

  read(): AsyncIterableIterator<NodeEvent> {
    const reader = new Reader((ended) => this.#readers.delete(ended))
    if (this.#isEnded) reader.end()
    else this.#readers.add(reader)
    return reader
  }

  end(): void {
    this.#isEnded = true
    for (const reader of this.#readers) reader.end()
    this.#readers.clear()
  }
}
