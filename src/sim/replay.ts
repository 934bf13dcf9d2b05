/**
 * The command that a failed scenario names: runs one scenario with one seed again and shows the verdict and, with
 * --trace, what happened. The run is the same in every detail, so that a fault can be looked at as often as needed.
 */

import { realpathSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { describeVerdict, runScenario, SCENARIOS, type ScenarioName } from './scenarios.ts'

const USAGE = `Usage: node dist/src/sim/replay.js [--scenario NAME] [--seed N] [--trace] [--from MS] [--to MS] [--grep TEXT]

Runs one scenario of the simulator again: ${Object.keys(SCENARIOS).join(', ')} (default: lossy).

  --seed N      the seed that was printed (default: 1)
  --trace       prints what happened, line by line
  --from, --to  only lines of these virtual milliseconds
  --grep TEXT   only lines with this text

Exit code: 0 when the nodes pass, 1 when they fail, 2 for wrong usage.
`

/** A whole number of an option; undefined when it is none. */
function wholeNumber(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined
}

/** Runs the command; gives its exit code. */
export async function replay(args: readonly string[], write: (text: string) => void): Promise<number> {
  const options = readOptions(args)
  if (options === undefined) {
    write(USAGE)
    return 2
  }
  const { scenario, seed, trace, fromMs, toMs, grep } = options
  const verdict = await runScenario(scenario, seed)
  const { simulation, faults, operations } = verdict
  if (trace) {
    for (const line of simulation.trace) {
      const atMs = Number.parseInt(line, 10)
      if (atMs >= fromMs && atMs <= toMs && line.includes(grep)) write(`${line}\n`)
    }
  }
  const { events } = simulation.work
  write(
    `${operations} operations, ${events} events, ${simulation.now} virtual ms, trace ${simulation.traceHash()}\n`,
  )
  write(
    faults.length === 0
      ? `Scenario "${scenario}" passed with seed ${seed}\n`
      : `${describeVerdict(verdict)}\n`,
  )
  return faults.length === 0 ? 0 : 1
}

function readOptions(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        scenario: { type: 'string', default: 'lossy' },
        seed: { type: 'string', default: '1' },
        trace: { type: 'boolean', default: false },
        from: { type: 'string', default: '0' },
        to: { type: 'string', default: '9999999999' },
        grep: { type: 'string', default: '' },
      },
    })
    const seed = wholeNumber(values.seed)
    const fromMs = wholeNumber(values.from)
    const toMs = wholeNumber(values.to)
    if (!Object.hasOwn(SCENARIOS, values.scenario)) return undefined
    if (seed === undefined || fromMs === undefined || toMs === undefined) return undefined
    return {
      scenario: values.scenario as ScenarioName,
      seed,
      trace: values.trace,
      fromMs,
      toMs,
      grep: values.grep,
    }
  } catch {
    return undefined
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === import.meta.filename) {
  // Whoever reads only the beginning, as `head` does, has seen enough.
  process.stdout.on('error', () => process.exit(0))
  process.exitCode = await replay(process.argv.slice(2), (text) => void process.stdout.write(text))
}
