/**
 * Time as the driver sees it. Pure rooms never hold a clock: they get `now` as an argument.
 */

/** A monotonic clock with one alarm, in integer milliseconds. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never runs backwards. */
  now(): number
  /** Like `now`, with fractions: for round trips that are shown to people. */
  preciseNow(): number
  /** Milliseconds since the Unix epoch, for incarnations and for people. */
  wallNow(): number
  /** Calls `ring` once at `at` or soon after. Replaces the alarm that was set before; Infinity removes it. */
  setAlarm(at: number, ring: () => void): void
  /** Calls `task` after the work of this turn is done, before time moves on. */
  defer(task: () => void): void
}
