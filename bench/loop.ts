/**
 * The loops that all sides share, so that a difference between two sides is theirs and not that of the loop: operations
 * that are awaited with so many under way, and messages that nobody acknowledges. Also the look at each reply: a wrong
 * answer must not count as a fast one.
 */

import { type Ran, Tally, type Times } from './tally.ts'

/** Each of the operations under way is an async function that begins the next one when the last has ended. */
export async function runOperations(
  operation: () => Promise<void>,
  inFlight: number,
  times: Times,
): Promise<Ran> {
  const tally = new Tally(times, inFlight)
  const work = async (): Promise<void> => {
    do await operation()
    while (tally.ended())
  }
  // All have ended before a failure is told, so that nothing runs on into the next figure.
  const outcomes = await Promise.allSettled(Array.from({ length: inFlight }, work))
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  return tally.ran
}

/**
 * Sends without receipts. `fence` resolves when what was sent before it has arrived, or is at least out of this process; the
 * sender is never more than two windows ahead of it, or it would only fill its own memory.
 */
export async function sendAhead(
  send: () => void,
  fence: (sent: number) => Promise<unknown>,
  window: number,
  times: Times,
): Promise<Ran> {
  const tally = new Tally(times, window)
  let sent = 0
  let goesOn = true
  let previous: Promise<unknown> = Promise.resolve()
  while (goesOn) {
    for (let count = 0; count < window && goesOn; count += 1) {
      send()
      sent += 1
      goesOn = tally.ended()
    }
    const next = fence(sent)
    // It may fail while the previous one is awaited; it is awaited itself in the next turn.
    next.catch(() => undefined)
    await previous
    previous = next
  }
  await previous
  return tally.ran
}

/** Counts what arrives at a server and tells when there were so many: the far end of a fence. */
export class Arrivals {
  count = 0
  #waiting: { readonly upTo: number; readonly resolve: () => void }[] = []

  arrived(): void {
    this.count += 1
    if (this.#waiting.length === 0) return
    for (const { resolve } of this.#waiting.filter(({ upTo }) => upTo <= this.count)) resolve()
    this.#waiting = this.#waiting.filter(({ upTo }) => upTo > this.count)
  }

  reached(upTo: number): Promise<void> {
    if (upTo <= this.count) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ upTo, resolve }))
  }
}

const FILLING = 'zmqnet'

/** The body of this size that all sides send. */
export function bodyOf(sizeBytes: number): Buffer {
  return Buffer.alloc(sizeBytes, FILLING)
}

/** The same for sides that carry texts: one byte for each character. */
export function textOf(sizeBytes: number): string {
  return bodyOf(sizeBytes).toString('latin1')
}

/** Throws unless a reply is the body: the first is compared as a whole, the others by their length and their end. */
export class ReplyCheck<Body extends Buffer | string> {
  readonly #body: Body
  #isFirst = true

  constructor(body: Body) {
    this.#body = body
  }

  check(reply: unknown): void {
    if (!isOfKind(reply, this.#body)) throw new Error(`A reply of another kind: ${typeof reply}`)
    const { length } = this.#body
    if (reply.length !== length) throw new Error(`A reply of ${reply.length} instead of ${length}`)
    if (reply.at(-1) !== this.#body.at(-1)) throw new Error('A reply with another end')
    if (!this.#isFirst) return
    this.#isFirst = false
    const isSame =
      typeof reply === 'string' ? reply === this.#body : Buffer.compare(reply, Buffer.from(this.#body)) === 0
    if (!isSame) throw new Error('A reply with another content')
  }
}

function isOfKind(reply: unknown, body: Buffer | string): reply is Uint8Array | string {
  return typeof body === 'string' ? typeof reply === 'string' : reply instanceof Uint8Array
}
