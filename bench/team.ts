/**
 * The processes of one side: a client, its servers, and a broker where the side has one. A team starts on free ports, does
 * what it is asked, and ends as a whole.
 */

import { createSocket } from 'node:dgram'
import { freePorts, local } from '../test/support/mesh.ts'
import { PROBE, type Scenario } from './scenarios.ts'
import type { Answer, Places, SideName, TeamName, Usage } from './sides.ts'
import type { Ran, Times } from './tally.ts'
import type { Probed, ProbePlan } from './under-bulk.ts'
import { WorkerProcess } from './worker-process.ts'

/** A start that takes longer has failed. Sixteen processes of several sides may start at a time, on two cores. */
export const START_MS = 40_000
/** An answer that takes this much longer than the run is none. */
const PATIENCE_MS = 20_000
/** A process that does nothing answers at once, also on a machine that is busy. */
const ALIVE_MS = 5000

export class Team {
  readonly places: Places
  readonly #client: WorkerProcess
  readonly #servers: readonly WorkerProcess[]
  readonly #broker: WorkerProcess | undefined

  private constructor(
    places: Places,
    client: WorkerProcess,
    servers: readonly WorkerProcess[],
    hasBroker: boolean,
  ) {
    this.places = places
    this.#client = client
    this.#servers = servers
    this.#broker = hasBroker ? new WorkerProcess([], { hasChildren: true }) : undefined
  }

  /** Starts everybody. `execArgv` goes to each client and server: for example --cpu-prof. */
  static async start(team: TeamName, servers: number, execArgv: readonly string[]): Promise<Team> {
    const places = await findPlaces(servers)
    const workers = Array.from({ length: servers }, () => new WorkerProcess(execArgv))
    const started = new Team(places, new WorkerProcess(execArgv), workers, team === 'nats')
    try {
      await started.#start(team)
      return started
    } catch (error) {
      await started.end()
      throw error
    }
  }

  /** The broker first, then the servers, then the client, which waits for them. */
  async #start(team: TeamName): Promise<void> {
    const { places } = this
    await this.#broker?.ask({ kind: 'start', part: { team, role: 'broker' }, places }, START_MS)
    await Promise.all(
      this.#servers.map((worker, index) => {
        return worker.ask({ kind: 'start', part: { team, role: 'server', index }, places }, START_MS)
      }),
    )
    await this.#client.ask({ kind: 'start', part: { team, role: 'client' }, places }, START_MS)
  }

  async measure(side: SideName, scenario: Scenario, times: Times): Promise<Ran> {
    const deadlineMs = times.warmUpMs + times.measureMs + PATIENCE_MS
    const running = this.#client.ask({ kind: 'run', side, scenario, times }, deadlineMs)
    if (scenario.kind !== 'oneway') return ranOf(await running)
    // A one-way message counts when it has arrived, so the server's count is read twice while the client sends.
    running.catch(() => undefined)
    await pause(times.warmUpMs)
    const before = await this.#count()
    await pause(times.measureMs * 0.9)
    const after = await this.#count()
    await running
    const perSecond = ((after.arrived - before.arrived) / (after.atMs - before.atMs)) * 1000
    return { perSecond, p50Ms: undefined, p99Ms: undefined }
  }

  /** That every process still answers. Throws when one does not. */
  async checkAll(): Promise<void> {
    const all = [this.#client, ...this.#servers, ...(this.#broker === undefined ? [] : [this.#broker])]
    await Promise.all(all.map((worker) => worker.ask({ kind: 'count' }, ALIVE_MS)))
  }

  /** That an echo works on this side. Throws when it does not. */
  async check(side: SideName): Promise<void> {
    await this.measure(side, PROBE, { warmUpMs: 0, measureMs: 1 })
  }

  async #count(): Promise<Answer & { readonly kind: 'counted' }> {
    const answer = await this.#servers[0]?.ask({ kind: 'count' }, PATIENCE_MS)
    if (answer?.kind !== 'counted') throw new Error('The server did not count')
    return answer
  }

  async probe(side: SideName, plan: ProbePlan): Promise<Probed> {
    const deadlineMs = plan.idleMs + plan.limitMs + PATIENCE_MS
    const answer = await this.#client.ask({ kind: 'probe', side, plan }, deadlineMs)
    if (answer.kind !== 'probed') throw new Error(`The client answered ${answer.kind}`)
    return answer.probed
  }

  /** What each client and server has used so far. */
  usage(): Promise<Usage[]> {
    return Promise.all([this.#client, ...this.#servers].map(usageOf))
  }

  async end(): Promise<void> {
    await Promise.all([this.#client, ...this.#servers].map((worker) => worker.end()))
    await this.#broker?.end()
  }
}

export async function usageOf(worker: WorkerProcess): Promise<Usage> {
  const answer = await worker.ask({ kind: 'usage' }, PATIENCE_MS)
  if (answer.kind !== 'used') throw new Error(`The worker answered ${answer.kind}`)
  return answer.usage
}

/** Free ports for a client and so many servers. */
export async function findPlaces(servers: number): Promise<Places> {
  const [client, meeting, ...ports] = await freePorts(2 + 2 * servers)
  return {
    client: local(client),
    meeting: local(meeting),
    meetingUdpPort: await freeUdpPort(),
    servers: Array.from({ length: servers }, (_, index) => ({
      name: `server-${index + 1}`,
      address: local(ports[2 * index]),
      sink: local(ports[2 * index + 1]),
    })),
  }
}

/** Not one of `freePorts`, whose UDP twins are kept to say that they are taken. */
async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(0, resolve)
  })
  const { port } = socket.address()
  await new Promise<void>((resolve) => socket.close(resolve))
  return port
}

function ranOf(answer: Answer): Ran {
  if (answer.kind !== 'ran') throw new Error(`The client answered ${answer.kind}`)
  return answer.ran
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
