/**
 * Has the young generation of V8 collected before large bodies make it collect everything, in a process that was started
 * with `node --expose-gc` (or NODE_OPTIONS). In any other nobody may ask V8 for that.
 *
 * zeromq.js tells V8 of each received frame twice, as a buffer and as memory outside of the heap. So 32 MiB of bodies, most
 * of them long dead, count 64, and V8 marks the whole heap; what it does for the young generation by itself, at 32 MiB of
 * buffers, comes too late by that. A young collection takes a tenth of a millisecond, gives back all frames and bodies that
 * nobody holds, and does not grow with the heap of the program around us.
 *
 * What survives two of them is old, and gone only with the next collection of everything. So the moment matters where a
 * body is put together from chunks: before a new one begins, the last one is mostly dead; in its midst it should happen once.
 */

import type { Message } from '../wire/messages.ts'

const MIB = 1024 * 1024

/** So much came in, in bodies that came whole. From 4 to 24 MiB it makes little difference. */
export const WHOLE_ENOUGH_BYTES = 8 * MIB

/** The same, while a body comes in chunks: once in the midst of one of 16 MiB. With 8 MiB it would be twice. */
export const CHUNKS_ENOUGH_BYTES = 12 * MIB

/** The same, before a body begins that comes in chunks. */
export const BEFORE_OFFER_BYTES = 4 * MIB

/** Counts the large bodies that come in to all nodes of a process. */
export class Nursery {
  readonly #collect: () => void
  #bytes = 0

  /** `collect` collects the young generation. */
  constructor(collect: () => void) {
    this.#collect = collect
  }

  /** Messages came in one frame, with a body of this size in a second one; 0 without. To be told before they are handled. */
  took(messages: readonly Pick<Message, 'kind'>[], bodyBytes: number): void {
    this.#bytes += bodyBytes
    if (this.#bytes < BEFORE_OFFER_BYTES || this.#bytes < enoughFor(messages, bodyBytes)) return
    this.#bytes = 0
    this.#collect()
  }
}

function enoughFor(messages: readonly Pick<Message, 'kind'>[], bodyBytes: number): number {
  if (messages.some(({ kind }) => kind === 'offer')) return BEFORE_OFFER_BYTES
  if (bodyBytes === 0) return Number.POSITIVE_INFINITY
  return messages[0]?.kind === 'chunk' ? CHUNKS_ENOUGH_BYTES : WHOLE_ENOUGH_BYTES
}

/** The nursery of a process whose collector may be called; undefined in others. */
export function openNursery(gc: typeof globalThis.gc): Nursery | undefined {
  return gc && new Nursery(() => gc({ type: 'minor' }))
}
