/**
 * A callee in a process of its own whose handler takes time of its processor, and which counts what it began, and what it
 * began too late: for overload. Its parent tells it where it is, and asks it for its counts by a request.
 */

import { createNode, type PeersConfig } from '../../src/index.ts'
import { machineNow } from '../torture/record.ts'

/** What travels in a request: how long the handler is busy, and when nobody waits any more, on the clock of the machine. */
export interface Job {
  readonly busyMs: number
  readonly dueAtMs: number
}

/** What a callee did since the last time that it was asked. */
export interface Did {
  readonly begun: number
  readonly begunLate: number
  /**
   * The most that a handler began after its deadline, in milliseconds, without the longest time that the loop stood still in
   * the second before: a machine that gives a process no time keeps it from reading, too.
   */
  readonly latestMs: number
}

/** How often the loop is looked at, in milliseconds. */
const GAP_MS = 5

const { name, peers } = JSON.parse(process.argv[2] ?? '') as { name: string; peers: PeersConfig }
const node = await createNode({ name, peers })
let [begun, begunLate, latestMs] = [0, 0, 0]
/** The longest times between two turns of the loop, in the last second and in the one before. */
let gaps: readonly [number, number] = [0, 0]
let turnedAtMs = machineNow()

setInterval(() => {
  const nowMs = machineNow()
  gaps = [Math.max(gaps[0], nowMs - turnedAtMs), gaps[1]]
  turnedAtMs = nowMs
}, GAP_MS)
setInterval(() => {
  gaps = [0, gaps[0]]
}, 1000)

node.handle('work', (job: Job) => {
  const lateMs = machineNow() - job.dueAtMs
  begun += 1
  if (lateMs > 0) begunLate += 1
  latestMs = Math.max(latestMs, lateMs - Math.max(...gaps, machineNow() - turnedAtMs))
  const until = performance.now() + job.busyMs
  while (performance.now() < until);
  return begun
})
node.handle('did', (): Did => {
  const did = { begun, begunLate, latestMs }
  begun = 0
  begunLate = 0
  latestMs = 0
  return did
})
process.on('disconnect', () => process.exit(0))
process.send?.({ kind: 'up' })
