/**
 * Plays many seeds of the simulator's scenarios, in some processes side by side, and sums up what happened: npm run simulate
 *
 * Ctrl-C prints the summary so far. Exit code: 0 no violation, 1 a violation (or traces that differ), 2 wrong usage,
 * 130 interrupted without one. Each violation comes with the command that plays it again.
 */

import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { runProgram, wholeNumber } from '../dist/bench/program.js'
import { Campaign } from '../dist/src/sim/campaign.js'
import { SCENARIOS, simulate } from '../dist/src/sim/index.js'
import { Crew } from './simulate-crew.js'

const HELP = `Usage: npm run simulate -- [OPTIONS]

Plays seeds of the simulator's scenarios, and shows what went wrong with the command that plays it again.

  --seeds N        how many seeds (default 10000); they go over the scenarios in turn
  --from N         the first seed (default 0)
  --scenario NAME  only this one: ${Object.keys(SCENARIOS).join(', ')}
  --jobs N         processes (default: the cores of this machine)
  --node MODULE    another node than the production one: a module that exports startNode(settings, world)
  --same N         plays one seed (--from) of one scenario N times instead, and compares the traces
  --json FILE      writes the sums to a file, too
  --speed          measures five idle nodes instead: virtual time by real time
`

const MAX_SEED = 999_999_999
const PROGRESS_EVERY_MS = 500
/** Somebody who reads a log wants to know that it goes on, and no more. */
const LINES_WITHOUT_TERMINAL = 10

await runProgram({
  name: 'simulate',
  help: HELP,
  endsItself: true,
  parse: parseOptions,
  run: (options) =>
    options.speed ? measureSpeed() : options.same > 0 ? compareTraces(options) : play(options),
})

async function play({ seeds, from, scenarios, jobs, node, json }) {
  const campaign = new Campaign()
  const startedAt = performance.now()
  const tasks = function* () {
    for (let seed = from; seed < from + seeds; seed += 1)
      yield { scenario: scenarios[seed % scenarios.length], seed, node }
  }
  const done = (result) => campaign.add(result)
  const interrupted = await withProgress(campaign, seeds, new Crew(jobs, tasks(), done))
  process.stdout.write(`${campaign.summary(performance.now() - startedAt)}\n`)
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(campaign.totals, undefined, 2)}\n`)
  return campaign.failed > 0 ? 1 : interrupted ? 130 : 0
}

/** Runs the crew and shows how far it is; gives whether it was interrupted. */
async function withProgress(campaign, wanted, crew) {
  let interrupted = false
  const onSignal = () => {
    interrupted = true
    crew.stop()
  }
  process.once('SIGINT', onSignal)
  let next = wanted / LINES_WITHOUT_TERMINAL
  const show = () => {
    const line = campaign.progress(wanted)
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`)
    else if (campaign.seeds >= next) {
      process.stderr.write(`${line}\n`)
      next = campaign.seeds + wanted / LINES_WITHOUT_TERMINAL
    }
  }
  const timer = setInterval(show, PROGRESS_EVERY_MS)
  await crew.run()
  clearInterval(timer)
  process.off('SIGINT', onSignal)
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  return interrupted
}

/** The same seed again and again, in all processes: the traces must not differ in a single byte. */
async function compareTraces({ same, from, scenarios, jobs, node }) {
  const [scenario] = scenarios
  const hashes = new Map()
  const tasks = function* () {
    for (let count = 0; count < same; count += 1) yield { scenario, seed: from, node, hash: true }
  }
  const crew = new Crew(jobs, tasks(), ({ hash = 'no trace' }) => {
    hashes.set(hash, (hashes.get(hash) ?? 0) + 1)
  })
  process.once('SIGINT', () => crew.stop())
  await crew.run()
  const runs = [...hashes.values()].reduce((sum, count) => sum + count, 0)
  const isSame = hashes.size === 1 && !hashes.has('no trace')
  process.stdout.write(
    `Scenario "${scenario}", seed ${from}: ${runs} runs in ${jobs} processes gave ${hashes.size} different traces\n`,
  )
  for (const [hash, count] of hashes) process.stdout.write(`  ${count} times ${hash}\n`)
  return isSame ? 0 : 1
}

/** Five idle nodes for an hour. The first minute is for the compiler to warm up. */
async function measureSpeed() {
  const sim = await simulate({ seed: 7, nodes: ['alpha', 'bravo', 'charlie', 'delta', 'echo'] })
  await sim.run(60_000)
  const startedAt = performance.now()
  const before = process.cpuUsage()
  await sim.run(3_600_000)
  const elapsedMs = performance.now() - startedAt
  const { user, system } = process.cpuUsage(before)
  const cpuMs = (user + system) / 1000
  process.stdout.write(
    `Five idle nodes: an hour in ${Math.round(elapsedMs)} ms, ${Math.round(3_600_000 / elapsedMs)} times real time; ` +
      `${Math.round(cpuMs)} ms of one processor, ${Math.round(3_600_000 / cpuMs)} times\n`,
  )
}

function parseOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      seeds: { type: 'string', default: '10000' },
      from: { type: 'string', default: '0' },
      scenario: { type: 'string' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      node: { type: 'string' },
      json: { type: 'string' },
      same: { type: 'string', default: '0' },
      speed: { type: 'boolean', default: false },
    },
  })
  const all = Object.keys(SCENARIOS)
  if (values.scenario !== undefined && !all.includes(values.scenario))
    throw new Error(`There is no scenario "${values.scenario}"; there are ${all.join(', ')}`)
  return {
    seeds: wholeNumber('seeds', values.seeds, MAX_SEED),
    from: wholeNumber('from', values.from, MAX_SEED, 0),
    scenarios: values.scenario === undefined ? all : [values.scenario],
    jobs: wholeNumber('jobs', values.jobs, 64),
    node: values.node,
    json: values.json,
    same: wholeNumber('same', values.same, MAX_SEED, 0),
    speed: values.speed,
  }
}
