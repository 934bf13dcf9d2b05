/**
 * What a callee remembers of one run of one caller, so that a retry never runs a handler twice: every sequence that it
 * has seen, the calls that run, and the replies that the caller may still ask for.
 *
 * A reply is **owed** until the way to the caller has taken it, and from then on **kept**. Kept ones leave when the caller's
 * floor passes them, and earlier when they would exceed the bound. A retry of a call whose reply is gone is answered with
 * `forgotten`: an error that says so is better than a second run.
 */

import { BodyBook } from '../base/body-book.ts'
import { SequenceMap } from '../base/sequence-map.ts'
import { SequenceSet } from '../base/sequence-set.ts'
import { DEFAULT_MAX_BODY_BYTES, TRANSFER_BODY_BYTES } from '../wire/limits.ts'
import type { Reject, Reply } from '../wire/messages.ts'
import { AnswerTotal } from './answer-total.ts'
import { answerBytes, type Kept, type Line, largeAnswerBytes, OwedAnswers } from './owed.ts'
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
/** The memory of one callee for one run of one caller. */
export class DedupeWindow {
  readonly #seen = new SequenceSet()
  readonly #running = new SequenceMap<Call>()
  readonly #kept = new SequenceMap<Kept>()
  readonly #runningBook: BodyBook
  readonly #keptBook: BodyBook
  readonly #total: AnswerTotal
  #floor = 1
  #isReleased = false
  readonly owed: OwedAnswers

  /** `total` counts the answers of all windows of a node. */
  constructor(maxBodyBytes = DEFAULT_MAX_BODY_BYTES, total = new AnswerTotal(maxBodyBytes)) {
    const large = { largeFromBytes: TRANSFER_BODY_BYTES, largeBytes: largeAnswerBytes(maxBodyBytes) }
    this.#runningBook = new BodyBook({ smallBytes: MAX_RUNNING_BYTES_PER_CALLER, ...large })
    this.#keptBook = new BodyBook({ smallBytes: MAX_KEPT_BYTES, ...large })
    this.#total = total
    this.owed = new OwedAnswers(maxBodyBytes)
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

  /** The answer of a call that is over, whether it is kept or owed. */
  answer(sequence: number): Reply | Reject | undefined {
    return (this.#kept.get(sequence) ?? this.owed.get(sequence))?.answer
  }

  start(call: Call): void {
    this.#running.set(call.sequence, call)
    this.#runningBook.add(call.request.body.bytes.length)
  }

  /** The call is over: its answer is owed until it is taken, and kept until the floor passes it or room is needed. */
  finish(call: Call, answer: Reply | Reject, isTaken = true): void {
    const { sequence, request } = call
    this.#running.take(sequence)
    this.#runningBook.remove(request.body.bytes.length)
    if (sequence < this.#floor || this.#isReleased) return
    const kept = { answer, sizeBytes: answerBytes(answer), deadlineAt: request.deadlineAt }
    this.#total.add(kept.sizeBytes)
    if (isTaken) this.#keep(sequence, kept)
    else this.owed.add(sequence, kept)
  }

  /** The first answer of a line that somebody still waits for. Those before it are let go. */
  firstOwed(now: number, line: Line): Reply | Reject | undefined {
    for (const [sequence, kept] of line) {
      if (sequence >= this.#floor && kept.deadlineAt > now) return kept.answer
      this.#dropOwed(sequence, kept)
    }
    return undefined
  }

  /** An owed answer was taken: from now on it is kept like all others. */
  paid(sequence: number): void {
    const kept = this.owed.get(sequence)
    if (kept === undefined) return
    this.owed.remove(sequence, kept)
    this.#keep(sequence, kept)
  }

  /** A kept answer is to be sent again, and stands at the end of its line. */
  oweAgain(sequence: number): void {
    const kept = this.#kept.take(sequence)
    if (kept === undefined) return
    this.#keptBook.remove(kept.sizeBytes)
    this.owed.add(sequence, kept)
  }

  /**
   * The way on which answers were taken is gone: whatever is kept is owed again, before what was not taken.
   */
  oweAll(): void {
    const waiting = this.owed.takeAll()
    for (const { answer } of this.#kept.all()) this.oweAgain(answer.sequence)
    for (const [sequence, kept] of waiting) this.owed.add(sequence, kept)
  }

  /** Everything below `floor` is settled at the caller. */
  raiseFloor(floor: number): void {
    if (floor <= this.#floor) return
    this.#floor = floor
    for (let lowest = this.#kept.lowest; lowest !== undefined && lowest < floor; lowest = this.#kept.lowest) {
      this.#drop(lowest)
    }
    for (const line of this.owed.lines) {
      for (const [sequence, kept] of line) {
        if (sequence >= floor) break
        this.#dropOwed(sequence, kept)
      }
    }
  }

  /** The caller has all of this answer: it needs no keeping. */
  confirm(sequence: number): void {
    this.#drop(sequence)
    // It may have been asked for again while it was on its way.
    const owed = this.owed.get(sequence)
    if (owed !== undefined) this.#dropOwed(sequence, owed)
  }

  /** Lets answers go until the node has room again: those asked for first, then, if nobody is there, owed ones. */
  thin(isAway: boolean): void {
    for (let lowest = this.#kept.lowest; lowest !== undefined; lowest = this.#kept.lowest) {
      if (this.#total.isEased) return
      this.#drop(lowest)
    }
    if (!isAway) return
    for (const line of this.owed.lines) {
      for (const [sequence, kept] of line) {
        if (this.#total.isEased) return
        this.#dropOwed(sequence, kept)
      }
    }
  }

  /** The caller is forgotten: nothing is held for it any more, and no answer of what still runs. */
  release(): void {
    this.#isReleased = true
    for (const { answer } of this.#kept.all()) this.#drop(answer.sequence)
    for (const [, { sizeBytes }] of this.owed.takeAll()) this.#total.remove(sizeBytes)
  }

  calls(): Call[] {
    return this.#running.all()
  }

  /** All answers that are held: those kept, then those owed. */
  answers(): (Reply | Reject)[] {
    const owed = this.owed.lines.flatMap((line) => [...line.values()])
    return [...this.#kept.all(), ...owed].map(({ answer }) => answer)
  }

  /** Only what is of the same class makes room, and the newest stays, whatever its size. */
  #keep(sequence: number, kept: Kept): void {
    const { sizeBytes } = kept
    this.#kept.set(sequence, kept)
    this.#keptBook.add(sizeBytes)
    const isLarge = this.#keptBook.isLarge(sizeBytes)
    while (this.#keptBook.isOver(sizeBytes)) {
      const first = this.#kept.find(
        (each) => each !== kept && this.#keptBook.isLarge(each.sizeBytes) === isLarge,
      )
      if (first === undefined) return
      this.#drop(first.answer.sequence)
    }
  }

  #drop(sequence: number): void {
    const kept = this.#kept.take(sequence)
    if (kept === undefined) return
    this.#keptBook.remove(kept.sizeBytes)
    this.#total.remove(kept.sizeBytes)
  }

  #dropOwed(sequence: number, kept: Kept): void {
    this.owed.remove(sequence, kept)
    this.#total.remove(kept.sizeBytes)
  }
}
