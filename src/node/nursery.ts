/**
 * Has the young generation of V8 collected before large bodies make it collect everything.
 *
 * zeromq.js tells V8 of each received frame twice, as a buffer and as memory outside of the heap. After 32 MiB of bodies,
 * most of them long dead, V8 takes 64 MiB for what the process holds and marks its whole heap; its own threshold for the
 * young generation, 32 MiB of buffers, comes too late by that. A young collection takes a tenth of a millisecond, gives
 * back all frames and bodies that nobody holds, and does not grow with the heap of the program around us.
 *
 * What survives two of them is old, and gone only with the next collection of everything. So the moment matters where a
 * body is put together from chunks: before a new one begins, the last one is mostly dead; in its midst it should happen once.
 */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Message } from '../wire/messages.ts'

const MIB = 1024 * 1024

/** So much came in: bodies that came whole (from 4 to 24 MiB it makes little difference, below it costs more than it gives). */
export const WHOLE_ENOUGH_BYTES = 8 * MIB

/** The same, while a body comes in chunks: once in the midst of one of 16 MiB. With 8 MiB it would be twice. */
export const CHUNKS_ENOUGH_BYTES = 12 * MIB

/** The same, before a body begins that comes in chunks. */
export const BEFORE_OFFER_BYTES = 4 * MIB

/** Collects the young generation of this process. */
export type CollectYoung = () => void

/** Counts the large bodies that come in to all nodes of a process. */
export class Nursery {
  readonly #findCollector: () => CollectYoung | undefined
  #collector: { readonly collect: CollectYoung | undefined } | undefined
  #bytes = 0

  /** The collector is looked for when the first collection is due: most processes never receive so much. */
  constructor(findCollector: () => CollectYoung | undefined) {
    this.#findCollector = findCollector
  }

  /** Messages came in one frame, with a body of this size in a second one; 0 without. To be told before they are handled. */
  took(messages: readonly Pick<Message, 'kind'>[], bodyBytes: number): void {
    this.#bytes += bodyBytes
    if (this.#bytes < BEFORE_OFFER_BYTES || this.#bytes < enoughFor(messages, bodyBytes)) return
    this.#bytes = 0
    this.#collector ??= { collect: this.#findCollector() }
    this.#collector.collect?.()
  }
}

function enoughFor(messages: readonly Pick<Message, 'kind'>[], bodyBytes: number): number {
  if (messages.some(({ kind }) => kind === 'offer')) return BEFORE_OFFER_BYTES
  if (bodyBytes === 0) return Number.POSITIVE_INFINITY
  return messages[0]?.kind === 'chunk' ? CHUNKS_ENOUGH_BYTES : WHOLE_ENOUGH_BYTES
}

/**
 * The collector of this process; undefined where V8 gives none: then it alone decides. V8 hands it to contexts that are
 * made while a flag is set; the flag is taken back at once, so that no other context sees it.
 */
export function findYoungCollector(borrow = borrowGc): CollectYoung | undefined {
  try {
    // A process that was started with the flag keeps it.
    const gc = globalThis.gc ?? borrow()
    return gc && (() => gc({ type: 'minor' }))
  } catch {
    return undefined
  }
}

function borrowGc(): typeof globalThis.gc {
  setFlagsFromString('--expose-gc')
  try {
    return runInNewContext('globalThis.gc') as typeof globalThis.gc
  } finally {
    setFlagsFromString('--no-expose-gc')
  }
}
