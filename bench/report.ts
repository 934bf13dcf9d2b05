/**
 * The figures of a run as tables in Markdown, made to be pasted into bench/README.md.
 */

import { cpus, totalmem } from 'node:os'
import type { CommandTimes } from './command-time.ts'
import type { Scenario } from './scenarios.ts'
import type { Side } from './sides.ts'

/** What was measured of one scenario: operations per second in each round. */
export interface Measured {
  readonly scenario: Scenario
  readonly rates: Readonly<Record<Side, number[]>>
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  const half = sorted.length >> 1
  const upper = sorted[half] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? Number.NaN)) / 2
}

/** The ratio of two runs of one round says more than the ratio of two medians: both met the same noise. */
export function throughputTable(all: readonly Measured[]): string {
  const rows = all.map(({ scenario, rates: { zmqnet, promise, bare } }) => {
    const cells = [scenario.title, perSecond(zmqnet)]
    // Raw one-way messages are sent in a loop in any case: there is nothing to promise.
    if (scenario.kind === 'oneway') return [...cells, '', '', perSecond(bare), ratio(zmqnet, bare)]
    return [...cells, perSecond(promise), ratio(zmqnet, promise), perSecond(bare), ratio(zmqnet, bare)]
  })
  return table(['', 'zmqnet /s', 'raw, awaited /s', 'ratio', 'raw, bare loop /s', 'ratio'], rows)
}

export function commandTable({ nothingMs, sendMs }: CommandTimes): string {
  const row = (title: string, values: readonly number[]) => {
    const range = `${Math.round(Math.min(...values))} to ${Math.round(Math.max(...values))}`
    return [title, `${Math.round(median(values))} ms`, range]
  }
  return table(
    ['', 'median', 'lowest to highest'],
    [row('`node -e 0`', nothingMs), row('`zmqnet send` to a running mesh of three', sendMs)],
  )
}

export function machineLine(): string {
  const [first, ...others] = cpus()
  const gib = Math.round(totalmem() / 1024 ** 3)
  const model = first?.model.trim() ?? 'unknown'
  const date = new Date().toISOString().slice(0, 10)
  return `${date}, ${others.length + 1} x ${model}, ${gib} GiB, ${process.platform} ${process.arch}, Node.js ${process.version}`
}

function perSecond(values: readonly number[]): string {
  const rate = median(values)
  return (rate >= 100 ? Math.round(rate) : Math.round(rate * 10) / 10).toLocaleString('en-US')
}

/** The median of the ratios of all rounds, with the lowest and the highest. */
function ratio(ours: readonly number[], theirs: readonly number[]): string {
  const ratios = ours.map((rate, round) => rate / (theirs[round] ?? Number.NaN))
  const [middle, lowest, highest] = [median(ratios), Math.min(...ratios), Math.max(...ratios)]
  return `**${middle.toFixed(2)}** (${lowest.toFixed(2)} to ${highest.toFixed(2)})`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = `|${head.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}
