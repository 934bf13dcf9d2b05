/**
 * What the users of simulated nodes asked for and what they were told, with times: the material that checkers judge.
 * It is written down outside of the nodes, so that a node that fools itself does not fool the judge.
 */

import type { ErrorCode, Outcome } from '../errors.ts'
import type { PeerState } from '../node/api.ts'
import type { Incident } from './simulate.ts'

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
  readonly idempotent: boolean
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

/** What a node said of its peers. */
export interface Saw {
  readonly kind: 'saw'
  readonly atMs: number
  readonly name: string
  readonly peers: readonly { readonly name: string; readonly state: PeerState }[]
  /** How many large bodies were on their way, to it and from it. */
  readonly transfers: number
}

export type HistoryEntry = Asked | Settled | Handled | Saw

/** Everything that happened in one simulation, from outside. */
export interface History {
  readonly names: readonly string[]
  readonly entries: readonly HistoryEntry[]
  readonly incidents: readonly Incident[]
  /** When the simulation was looked at. */
  readonly endMs: number
}
