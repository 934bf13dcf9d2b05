/**
 * How much may wait for one peer in all: requests without an answer, one-way messages under way and in line. Each of these
 * places has bounds of its own; this is the one over all of them, so that a peer that stops reading costs what this says and
 * not the sum of the places.
 *
 * Large bodies are not counted here, only their records: they are the user's own memory for the most part, and each place
 * bounds them by the largest body. What answers cost is bounded where they stand (rpc/owed.ts).
 */

import { assert } from './assert.ts'

/** What may wait for one peer by default. docs/decisions/017-memory-per-peer.md has the sum. */
export const DEFAULT_PEER_BYTES = 16 * 1024 * 1024

/** The totals that may be configured: below, not one body that travels whole would fit beside others. */
export const LOWEST_PEER_BYTES = 1024 * 1024
export const HIGHEST_PEER_BYTES = 1024 * 1024 * 1024

/**
 * What an operation costs beside its body: its promise, its records here, its places in maps and queues. Measured as resident
 * size with 50,000 messages of 64 B waiting: 950 bytes for a one-way message, 1,100 for a request.
 */
export const RECORD_BYTES = 1024

/** The count of one peer. */
export class PeerTotal {
  readonly #maxBytes: number
  readonly #largeFromBytes: number
  #bytes = 0

  /** Bodies from `largeFromBytes` on count as their record alone. */
  constructor(maxBytes = DEFAULT_PEER_BYTES, largeFromBytes = Number.POSITIVE_INFINITY) {
    assert(maxBytes > 0, 'limits are positive')
    this.#maxBytes = maxBytes
    this.#largeFromBytes = largeFromBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  get maxBytes(): number {
    return this.#maxBytes
  }

  /** Whether one more operation with a body of this size may wait. */
  hasRoom(bodyBytes: number): boolean {
    return this.#bytes + this.#costOf(bodyBytes) <= this.#maxBytes
  }

  add(bodyBytes: number): void {
    this.#bytes += this.#costOf(bodyBytes)
  }

  remove(bodyBytes: number): void {
    this.#bytes -= this.#costOf(bodyBytes)
    assert(this.#bytes >= 0, 'only what was added is removed')
  }

  #costOf(bodyBytes: number): number {
    return RECORD_BYTES + (bodyBytes >= this.#largeFromBytes ? 0 : bodyBytes)
  }
}
