/**
 * The benchmark: zmqnet beside raw zeromq.js, in one interleaved run of a few minutes, on the loopback of one machine.
 * Each round runs every scenario on all sides, one right after the other, and changes which side comes first. What it
 * prints are medians of the rounds and ratios; figures of two machines, or of two runs, do not compare.
 *
 * Usage: npm run bench [-- --rounds 5] [-- --measure 900] [-- --only "echo 64 B"] [-- --profile FOLDER]
 */

import { parseArgs } from 'node:util'
import { timeCommand } from './command-time.ts'
import { Crew } from './crew.ts'
import { commandTable, type Measured, machineLine, throughputTable } from './report.ts'
import { scenarios } from './scenarios.ts'
import type { Side } from './sides.ts'

const SIDES: readonly Side[] = ['zmqnet', 'promise', 'bare']

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    /** Milliseconds that each scenario counts on each side; a quarter of it goes before, to warm up. */
    measure: { type: 'string', default: '900' },
    /** Only the scenarios whose title contains this. */
    only: { type: 'string', default: '' },
    /** A folder for CPU profiles of all workers. */
    profile: { type: 'string' },
    /** How often the command line is timed. */
    commands: { type: 'string', default: '15' },
  },
})

const rounds = Number(values.rounds)
const measureMs = Number(values.measure)
const times = { warmUpMs: measureMs / 4, measureMs }
const chosen = scenarios.filter(({ title }) => title.includes(values.only))
const profiling = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`]

const crew = await Crew.start(profiling)
try {
  const measured = chosen.map((scenario) => ({ scenario, rates: { zmqnet: [], promise: [], bare: [] } }))
  for (let round = 0; round < rounds; round += 1) {
    for (const figure of measured) await measure(figure, round)
  }
  console.log(`\n${machineLine()}\n`)
  if (measured.length > 0) console.log(`${throughputTable(measured)}\n`)
  const runs = Number(values.commands)
  if (runs > 0) console.log(commandTable(timeCommand(crew.places, runs)))
} finally {
  await crew.end()
}

async function measure({ scenario, rates }: Measured, round: number): Promise<void> {
  const order = scenario.kind === 'oneway' ? SIDES.filter((side) => side !== 'promise') : SIDES
  const first = round % order.length
  for (const side of [...order.slice(first), ...order.slice(0, first)]) {
    const rate = await crew.measure(side, scenario, times)
    rates[side].push(rate)
    console.error(`round ${round + 1} of ${rounds}: ${scenario.title}: ${side} ${Math.round(rate)}/s`)
  }
}
