/**
 * One node of the soak, in a process of its own: it asks, sends and broadcasts without end, and says when it is asked how much
 * memory and how many file descriptors it has. Whatever fails is counted by its code; only an error that is none of ours is a fault.
 */

import { readdirSync } from 'node:fs'
import { seededRandom } from '../../src/base/random.ts'
import { createNode, type Node, type PeersConfig, ZmqnetError } from '../../src/index.ts'

/** What a node of the soak says of itself. */
export interface Sample {
  readonly rssMiB: number
  readonly heapMiB: number
  readonly descriptors: number
  readonly done: number
  readonly failed: Readonly<Record<string, number>>
  readonly faults: readonly string[]
}

/** So many do one thing after the other, side by side: one that waits for a stopped peer does not stop the others. */
const LANES = 8
const PAUSE_MS = 5
const BURST = 200
const SIZES = [0, 64, 4096, 60_000, 300_000, 2_000_000]
const TIMEOUT = { timeout: 1000, retries: 1 }

let done = 0
const failed: Record<string, number> = {}
const faults: string[] = []

function count(outcome: Promise<unknown>): Promise<void> {
  return outcome.then(
    () => {
      done += 1
    },
    (error: unknown) => {
      if (error instanceof ZmqnetError) failed[error.code] = (failed[error.code] ?? 0) + 1
      else if (faults.length < 10) faults.push(String(error))
    },
  )
}

async function load(node: Node, others: readonly string[], seed: number): Promise<never> {
  const random = seededRandom(seed)
  for (;;) {
    const peer = others[random.below(others.length)] as string
    const body = Buffer.alloc(SIZES[random.below(SIZES.length)] ?? 0, 7)
    switch (random.below(40)) {
      case 0:
        await count(node.broadcast('note', body.subarray(0, 60_000), { timeout: 1000 }))
        break
      case 1:
        await Promise.all(
          Array.from({ length: BURST }, () => count(node.request(peer, 'echo', 'burst', TIMEOUT))),
        )
        break
      case 2:
      case 3:
        // Not awaited: it waits for its receipt beside what comes next.
        void count(node.send(peer, 'note', body, { timeout: 1000 }))
        break
      default:
        await count(node.request(peer, 'echo', body, TIMEOUT))
    }
    await new Promise((resolve) => setTimeout(resolve, random.below(PAUSE_MS * 2)))
  }
}

function sample(): Sample {
  globalThis.gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  const mib = (bytes: number): number => bytes / 1024 / 1024
  const descriptors = process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
  return { rssMiB: mib(rss), heapMiB: mib(heapUsed + external), descriptors, done, failed, faults }
}

process.once('message', ({ name, peers, seed }: { name: string; peers: PeersConfig; seed: number }) => {
  createNode({ name, peers }).then(
    (node) => {
      node.handle('echo', (body) => body)
      node.handle('note', () => undefined)
      process.on('message', () => process.send?.(sample()))
      process.send?.('started')
      const others = peers.peers.map((peer) => peer.name).filter((each) => each !== name)
      for (let lane = 0; lane < LANES; lane += 1) void load(node, others, seed + lane)
    },
    (error: Error) => {
      process.send?.(error.message)
      process.exit(1)
    },
  )
})
process.on('disconnect', () => process.exit(0))
