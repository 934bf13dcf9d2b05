/**
 * The options of the benchmark: what they mean, their defaults, and one sentence for each mistake.
 */

import { parseArgs } from 'node:util'
import { wholeNumber } from './program.ts'
import { chooseSides, type Side } from './side-list.ts'

export const HELP = `Usage: npm run bench [-- OPTIONS]

Compares zmqnet with raw zeromq.js and its peers on the loopback of this machine. Everything takes about ten minutes.

  --only TEXT       only the figures whose title contains this, for example "echo 64 B", heartbeat, memory, CPU, send
  --sides LIST      only these sides, for example zmqnet,raw,nats (see bench/README.md for their names)
  --rounds N        rounds (default 5)
  --measure MS      milliseconds that each figure counts on each side in each round (default 400);
                    a quarter of it goes before, to warm up
  --transfer MIB    size of the transfer beside the heartbeats (default 1024)
  --commands N      how often the command line is timed (default 15)
  --expose-gc       each client and server with this option of Node.js, which zmqnet uses where it is set
  --profile FOLDER  a CPU profile of each client and server
  --json FILE       the results as JSON
  --from FILE       no run: the tables of results that were saved as JSON
  --readme          the tables into bench/README.md
  --help            this text
`

export interface Options {
  readonly only: string
  readonly sides: readonly Side[]
  readonly sideChoice: string
  readonly rounds: number
  readonly measureMs: number
  readonly transferBytes: number
  readonly commands: number
  readonly exposeGc: boolean
  readonly profile: string | undefined
  readonly json: string | undefined
  readonly from: string | undefined
  readonly readme: boolean
}

/** Throws an Error with one sentence when an option is unknown or its value makes no sense. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: '' },
      sides: { type: 'string', default: '' },
      rounds: { type: 'string', default: '5' },
      measure: { type: 'string', default: '400' },
      transfer: { type: 'string', default: '1024' },
      commands: { type: 'string', default: '15' },
      'expose-gc': { type: 'boolean', default: false },
      profile: { type: 'string' },
      json: { type: 'string' },
      from: { type: 'string' },
      readme: { type: 'boolean', default: false },
    },
  })
  return {
    only: values.only,
    sides: chooseSides(values.sides),
    sideChoice: values.sides,
    rounds: wholeNumber('rounds', values.rounds, 1000),
    measureMs: wholeNumber('measure', values.measure, 600_000),
    transferBytes: wholeNumber('transfer', values.transfer, 1024 ** 2) * 1024 ** 2,
    commands: wholeNumber('commands', values.commands, 1000),
    exposeGc: values['expose-gc'],
    profile: values.profile,
    json: values.json,
    from: values.from,
    readme: values.readme,
  }
}

/** Whether a title was asked for. */
export function isChosen(title: string, only: string): boolean {
  return title.toLowerCase().includes(only.toLowerCase())
}
