/**
 * What a mesh costs that does nothing: the CPU time, user and system, of each of 16 nodes in processes of their own, all linked to
 * all, in percent of one core. A round is a stretch of time of the same mesh; together they are at least half a minute. Beside it
 * stands what raw sockets cost that tell each other as often that they live.
 */

import type { Figures } from './figures.ts'
import type { SideName, TeamName, Usage } from './sides.ts'
import { TITLES } from './targets.ts'
import { findPlaces, pause, START_MS, Team, usageOf } from './team.ts'
import { faultOf, WorkerProcess } from './worker-process.ts'

const NODES = 16
/** Starting up costs a lot once; it is not what a mesh costs that stands. */
const SETTLE_MS = 5000
const ALL_ROUNDS_MS = 30_000

/** The others are no meshes. */
const SIDES: readonly (readonly [SideName, TeamName])[] = [
  ['zmqnet-tcp', 'zmqnet-tcp'],
  ['zmqnet-same-host', 'zmqnet-same-host'],
  ['raw-awaited', 'raw'],
]

/** Sixteen processes that are linked. */
interface Mesh {
  usage(): Promise<Usage[]>
  end(): Promise<unknown>
}

/** All rounds of those among `wanted` for which this is measured. */
export async function measureIdleCpus(
  figures: Figures,
  wanted: readonly SideName[],
  rounds: number,
  say: (text: string) => void,
): Promise<void> {
  for (const [side, team] of SIDES.filter(([name]) => wanted.includes(name))) {
    say(`${TITLES.cpu}: ${side}, ${(SETTLE_MS + ALL_ROUNDS_MS) / 1000} s`)
    await measureMesh(figures, side, team, rounds).catch((error: unknown) => {
      figures.fail(TITLES.cpu, '%', side, faultOf(error))
      say(`${TITLES.cpu}: ${side} ${faultOf(error)}`)
    })
  }
}

async function measureMesh(figures: Figures, side: SideName, team: TeamName, rounds: number): Promise<void> {
  const mesh = team === 'raw' ? await startRawMesh() : await startMesh(side, team)
  try {
    await pause(SETTLE_MS)
    let before = await mesh.usage()
    for (let round = 0; round < rounds; round += 1) {
      await pause(ALL_ROUNDS_MS / rounds)
      const after = await mesh.usage()
      figures.add(TITLES.cpu, '%', side, meanShare(before, after) * 100)
      before = after
    }
  } finally {
    await mesh.end()
  }
}

async function startMesh(side: SideName, team: TeamName): Promise<Mesh> {
  const mesh = await Team.start(team, NODES - 1, [])
  try {
    await mesh.check(side)
    return mesh
  } catch (error) {
    await mesh.end()
    throw error
  }
}

async function startRawMesh(): Promise<Mesh> {
  const places = await findPlaces(NODES)
  const workers = places.servers.map(() => new WorkerProcess([]))
  const mesh: Mesh = {
    usage: () => Promise.all(workers.map(usageOf)),
    end: () => Promise.all(workers.map((worker) => worker.end())),
  }
  try {
    await Promise.all(
      workers.map((worker, index) =>
        worker.ask({ kind: 'start', part: { team: 'raw', role: 'beater', index }, places }, START_MS),
      ),
    )
    return mesh
  } catch (error) {
    await mesh.end()
    throw error
  }
}

/** CPU time over time, as the mean of all processes. */
export function meanShare(before: readonly Usage[], after: readonly Usage[]): number {
  const shares = after.map(({ cpuMs, atMs }, index) => {
    const first = before[index]
    return first === undefined ? Number.NaN : (cpuMs - first.cpuMs) / (atMs - first.atMs)
  })
  return shares.reduce((sum, share) => sum + share, 0) / shares.length
}
