/**
 * The rounds of throughput and of heartbeats. In each round every figure is taken on all sides, one right after the other, and
 * another side comes first in each round. Before the first round goes a short lap that counts for nothing.
 */

import type { Figures } from './figures.ts'
import type { Scenario } from './scenarios.ts'
import type { Side } from './side-list.ts'
import { inTurn, Stage } from './stage.ts'
import type { Times } from './tally.ts'
import { TITLES } from './targets.ts'

export interface Plan {
  readonly rounds: number
  readonly times: Times
  readonly execArgv: readonly string[]
  readonly say: (text: string) => void
}

/**
 * The lap before the first round: enough for the compilers of V8 to see each path in each process. So many milliseconds for
 * each server, because with many of them each gets its share of the processors only. In a lap of 200 ms in all, 15 servers
 * had seen some hundred requests each, and the first rounds were those of code that was not compiled.
 */
const LAP_MS_PER_SERVER = 300
const WARM_UP_LAP = -1

const GIB = 1024 ** 3

/** All throughput figures; those with the same number of servers share their processes. */
export async function measureScenarios(
  figures: Figures,
  chosen: readonly Scenario[],
  sides: readonly Side[],
  plan: Plan,
): Promise<void> {
  for (const { title, unit } of chosen) figures.open(title, unit)
  for (const servers of new Set(chosen.map((scenario) => scenario.servers))) {
    const group = chosen.filter((scenario) => scenario.servers === servers)
    const able = sides.filter(({ kinds }) => group.some(({ kind }) => kinds.includes(kind)))
    plan.say(`starting ${able.map(({ name }) => name).join(', ')} with ${servers} server(s) each`)
    const stage = await Stage.open(able, servers, plan.execArgv)
    try {
      for (let round = WARM_UP_LAP; round < plan.rounds; round += 1) {
        for (const scenario of group)
          await measureInTurn({ figures, stage, sides: able, round, plan }, scenario)
      }
    } finally {
      await stage.end()
    }
  }
}

/** One figure in one round: on which sides, and where its values go. */
interface Turn {
  readonly figures: Figures
  readonly stage: Stage
  readonly sides: readonly Side[]
  readonly round: number
  readonly plan: Plan
}

function lapOf({ servers }: Scenario): Times {
  return { warmUpMs: 0, measureMs: LAP_MS_PER_SERVER * servers }
}

async function measureInTurn(
  { figures, stage, sides, round, plan }: Turn,
  scenario: Scenario,
): Promise<void> {
  const { rounds, times, say } = plan
  const { title, unit, kind, bodyBytes, inFlight } = scenario
  for (const side of inTurn(sides, round)) {
    const { name } = side
    if (!side.kinds.includes(kind) || figures.hasFailed(title, name)) continue
    const outcome = await stage.use(side, (team) => {
      return team.measure(name, scenario, round === WARM_UP_LAP ? lapOf(scenario) : times)
    })
    if ('fault' in outcome) {
      figures.fail(title, unit, name, outcome.fault)
      if (inFlight === 1 && kind === 'echo' && unit === '/s') {
        for (const share of ['p50', 'p99']) figures.fail(`${title}, ${share}`, 'ms', name, outcome.fault)
      }
      say(`${title}: ${name} ${outcome.fault}`)
      continue
    }
    if (round === WARM_UP_LAP) continue
    const { perSecond, p50Ms, p99Ms } = outcome.value
    const value = unit === 'MB/s' ? (perSecond * bodyBytes) / 1e6 : perSecond
    figures.add(title, unit, name, value)
    say(
      `round ${round + 1} of ${rounds}: ${title}: ${name} ${Math.round(value)}${unit === '/s' ? '' : ' '}${unit}`,
    )
    if (kind !== 'echo' || unit !== '/s' || p50Ms === undefined || p99Ms === undefined) continue
    figures.add(`${title}, p50`, 'ms', name, p50Ms)
    figures.add(`${title}, p99`, 'ms', name, p99Ms)
  }
}

/** The delay of small requests beside nothing, and beside a transfer of 1 GiB to the same peer. */
export async function measureHeartbeats(
  figures: Figures,
  sides: readonly Side[],
  transferBytes: number,
  { rounds, times, execArgv, say }: Plan,
): Promise<void> {
  const able = sides.filter(({ kinds }) => kinds.includes('upload'))
  const probing = { idleMs: 2.5 * times.measureMs, transferBytes, limitMs: 20_000 }
  const stage = await Stage.open(able, 1, execArgv)
  const all = [TITLES.idleP50, TITLES.idleP99, TITLES.busyP50, TITLES.busyP99]
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const side of inTurn(able, round)) {
        const { name } = side
        if (figures.hasFailed(TITLES.busyP99, name)) continue
        const outcome = await stage.use(side, (team) => team.probe(name, probing))
        if ('fault' in outcome) {
          for (const title of all) figures.fail(title, 'ms', name, outcome.fault)
          figures.fail(TITLES.moved, 'MB/s', name, outcome.fault)
          say(`heartbeat: ${name} ${outcome.fault}`)
          continue
        }
        const { idle, busy, chunkBytes, movedBytes, movedMs } = outcome.value
        const valuesMs = [idle.p50Ms, idle.p99Ms, busy.p50Ms, busy.p99Ms]
        for (const [index, title] of all.entries())
          figures.add(title, 'ms', name, valuesMs[index] ?? Number.NaN)
        figures.add(TITLES.moved, 'MB/s', name, movedBytes / movedMs / 1000)
        const moved = `${(movedBytes / GIB).toFixed(2)} GiB in bodies of ${chunkBytes / 1024 ** 2} MiB`
        const probes = `${idle.count} and ${busy.count} probes`
        say(
          `round ${round + 1} of ${rounds}: heartbeat: ${name}: p99 ${valuesMs[1]?.toFixed(2)} ms idle, ` +
            `${valuesMs[3]?.toFixed(2)} ms beside ${moved}, ${probes}`,
        )
      }
    }
  } finally {
    await stage.end()
  }
}
