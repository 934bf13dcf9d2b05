/**
 * What a core is made from: plain values, and the few questions that it may ask of whoever runs it.
 */

import type { ConnectionId } from '../base/ids.ts'
import type { Identity } from '../session/identity.ts'
import type { Pace } from '../transfer/pace.ts'
import type { Trusted } from './trusted.ts'

/** What a core is made from. */
export interface CoreSettings {
  readonly self: Identity
  /** The peers that are dialled, with the connection that the transport gave each. */
  readonly peers: readonly { readonly name: string; readonly connection: ConnectionId }[]
  readonly tickMs: number
  /** How large bodies are cut. Default: DEFAULT_PACE. */
  readonly pace?: Pace | undefined
  /** What may wait for one peer, in bytes. Default: DEFAULT_PEER_BYTES. */
  readonly maxPeerBytes?: number | undefined
  readonly hasVerb: (verb: string) => boolean
  /** Keys and rules, in secure mode. */
  readonly trusted?: Trusted | undefined
  /** Bytes that wait in the queues of this node, for its heartbeats. */
  readonly queuedBytes: () => number
}
