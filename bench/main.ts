/**
 * The benchmark: zmqnet beside raw zeromq.js and its peers, in one interleaved run of about ten minutes, on the loopback of one
 * machine. What it prints are medians of the rounds and ratios; figures of two machines, or of two runs, do not compare.
 *
 * Usage: npm run bench -- --help
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { HELP, type Options, parseOptions } from './command-line.ts'
import { runProgram } from './program.ts'
import { reportOf, withReport } from './report.ts'
import { completeResults, type Results } from './results.ts'
import { runAll } from './run-all.ts'

const README = new URL('../../bench/README.md', import.meta.url)

await runProgram({
  name: 'bench',
  help: HELP,
  parse: parseOptions,
  run: async (options) =>
    writeOut(options.from === undefined ? await runAll(options) : readResults(options.from), options),
})

function readResults(path: string): Results {
  return JSON.parse(readFileSync(path, 'utf8')) as Results
}

function writeOut(results: Results, { json, readme }: Options): void {
  const report = reportOf(results)
  process.stdout.write(`\n${report}\n`)
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(completeResults(results), undefined, 2)}\n`)
  if (readme) writeFileSync(README, withReport(readFileSync(README, 'utf8'), report))
}
