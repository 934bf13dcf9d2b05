/**
 * Branded ids, where two numbers or strings could be swapped by mistake.
 */

/** One connection of the transport: either a link that this node dialled, or one that a stranger opened to it. */
export type ConnectionId = number & { readonly __brand: 'ConnectionId' }

/** One run of a node: a restart under the same name differs. A positive safe integer. */
export type Incarnation = number & { readonly __brand: 'Incarnation' }

/**
 * Makes an incarnation from the wall clock and chance: the 41 bits of the time keep successive runs ordered for the
 * reader of a log, 11 random bits keep two starts in one millisecond apart.
 */
export function newIncarnation(wallNowMs: number, randomBelow2048: number): Incarnation {
  return (wallNowMs * 2048 + randomBelow2048) as Incarnation
}

/**
 * What a callee keeps for one caller: which run of the callee, and the number of its window (Welcome). A caller that
 * meets another one than at its first attempt knows that the callee has forgotten what it was asked.
 */
export interface WindowId {
  readonly incarnation: Incarnation
  readonly window: number
}

/** Whether two are the same window; none is the same as none. */
export function isSameWindow(left: WindowId | undefined, right: WindowId | undefined): boolean {
  return left?.incarnation === right?.incarnation && left?.window === right?.window
}
