/**
 * What was done to the nodes of one simulation and what they left behind, in order of time: the part of a history that
 * the simulation writes down itself. What users asked for is written down by the workload.
 */

import type { Disorder, Incident, Remains } from './history.ts'

/** The notes of one simulation. */
export class Chronicle {
  readonly incidents: Incident[] = []
  readonly remains: Remains[] = []
  readonly disorders: Disorder[] = []
  /** What nodes logged as errors. */
  readonly errors: string[] = []

  /** Notes whether the network changes the order of messages from now on. */
  order(nowMs: number, isChanged: boolean): void {
    const last = this.disorders.at(-1)
    const isOpen = last?.untilMs === Number.POSITIVE_INFINITY
    if (isOpen === isChanged) return
    if (last === undefined || !isOpen) {
      this.disorders.push({ fromMs: nowMs, untilMs: Number.POSITIVE_INFINITY })
    } else {
      this.disorders.splice(-1, 1, { fromMs: last.fromMs, untilMs: nowMs })
    }
  }
}
