/**
 * The results of a run as tables in Markdown, as they stand in bench/README.md. Everything here is computed from the values of
 * the rounds; nothing is written by hand.
 */

import { type Figure, isCost } from './figures.ts'
import { type Results, type Summary, summaryOf } from './results.ts'
import { type Side, sides } from './side-list.ts'
import type { SideName } from './sides.ts'
import type { Spread } from './statistics.ts'
import { judge, targets, type Verdict } from './targets.ts'

/** The side that ratios are about. */
const OURS: SideName = 'zmqnet-tcp'

export function reportOf(results: Results): string {
  const { figures } = results
  const rates = figures.filter(({ unit }) => !isCost(unit))
  const delays = figures.filter(({ unit, title }) => unit === 'ms' && !isWallTime(title))
  const costs = figures.filter(({ unit, title }) => isCost(unit) && (unit !== 'ms' || isWallTime(title)))
  const parts = [
    headline(results),
    rates.length > 0
      ? `Operations per second, or MB/s; above 1, zmqnet is faster.\n\n${comparison(rates)}`
      : '',
    delays.length > 0 ? `Milliseconds; below 1, zmqnet is faster.\n\n${comparison(delays)}` : '',
    costs.length > 0 ? `What it costs.\n\n${costTable(costs)}` : '',
    faultList(results),
    `The targets, judged by the medians of zmqnet over tcp unless the line says otherwise.\n\n${targetTable(figures)}`,
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function isWallTime(title: string): boolean {
  return title.endsWith(', wall')
}

function headline({ date, machine, versions, settings }: Results): string {
  const gib = Math.round(machine.memoryBytes / 1024 ** 3)
  const host = `${machine.cores} x ${machine.cpu}, ${gib} GiB, ${machine.platform}, Node.js ${machine.node}`
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const how = Object.entries(settings).map(([name, value]) => `${name} ${value === '' ? 'all' : value}`)
  return `${date.slice(0, 10)}: ${host}; ${packages.join(', ')}. Settings: ${how.join(', ')}.`
}

/** The columns are the sides that have at least one value or fault in these figures. */
function columnsOf(figures: readonly Figure[]): readonly Side[] {
  return sides.filter(({ name }) => figures.some((figure) => figure.sides[name] !== undefined))
}

function comparison(figures: readonly Figure[]): string {
  const columns = columnsOf(figures)
  const head = ['', ...columns.map(({ title }) => title), 'zmqnet / raw', 'zmqnet / best peer']
  const rows = figures.map((figure) => {
    const summary = summaryOf(figure)
    const title = figure.unit === 'MB/s' ? `${figure.title}, MB/s` : figure.title
    return [title, ...columns.map(({ name }) => medianCell(figure, summary, name)), ...ratioCells(summary)]
  })
  return table(head, rows)
}

function medianCell(figure: Figure, { medians }: Summary, side: SideName): string {
  const spread = medians[side]
  if (spread !== undefined) return numberText(spread.median)
  const fault = figure.sides[side]?.fault
  return fault === undefined ? '' : fault.split(':')[0] === 'refused' ? 'refused' : 'failed'
}

function ratioCells({ toRaw, toBestPeer, bestPeer }: Summary): readonly [string, string] {
  const overPeer = toBestPeer[OURS]
  const peer = overPeer === undefined ? '' : `${ratioText(overPeer)} ${titleOf(bestPeer)}`
  const overRaw = toRaw[OURS]
  return [overRaw === undefined ? '' : ratioText(overRaw), peer]
}

export function costTable(figures: readonly Figure[]): string {
  const columns = columnsOf(figures)
  const rows = figures.map((figure) => {
    const summary = summaryOf(figure)
    const cells = columns.map(({ name }) => {
      const spread = summary.medians[name]
      if (spread === undefined) return medianCell(figure, summary, name)
      return `${numberText(spread.median)} (${numberText(spread.lowest)} to ${numberText(spread.highest)})`
    })
    return [`${figure.title}, ${figure.unit}`, ...cells]
  })
  return table(['', ...columns.map(({ title }) => title)], rows)
}

/** A fault of more figures than these is told with their number. */
const MAX_TITLES = 3

/** Each reason once, with the figures that it concerns. */
function faultList({ figures, skipped }: Results): string {
  const concerned = new Map<string, string[]>()
  for (const { title, sides: all } of figures) {
    for (const { name, title: side } of sides) {
      const fault = all[name]?.fault
      if (fault === undefined) continue
      const key = `${side} ${fault}`
      concerned.set(key, [...(concerned.get(key) ?? []), title])
    }
  }
  const faults = [...concerned].map(([fault, titles]) => {
    return `- ${fault} (${titles.length > MAX_TITLES ? `${titles.length} figures` : titles.join('; ')})`
  })
  const absent = Object.entries(skipped).map(([side, reason]) => `- ${titleOf(side as SideName)} ${reason}`)
  return [...absent, ...faults].join('\n')
}

export function targetTable(figures: readonly Figure[]): string {
  const rows = targets.map((target) => {
    const verdict = judge(target, figures)
    return [
      target.title,
      `${target.is} ${target.bound}`,
      measuredCell(verdict),
      verdict.sameHost === undefined ? '' : numberText(verdict.sameHost.median),
      verdict.met === undefined ? 'not measured' : verdict.met ? 'met' : '**not met**',
    ]
  })
  return table(['figure', 'target', 'measured', 'same host', ''], rows)
}

function measuredCell({ measured, against, target }: Verdict): string {
  if (measured === undefined) return ''
  const isBestPeer = target.over !== undefined && 'side' in target.over && target.over.side === 'best peer'
  return isBestPeer ? `${ratioText(measured)} ${titleOf(against)}` : ratioText(measured)
}

function titleOf(side: SideName | undefined): string {
  return sides.find(({ name }) => name === side)?.title ?? ''
}

function ratioText({ median, lowest, highest }: Spread): string {
  return `**${numberText(median)}** (${numberText(lowest)} to ${numberText(highest)})`
}

/** Three digits that count, and no more for large numbers than the noise allows to read. */
export function numberText(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  if (Math.abs(value) >= 10) return value.toFixed(1)
  return Math.abs(value) >= 0.1 || value === 0 ? value.toFixed(2) : value.toFixed(3)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = `|${head.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

/** The text of bench/README.md with the report between the two marks of this name. Throws when a mark is missing. */
export function withReport(readme: string, report: string, name = 'figures'): string {
  const beginMark = `<!-- ${name} -->`
  const endMark = `<!-- end of ${name} -->`
  const begin = readme.indexOf(beginMark)
  const end = readme.indexOf(endMark)
  if (begin === -1 || end < begin) throw new Error(`bench/README.md has no ${beginMark} before ${endMark}`)
  return `${readme.slice(0, begin + beginMark.length)}\n\n${report}\n\n${readme.slice(end)}`
}
