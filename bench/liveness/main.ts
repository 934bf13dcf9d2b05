/**
 * How soon nodes know what happened to others, and that they never think a living one dead: many trials of each fault, with
 * real processes. Figures of two machines do not compare.
 *
 * Usage: npm run bench:liveness -- --help
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { Namespaces } from '../../test/support/namespaces.ts'
import { runProgram } from '../program.ts'
import { withReport } from '../report.ts'
import { measureCalm } from './calm.ts'
import { FAULTS, type Fault } from './faults.ts'
import { runSeries } from './lanes.ts'
import { HELP, type Options, parseOptions } from './options.ts'
import { spawnZmqnet } from './party.ts'
import { reportOf } from './report.ts'
import { Book, type Results, readResults, rowOf, type Side } from './results.ts'
import { serfObstacle, spawnSerf } from './serf-party.ts'

const README = new URL('../../../bench/README.md', import.meta.url)
const SPAWNS = { zmqnet: spawnZmqnet, serf: spawnSerf } as const

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

await runProgram({
  name: 'bench:liveness',
  help: HELP,
  parse: parseOptions,
  run: async (options) =>
    writeOut(options.from === undefined ? await runAll(options) : readResults(options.from), options),
})

function writeOut(results: Results, { readme }: Options): void {
  const report = reportOf(results)
  process.stdout.write(`\n${report}\n`)
  if (readme) writeFileSync(README, withReport(readFileSync(README, 'utf8'), report, 'liveness'))
}

async function runAll(options: Options): Promise<Results> {
  const startedAt = performance.now()
  const book = await Book.open(options.json)
  for (const side of sidesOf(options, book)) {
    for (const fault of FAULTS.filter(({ name }) => options.faults.includes(name))) {
      await runFault(book, side, fault, options)
    }
    if (options.faults.includes('calm')) await runCalm(book, side, options)
  }
  say(`all in ${Math.round((performance.now() - startedAt) / 1000)} s`)
  return book.results
}

function sidesOf({ serf }: Options, book: Book): readonly Side[] {
  if (!serf) return ['zmqnet']
  const obstacle = serfObstacle()
  if (obstacle === undefined) return ['zmqnet', 'serf']
  skip(book, `serf was skipped: ${obstacle}.`)
  return ['zmqnet']
}

async function runFault(book: Book, side: Side, fault: Fault, options: Options): Promise<void> {
  // A cold start and calm are matters of many: only the largest size.
  const candidates = fault.name === 'cold' ? [Math.max(...options.nodes)] : options.nodes
  const sizes = candidates.filter((nodes) => isChosen(`${side} ${fault.name} ${nodes}`, options))
  if (sizes.length === 0) return
  const obstacle = fault.isCuttable ? Namespaces.obstacle() : undefined
  const reason = side === 'serf' && fault.serf !== true ? fault.serf : obstacle
  if (reason !== undefined) {
    skip(book, `${side} ${fault.name} was skipped: ${reason}.`)
    return
  }
  const trials = side === 'serf' ? options.serfTrials : options.trials
  for (const nodes of sizes) {
    const series = await runSeries({ fault, nodes, trials, side, spawn: SPAWNS[side], say })
    book.add(rowOf(side, fault.name, nodes, series))
  }
}

async function runCalm(book: Book, side: Side, options: Options): Promise<void> {
  const nodes = Math.max(...options.nodes)
  if (!isChosen(`${side} calm ${nodes}`, options)) return
  const seconds = Math.max(1, Math.round(options.minutes * 60))
  book.addCalm(await measureCalm({ side, spawn: SPAWNS[side], nodes, seconds, say }))
}

function isChosen(title: string, { only }: Options): boolean {
  return title.includes(only)
}

function skip(book: Book, reason: string): void {
  book.skip(reason)
  say(reason)
}
