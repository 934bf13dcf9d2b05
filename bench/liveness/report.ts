/**
 * The results as tables in Markdown, beside the targets. Everything is computed from the times of the trials; nothing is
 * written by hand.
 */

import { median, percentile } from '../statistics.ts'
import { type Bound, FAULTS, type Line } from './faults.ts'
import type { Results, Row, Side } from './results.ts'

type Times = Row['lines'][string]

export function reportOf(results: Results): string {
  const parts = [
    headline(results),
    results.rows.some(({ side }) => side === 'zmqnet') ? tableOf(results.rows, 'zmqnet') : '',
    results.rows.some(({ side }) => side === 'serf')
      ? `serf, with its LAN profile:\n\n${tableOf(results.rows, 'serf')}`
      : '',
    calmTable(results),
    remarks(results),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function headline({ date, machine, versions }: Results): string {
  const gib = Math.round(machine.memoryBytes / 1024 ** 3)
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `${date.slice(0, 10)}: ${machine.cores} x ${machine.cpu}, ${gib} GiB, ${machine.platform}, Node.js ${machine.node}; ${packages.join(', ')}. Milliseconds: median / p99 / largest.`
}

function tableOf(rows: readonly Row[], side: Side): string {
  const body = FAULTS.flatMap((fault) =>
    fault.lines.flatMap((line) =>
      rows
        .filter((row) => row.side === side && row.fault === fault.name)
        .sort((left, right) => left.nodes - right.nodes)
        .flatMap((row) => rowOf(row, line)),
    ),
  )
  const head = ['fault', 'nodes', 'trials', 'first peer knows', 'all know', 'target', '']
  return table(head, side === 'zmqnet' ? body : body.map((cells) => [...cells.slice(0, 5), '', '']))
}

function rowOf(row: Row, line: Line): string[][] {
  const times = row.lines[line.key]
  if (times === undefined || times.all.length === 0) return []
  const bounds = line.nodes === undefined || line.nodes === row.nodes ? line.bounds : []
  const missed = bounds.filter((bound) => statOf(times, bound) > bound.ms)
  // A trial without an end has no time, and would have the largest one of all.
  const failed = row.failures.length === 0 ? [] : [`${row.failures.length} did not end`]
  const misses = [...(missed.length === 0 ? [] : [textOf(missed)]), ...failed]
  const verdict = bounds.length === 0 ? '' : misses.length === 0 ? 'met' : `**not met**: ${misses.join(', ')}`
  const count = times.all.length
  const trials = failed.length === 0 ? String(count) : `${count} of ${count + row.failures.length}`
  const cells = [line.title, String(row.nodes), trials]
  return [[...cells, spreadText(times.first), spreadText(times.all), textOf(bounds), verdict]]
}

export function statOf(times: Times, { of, stat }: Bound): number {
  const values = times[of]
  if (stat === 'median') return median(values)
  return stat === 'p99' ? percentile(values, 0.99) : Math.max(...values)
}

function textOf(bounds: readonly Bound[]): string {
  return bounds.map(({ of, stat, ms }) => `${of} ${ms}${stat === 'median' ? '' : ` (${stat})`}`).join(', ')
}

function spreadText(values: readonly number[]): string {
  return [median(values), percentile(values, 0.99), Math.max(...values)].map(msText).join(' / ')
}

function msText(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en-US')
}

function calmTable({ calm }: Results): string {
  if (calm.length === 0) return ''
  const rows = calm.map((row) => {
    const { side, nodes, seconds, hogs, dead, suspect, busy, linkDown } = row
    const verdict = side !== 'zmqnet' ? '' : dead === 0 ? 'met' : '**not met**'
    return [side, nodes, `${seconds} s`, hogs, dead, suspect, busy, linkDown, verdict].map(String)
  })
  const head = ['side', 'nodes', 'time', 'busy processes beside', 'dead', 'suspect', 'busy', 'links lost', '']
  return `Nobody fails, and all cores are busy: what was said of others. The target is that nobody is called dead.\n\n${table(head, rows)}`
}

/** What did not go as it should: how often, and the first one as an example. */
function remarks({ rows, skipped }: Results): string {
  const wrong = rows.flatMap((row) => remarkOf(row, row.wrong, 'words that were wrong'))
  const failed = rows.flatMap((row) => remarkOf(row, row.failures, 'trials that did not end'))
  const ours = rows.filter(({ side }) => side === 'zmqnet')
  const clean =
    ours.length > 0 && ours.every((row) => row.wrong.length === 0)
      ? ['- zmqnet: nobody who lived was called dead, and no run was taken for another.']
      : []
  return [...clean, ...wrong, ...failed, ...skipped.map((reason) => `- ${reason}`)].join('\n')
}

function remarkOf({ side, fault, nodes }: Row, sentences: readonly string[], what: string): string[] {
  if (sentences.length === 0) return []
  return [`- ${side} ${fault} ${nodes}: ${sentences.length} ${what}, the first: ${sentences[0]}`]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rule = `|${head.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}
