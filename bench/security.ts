/**
 * What security costs and what it stands, by figures: echo secure over plain, requests while strangers knock or hold
 * connections, changes of keys. It takes about two minutes and prints a table; see bench/README.md.
 *
 * Usage: npm run bench:security [-- --rounds N] [--measure MS] [--only PART] [--json PATH]
 */

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { runProgram, wholeNumber } from './program.ts'
import { thisMachine } from './results.ts'
import {
  measureCost,
  measureHalfOpen,
  measureKnocking,
  measureRekey,
  measureReturn,
  middleOf,
  type Say,
} from './security-figures.ts'
import type { Spread } from './statistics.ts'

/** One line of the table. */
interface Line {
  readonly title: string
  readonly figure: string
  readonly target: string
  readonly isMet: boolean
  readonly details: unknown
}

const KNOCKS_PER_SECOND = 300
const HALF_OPEN = 900
/** More than a server with 1024 descriptors can take. */
const TOO_MANY = 1300

interface Plan {
  readonly rounds: number
  readonly measureMs: number
}

const parts: readonly (readonly [title: string, (plan: Plan) => Promise<Line[]>])[] = [
  ['echo, 100 in flight', ({ rounds, measureMs }) => cost(100, rounds, measureMs)],
  ['echo, 1 in flight', ({ rounds, measureMs }) => cost(1, rounds, measureMs)],
  [`${KNOCKS_PER_SECOND} refused handshakes a second`, ({ measureMs }) => knocking(measureMs)],
  [`${HALF_OPEN} half-open connections`, ({ measureMs }) => halfOpen(HALF_OPEN, measureMs)],
  [`${TOO_MANY} half-open connections, 1024 descriptors`, ({ measureMs }) => halfOpen(TOO_MANY, measureMs)],
  ['a change of the served key', ({ rounds }) => rekeying(rounds)],
  ['a peer that is allowed again', ({ rounds }) => returning(rounds)],
]

async function cost(inFlight: number, rounds: number, measureMs: number): Promise<Line[]> {
  const details = await measureCost(inFlight, rounds, measureMs)
  const { ratio } = details
  const isMany = inFlight > 1
  return [
    {
      title: `echo 64 B, ${inFlight} in flight, secure over plain${isMany ? '' : ', time'}`,
      figure: spread(ratio, 2),
      target: isMany ? 'at least 0.7' : 'at most 1.15',
      isMet: isMany ? ratio.median >= 0.7 : ratio.median <= 1.15,
      details,
    },
  ]
}

const RUNS = 3

async function knocking(measureMs: number): Promise<Line[]> {
  const runs = []
  for (let run = 0; run < RUNS; run += 1) runs.push(await measureKnocking(KNOCKS_PER_SECOND, measureMs * 4))
  const middle = middleOf(runs, ({ knocked }) => knocked.p99Ms)
  const { quiet, knocked, refusedPerSecond, serverCpu } = middle
  return [
    {
      title: `request p99 beside ${Math.round(refusedPerSecond)} refused handshakes/s`,
      figure: `${ms(knocked.p99Ms)} (alone ${ms(quiet.p99Ms)}; the server's CPU ${Math.round(serverCpu)} %)`,
      target: 'at most 10 ms or 2 x alone',
      isMet: knocked.failed === 0 && knocked.p99Ms <= Math.max(10, quiet.p99Ms * 2),
      details: runs,
    },
  ]
}

async function halfOpen(count: number, measureMs: number): Promise<Line[]> {
  const runs = []
  for (let run = 0; run < RUNS; run += 1) runs.push(await measureHalfOpen(count, measureMs * 4))
  const middle = middleOf(runs, ({ arrivalAfterMs }) => arrivalAfterMs)
  const { quiet, flooded, arrivalAfterMs, arrivalBeforeMs, descriptors } = middle
  return [
    {
      title: `request p99 beside ${count} half-open connections`,
      figure: `${ms(flooded.p99Ms)} (alone ${ms(quiet.p99Ms)}; ${descriptors} descriptors open)`,
      target: 'no request lost',
      isMet: runs.every((run) => run.flooded.failed === 0),
      details: runs,
    },
    {
      title: 'a new peer after they have gone, until its first answer',
      figure: `${ms(arrivalAfterMs)} (without them ${ms(arrivalBeforeMs)})`,
      target: 'at most 1000 ms',
      isMet: runs.every((run) => run.arrivalAfterMs <= 1000),
      details: runs.map((run) => run.arrivalAfterMs),
    },
  ]
}

async function rekeying(rounds: number): Promise<Line[]> {
  const details = await measureRekey(rounds)
  return [
    {
      title: 'a new served key, until 20 links are up again',
      figure: `${spread(details, 0)} ms`,
      target: 'at most 500 ms',
      isMet: details.highest <= 500,
      details,
    },
  ]
}

async function returning(rounds: number): Promise<Line[]> {
  const details = await measureReturn(rounds)
  return [
    {
      title: 'a refused peer that is allowed again, until its link is up',
      figure: `${spread(details, 0)} ms`,
      target: 'at most 2000 ms',
      isMet: details.highest <= 2000,
      details,
    },
  ]
}

const ms = (value: number): string => `${value.toFixed(value < 100 ? 1 : 0)} ms`

function spread({ median, lowest, highest }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${lowest.toFixed(digits)} to ${highest.toFixed(digits)})`
}

const say: Say = (text) => {
  process.stderr.write(`${text}\n`)
}

await runProgram({
  name: 'bench:security',
  help: 'Usage: npm run bench:security [-- --rounds N] [--measure MS] [--only PART] [--json PATH]\n',
  parse: (args) =>
    parseArgs({
      args: [...args],
      options: {
        rounds: { type: 'string', default: '5' },
        measure: { type: 'string', default: '1500' },
        only: { type: 'string', default: '' },
        json: { type: 'string' },
      },
    }).values,
  run: async ({ rounds, measure, only, json }) => {
    const plan = {
      rounds: wholeNumber('rounds', rounds, 1000),
      measureMs: wholeNumber('measure', measure, 600_000),
    }
    const lines: Line[] = []
    for (const [title, takePart] of parts) {
      if (!title.includes(only)) continue
      say(title)
      lines.push(...(await takePart(plan)))
    }
    for (const { title, figure, target, isMet } of lines) {
      process.stdout.write(`| ${title} | ${figure} | ${target} | ${isMet ? 'met' : '**missed**'} |\n`)
    }
    if (json === undefined) return
    const results = { date: new Date().toISOString().slice(0, 10), machine: thisMachine(), ...plan, lines }
    writeFileSync(json, `${JSON.stringify(results, undefined, 2)}\n`)
  },
})
