/**
 * What to think of a peer, from three facts: how long it has been quiet, whether our link to it stands, and whether
 * its address refuses us. Plain arithmetic, no history.
 *
 * Of a peer that is quiet on a link that stands, the transport is asked whether its process runs, past its event loop; it
 * lets the link go down when not. So a link that stands while the peer is quiet says: the process lives, its event loop
 * does not turn. That is busy, not dead; when it lasts, it is hung, which is still not dead: such a process holds what it
 * holds, and may go on at any moment. A link that is down and a refused dial say: nobody is there. A link that is down
 * without a refusal says nothing yet, so time decides, unless neither the process answers the next dial nor its event loop
 * a question.
 *
 * The model is deliberately a threshold and not an accrual detector: on links with heartbeats every 0.5 to 1 s both
 * decide at the same moment, and a threshold can be explained in a log line.
 */

/** The thresholds, in milliseconds of silence. */
export interface SuspicionTimes {
  /** Of a peer that was not heard for so long while its link is up, it is asked whether its process runs, ... */
  readonly askMs: number
  /** ... and asked again after so long while it stays quiet. */
  readonly askAgainMs: number
  /** That a peer said that it does not hear us counts for so long. */
  readonly deafMs: number
  /** A peer that was not heard for so long is suspect when its link is down, and busy when it is up. */
  readonly suspectMs: number
  /** A peer whose link is down and that was not heard for so long is dead. */
  readonly deadMs: number
  /** A peer whose link is up and that was not heard for so long is hung. */
  readonly hungMs: number
  /** Turns of an event loop that come later than this are a strain, here or at the peer. */
  readonly punctualMs: number
}

/** Asking more often tells nothing more: an answer may take longer than this. */
const SHORTEST_ASK_MS = 250
/**
 * A sign of life takes so many turns: of the event loop and of the I/O thread, there and here. Where an event loop gets its
 * turn late, so do the others.
 */
const TURNS_PER_SIGN = 4
/** However starved it is, a node knows so much later at the latest who is gone. How late turns come is no matter of the tick. */
const MAX_GRACE_MS = 3000

/** The thresholds for heartbeats that come every `tickMs` to twice that. */
export function suspicionTimes(tickMs: number): SuspicionTimes {
  // Heartbeats are at most 2 ticks apart; half a tick more is for the network and the scheduler.
  return {
    // A member's beats are at most 2 ticks apart, so that it is seldom asked; an answer is due before 3 ticks are over.
    askMs: Math.ceil(tickMs * 2.1),
    askAgainMs: Math.max(tickMs, SHORTEST_ASK_MS),
    // It says so again after askAgainMs.
    deafMs: 2 * Math.max(tickMs, SHORTEST_ASK_MS),
    suspectMs: tickMs * 2.5,
    deadMs: tickMs * 3,
    // A loop that stands still for 20 ticks is none that is merely slow: no garbage collection takes 10 s.
    hungMs: tickMs * 20,
    // Four turns that are late by less are within what the thresholds leave for the network and the scheduler.
    punctualMs: Math.ceil(tickMs / 5),
  }
}

/** By how much silence counts less while the turns of an event loop, ours or that of the peer, come late by `delayMs`. */
export function graceOf(delayMs: number, times: SuspicionTimes): number {
  return Math.min(MAX_GRACE_MS, Math.max(0, delayMs - times.punctualMs) * TURNS_PER_SIGN)
}

/**
 * When a verdict is looked at again because the grace in it, from `heardAt` to `graceAt`, fades; Infinity when there is none.
 * A peer that is not suspect without any grace needs none.
 */
export function fadedAt(now: number, heardAt: number, graceAt: number, times: SuspicionTimes): number {
  if (graceAt === heardAt) return Number.POSITIVE_INFINITY
  return Math.max(heardAt + times.suspectMs, now + times.punctualMs)
}

/** What is known of a peer that has not said goodbye. */
export interface Evidence {
  /** Without the grace. */
  readonly quietMs: number
  readonly linkIsUp: boolean
  /** Nobody listens at its address, and nothing was heard since the link broke. */
  readonly isRefused: boolean
  /** Not even its process answers a dial, and nothing was heard since the link broke, though it was asked. */
  readonly isCutOff: boolean
}

export type Verdict = 'alive' | 'busy' | 'hung' | 'suspect' | 'dead'

/** The verdict on a peer. */
export function judge(evidence: Evidence, times: SuspicionTimes): Verdict {
  if (evidence.linkIsUp) {
    if (evidence.quietMs < times.suspectMs) return 'alive'
    return evidence.quietMs < times.hungMs ? 'busy' : 'hung'
  }
  if (evidence.isRefused || evidence.quietMs >= times.deadMs) return 'dead'
  if (evidence.isCutOff) return 'dead'
  return evidence.quietMs >= times.suspectMs ? 'suspect' : 'alive'
}

/** When to ask next whether the process of a peer runs; `askedAt` is when that was done last. */
export function askAt(quietSince: number, askedAt: number, times: SuspicionTimes): number {
  return Math.max(quietSince + times.askMs, askedAt + times.askAgainMs)
}

/** When the verdict may change if nothing happens until then; Infinity when it will not. */
export function reviewAt(heardAt: number, evidence: Evidence, times: SuspicionTimes): number {
  if (evidence.quietMs < times.suspectMs) return heardAt + times.suspectMs
  const nextMs = evidence.linkIsUp ? times.hungMs : times.deadMs
  if (evidence.quietMs < nextMs) return heardAt + nextMs
  return Number.POSITIVE_INFINITY
}
