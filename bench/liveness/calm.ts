/**
 * Nothing happens but work: all cores are kept busy by other processes of equal priority, and whoever is called dead is a false
 * death.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { cpus } from 'node:os'
import { Mesh, pause } from './mesh.ts'
import type { Spawn } from './party.ts'
import { type SightKind, sharedNowMs } from './sights.ts'

const hogs = new Set<ChildProcess>()
process.on('exit', () => {
  for (const hog of hogs) hog.kill('SIGKILL')
})

/** What was said of processes that lived all the time. */
export interface CalmRow {
  readonly side: 'zmqnet' | 'serf'
  readonly nodes: number
  readonly seconds: number
  /** Processes that did nothing but turn. */
  readonly hogs: number
  readonly dead: number
  readonly suspect: number
  readonly busy: number
  readonly linkDown: number
}

export interface CalmOrder {
  readonly side: 'zmqnet' | 'serf'
  readonly spawn: Spawn
  readonly nodes: number
  readonly seconds: number
  readonly say: (text: string) => void
}

/** How often the counts so far are said, in milliseconds. */
const SAY_MS = 60_000

export async function measureCalm({ side, spawn: start, nodes, seconds, say }: CalmOrder): Promise<CalmRow> {
  const mesh = await Mesh.start(start, nodes, { tellsRuns: side === 'zmqnet' })
  try {
    const fromMs = sharedNowMs()
    for (const _ of cpus()) hogs.add(spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }))
    const row = (): CalmRow => {
      const count = (kind: SightKind): number =>
        mesh.parties.reduce((sum, party) => {
          return sum + party.sights.since(fromMs).filter((sight) => sight.kind === kind).length
        }, 0)
      return {
        side,
        nodes,
        seconds: Math.round((sharedNowMs() - fromMs) / 1000),
        hogs: hogs.size,
        dead: count('dead'),
        suspect: count('suspect'),
        busy: count('busy'),
        linkDown: count('link-down'),
      }
    }
    for (let leftMs = seconds * 1000; leftMs > 0; leftMs -= SAY_MS) {
      await pause(Math.min(leftMs, SAY_MS))
      const { dead, suspect, busy, linkDown, seconds: soFar } = row()
      say(
        `${side} calm ${nodes}: ${soFar} s, dead ${dead}, suspect ${suspect}, busy ${busy}, links ${linkDown}`,
      )
    }
    const broken = mesh.parties.find(({ child }) => child.exitCode !== null || child.signalCode !== null)
    if (broken !== undefined) throw new Error(`${broken.name} ended by itself`)
    return row()
  } finally {
    for (const hog of hogs) hog.kill('SIGKILL')
    hogs.clear()
    await mesh.end()
  }
}
