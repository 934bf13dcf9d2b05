/**
 * What can go wrong, as a table: what is done, what is measured, the lines of the report and the targets for them. A line
 * has the times at which the first and the last of those who should know knew.
 */

/** A number that a line is held against. */
export interface Bound {
  readonly of: 'first' | 'all'
  readonly stat: 'median' | 'p99' | 'max'
  readonly ms: number
}

/** One line of the report, and what of a trial goes into it. */
export interface Line {
  /** Names the line among those of its fault. */
  readonly key: string
  readonly title: string
  readonly bounds: readonly Bound[]
  /** The bounds hold only for meshes of this size. */
  readonly nodes?: number
}

export interface Fault {
  readonly name: FaultName
  /** Where several meshes may run side by side: trials that mostly wait do not disturb each other. */
  readonly isPatient: boolean
  readonly isCuttable: boolean
  /** Whether serf can be asked the same; if not, why. */
  readonly serf: true | string
  readonly lines: readonly Line[]
}

export type FaultName =
  | 'kill'
  | 'stop'
  | 'drop'
  | 'oneway-to'
  | 'oneway-from'
  | 'stall'
  | 'restart'
  | 'cold'
  | 'calm'

const SILENCE: readonly Bound[] = [
  { of: 'first', stat: 'median', ms: 1500 },
  { of: 'all', stat: 'median', ms: 2000 },
  { of: 'all', stat: 'p99', ms: 3000 },
]

const KNOWN = 'known'

export const FAULTS: readonly Fault[] = [
  {
    name: 'kill',
    isPatient: false,
    isCuttable: false,
    serf: true,
    lines: [
      {
        key: KNOWN,
        title: 'kill -9',
        bounds: [
          { of: 'first', stat: 'median', ms: 50 },
          { of: 'all', stat: 'median', ms: 150 },
        ],
      },
    ],
  },
  {
    name: 'stop',
    isPatient: true,
    isCuttable: false,
    serf: true,
    lines: [{ key: KNOWN, title: 'SIGSTOP', bounds: SILENCE }],
  },
  {
    name: 'drop',
    isPatient: true,
    isCuttable: true,
    serf: true,
    lines: [
      { key: KNOWN, title: 'packets dropped both ways', bounds: SILENCE },
      { key: 'victim', title: 'the same: the one cut off, of the others', bounds: [] },
    ],
  },
  {
    name: 'oneway-from',
    isPatient: true,
    isCuttable: true,
    serf: true,
    lines: [
      { key: KNOWN, title: 'packets from one dropped', bounds: SILENCE },
      { key: 'victim', title: 'the same: the one cut off, of the others', bounds: [] },
    ],
  },
  {
    name: 'oneway-to',
    isPatient: true,
    isCuttable: true,
    serf: true,
    lines: [
      { key: KNOWN, title: 'packets to one dropped', bounds: SILENCE },
      { key: 'victim', title: 'the same: the one cut off, of the others', bounds: [] },
    ],
  },
  {
    name: 'stall',
    isPatient: true,
    isCuttable: false,
    serf: 'it has no event loop that user code could block',
    lines: [
      { key: 'busy', title: 'loop stalled 3 s: busy', bounds: [] },
      {
        key: 'back',
        title: 'the same: no longer busy, from the end of the stall',
        bounds: [{ of: 'all', stat: 'median', ms: 100 }],
      },
    ],
  },
  {
    name: 'restart',
    isPatient: false,
    isCuttable: false,
    serf: 'it does not tell a restart from a pause',
    lines: [
      {
        key: KNOWN,
        title: 'restart: new run alive, from when it listens',
        bounds: [{ of: 'all', stat: 'p99', ms: 500 }],
      },
      { key: 'spawned', title: 'the same, from when it is spawned', bounds: [] },
    ],
  },
  {
    name: 'cold',
    isPatient: false,
    isCuttable: false,
    serf: true,
    lines: [
      {
        key: KNOWN,
        title: 'cold start: all see all, from when the last one listens',
        bounds: [
          { of: 'all', stat: 'median', ms: 500 },
          { of: 'all', stat: 'max', ms: 1000 },
        ],
        nodes: 16,
      },
      { key: 'spawned', title: 'the same, from when the first one is spawned', bounds: [] },
    ],
  },
]

/** What may be given to --faults, beside `calm`. */
const GROUPS: Readonly<Record<string, readonly FaultName[]>> = { oneway: ['oneway-from', 'oneway-to'] }

/** Throws an Error with one sentence when a name is unknown. */
export function chooseFaults(list: string): readonly FaultName[] {
  const known: readonly FaultName[] = [...FAULTS.map(({ name }) => name), 'calm']
  const wanted = list.split(',').flatMap((word) => {
    const name = word.trim()
    if (GROUPS[name] !== undefined) return GROUPS[name]
    const found = known.find((candidate) => candidate === name)
    if (found !== undefined) return [found]
    throw new Error(`--faults knows ${[...known, ...Object.keys(GROUPS)].join(', ')}, not "${name}"`)
  })
  return [...new Set(wanted)]
}
