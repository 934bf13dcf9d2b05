/**
 * The options of bench:liveness: what they mean, their defaults, and one sentence for each mistake.
 */

import { parseArgs } from 'node:util'
import { someMinutes, wholeNumber } from '../program.ts'
import { chooseFaults, type FaultName } from './faults.ts'

export const HELP = `Usage: npm run bench:liveness [-- OPTIONS]

Measures how soon nodes know of the faults of others, with real processes on this machine (bench/README.md, Liveness).

  --nodes LIST      sizes of meshes (default 3,8,16); cold and calm take only the largest
  --trials N        trials of each fault and size (default 200)
  --faults LIST     kill, stop, drop, oneway (or oneway-from, oneway-to), stall, restart, cold (default: these), calm
  --only TEXT       only rows whose title contains this, for example "stop 16" or "serf kill"
  --minutes N       how long calm lasts (default 10); a fraction is allowed
  --serf            serf beside us, with the same faults and sizes
  --serf-trials N   trials of each with serf, which takes its time (default 20)
  --json FILE       the results as JSON; rows of the file that are not run now are kept, so that a run can be done in parts
  --from FILE       no run: the tables of results that were saved as JSON
  --readme          the tables into bench/README.md
  --help            this text

Cutting packets off needs Linux, root and ip(8): it is done in network namespaces of their own, and skipped elsewhere.
`

export interface Options {
  readonly nodes: readonly number[]
  readonly trials: number
  readonly faults: readonly FaultName[]
  readonly only: string
  readonly minutes: number
  readonly serf: boolean
  readonly serfTrials: number
  readonly json: string | undefined
  readonly from: string | undefined
  readonly readme: boolean
}

/** Throws an Error with one sentence when an option is unknown or its value makes no sense. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      nodes: { type: 'string', default: '3,8,16' },
      trials: { type: 'string', default: '200' },
      faults: { type: 'string', default: 'kill,stop,drop,oneway,stall,restart,cold' },
      only: { type: 'string', default: '' },
      minutes: { type: 'string', default: '10' },
      serf: { type: 'boolean', default: false },
      'serf-trials': { type: 'string', default: '20' },
      json: { type: 'string' },
      from: { type: 'string' },
      readme: { type: 'boolean', default: false },
    },
  })
  return {
    nodes: values.nodes.split(',').map((size) => wholeNumber('nodes', size.trim(), 100, 2)),
    trials: wholeNumber('trials', values.trials, 100_000),
    faults: chooseFaults(values.faults),
    only: values.only,
    minutes: someMinutes(values.minutes),
    serf: values.serf,
    serfTrials: wholeNumber('serf-trials', values['serf-trials'], 100_000),
    json: values.json,
    from: values.from,
    readme: values.readme,
  }
}
