/**
 * Joins virtual time and the real event loop: runs the scheduler's events one after the other and lets all promises
 * settle in between, so that the code of users, which runs on microtasks, is as repeatable as the nodes themselves.
 *
 * Microtasks cannot be drained from inside a running function; one has to go back to the event loop and come again
 * (setImmediate, about 0.6 µs with nothing else to do). That is needed only if the event left work behind, and an
 * async hook sees exactly that: every promise made or resolved, queueMicrotask and process.nextTick go by it. An event
 * that touched none of them is followed by the next one at once. The rule is conservative: a promise that nobody waits
 * for costs a needless turn, never a wrong order. What a test does with real timers or real I/O inside a simulation
 * is outside of this rule and would not be repeatable.
 */

import { createHook } from 'node:async_hooks'
import { assert } from '../base/assert.ts'
import type { Scheduler } from './scheduler.ts'

/** The real event loop gets a turn after this many events at the latest, for test runners and signals. */
const MAX_EVENTS_PER_TURN = 20_000

let leftWork = false
const hook = createHook({
  init() {
    leftWork = true
  },
  promiseResolve() {
    leftWork = true
  },
})
// Several simulations may run side by side in one process; the hook is theirs together.
let running = 0

/** When a run ends: at a moment of virtual time, or as soon as a condition holds. */
export interface RunGoal {
  readonly limitMs: number
  /** Looked at before the first event and after each; undefined runs to the limit. */
  readonly condition?: (() => boolean) | undefined
}

/** Runs a scheduler in turns of the real event loop. One run at a time. */
export class Turns {
  readonly #scheduler: Scheduler
  #busy = false
  #turns = 0

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  /** Whether a run is going on. */
  get busy(): boolean {
    return this.#busy
  }

  /** How many turns of the real event loop all runs took: what promises cost. */
  get turns(): number {
    return this.#turns
  }

  /**
   * Runs events until the goal. Resolves with true when the condition held, or when there was none and the limit is
   * reached; rejects with what an event threw.
   */
  run(goal: RunGoal): Promise<boolean> {
    assert(!this.#busy, 'a simulation runs once at a time: await the run before')
    return new Promise((resolve, reject) => {
      this.#busy = true
      running += 1
      if (running === 1) hook.enable()
      const end = (settle: () => void): void => {
        this.#busy = false
        running -= 1
        if (running === 0) hook.disable()
        settle()
      }
      const turn = (): void => {
        this.#turns += 1
        try {
          const met = this.#runTurn(goal)
          if (met === undefined) setImmediate(turn)
          else end(() => resolve(met))
        } catch (error) {
          end(() => reject(error))
        }
      }
      setImmediate(turn)
    })
  }

  /** Runs events until one leaves work behind (undefined) or the goal is reached. All microtasks are done here. */
  #runTurn(goal: RunGoal): boolean | undefined {
    for (let count = 0; count < MAX_EVENTS_PER_TURN; count += 1) {
      if (goal.condition?.()) return true
      leftWork = false
      if (!this.#scheduler.step(goal.limitMs)) {
        this.#scheduler.advance(goal.limitMs)
        return goal.condition === undefined
      }
      if (leftWork) return undefined
    }
    return undefined
  }
}
