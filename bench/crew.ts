/**
 * The worker processes: starts them on free ports, passes orders, and ends them.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { freePorts, local } from '../test/support/mesh.ts'
import type { Scenario, Times } from './scenarios.ts'
import type { Answer, Order, Part, Places, Side } from './sides.ts'

/** An answer that takes this much longer than the run is none. */
const PATIENCE_MS = 30_000

/** One worker process, which does one thing after the other. */
class Worker {
  readonly #process: ChildProcess

  constructor(execArgv: readonly string[]) {
    const env = { ...process.env }
    // Node.js reads these certificates at every start, which nothing here needs.
    delete env.NODE_EXTRA_CA_CERTS
    this.#process = fork(new URL('./worker.js', import.meta.url), { env, execArgv: [...execArgv] })
  }

  async ask(order: Order): Promise<Answer> {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const answered = once(this.#process, 'message', { signal })
    this.#process.send(order)
    const [answer] = (await answered) as [Answer]
    if (answer.kind === 'failed') throw new Error(answer.text)
    return answer
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null) return
    const exited = once(this.#process, 'exit')
    this.#process.disconnect()
    await exited
  }
}

/** A client and two servers of one side. */
interface Team {
  readonly client: Worker
  readonly servers: readonly [Worker, Worker]
}

/** All processes of a run of the benchmark. */
export class Crew {
  readonly places: Places
  readonly #teams: Readonly<Record<Part['side'], Team>>

  private constructor(places: Places, teams: Readonly<Record<Part['side'], Team>>) {
    this.places = places
    this.#teams = teams
  }

  /** Starts everybody. `execArgv` goes to each worker: for example --cpu-prof. */
  static async start(execArgv: readonly string[]): Promise<Crew> {
    const places = await findPlaces()
    const zmqnet = await startTeam('zmqnet', places, execArgv)
    const raw = await startTeam('raw', places, execArgv)
    return new Crew(places, { zmqnet, raw })
  }

  /** Operations per second of one scenario on one side. */
  async measure(side: Side, scenario: Scenario, times: Times): Promise<number> {
    const { client, servers } = this.#teams[side === 'zmqnet' ? side : 'raw']
    const running = client.ask({ kind: 'run', side, scenario, times })
    if (scenario.kind !== 'oneway') return rateOf(await running)
    // A one-way message counts when it has arrived, so the server's count is read twice while the client sends.
    await pause(times.warmUpMs)
    const before = await servers[0].ask({ kind: 'count' })
    await pause(times.measureMs * 0.9)
    const after = await servers[0].ask({ kind: 'count' })
    await running
    if (before.kind !== 'counted' || after.kind !== 'counted') throw new Error('The server did not count')
    return ((after.arrived - before.arrived) / (after.atMs - before.atMs)) * 1000
  }

  async end(): Promise<void> {
    for (const { client, servers } of Object.values(this.#teams)) {
      for (const worker of [client, ...servers]) await worker.end()
    }
  }
}

/** The servers first; a zmqnet node would wait for them in any order. */
async function startTeam(side: Part['side'], places: Places, execArgv: readonly string[]): Promise<Team> {
  const servers = [new Worker(execArgv), new Worker(execArgv)] as const
  const client = new Worker(execArgv)
  for (const [index, worker] of servers.entries()) {
    await worker.ask({ kind: 'start', part: { side, role: 'server', index }, places })
  }
  await client.ask({ kind: 'start', part: { side, role: 'client' }, places })
  return { client, servers }
}

async function findPlaces(): Promise<Places> {
  const [bench, one, two, ...raw] = await freePorts(7)
  return {
    nodes: [
      { name: 'bench', address: local(bench) },
      { name: 'one', address: local(one) },
      { name: 'two', address: local(two) },
    ],
    raw: [0, 2].map((index) => ({
      echo: `tcp://${local(raw[index])}`,
      sink: `tcp://${local(raw[index + 1])}`,
    })),
  }
}

function rateOf(answer: Answer): number {
  if (answer.kind !== 'ran') throw new Error(`The client answered ${answer.kind}`)
  return answer.perSecond
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
