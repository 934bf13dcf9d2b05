/**
 * Whether this node may trust its own suspicions. A node whose loop stalled has not heard anybody for that time, but
 * the fault is its own: what the others sent waits in its sockets. The idea is Lifeguard's local health awareness
 * (Dadgar, Phillips, Currey: "Lifeguard: Local Health Awareness for More Accurate Failure Detection", 2018, section 4).
 *
 * A loop that is late again and again, each time by little, has no turn when it wants one: then others may have none either,
 * and what they said is late in each thread on its way. That is the strain, and the detector allows for it.
 */

import { Fading } from './fading.ts'

/** A wake that comes later than this after its deadline is a stall of our own loop. */
const STALL_MS = 100
/**
 * The loop delay that is told to others fades over this many milliseconds: one tick, so that it is told by one beat, and a
 * loop that runs again is not called busy for long.
 */
const MEMORY_MS = 500
/** The strain fades over so many milliseconds: longer than the silence takes, by default, that makes a peer dead. */
const STRAIN_MEMORY_MS = 2000
/** What is longer than this is as bad as this: the time that it makes silence count less would be above its limit. */
const MAX_STRAIN_MS = 1000

/** A strain: how late the turns of a loop came in the last seconds, ours or, by its own word, that of a peer. */
export function newStrain(): Fading {
  return new Fading(STRAIN_MEMORY_MS, MAX_STRAIN_MS)
}

/** The health of one node's own event loop. */
export class OwnHealth {
  readonly #delay = new Fading(MEMORY_MS)
  readonly #strain = newStrain()
  /** Up to when our own fault has been given; nothing of it is given twice. */
  #givenUntil = Number.NEGATIVE_INFINITY

  /**
   * A turn that was due at `dueAt` came at `now`. Gives the milliseconds by which silence that was measured meanwhile
   * is our own fault; 0 when the loop ran well.
   */
  woke(now: number, dueAt: number): number {
    const lateMs = dueAt === Number.POSITIVE_INFINITY ? 0 : Math.max(0, now - dueAt)
    this.#delay.note(now, lateMs)
    this.#strain.note(now, lateMs)
    if (lateMs < STALL_MS) return 0
    const ownMs = now - Math.max(dueAt, this.#givenUntil)
    this.#givenUntil = now
    return ownMs
  }

  /** How late this loop ran lately, in milliseconds. */
  delayMs(now: number): number {
    return this.#delay.at(now)
  }

  /** How late this loop ran in the last seconds, in milliseconds, for those who judge the silence of others. */
  strainMs(now: number): number {
    return this.#strain.at(now)
  }
}
