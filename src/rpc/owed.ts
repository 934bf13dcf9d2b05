/**
 * The answers that a callee owes to one run of one caller: they are ready, and the way to the caller has had no room for
 * them. They stand in two lines, small and large ones, because these leave by two ways (transfer/transfers.ts), and one that is full
 * must not hold up the other. In a line none overtakes another: a stream of small answers would else fill
 * every room that is made, and those that wait would wait for ever.
 *
 * It only keeps the lines and their bounds. When an answer is sent, and what becomes of one for which there is no room
 * here either, is the matter of the responder.
 */

import { BodyBook } from '../base/body-book.ts'
import { DEFAULT_MAX_BODY_BYTES, LARGE_BODIES_PER_PEER, TRANSFER_BODY_BYTES } from '../wire/limits.ts'
import type { Reject, Reply } from '../wire/messages.ts'

/**
 * When this many bytes of answers are owed to one caller, no call of it begins: with the 7.5 MiB in the queue of its connection
 * and the 4.5 MiB that libzmq may hold of bodies that travel whole, 16 MiB. Answers from TRANSFER_BODY_BYTES on are counted apart: of them, LARGE_BODIES_PER_PEER of the
 * largest size. Calls that had begun before may bring more, up to what the node has for all answers (answer-total.ts).
 */
export const MAX_OWED_BYTES = 4 * 1024 * 1024

/** What an answer costs beside its body: the record, the map entry and the message. */
export const ANSWER_OVERHEAD_BYTES = 256

/** An answer of a call that is over. */
export interface Kept {
  readonly answer: Reply | Reject
  readonly sizeBytes: number
  /** From when on nobody waits for it, on the clock of the callee. */
  readonly deadlineAt: number
}

/** The size of an answer in all books of answers. */
export function answerBytes(answer: Reply | Reject): number {
  return ANSWER_OVERHEAD_BYTES + (answer.kind === 'reply' ? answer.body.bytes.length : answer.text.length)
}

/** The bytes of large answers that each book has room for. */
export function largeAnswerBytes(maxBodyBytes: number): number {
  return LARGE_BODIES_PER_PEER * (maxBodyBytes + ANSWER_OVERHEAD_BYTES)
}

/** One of the two lines, by the sequences of its answers; the one that is owed longest stands first. */
export type Line = Map<number, Kept>

/** All answers that are owed to one caller. */
export class OwedAnswers {
  readonly lines: readonly [small: Line, large: Line] = [new Map(), new Map()]
  readonly #book: BodyBook

  constructor(maxBodyBytes = DEFAULT_MAX_BODY_BYTES) {
    const largeBytes = largeAnswerBytes(maxBodyBytes)
    this.#book = new BodyBook({
      smallBytes: MAX_OWED_BYTES,
      largeFromBytes: TRANSFER_BODY_BYTES,
      largeBytes,
    })
  }

  get count(): number {
    return this.lines[0].size + this.lines[1].size
  }

  get bytes(): number {
    return this.#book.bytes
  }

  /** Whether so much is owed that no call should begin. */
  get isEnough(): boolean {
    const [small, large] = [this.#book.classOf(0), this.#book.classOf(Number.POSITIVE_INFINITY)]
    return small.bytes >= small.bound || large.bytes >= large.bound
  }

  /** Whether answers of this size have others before them. */
  isWaitedFor(sizeBytes: number): boolean {
    return this.lineOf(sizeBytes).size > 0
  }

  lineOf(sizeBytes: number): Line {
    return this.lines[this.#book.isLarge(sizeBytes) ? 1 : 0]
  }

  get(sequence: number): Kept | undefined {
    return this.lines[0].get(sequence) ?? this.lines[1].get(sequence)
  }

  /** Adds an answer at the end of its line. */
  add(sequence: number, kept: Kept): void {
    this.lineOf(kept.sizeBytes).set(sequence, kept)
    this.#book.add(kept.sizeBytes)
  }

  remove(sequence: number, kept: Kept): void {
    if (this.lineOf(kept.sizeBytes).delete(sequence)) this.#book.remove(kept.sizeBytes)
  }

  /** Takes all answers out; gives them, the small ones first. */
  takeAll(): [sequence: number, kept: Kept][] {
    const all = [...this.lines[0], ...this.lines[1]]
    for (const [sequence, kept] of all) this.remove(sequence, kept)
    return all
  }
}
