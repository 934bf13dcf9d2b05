/**
 * The clock of one simulated process: a view on virtual time. Every process counts from a start of its own, so that a
 * moment of one node's clock that leaks to another node is wrong at once and not by luck right. A frozen process's
 * alarm rings late, when it thaws.
 */

import type { Clock } from '../base/clock.ts'
import type { SimProcess } from './process.ts'
import type { Scheduler, SimEvent } from './scheduler.ts'

/** The wall clock at the beginning of every simulation: 1 January 2030, 00:00 UTC. */
export const SIM_EPOCH_MS = 1_893_456_000_000

/** How a process's clocks differ from virtual time, in milliseconds. */
export interface ClockOffsets {
  /** What the monotonic clock shows when the simulation begins. */
  readonly monotonicMs: number
  /** How far the wall clock is ahead of the true time. */
  readonly wallMs: number
}

/** A `Clock` on virtual time. */
export class SimClock implements Clock {
  readonly #scheduler: Scheduler
  readonly #process: SimProcess
  readonly #offsets: ClockOffsets
  #alarm: SimEvent | undefined
  #ring: (() => void) | undefined
  #alarmNumber = 0

  constructor(scheduler: Scheduler, process: SimProcess, offsets: ClockOffsets) {
    this.#scheduler = scheduler
    this.#process = process
    this.#offsets = offsets
  }

  now(): number {
    return this.#scheduler.nowMs + this.#offsets.monotonicMs
  }

  /** Nothing happens between two milliseconds of virtual time. */
  preciseNow(): number {
    return this.now()
  }

  wallNow(): number {
    return SIM_EPOCH_MS + this.#scheduler.nowMs + this.#offsets.wallMs
  }

  setAlarm(at: number, ring: () => void): void {
    const alarm = this.#alarm
    const dueMs = Math.max(this.#scheduler.nowMs, Math.ceil(at - this.#offsets.monotonicMs))
    this.#ring = ring
    // Setting the alarm that is set already is common and free.
    if (alarm !== undefined && alarm.atMs === dueMs) return
    if (alarm !== undefined) this.#scheduler.cancel(alarm)
    this.#alarm = undefined
    this.#alarmNumber += 1
    if (!Number.isFinite(dueMs) || !this.#process.alive) return
    const number = this.#alarmNumber
    this.#alarm = this.#scheduler.at(dueMs, () => {
      this.#alarm = undefined
      // Between the time of the alarm and the turn that rings it, a frozen process may set another one.
      this.#process.runTurn(() => {
        if (number === this.#alarmNumber) this.#rings()
      })
    })
  }

  defer(task: () => void): void {
    this.#process.turn(task)
  }

  #rings(): void {
    const ring = this.#ring
    this.#ring = undefined
    ring?.()
  }
}
