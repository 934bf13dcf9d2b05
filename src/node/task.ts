/** A task with a time, for what a node does beside the protocol. */

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
