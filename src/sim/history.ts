/**
 * What the users of simulated nodes asked for and what they were told, with times: the material that checkers judge.
 * It is written down outside of the nodes, so that a node that fools itself does not fool the judge.
 */

import type { ErrorCode, Outcome } from '../errors.ts'
import type { PeerState } from '../node/api.ts'

/** What was done to a node, for those who judge its behaviour: a dead node settles nothing, a frozen one does it late. */
export interface Incident {
  readonly atMs: number
  readonly name: string
  readonly kind: 'up' | 'crash' | 'stop' | 'pause' | 'resume' | 'stall' | 'skew'
  /** When a stall ends. */
  readonly untilMs?: number
  /** How fast the clocks run after a skew. */
  readonly rate?: number
}

/** What a node still held when it had closed: all of it is 0 or false, if it closed well. */
export interface Remains {
  readonly atMs: number
  readonly name: string
  readonly incarnation: number
  /** Its own word: `NodeStatus.pending`. */
  readonly pending: number
  readonly hasAlarm: boolean
  readonly sockets: number
}

/** A time in which the network changed the order of messages, at least in one direction. */
export interface Disorder {
  readonly fromMs: number
  /** Infinity while it goes on. */
  readonly untilMs: number
}

/** What an operation was. */
export type OperationKind = 'request' | 'send' | 'broadcast'

/** How an operation ended for its caller. */
export type Settlement =
  | { readonly kind: 'reply'; readonly id: string; readonly by: string }
  | { readonly kind: 'receipt' }
  | {
      readonly kind: 'tally'
      readonly ok: boolean
      readonly expected: number
      /** Who acked, each with the id that its reply carried. */
      readonly acked: readonly { readonly peer: string; readonly id: string }[]
      readonly missing: readonly { readonly peer: string; readonly reason: string }[]
    }
  | {
      readonly kind: 'error'
      readonly code: ErrorCode | 'UNKNOWN_ERROR'
      readonly outcome: Outcome
      readonly safeToRetry: boolean
      readonly text: string
    }

/** Someone asked for something. */
export interface Asked {
  readonly kind: 'asked'
  readonly atMs: number
  /** Given by the workload, unique in the history; travels in the body. */
  readonly id: string
  readonly operation: OperationKind
  readonly caller: string
  /** Whom it goes to; for a broadcast, all other members. */
  readonly callees: readonly string[]
  /** The whole time that the operation was given, in milliseconds. */
  readonly deadlineMs: number
  /** The time that it would have had if its caller had not planned to abort it. Default: `deadlineMs`. */
  readonly wholeMs?: number
  readonly idempotent: boolean
  /** Whether its body may travel in chunks: then it arrives when the last one has, and later ones may be there before. */
  readonly isLarge?: boolean
}

/** An operation settled at its caller. */
export interface Settled {
  readonly kind: 'settled'
  readonly atMs: number
  readonly id: string
  readonly settlement: Settlement
}

/** A handler began to run. */
export interface Handled {
  readonly kind: 'handled'
  readonly atMs: number
  readonly id: string
  readonly callee: string
  readonly incarnation: number
  /** Who sent it, as the handler was told. */
  readonly caller: string
}

/** A handler came to its end, well or not. */
export interface Finished {
  readonly kind: 'finished'
  readonly atMs: number
  readonly id: string
  readonly callee: string
  readonly incarnation: number
}

/** A node told that its link to a peer changed: up, down, reset or refused. */
export interface LinkChanged {
  readonly kind: 'link'
  readonly atMs: number
  readonly name: string
  readonly peer: string
}

/** How much a node said that is not over: `NodeStatus.pending`. */
export interface Counted {
  readonly kind: 'counted'
  readonly atMs: number
  readonly name: string
  readonly pending: number
}

/** What a node said of itself and its peers. */
export interface Saw {
  readonly kind: 'saw'
  readonly atMs: number
  readonly name: string
  /** Its own run, where that was noted. */
  readonly incarnation?: number
  readonly peers: readonly {
    readonly name: string
    readonly state: PeerState
    readonly incarnation?: number | undefined
  }[]
  /** How many large bodies were on their way, to it and from it. */
  readonly transfers: number
}

export type HistoryEntry = Asked | Settled | Handled | Finished | LinkChanged | Counted | Saw

/** Everything that happened in one simulation, from outside. */
export interface History {
  readonly names: readonly string[]
  readonly entries: readonly HistoryEntry[]
  readonly incidents: readonly Incident[]
  /** When the network changed the order of messages. Default: never. */
  readonly disorders?: readonly Disorder[]
  /** What closed nodes still held, where somebody looked. */
  readonly remains?: readonly Remains[]
  /** When the simulation was looked at. */
  readonly endMs: number
}
