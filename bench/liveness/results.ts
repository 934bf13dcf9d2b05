/**
 * What a run leaves behind, as JSON: the machine, the times of every trial, what should not have happened. A file can be added
 * to by a later run, which is how a long series is done in parts.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type Machine, thisMachine, versionsNow } from '../results.ts'
import type { CalmRow } from './calm.ts'
import type { FaultName } from './faults.ts'
import type { Series } from './lanes.ts'
import { serfVersion } from './serf-party.ts'

export type Side = 'zmqnet' | 'serf'

/** All trials of one fault and size on one side. Times in milliseconds. */
export interface Row {
  readonly side: Side
  readonly fault: FaultName
  readonly nodes: number
  readonly trials: number
  readonly lines: Readonly<
    Record<string, { readonly first: readonly number[]; readonly all: readonly number[] }>
  >
  readonly wrong: readonly string[]
  readonly failures: readonly string[]
  /** What is known about these, in lines of text. */
  readonly evidence?: readonly (readonly string[])[]
}

export interface Results {
  readonly date: string
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  readonly rows: readonly Row[]
  readonly calm: readonly CalmRow[]
  /** What was left out, with the reason: a sentence each. */
  readonly skipped: readonly string[]
}

export function rowOf(
  side: Side,
  fault: FaultName,
  nodes: number,
  { trials, failures, evidence }: Series,
): Row {
  const keys = [...new Set(trials.flatMap(({ lines }) => Object.keys(lines)))]
  const times = (key: string, which: 'firstMs' | 'allMs'): number[] =>
    trials.map(({ lines }) => Math.round((lines[key]?.[which] ?? Number.NaN) * 10) / 10)
  return {
    side,
    fault,
    nodes,
    trials: trials.length,
    lines: Object.fromEntries(
      keys.map((key) => [key, { first: times(key, 'firstMs'), all: times(key, 'allMs') }]),
    ),
    wrong: trials.flatMap(({ wrong }) => wrong),
    failures,
    evidence,
  }
}

/** The results so far, written after each row. */
export class Book {
  readonly #path: string | undefined
  #results: Results

  private constructor(path: string | undefined, results: Results) {
    this.#path = path
    this.#results = results
  }

  /** Goes on with what stands in the file, if it is there. */
  static async open(path: string | undefined): Promise<Book> {
    const versions = await versionsNow(undefined)
    const { zmqnet = '', zeromq = '', libzmq = '' } = versions
    const serf = serfVersion()
    const now = { date: new Date().toISOString(), machine: thisMachine() }
    const before = path !== undefined && existsSync(path) ? readResults(path) : undefined
    const { rows = [], calm = [], skipped = [] } = before ?? {}
    const all = { zmqnet, zeromq, libzmq, ...(serf === undefined ? {} : { serf }) }
    return new Book(path, { ...now, versions: all, rows, calm, skipped })
  }

  get results(): Results {
    return this.#results
  }

  add(row: Row): void {
    const isSame = ({ side, fault, nodes }: Row): boolean =>
      side === row.side && fault === row.fault && nodes === row.nodes
    this.#write({ rows: [...this.#results.rows.filter((other) => !isSame(other)), row] })
  }

  addCalm(row: CalmRow): void {
    const others = this.#results.calm.filter(({ side, nodes }) => side !== row.side || nodes !== row.nodes)
    this.#write({ calm: [...others, row] })
  }

  skip(reason: string): void {
    this.#write({ skipped: [...new Set([...this.#results.skipped, reason])] })
  }

  #write(changes: Partial<Results>): void {
    this.#results = { ...this.#results, ...changes }
    if (this.#path === undefined) return
    writeFileSync(this.#path, `${JSON.stringify(this.#results)}\n`)
  }
}

export function readResults(path: string): Results {
  return JSON.parse(readFileSync(path, 'utf8')) as Results
}
