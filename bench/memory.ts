/**
 * How much memory an idle peer costs: the resident size of one process with 0, 8, 16 and 32 peers, all linked both ways, and
 * the slope of the line through these four. Each is a process of its own, and those of all sides run at the same time, because
 * memory does not depend on what else the machine does. Garbage is collected before a size is read.
 */

import type { Figures } from './figures.ts'
import type { SideName, TeamName } from './sides.ts'
import { slopeOf } from './statistics.ts'
import { TITLES } from './targets.ts'
import { findPlaces, pause, START_MS, usageOf } from './team.ts'
import { faultOf, WorkerProcess } from './worker-process.ts'

const PEER_COUNTS = [0, 8, 16, 32]
/** What a new process does in its first seconds, heartbeats included, has its memory by then. */
const SETTLE_MS = 3000
const KIB = 1024

const SIDES: readonly (readonly [SideName, TeamName])[] = [
  ['zmqnet-tcp', 'zmqnet-tcp'],
  ['zmqnet-same-host', 'zmqnet-same-host'],
  ['raw-awaited', 'raw'],
]

/** All rounds of those among `wanted` for which this is measured. */
export async function measureMemories(
  figures: Figures,
  wanted: readonly SideName[],
  rounds: number,
  say: (text: string) => void,
): Promise<void> {
  const sides = SIDES.filter(([name]) => wanted.includes(name))
  for (let round = 0; round < rounds; round += 1) {
    const able = sides.filter(([name]) => !figures.hasFailed(TITLES.memory, name))
    const lines = await Promise.all(able.map(([side, team]) => measureOnce(figures, side, team)))
    for (const line of lines) say(`round ${round + 1} of ${rounds}: ${TITLES.memory}: ${line}`)
  }
}

/** One round of one side; never throws. Gives what there is to say about it. */
async function measureOnce(figures: Figures, side: SideName, team: TeamName): Promise<string> {
  try {
    const sizes = await Promise.all(PEER_COUNTS.map((count) => sizeWith(team, count)))
    const slopeBytes = slopeOf(PEER_COUNTS.map((count, index) => [count, sizes[index] ?? Number.NaN]))
    figures.add(TITLES.memory, 'KiB', side, slopeBytes / KIB)
    figures.add(TITLES.memoryAlone, 'MiB', side, (sizes[0] ?? Number.NaN) / KIB / KIB)
    return `${side} ${(slopeBytes / KIB).toFixed(1)} KiB`
  } catch (error) {
    figures.fail(TITLES.memory, 'KiB', side, faultOf(error))
    figures.fail(TITLES.memoryAlone, 'MiB', side, faultOf(error))
    return `${side} ${faultOf(error)}`
  }
}

async function sizeWith(team: TeamName, peers: number): Promise<number> {
  const places = await findPlaces(peers)
  const host = new WorkerProcess([])
  const subject = new WorkerProcess(['--expose-gc'])
  try {
    await host.ask({ kind: 'start', part: { team, role: 'peers' }, places }, START_MS)
    await subject.ask({ kind: 'start', part: { team, role: 'subject' }, places }, START_MS)
    await pause(SETTLE_MS)
    return (await usageOf(subject)).rssBytes
  } finally {
    await Promise.all([host.end(), subject.end()])
  }
}
