/**
 * The sides that are compared, as the worker processes see them, and what these are told and answer.
 */

import type { Scenario, Times } from './scenarios.ts'

/** The process that answers. */
export interface Server {
  /** How many one-way messages have arrived so far. */
  readonly arrived: number
}

/** The process that asks. */
export interface Client {
  /** Runs a scenario and gives operations per second; for one-way messages the server counts, not the client. */
  run(scenario: Scenario, times: Times, side: Side): Promise<number>
}

/** Where everybody is. */
export interface Places {
  /** The names and addresses of the zmqnet nodes; the client is called "bench". */
  readonly nodes: readonly { readonly name: string; readonly address: string }[]
  /** The endpoints of the raw servers. */
  readonly raw: readonly { readonly echo: string; readonly sink: string }[]
}

/**
 * `zmqnet`: the library. `promise`: raw zeromq.js with a promise for each request, as a program would use it. `bare`: raw
 * zeromq.js in the shortest loop there is.
 */
export type Side = 'zmqnet' | 'promise' | 'bare'

/** Which part a process plays. */
export type Part = { readonly side: 'zmqnet' | 'raw' } & (
  | { readonly role: 'client' }
  | { readonly role: 'server'; readonly index: number }
)

/** What the main process asks of a worker, and what it is answered. */
export type Order =
  | { readonly kind: 'start'; readonly part: Part; readonly places: Places }
  | { readonly kind: 'run'; readonly side: Side; readonly scenario: Scenario; readonly times: Times }
  | { readonly kind: 'count' }

export type Answer =
  | { readonly kind: 'started' }
  | { readonly kind: 'ran'; readonly perSecond: number }
  /** `atMs` by the clock of the worker, so that the way of the answer does not matter. */
  | { readonly kind: 'counted'; readonly arrived: number; readonly atMs: number }
  | { readonly kind: 'failed'; readonly text: string }
