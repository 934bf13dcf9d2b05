/**
 * `npm run torture`: real processes under fire for minutes, then as many seeds of the simulator as are wanted, and one sum.
 * docs/simulator.md says what is done and what is judged.
 *
 * Exit code: 0 no violation, 1 a violation, 2 wrong usage.
 */

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runProgram, someMinutes, wholeNumber } from '../../bench/program.ts'
import type { CampaignTotals } from '../../src/sim/campaign.ts'
import { type TortureOptions, type TortureReport, torture } from './torture.ts'

const HELP = `Usage: npm run torture -- [--minutes N] [--rate N] [--callers N] [--seed N] [--seeds N] [--json FILE]

Asks counting services for minutes, while processes are killed and the ways between them misbehave, and judges what each wrote down.

  --minutes N   how long (default 10); in rounds of five minutes at most, each ends with an outage of 15 s
  --rate N      requests of each caller in a second (default 500)
  --callers N   processes that ask, 1 to 4 (default 2)
  --seed N      what happens when (default 1); what comes of it depends on the machine as well
  --seeds N     plays so many seeds of the simulator afterwards, and adds their requests (default 0)
  --json FILE   writes all figures to a file, too
`

const ROUND_MINUTES = 5
const SIMULATE = fileURLToPath(new URL('../../../scripts/simulate.js', import.meta.url))

interface Options {
  readonly minutes: number
  readonly rate: number
  readonly callers: number
  readonly seed: number
  readonly seeds: number
  readonly json: string | undefined
}

await runProgram({ name: 'torture', help: HELP, parse: parseOptions, run: tortureAll })

async function tortureAll(options: Options): Promise<number> {
  const rounds: TortureReport[] = []
  for (let leftMinutes = options.minutes; leftMinutes > 0; leftMinutes -= ROUND_MINUTES) {
    const report = await torture(planOf(options, rounds.length, Math.min(ROUND_MINUTES, leftMinutes)))
    rounds.push(report)
    process.stdout.write(`${describe(rounds.length, report)}\n`)
  }
  const simulated = options.seeds > 0 ? await simulateSeeds(options.seeds) : undefined
  const violations = sum(rounds, ({ faultCount }) => faultCount) + (simulated?.failed ?? 0)
  process.stdout.write(`${summary(rounds, simulated, violations)}\n`)
  const { json } = options
  if (json !== undefined)
    writeFileSync(json, `${JSON.stringify({ options, violations, rounds, simulated }, undefined, 2)}\n`)
  return violations === 0 ? 0 : 1
}

function planOf({ seed, rate, callers }: Options, round: number, minutes: number): TortureOptions {
  return {
    seed: seed + round,
    forMs: minutes * 60_000,
    outageMs: 15_000,
    callers,
    perSecond: rate,
    killEveryMs: [2000, 6000],
    timeoutMs: 400,
    deadlineMs: 8000,
  }
}

/** The seeds are played by the script that does it at other times; its progress goes to the terminal. */
async function simulateSeeds(seeds: number): Promise<CampaignTotals> {
  const folder = mkdtempSync(join(tmpdir(), 'zmqnet-torture-'))
  const path = join(folder, 'totals.json')
  try {
    const child = spawn(process.execPath, [SIMULATE, '--seeds', String(seeds), '--json', path], {
      stdio: 'inherit',
    })
    await new Promise((resolve) => child.once('exit', resolve))
    return JSON.parse(readFileSync(path, 'utf8')) as CampaignTotals
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function describe(round: number, { figures, faults, faultCount, kills, troubles }: TortureReport): string {
  const { outcomes, live, liveFailed, misled, latestMs, excused, worstWireRatio } = figures
  const share = live === 0 ? 'none asked' : `${(100 * (1 - liveFailed / live)).toFixed(4)} %`
  const list = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')
  return [
    `round ${round}`,
    `  requests    ${figures.requests}, run ${figures.executions} times; ${list(outcomes)}`,
    `  live        ${live} requests to live callees, ${share} succeeded in time, ${liveFailed} did not; ${misled} more went to a dead run, whose end a stalled way hid`,
    ...figures.liveFailures.slice(0, 10).map((failure) => `              ${failure}`),
    `  lateness    at most ${latestMs.toFixed(1)} ms after the deadline; ${excused} later, while the loop of their caller stood still`,
    `  outage      ${worstWireRatio === undefined ? 'none' : `${worstWireRatio.toFixed(3)} requests on the wire for each that was made, at worst`}`,
    `  fire        ${kills} kills; ${list(troubles)}`,
    `  answers     ${figures.lostReplies} lost, ${figures.lateReplies} late, ${figures.retries} retries (of runs that were not killed)`,
    `  violations  ${faultCount === 0 ? 'none' : faultCount}`,
    ...faults.slice(0, 10).map((fault) => `    - ${fault}`),
  ].join('\n')
}

function summary(
  rounds: readonly TortureReport[],
  simulated: CampaignTotals | undefined,
  violations: number,
): string {
  const real = sum(rounds, ({ figures }) => figures.requests)
  const ran = sum(rounds, ({ figures }) => figures.executions)
  const virtual = simulated?.requests ?? 0
  return [
    `requests    ${real + virtual} together: ${real} of real processes (run ${ran} times), ${virtual} of ${simulated?.seeds ?? 0} seeds of the simulator`,
    `violations  ${violations === 0 ? 'none' : violations}`,
  ].join('\n')
}

function sum(rounds: readonly TortureReport[], count: (report: TortureReport) => number): number {
  return rounds.reduce((total, report) => total + count(report), 0)
}

function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '10' },
      rate: { type: 'string', default: '500' },
      callers: { type: 'string', default: '2' },
      seed: { type: 'string', default: '1' },
      seeds: { type: 'string', default: '0' },
      json: { type: 'string' },
    },
  })
  return {
    minutes: someMinutes(values.minutes),
    rate: wholeNumber('rate', values.rate, 100_000),
    callers: wholeNumber('callers', values.callers, 4),
    seed: wholeNumber('seed', values.seed, 2 ** 31, 0),
    seeds: wholeNumber('seeds', values.seeds, 10_000_000, 0),
    json: values.json,
  }
}
