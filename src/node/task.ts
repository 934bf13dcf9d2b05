/**
 * What a node does at a time beside the protocol. It belongs to the driver, whose one alarm rings for it as well, so that
 * nothing in this folder needs a timer of its own.
 */

import type { Timed } from '../base/deadlines.ts'

/** Something that is to be done at a time, beside the protocol: a status line, the end of a wait. */
export class Task implements Timed {
  dueAt = 0
  heapIndex = -1
  readonly run: () => void

  constructor(run: () => void) {
    this.run = run
  }
}
