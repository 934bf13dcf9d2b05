/**
 * How many bytes all answers of one node take, over all its callers. Each caller has bounds of its own, but there may be
 * thousands of them, and the process has only one memory.
 *
 * Only the sum is here. Whose answers make room when it is reached is the matter of the responder.
 */

import { DEFAULT_MAX_BODY_BYTES, LARGE_BODIES_PER_PEER } from '../wire/limits.ts'

/**
 * Bytes of the answers that a node keeps and owes, for all callers together: as much as all bodies that may be on their way
 * here. Not less than LARGE_BODIES_PER_PEER of the largest body.
 */
export const MAX_ANSWER_BYTES = 256 * 1024 * 1024

/** The sum of one node. */
export class AnswerTotal {
  readonly boundBytes: number
  #bytes = 0

  constructor(maxBodyBytes = DEFAULT_MAX_BODY_BYTES) {
    this.boundBytes = Math.max(MAX_ANSWER_BYTES, LARGE_BODIES_PER_PEER * maxBodyBytes)
  }

  get bytes(): number {
    return this.#bytes
  }

  hasRoom(sizeBytes: number): boolean {
    return this.#bytes + sizeBytes <= this.boundBytes
  }

  /** Whether an eighth is free: room is made in such portions, so that not each answer looks for some. */
  get isEased(): boolean {
    return this.#bytes <= this.boundBytes - this.boundBytes / 8
  }

  add(sizeBytes: number): void {
    this.#bytes += sizeBytes
  }

  remove(sizeBytes: number): void {
    this.#bytes -= sizeBytes
  }
}
