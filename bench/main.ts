/**
 * The benchmark: zmqnet beside raw zeromq.js and its peers, in one interleaved run of about ten minutes, on the loopback of one
 * machine. What it prints are medians of the rounds and ratios; figures of two machines, or of two runs, do not compare.
 *
 * Usage: npm run bench -- --help
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { HELP, type Options, parseOptions } from './command-line.ts'
import { reportOf, withReport } from './report.ts'
import { completeResults, type Results } from './results.ts'
import { runAll } from './run-all.ts'
import { textOf } from './stage.ts'

const README = new URL('../../bench/README.md', import.meta.url)

// Ctrl-C: all workers end with this process.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

try {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(HELP)
  else writeOut(options.from === undefined ? await runAll(options) : readResults(options.from), options)
} catch (error) {
  process.stderr.write(`bench: ${textOf(error)}\n`)
  process.exitCode = 2
}

function readResults(path: string): Results {
  return JSON.parse(readFileSync(path, 'utf8')) as Results
}

function writeOut(results: Results, { json, readme }: Options): void {
  const report = reportOf(results)
  process.stdout.write(`\n${report}\n`)
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(completeResults(results), undefined, 2)}\n`)
  if (readme) writeFileSync(README, withReport(readFileSync(README, 'utf8'), report))
}
