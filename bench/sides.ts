/**
 * What a worker process offers and is told: the two parts of a side, where everybody is, orders and answers. What sides
 * there are stands in side-list.ts.
 */

import type { Scenario } from './scenarios.ts'
import type { Ran, Times } from './tally.ts'
import type { Probed, ProbePlan } from './under-bulk.ts'

/**
 * `zmqnet-tcp`, `zmqnet-same-host`: the library over either transport. `raw-awaited`: zeromq.js with a promise for each
 * request, as a program would use it. `raw-bare`: zeromq.js in the shortest loop there is.
 */
export type SideName =
  | 'zmqnet-tcp'
  | 'zmqnet-same-host'
  | 'raw-awaited'
  | 'raw-bare'
  | 'moleculer'
  | 'cote'
  | 'grpc-unary'
  | 'grpc-stream'
  | 'nats'

/** Processes that serve one or more sides. */
export type TeamName = 'zmqnet-tcp' | 'zmqnet-same-host' | 'raw' | 'moleculer' | 'cote' | 'grpc' | 'nats'

/** The process that answers. */
export interface Server {
  /** How many one-way messages have arrived so far. */
  readonly arrived: number
}

/** The process that asks. */
export interface Client {
  /** A function that does one operation and rejects unless it came out right. Throws when the side cannot do it. */
  operation(scenario: Scenario, side: SideName): () => Promise<void>
  /** A run in another way than by operations that are awaited, where the scenario or the side asks for one. */
  run?(scenario: Scenario, times: Times, side: SideName): Promise<Ran> | undefined
}

/** Where everybody is: each entry "host:port", each port free when the team starts. */
export interface Places {
  readonly client: string
  readonly servers: readonly { readonly name: string; readonly address: string; readonly sink: string }[]
  /** For nats-server. */
  readonly meeting: string
  /** The UDP port at which the processes of cote find each other. */
  readonly meetingUdpPort: number
}

/**
 * Which part a process plays. `subject` and `peers` are for memory.ts: one idle process, and all that it is linked to.
 * `beater` is for idle-cpu.ts: one of a mesh of raw sockets that give signs of life.
 */
export type Part = { readonly team: TeamName } & (
  | { readonly role: 'client' | 'broker' | 'subject' | 'peers' }
  | { readonly role: 'server' | 'beater'; readonly index: number }
)

/** What the main process asks of a worker, and what it is answered. */
export type Order =
  | { readonly kind: 'start'; readonly part: Part; readonly places: Places }
  | { readonly kind: 'run'; readonly side: SideName; readonly scenario: Scenario; readonly times: Times }
  | { readonly kind: 'count' }
  | { readonly kind: 'probe'; readonly side: SideName; readonly plan: ProbePlan }
  | { readonly kind: 'usage' }

/** What a process has used: CPU time since its start, and memory now. `atMs` by its own clock. */
export interface Usage {
  readonly cpuMs: number
  readonly rssBytes: number
  readonly atMs: number
}

export type Answer =
  | { readonly kind: 'started' }
  | { readonly kind: 'ran'; readonly ran: Ran }
  /** `atMs` by the clock of the worker, so that the way of the answer does not matter. */
  | { readonly kind: 'counted'; readonly arrived: number; readonly atMs: number }
  | { readonly kind: 'probed'; readonly probed: Probed }
  | { readonly kind: 'used'; readonly usage: Usage }
  | { readonly kind: 'failed'; readonly text: string }
