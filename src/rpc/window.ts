/**
 * What a callee remembers of one run of one caller, so that a retry never runs a handler twice: every sequence that it
 * has seen, the calls that run, and the replies that the caller may still ask for.
 *
 * Replies leave when the caller's floor passes them, and earlier when they would exceed the bound. A retry of a call
 * whose reply is gone is answered with `forgotten`: an error that says so is better than a second run.
 */

import { BodyBook } from '../base/body-book.ts'
import { SequenceSet } from '../base/sequence-set.ts'
import { DEFAULT_MAX_BODY_BYTES, LARGE_BODIES_PER_PEER, TRANSFER_BODY_BYTES } from '../wire/limits.ts'
import type { Reject, Reply } from '../wire/messages.ts'
import type { Call } from './responder.ts'

/**
 * Bytes of replies kept for one caller: with the queues of the same peer below 16 MiB together. Replies from
 * TRANSFER_BODY_BYTES on are not counted here: of them, LARGE_BODIES_PER_PEER of the largest size are kept.
 */
export const MAX_KEPT_BYTES = 4 * 1024 * 1024
/**
 * Bytes of the bodies that the handlers of one caller hold: what one caller may have pending here (caller.ts). Bodies from
 * TRANSFER_BODY_BYTES on are not counted here: of them, LARGE_BODIES_PER_PEER of the largest size fit.
 */
export const MAX_RUNNING_BYTES_PER_CALLER = 8 * 1024 * 1024
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
  readonly #runningBook: BodyBook
  readonly #keptBook: BodyBook
  #floor = 1

  constructor(maxBodyBytes = DEFAULT_MAX_BODY_BYTES) {
    const largeBytes = LARGE_BODIES_PER_PEER * (maxBodyBytes + KEPT_OVERHEAD_BYTES)
    const large = { largeFromBytes: TRANSFER_BODY_BYTES, largeBytes }
    this.#runningBook = new BodyBook({ smallBytes: MAX_RUNNING_BYTES_PER_CALLER, ...large })
    this.#keptBook = new BodyBook({ smallBytes: MAX_KEPT_BYTES, ...large })
  }

  get runningCount(): number {
    return this.#running.size
  }

  /** Whether the body of one more call has room. */
  hasRoom(sizeBytes: number): boolean {
    return this.#runningBook.hasRoom(sizeBytes)
  }

  get keptCount(): number {
    return this.#kept.size
  }

  get keptBytes(): number {
    return this.#keptBook.bytes
  }

  /** Marks `sequence` as seen; gives whether it is new. */
  admit(sequence: number): boolean {
    return sequence >= this.#floor && this.#seen.add(sequence)
  }

  /** Whether `sequence` was seen, or is settled. */
  hasSeen(sequence: number): boolean {
    return sequence < this.#floor || this.#seen.has(sequence)
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
    this.#runningBook.add(call.request.body.bytes.length)
  }

  /** The call is over: its answer is kept until the floor passes it or room is needed. */
  finish(call: Call, answer: Reply | Reject): void {
    this.#running.delete(call.sequence)
    this.#runningBook.remove(call.request.body.bytes.length)
    if (call.sequence < this.#floor) return
    const sizeBytes =
      KEPT_OVERHEAD_BYTES + (answer.kind === 'reply' ? answer.body.bytes.length : answer.text.length)
    this.#kept.set(call.sequence, { answer, sizeBytes })
    this.#keptBook.add(sizeBytes)
    // Only what is of the same class makes room, and the newest stays, whatever its size.
    for (const [sequence, oldest] of this.#kept) {
      if (!this.#keptBook.isOver(sizeBytes)) break
      const isOfClass = this.#keptBook.isLarge(oldest.sizeBytes) === this.#keptBook.isLarge(sizeBytes)
      if (isOfClass) this.#drop(sequence, oldest)
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

  /** The caller has all of this answer: it needs no keeping. */
  confirm(sequence: number): void {
    const kept = this.#kept.get(sequence)
    if (kept !== undefined) this.#drop(sequence, kept)
  }

  calls(): IterableIterator<Call> {
    return this.#running.values()
  }

  answers(): (Reply | Reject)[] {
    return [...this.#kept.values()].map((kept) => kept.answer)
  }

  #drop(sequence: number, kept: Kept): void {
    this.#kept.delete(sequence)
    this.#keptBook.remove(kept.sizeBytes)
  }
}
