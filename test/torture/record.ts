/**
 * What the processes of a torture write down, line by line, and how it is read again. Each run of a process has a file of
 * its own and writes a line before anybody can act on what it says; so a line survives the SIGKILL of its writer, and a
 * handler that ran without one cannot have answered.
 *
 * All moments are milliseconds on one clock: that of the machine, which all processes read alike.
 */

import { closeSync, createReadStream, openSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Outcome } from '../../src/index.ts'

/** A caller is about to ask. */
export interface Asked {
  readonly kind: 'asked'
  readonly id: string
  readonly callee: string
  readonly atMs: number
  readonly deadlineMs: number
  readonly idempotent: boolean
  /** Its time is too short for a second attempt: it may fail, and it has to fail in time. */
  readonly hasty: boolean
}

/** A request settled at its caller. */
export interface Settled {
  readonly kind: 'settled'
  readonly id: string
  /** When the call was made: later than `asked` says by the time that it took to write that down. */
  readonly startedAtMs: number
  readonly atMs: number
  /** `reply`, or the outcome of the error. */
  readonly outcome: Outcome | 'reply'
  readonly code?: string
  readonly safeToRetry?: boolean
  /** What the reply said: which run of the callee answered, and how far its counter was. */
  readonly incarnation?: number
  readonly count?: number
}

/** The handler of a callee began. */
export interface Ran {
  readonly kind: 'ran'
  readonly id: string
  readonly callee: string
  readonly incarnation: number
  readonly count: number
  readonly atMs: number
}

/** The loop of a caller stood still: what settled in that time was settled late by the machine. */
export interface Stalled {
  readonly kind: 'stalled'
  readonly fromMs: number
  readonly untilMs: number
}

/** How many requests a caller made and how many it handed to its sockets, since the last such line. */
export interface Wired {
  readonly kind: 'wired'
  readonly atMs: number
  readonly offered: number
  readonly sent: number
}

/** How a run ended in order: everything that it asked had settled. A run that was killed has none. */
export interface Ended {
  readonly kind: 'ended'
  readonly atMs: number
  readonly retries: number
  readonly lostReplies: number
  readonly lateReplies: number
}

export type Line = Asked | Settled | Ran | Stalled | Wired | Ended

/** The time on the clock of the machine, in milliseconds with fractions. */
export function machineNow(): number {
  return performance.timeOrigin + performance.now()
}

/** The file of one run of one process. */
export class RecordWriter {
  readonly #file: number

  constructor(path: string) {
    this.#file = openSync(path, 'a')
  }

  write(lines: readonly Line[]): void {
    if (lines.length > 0) writeSync(this.#file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  }

  close(): void {
    closeSync(this.#file)
  }
}

/** All lines of a file. The last one of a process that was killed may be cut short; it counts as not written. */
export async function* readRecord(path: string): AsyncGenerator<Line> {
  const reader = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })
  for await (const text of reader) {
    if (text.endsWith('}')) yield JSON.parse(text) as Line
  }
}
