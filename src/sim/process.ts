/**
 * One simulated process: whether it runs, is paused (SIGSTOP), has a stalled event loop or is dead, and what that does
 * to its turns. Everything that a node's code does starts with a turn of its process, so that a frozen node does
 * nothing, catches up when it thaws, and a dead one never says another word.
 *
 * The difference between paused and stalled is for the network to make: libzmq's I/O thread answers for a process
 * whose event loop stalls, and does not for one that is paused.
 */

import type { Scheduler } from './scheduler.ts'

/** A run of a program on a simulated host. */
export class SimProcess {
  /** The host that it runs on; hosts are what partitions separate. */
  readonly host: string
  /** The name in traces. */
  readonly name: string
  readonly #scheduler: Scheduler
  #held: (() => void)[] = []
  #heldIo: (() => void)[] = []
  #alive = true
  #paused = false
  #stalledUntilMs = 0

  constructor(scheduler: Scheduler, host: string, name: string) {
    this.#scheduler = scheduler
    this.host = host
    this.name = name
  }

  get alive(): boolean {
    return this.#alive
  }

  /** Stopped as a whole, its I/O thread included. */
  get paused(): boolean {
    return this.#paused
  }

  /** Whether its event loop takes no turns now. */
  get frozen(): boolean {
    return this.#paused || this.#scheduler.nowMs < this.#stalledUntilMs
  }

  /** Gives the process a turn in this millisecond, or once it thaws. Turns are taken in the order of the calls. */
  turn(task: () => void): void {
    if (this.#alive) this.#scheduler.soon(() => this.runTurn(task))
  }

  /** Takes a turn at once, if the process can; for events that fire at their own time. */
  runTurn(task: () => void): void {
    if (!this.#alive) return
    if (this.frozen) this.#held.push(task)
    else task()
  }

  /** Work of libzmq's I/O thread: goes on while the event loop stalls, waits while the process is paused. */
  runIo(task: () => void): void {
    if (!this.#alive) return
    if (this.#paused) this.#heldIo.push(task)
    else task()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    const held = this.#heldIo
    this.#heldIo = []
    for (const task of held) this.#scheduler.soon(() => this.runIo(task))
    this.#thaw()
  }

  /** Blocks the event loop until `untilMs`; the I/O thread goes on. */
  stall(untilMs: number): void {
    if (untilMs <= this.#stalledUntilMs) return
    this.#stalledUntilMs = untilMs
    this.#scheduler.at(untilMs, () => this.#thaw())
  }

  /** Ends the process; nothing of it runs any more. */
  kill(): void {
    this.#alive = false
    this.#held = []
    this.#heldIo = []
  }

  #thaw(): void {
    if (this.frozen || !this.#alive) return
    const held = this.#held
    this.#held = []
    for (const task of held) this.turn(task)
  }
}
