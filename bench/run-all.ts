/**
 * One run of the benchmark from its options to its results: which figures and sides are asked for, in which order they are
 * taken, and what is noted beside them. A part that fails is noted with its reason, and the others go on.
 */

import { spawnSync } from 'node:child_process'
import { isChosen, type Options } from './command-line.ts'
import { timeCommand } from './command-time.ts'
import { Figures } from './figures.ts'
import { measureIdleCpus } from './idle-cpu.ts'
import { measureMemories } from './memory.ts'
import { textOf } from './program.ts'
import { type Results, thisMachine, versionsNow } from './results.ts'
import { measureHeartbeats, measureScenarios, type Plan } from './rounds.ts'
import { scenarios } from './scenarios.ts'
import { obstacleOf, type Side, sides } from './side-list.ts'
import type { SideName } from './sides.ts'
import { TITLES } from './targets.ts'

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

export async function runAll(options: Options): Promise<Results> {
  const { skipped, able } = whoCanRun(options.sides)
  const figures = new Figures()
  const plan: Plan = {
    rounds: options.rounds,
    times: { warmUpMs: options.measureMs / 4, measureMs: options.measureMs },
    execArgv: execArgvOf(options),
    say,
  }
  const startedAt = performance.now()
  const chosen = scenarios.filter(({ title }) => isChosen(title, options.only))
  if (chosen.length > 0) await measureScenarios(figures, chosen, able, plan)
  await measureTheRest(figures, able, options, plan)
  if (figures.all.length === 0) throw new Error('No figure and side of that name; see --help')
  say(`all in ${Math.round((performance.now() - startedAt) / 1000)} s`)
  return {
    date: new Date().toISOString(),
    machine: thisMachine(),
    versions: await versionsNow(natsServerVersion()),
    settings: settingsOf(options),
    sides: Object.fromEntries(able.map(({ name, settings }) => [name, settings])),
    skipped,
    figures: figures.all,
  }
}

/** What is not counted in operations: delays under load, memory, CPU, and the command line. */
async function measureTheRest(
  figures: Figures,
  able: readonly Side[],
  { only, transferBytes, rounds, commands }: Options,
  plan: Plan,
): Promise<void> {
  const names = able.map(({ name }) => name)
  if (isChosen('heartbeat under a bulk transfer', only)) {
    await measureHeartbeats(figures, able, transferBytes, plan)
  }
  if (isChosen(TITLES.memory, only)) await measureMemories(figures, names, rounds, say)
  if (isChosen(TITLES.cpu, only)) await measureIdleCpus(figures, names, rounds, say)
  if (isChosen('wall time of zmqnet send', only) && able.some(({ standing }) => standing === 'ours')) {
    say('timing zmqnet send')
    await timeCommand(figures, commands).catch((error: unknown) => {
      figures.fail(TITLES.send, 'ms', 'zmqnet-tcp', `failed: ${textOf(error)}`)
    })
  }
}

function whoCanRun(wanted: readonly Side[]) {
  const skipped: Partial<Record<SideName, string>> = {}
  for (const side of wanted) {
    const obstacle = obstacleOf(side)
    if (obstacle === undefined) continue
    skipped[side.name] = obstacle
    say(`${side.title} ${obstacle}`)
  }
  return { skipped, able: wanted.filter(({ name }) => skipped[name] === undefined) }
}

function execArgvOf({ exposeGc, profile }: Options): string[] {
  return [
    ...(exposeGc ? ['--expose-gc'] : []),
    ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]),
  ]
}

function settingsOf(options: Options) {
  const { rounds, measureMs, transferBytes, commands, only, sides: wanted, exposeGc } = options
  return {
    rounds,
    'measured ms': measureMs,
    'transfer MiB': transferBytes / 1024 ** 2,
    'runs of a command': commands,
    figures: only,
    sides: wanted.length === sides.length ? '' : wanted.map(({ name }) => name).join(' '),
    ...(exposeGc ? { 'Node.js': '--expose-gc' } : {}),
  }
}

function natsServerVersion(): string | undefined {
  const { status, stdout } = spawnSync('nats-server', ['--version'], { encoding: 'utf8' })
  return status === 0 ? stdout.trim().replace(/^nats-server: v?/, '') : undefined
}
