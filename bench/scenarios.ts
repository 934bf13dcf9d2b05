/**
 * The throughput figures, as a table: one line for each. All sides get the same lines; what a side does not offer, it
 * leaves out.
 */

/**
 * `echo`: ask and wait for the same body. `oneway`: counted where it arrives. `broadcast`: ask all servers, wait for all.
 * `upload`: ask with a body and wait for its length; it has no line here, it is the load beside the heartbeats.
 */
export type ScenarioKind = 'echo' | 'oneway' | 'broadcast' | 'upload'

/** One figure. */
export interface Scenario {
  readonly title: string
  readonly kind: ScenarioKind
  readonly bodyBytes: number
  /** Operations that are under way at a time. For one-way messages, those without a receipt. */
  readonly inFlight: number
  /** How many servers the client knows; scenarios with the same number share their processes. */
  readonly servers: number
  /** `MB/s`: millions of bytes in bodies, each way. */
  readonly unit: '/s' | 'MB/s'
}

const KIB = 1024
const MIB = 1024 * KIB

const echo = (size: string, bodyBytes: number, inFlight: number): Scenario => {
  return {
    title: `echo ${size}, ${inFlight} in flight`,
    kind: 'echo',
    bodyBytes,
    inFlight,
    servers: 1,
    unit: '/s',
  }
}

const bodies = (size: string, bodyBytes: number, inFlight: number): Scenario => {
  return { title: `bodies of ${size}`, kind: 'echo', bodyBytes, inFlight, servers: 1, unit: 'MB/s' }
}

const broadcast = (servers: number, inFlight: number): Scenario => {
  const title = `broadcast 64 B to ${servers}, ${inFlight} in flight`
  return { title, kind: 'broadcast', bodyBytes: 64, inFlight, servers, unit: '/s' }
}

/** The figures in the order of the table. */
export const scenarios: readonly Scenario[] = [
  echo('64 B', 64, 1),
  echo('64 B', 64, 100),
  echo('64 B', 64, 1000),
  echo('4 KiB', 4 * KIB, 1),
  echo('4 KiB', 4 * KIB, 100),
  echo('4 KiB', 4 * KIB, 1000),
  { title: 'one-way 64 B', kind: 'oneway', bodyBytes: 64, inFlight: 1000, servers: 1, unit: '/s' },
  bodies('64 KiB', 64 * KIB, 8),
  bodies('1 MiB', MIB, 2),
  bodies('16 MiB', 16 * MIB, 1),
  ...[2, 7, 15].flatMap((servers) => [broadcast(servers, 1), broadcast(servers, 100)]),
]

/** The operation that measures a delay beside other traffic. */
export const PROBE: Scenario = echo('64 B', 64, 1)

/** The operation that loads a connection. */
export function uploadOf(bodyBytes: number, inFlight: number): Scenario {
  return { title: 'upload', kind: 'upload', bodyBytes, inFlight, servers: 1, unit: 'MB/s' }
}
