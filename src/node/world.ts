/**
 * Everything that a node takes from outside: time, chance, the network. The real world stands in real-world.ts, the
 * simulated one in the simulator; the node itself cannot tell them apart.
 */

import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { SecuritySettings } from '../security/policy.ts'
import type { Pace } from '../transfer/pace.ts'
import type { TransportFactory } from '../transport/transport.ts'
import type { Logger, PeerConfig } from './api.ts'
import type { Nursery } from './nursery.ts'
import type { Rereading } from './rereading.ts'

/** The world that a node lives in. */
export interface World {
  readonly clock: Clock
  readonly random: Random
  readonly transport: TransportFactory
  /** Where the nonces of proofs come from. Default: node:crypto's randomBytes; another one only in the simulator. */
  readonly entropy?: Entropy | undefined
  /** What is told of all that comes in, so that dead bodies do not pile up. Default: V8 alone decides when they go (nursery.ts). */
  readonly nursery?: Pick<Nursery, 'took'> | undefined
}

/** Bytes that nobody can foretell. */
export type Entropy = (sizeBytes: number) => Uint8Array

/** What a node needs to know, after files, environment and defaults have been read. */
export interface NodeSettings {
  readonly name: string
  readonly network: string
  /** All members, this node included. */
  readonly peers: readonly PeerConfig[]
  /** The endpoint to listen on. */
  readonly bind: string
  readonly tickMs: number
  readonly statusEveryMs: number
  /** Whether links to peers on the same host take a shorter way than tcp. */
  readonly sameHost: boolean
  /** The largest body that it takes and sends, in bytes. */
  readonly maxBodyBytes: number
  /** What may wait for one peer, in bytes. Default: DEFAULT_PEER_BYTES. */
  readonly maxPeerBytes?: number | undefined
  /** How large bodies are cut, where not as usual: for the simulator. */
  readonly pace?: Pace | undefined
  /** Whether other machines reach it although it has no keys: then each start warns. */
  readonly isOpen?: boolean | undefined
  /** Keys and rules, in secure mode. */
  readonly security?: SecuritySettings | undefined
  /** The files that these came from, where they did. */
  readonly rereading?: Rereading | undefined
  readonly log: Logger | undefined
}
