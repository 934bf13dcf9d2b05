/**
 * One body in the making: a buffer of its whole size, and how far it is filled. A part is copied once, to its place;
 * that is the only copy of a large body on its way from one user to the other.
 *
 * Parts come in order, because a connection keeps it. What comes too early is not kept: the sender goes back instead.
 */

import { assert } from '../base/assert.ts'

/** `grown`: it was the next one. `seen`: there was nothing new in it. `early`: something before it is missing. */
export type Addition = 'grown' | 'seen' | 'early'

/** A body that is filled from its beginning. */
export class Assembly {
  receivedBytes = 0
  readonly #buffer: Buffer

  constructor(totalBytes: number) {
    // Not zeroed: nobody sees it before each byte was written, and the system gives pages only as they are touched.
    this.#buffer = Buffer.allocUnsafeSlow(totalBytes)
  }

  get totalBytes(): number {
    return this.#buffer.length
  }

  get isWhole(): boolean {
    return this.receivedBytes === this.#buffer.length
  }

  /** Adds a part, which must end inside of the body. */
  add(offset: number, bytes: Uint8Array): Addition {
    const end = offset + bytes.length
    assert(end <= this.#buffer.length, 'a part ends inside of its body')
    if (offset > this.receivedBytes) return 'early'
    if (end <= this.receivedBytes) return 'seen'
    const seenBytes = this.receivedBytes - offset
    this.#buffer.set(seenBytes === 0 ? bytes : bytes.subarray(seenBytes), this.receivedBytes)
    this.receivedBytes = end
    return 'grown'
  }

  /** The whole body; it must have arrived. */
  take(): Buffer {
    assert(this.isWhole, 'a body is taken when all of it has arrived')
    return this.#buffer
  }
}
