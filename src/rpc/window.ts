/**
 * What a callee remembers of one run of one caller, so that a retry never runs a handler twice: every sequence that it
 * has seen, the calls that run, and the replies that the caller may still ask for.
 *
 * Replies leave when the caller's floor passes them, and earlier when they would exceed the bound. A retry of a call
 * whose reply is gone is answered with `forgotten`: an error that says so is better than a second run.
 */

import { SequenceSet } from '../base/sequence-set.ts'
import type { Reject, Reply } from '../wire/messages.ts'
import type { Call } from './responder.ts'

/** Bytes of replies kept for one caller: with the queues of the same peer below 16 MiB together. */
export const MAX_KEPT_BYTES = 4 * 1024 * 1024
/** What a kept reply costs beside its body: the record, the map entry and the message. */
const KEPT_OVERHEAD_BYTES = 256

/** A call that is over and whose answer is kept. */
interface Kept {
  readonly answer: Reply | Reject
  readonly sizeBytes: number
}

/** The memory of one callee for one run of one caller. */
export class DedupeWindow {
  readonly #seen = new SequenceSet()
  readonly #running = new Map<number, Call>()
  readonly #kept = new Map<number, Kept>()
  #floor = 1
  #runningBytes = 0
  #keptBytes = 0

  get runningCount(): number {
    return this.#running.size
  }

  /** Bytes of the bodies of the calls that run. */
  get runningBytes(): number {
    return this.#runningBytes
  }

  get keptCount(): number {
    return this.#kept.size
  }

  get keptBytes(): number {
    return this.#keptBytes
  }

  /** Marks `sequence` as seen; gives whether it is new. */
  admit(sequence: number): boolean {
    return sequence >= this.#floor && this.#seen.add(sequence)
  }

  /** Makes as if `sequence` had never come: it was refused before anything ran. */
  withdraw(sequence: number): void {
    this.#seen.remove(sequence)
  }

  running(sequence: number): Call | undefined {
    return this.#running.get(sequence)
  }

  answer(sequence: number): Reply | Reject | undefined {
    return this.#kept.get(sequence)?.answer
  }

  start(call: Call): void {
    this.#running.set(call.sequence, call)
    this.#runningBytes += call.request.body.bytes.length
  }

  /** The call is over: its answer is kept until the floor passes it or room is needed. */
  finish(call: Call, answer: Reply | Reject): void {
    this.#running.delete(call.sequence)
    this.#runningBytes -= call.request.body.bytes.length
    if (call.sequence < this.#floor) return
    const sizeBytes =
      KEPT_OVERHEAD_BYTES + (answer.kind === 'reply' ? answer.body.bytes.length : answer.text.length)
    this.#kept.set(call.sequence, { answer, sizeBytes })
    this.#keptBytes += sizeBytes
    for (const [sequence, oldest] of this.#kept) {
      if (this.#keptBytes <= MAX_KEPT_BYTES) break
      this.#drop(sequence, oldest)
    }
  }

  /** Everything below `floor` is settled at the caller. */
  raiseFloor(floor: number): void {
    if (floor <= this.#floor) return
    this.#floor = floor
    // Replies are kept in the order in which calls finished, so one slow call may hide others for a while: the walk
    // stops at the first that must stay, and the bound above holds in any case.
    for (const [sequence, kept] of this.#kept) {
      if (sequence >= floor) break
      this.#drop(sequence, kept)
    }
  }

  calls(): IterableIterator<Call> {
    return this.#running.values()
  }

  answers(): (Reply | Reject)[] {
    return [...this.#kept.values()].map((kept) => kept.answer)
  }

  #drop(sequence: number, kept: Kept): void {
    this.#kept.delete(sequence)
    this.#keptBytes -= kept.sizeBytes
  }
}
