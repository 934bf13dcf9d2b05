/**
 * What an idle mesh costs, on its own: memory for each peer, and CPU of 16 nodes, as they stand in the benchmark too.
 *
 * Usage: node dist/bench/idle.js [--rounds N] [--sides zmqnet,raw]
 */

import { parseOptions } from './command-line.ts'
import { Figures } from './figures.ts'
import { measureIdleCpus } from './idle-cpu.ts'
import { measureMemories } from './memory.ts'
import { costTable } from './report.ts'
import { textOf } from './stage.ts'

process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

try {
  const { rounds, sides } = parseOptions(process.argv.slice(2))
  const names = sides.map(({ name }) => name)
  const figures = new Figures()
  await measureMemories(figures, names, rounds, say)
  await measureIdleCpus(figures, names, rounds, say)
  process.stdout.write(`\n${costTable(figures.all)}\n`)
} catch (error) {
  say(`idle: ${textOf(error)}`)
  process.exitCode = 2
}
