/**
 * How transfers are paced: sizes and times, each with its reason. The sizes stand in wire/limits.ts beside the other
 * numbers of the wire; the simulator makes all of them small, so that a body of a few KiB takes many chunks.
 */

import { assert } from '../base/assert.ts'
import {
  TRANSFER_BODY_BYTES,
  TRANSFER_CHUNK_BYTES,
  TRANSFER_FREE_BYTES,
  TRANSFER_WINDOW_BYTES,
  WHOLE_BODY_BYTES,
} from '../wire/limits.ts'

/** The pace of all transfers of one node or client. */
export interface Pace {
  /** Bodies from this size on travel in chunks. */
  readonly fromBytes: number
  readonly chunkBytes: number
  /** What may be on the way for each transfer. */
  readonly windowBytes: number
  /** What may follow an Offer before any credit came. Both sides must agree on it. */
  readonly freeBytes: number
  /**
   * After so long without a word of the receiver the Offer is repeated, which tells what was lost; the pause doubles up
   * to eight times as long. Too low: repeats that only a slow link caused. Too high: a loss costs so much time.
   */
  readonly againMs: number
  /** A transfer without progress for this long is over at the receiver, and its memory free. */
  readonly stalledMs: number
  /** Bodies up to this size may travel whole although they could be cut, where that harms nobody (whole.ts). */
  readonly wholeBytes: number
  /**
   * So many bodies in a row must have been cut and have arrived quickly before, with nothing small sent in between. Too few:
   * requests that come one by one beside large bodies wait behind whole ones.
   */
  readonly quickBodies: number
  /** What is quick for a body of `wholeBytes`. Two whole ones delay what is behind them by twice as much. */
  readonly quickMs: number
}

export const DEFAULT_PACE: Pace = {
  fromBytes: TRANSFER_BODY_BYTES,
  chunkBytes: TRANSFER_CHUNK_BYTES,
  windowBytes: TRANSFER_WINDOW_BYTES,
  freeBytes: TRANSFER_FREE_BYTES,
  againMs: 500,
  stalledMs: 10_000,
  wholeBytes: WHOLE_BODY_BYTES,
  quickBodies: 4,
  quickMs: 50,
}

/** Checks that the parts fit together. */
export function checkPace(pace: Pace): void {
  assert(pace.fromBytes > 0 && pace.fromBytes <= WHOLE_BODY_BYTES + 1, 'what is not cut can travel whole')
  assert(pace.chunkBytes > 0 && pace.chunkBytes <= WHOLE_BODY_BYTES, 'a chunk can travel whole')
  assert(pace.windowBytes >= 2 * pace.chunkBytes, 'half a window holds a chunk')
  assert(pace.wholeBytes <= WHOLE_BODY_BYTES && pace.quickBodies >= 0, 'what may travel whole can')
  assert(pace.freeBytes >= pace.chunkBytes, 'what is free holds a chunk')
}
