/**
 * The clock of one simulated process: a view on virtual time. Every process counts from a start of its own, so that a
 * moment of one node's clock that leaks to another node is wrong at once and not by luck right. It may run too fast or
 * too slow, and be set while it runs, as real clocks do. A frozen process's alarm rings late, when it thaws.
 */

import type { Clock } from '../base/clock.ts'
import type { SimProcess } from './process.ts'
import type { Scheduler, SimEvent } from './scheduler.ts'

/** The wall clock at the beginning of every simulation: 1 January 2030, 00:00 UTC. */
export const SIM_EPOCH_MS = 1_893_456_000_000

/** How a process's clocks differ from virtual time when the process begins. */
export interface ClockOffsets {
  /** How far the monotonic clock is ahead of virtual time, in milliseconds. */
  readonly monotonicMs: number
  /** How far the wall clock is ahead of the true time, in milliseconds. */
  readonly wallMs: number
  /** How fast both clocks run, as a multiple of the true pace. Default 1. */
  readonly rate?: number
}

/** A change of a node's clocks. What is left out stays as it is. */
export interface ClockSkew {
  /** How fast both clocks run from now on: 1.01 gains 10 ms in each second, 0.99 loses them. 0.1 to 10; at first 1. */
  readonly rate?: number
  /** Sets the wall clock: milliseconds ahead of the true time, negative for behind; at first 0. */
  readonly wallAheadMs?: number
  /**
   * Moves the monotonic clock ahead by this many milliseconds at once, as when a machine wakes up. It never goes back,
   * so that the number is 0 or above.
   */
  readonly monotonicJumpMs?: number
}

/** The slowest and the fastest clock. */
export const CLOCK_RATES = { min: 0.1, max: 10 }

/** What is wrong with a change of clocks, in sentences. */
export function skewFaults({ rate = 1, wallAheadMs = 0, monotonicJumpMs = 0 }: ClockSkew): string[] {
  const faults: string[] = []
  const { min, max } = CLOCK_RATES
  if (!(rate >= min && rate <= max)) faults.push(`rate is a number from ${min} to ${max}, not ${rate}`)
  if (!Number.isSafeInteger(wallAheadMs)) faults.push(`wallAheadMs is a whole number, not ${wallAheadMs}`)
  if (!Number.isSafeInteger(monotonicJumpMs) || monotonicJumpMs < 0) {
    faults.push(`monotonicJumpMs is a whole number from 0, not ${monotonicJumpMs}`)
  }
  return faults
}

/** A `Clock` on virtual time. */
export class SimClock implements Clock {
  readonly #scheduler: Scheduler
  readonly #process: SimProcess
  /** The moment of virtual time that both clocks are counted from, and what they showed then. */
  #sinceMs = 0
  #monotonicMs: number
  #wallMs: number
  #rate: number
  #alarm: SimEvent | undefined
  #alarmAt = Number.POSITIVE_INFINITY
  #ring: (() => void) | undefined
  #alarmNumber = 0

  constructor(scheduler: Scheduler, process: SimProcess, offsets: ClockOffsets) {
    this.#scheduler = scheduler
    this.#process = process
    this.#sinceMs = scheduler.nowMs
    this.#monotonicMs = scheduler.nowMs + offsets.monotonicMs
    this.#wallMs = SIM_EPOCH_MS + scheduler.nowMs + offsets.wallMs
    this.#rate = offsets.rate ?? 1
  }

  /** How fast it runs, as a multiple of the true pace. */
  get rate(): number {
    return this.#rate
  }

  /** How far the wall clock is ahead of the true time now, in milliseconds. */
  get wallAheadMs(): number {
    return this.wallNow() - SIM_EPOCH_MS - this.#scheduler.nowMs
  }

  /** Whether an alarm is set. */
  get isArmed(): boolean {
    return this.#alarm !== undefined
  }

  /** Changes pace and settings at once; an alarm that is set rings when the changed clock shows its time. */
  skew({ rate = this.#rate, wallAheadMs, monotonicJumpMs = 0 }: ClockSkew): void {
    const { nowMs } = this.#scheduler
    const monotonicMs = this.now() + monotonicJumpMs
    this.#wallMs = wallAheadMs === undefined ? this.wallNow() : SIM_EPOCH_MS + nowMs + wallAheadMs
    this.#monotonicMs = monotonicMs
    this.#sinceMs = nowMs
    this.#rate = rate
    if (this.#alarm !== undefined && this.#ring !== undefined) this.setAlarm(this.#alarmAt, this.#ring)
  }

  now(): number {
    return this.#monotonicMs + this.#passedMs(this.#scheduler.nowMs)
  }

  /** Nothing happens between two milliseconds of virtual time. */
  preciseNow(): number {
    return this.now()
  }

  wallNow(): number {
    return this.#wallMs + this.#passedMs(this.#scheduler.nowMs)
  }

  setAlarm(at: number, ring: () => void): void {
    const alarm = this.#alarm
    const dueMs = this.#dueMs(at)
    this.#ring = ring
    this.#alarmAt = at
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

  /** How far the clocks have come by a moment of virtual time: whole milliseconds, as real clocks are read here. */
  #passedMs(atMs: number): number {
    return Math.floor((atMs - this.#sinceMs) * this.#rate)
  }

  /** The first millisecond of virtual time, from now on, at which this clock shows `at` or more. */
  #dueMs(at: number): number {
    const dueMs = Math.max(
      this.#scheduler.nowMs,
      this.#sinceMs + Math.ceil((at - this.#monotonicMs) / this.#rate),
    )
    // The division may round down to the millisecond before.
    return this.#monotonicMs + this.#passedMs(dueMs) < at ? dueMs + 1 : dueMs
  }

  #rings(): void {
    const ring = this.#ring
    this.#ring = undefined
    ring?.()
  }
}
