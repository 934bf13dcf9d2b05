/**
 * What small messages wait while large ones go to the same peer: a tiny request each millisecond, first alone, then beside
 * a transfer of many large bodies on the same connection. It runs in the client process.
 *
 * The node's own measure of a heartbeat (PeerView.rttMs) is in whole milliseconds and taken every few seconds, too coarse
 * to see a difference; a tiny request goes the same way and can be asked for often.
 */

import { PROBE, uploadOf } from './scenarios.ts'
import type { Client, SideName } from './sides.ts'
import { percentile } from './statistics.ts'

export interface ProbePlan {
  /** How long to probe before the transfer. */
  readonly idleMs: number
  readonly transferBytes: number
  /** A transfer that takes longer is ended. */
  readonly limitMs: number
}

export interface Delays {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly count: number
}

export interface Probed {
  readonly idle: Delays
  readonly busy: Delays
  /** The size of the bodies: 16 MiB, or 1 MiB where those are refused. */
  readonly chunkBytes: number
  readonly movedBytes: number
  readonly movedMs: number
}

const MIB = 1024 * 1024
const PAUSE_MS = 1
const WARM_UP_PROBES = 200

export async function probeUnderBulk(client: Client, side: SideName, plan: ProbePlan): Promise<Probed> {
  const probe = client.operation(PROBE, side)
  const { upload, chunkBytes, inFlight } = await largestUpload(client, side)
  for (let count = 0; count < WARM_UP_PROBES; count += 1) await probe()
  const idleUntil = performance.now() + plan.idleMs
  const idle = await delaysOf(probe, () => performance.now() < idleUntil)
  const startedAt = performance.now()
  const giveUpAt = startedAt + plan.limitMs
  let begunBytes = 0
  let isMoving = true
  const move = async (): Promise<void> => {
    while (begunBytes < plan.transferBytes && performance.now() < giveUpAt) {
      begunBytes += chunkBytes
      await upload()
    }
  }
  const moved = Promise.all(Array.from({ length: inFlight }, move)).finally(() => {
    isMoving = false
  })
  const [busy] = await Promise.all([delaysOf(probe, () => isMoving), moved])
  return { idle, busy, chunkBytes, movedBytes: begunBytes, movedMs: performance.now() - startedAt }
}

/** A body of 16 MiB at a time where the side takes it; otherwise four of 1 MiB. */
async function largestUpload(client: Client, side: SideName) {
  const large = client.operation(uploadOf(16 * MIB, 1), side)
  const isTaken = await large().then(
    () => true,
    () => false,
  )
  if (isTaken) return { upload: large, chunkBytes: 16 * MIB, inFlight: 1 }
  return { upload: client.operation(uploadOf(MIB, 4), side), chunkBytes: MIB, inFlight: 4 }
}

async function delaysOf(probe: () => Promise<void>, goesOn: () => boolean): Promise<Delays> {
  const delaysMs: number[] = []
  do {
    const askedAt = performance.now()
    await probe()
    delaysMs.push(performance.now() - askedAt)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  } while (goesOn())
  return { p50Ms: percentile(delaysMs, 0.5), p99Ms: percentile(delaysMs, 0.99), count: delaysMs.length }
}
