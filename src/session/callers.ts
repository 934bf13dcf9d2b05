/**
 * What a node remembers of those who call it, beyond their connection: one memory for each run of each caller, so that
 * a caller that reconnects is met by the same dedupe window, and one that restarts by a fresh one.
 *
 * A memory gets a number. It travels in Welcome, so that a caller can tell whether it was forgotten in between.
 */

import type { Incarnation } from '../base/ids.ts'
import type { Hello } from '../wire/messages.ts'

/** Memories that one node keeps; most hold nothing, and what all hold is bounded together (MAX_ANSWER_BYTES). */
export const MAX_CALLERS = 4096
/** How long a memory outlives the last session of its caller: longer than any sensible deadline of a request. */
export const CALLER_KEPT_MS = 120_000

/** One remembered run of one caller. */
export interface CallerMemory<M> {
  readonly key: string
  readonly incarnation: Incarnation
  /** The number that Welcome carries. */
  readonly window: number
  readonly memory: M
  /** How many sessions use it at present. */
  sessions: number
  /** When its last session ended. */
  leftAt: number
}

/** The memories of one node. `M` is whatever the owner keeps for a caller. */
export class Callers<M> {
  readonly #memories = new Map<string, CallerMemory<M>>()
  /** Those without a session, in the order in which they left. */
  readonly #absent = new Map<string, CallerMemory<M>>()
  readonly #create: (hello: Hello) => M
  readonly #forget: (memory: M) => void
  #nextWindow = 1

  /** `forget` is called with each memory that is kept no longer. */
  constructor(create: (hello: Hello) => M, forget: (memory: M) => void = () => {}) {
    this.#create = create
    this.#forget = forget
  }

  get size(): number {
    return this.#memories.size
  }

  all(): IterableIterator<CallerMemory<M>> {
    return this.#memories.values()
  }

  /** All memories: first those without a session, in the order in which they left. */
  *leftFirst(): IterableIterator<CallerMemory<M>> {
    yield* this.#absent.values()
    for (const caller of this.#memories.values()) if (caller.sessions > 0) yield caller
  }

  /** A session of this caller begins: gives its memory, a fresh one if there is none. */
  enter(hello: Hello): CallerMemory<M> {
    const key = `${hello.role}/${hello.name}/${hello.incarnation}`
    let found = this.#memories.get(key)
    if (found === undefined) {
      const window = this.#nextWindow
      this.#nextWindow += 1
      const memory = this.#create(hello)
      found = { key, incarnation: hello.incarnation, window, memory, sessions: 0, leftAt: 0 }
      this.#memories.set(key, found)
    }
    this.#absent.delete(key)
    found.sessions += 1
    return found
  }

  /**
   * A session of this caller has ended. A goodbye changes nothing: who says it still waits for what runs, may lose its
   * connection meanwhile, and comes back on another one to ask again.
   */
  leave(now: number, caller: CallerMemory<M>): void {
    caller.sessions -= 1
    caller.leftAt = now
    if (caller.sessions === 0) this.#absent.set(caller.key, caller)
    this.#forgetOld(now)
  }

  #forgetOld(now: number): void {
    for (const [key, caller] of this.#absent) {
      if (now - caller.leftAt < CALLER_KEPT_MS && this.#memories.size <= MAX_CALLERS) break
      this.#absent.delete(key)
      this.#memories.delete(key)
      this.#forget(caller.memory)
    }
  }
}
