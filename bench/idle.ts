/**
 * What an idle mesh costs, on its own: memory for each peer, and CPU of 16 nodes, as they stand in the benchmark too.
 *
 * Usage: node dist/bench/idle.js --help
 */

import { parseOptions } from './command-line.ts'
import { Figures } from './figures.ts'
import { measureIdleCpus } from './idle-cpu.ts'
import { measureMemories } from './memory.ts'
import { runProgram } from './program.ts'
import { costTable } from './report.ts'

const HELP = `Usage: node dist/bench/idle.js [--rounds N] [--sides zmqnet,raw]

Measures what an idle mesh costs: memory for each peer, and CPU of 16 nodes.

  --rounds N    rounds (default 5)
  --sides LIST  only these sides
`

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

await runProgram({
  name: 'idle',
  help: HELP,
  parse: parseOptions,
  run: async ({ rounds, sides }) => {
    const names = sides.map(({ name }) => name)
    const figures = new Figures()
    await measureMemories(figures, names, rounds, say)
    await measureIdleCpus(figures, names, rounds, say)
    process.stdout.write(`\n${costTable(figures.all)}\n`)
  },
})
