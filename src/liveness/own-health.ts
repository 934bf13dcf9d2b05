/**
 * Whether this node may trust its own suspicions. A node whose loop stalled has not heard anybody for that time, but
 * the fault is its own: what the others sent waits in its sockets. The idea is Lifeguard's local health awareness
 * (Dadgar, Phillips, Currey: "Lifeguard: Local Health Awareness for More Accurate Failure Detection", 2018, section 4).
 */

/** A wake that comes later than this after its deadline is a stall of our own loop. */
const STALL_MS = 100
/**
 * The loop delay that is told to others fades over this many milliseconds: one tick, so that it is told by one beat, and a
 * loop that runs again is not called busy for long.
 */
const MEMORY_MS = 500

/** The health of one node's own event loop. */
export class OwnHealth {
  #delayMs = 0
  #measuredAt = 0

  /**
   * A wake that was due at `dueAt` came at `now`. Gives the milliseconds by which silence that was measured meanwhile
   * is our own fault; 0 when the loop ran well.
   */
  woke(now: number, dueAt: number): number {
    const lateMs = dueAt === Number.POSITIVE_INFINITY ? 0 : Math.max(0, now - dueAt)
    if (lateMs >= this.delayMs(now)) {
      this.#delayMs = lateMs
      this.#measuredAt = now
    }
    return lateMs >= STALL_MS ? lateMs : 0
  }

  /** How late this loop ran lately, in milliseconds. */
  delayMs(now: number): number {
    const faded = 1 - (now - this.#measuredAt) / MEMORY_MS
    return faded <= 0 ? 0 : Math.round(this.#delayMs * faded)
  }
}
