/**
 * The soak: five nodes in processes of their own under load, with random faults, for as long as is wished: npm run soak
 *
 *   --minutes N   how long (default 60); of them, up to four minutes, half at most, are the warm-up
 *   --seed N      of the faults and loads (default 1)
 *
 * Alpha and bravo are never killed: their memory (resident, and alive after a garbage collection) and their file descriptors must
 * not grow, by the slope of the least squares. The other three are killed, stopped for a while and restarted. Exit code: 0 flat, 1
 * something grows, died or failed in a way that has no name.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { seededRandom } from '../../src/base/random.ts'
import type { PeersConfig } from '../../src/index.ts'
import { peersOf } from '../support/mesh.ts'
import { judge, type Reading } from './slope.ts'
import type { Sample } from './soak-node.ts'

const SCRIPT = fileURLToPath(new URL('./soak-node.js', import.meta.url))
const NAMES = ['alpha', 'bravo', 'charlie', 'delta', 'echo']
const STAYING = 2
const SAMPLE_MS = 5000
const FAULT_MS = 4000
const ANSWER_MS = 20_000
/** What the line may rise in a whole run: of memory in MiB, of descriptors in number. */
const ALLOWED = { heapMiB: 4, rssMiB: 16, descriptors: 3 } as const
type Size = keyof typeof ALLOWED

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } })
const wholeMs = Math.max(0.5, Number(values.minutes ?? 60)) * 60_000
// What a node remembers of runs that were killed grows for 150 s: a session ends after 30 s, its memory after 120 s (S14, S15).
const warmUpMs = Math.min(240_000, wholeMs / 2)
const random = seededRandom(Number(values.seed ?? 1))
const children = new Map<string, ChildProcess>()
const stopped = new Set<string>()
const problems: string[] = []
process.on('exit', () => {
  for (const child of children.values()) child.kill('SIGKILL')
})

function pause(waitMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, waitMs))
}

function start(name: string, peers: PeersConfig): void {
  const child = fork(SCRIPT, { execArgv: ['--expose-gc'] })
  children.set(name, child)
  child.once('exit', (code, signal) => {
    if (signal !== 'SIGKILL') problems.push(`${name} ended with ${signal ?? code}`)
  })
  child.on('error', () => undefined)
  child.send({ name, peers, seed: random.below(2 ** 31) })
}

/** Something happens to one of those to whom something may happen. */
async function harm(peers: PeersConfig): Promise<string> {
  const name = NAMES[STAYING + random.below(NAMES.length - STAYING)] as string
  const child = children.get(name) as ChildProcess
  if (stopped.delete(name)) {
    child.kill('SIGCONT')
    return `${name} goes on`
  }
  if (random.below(2) === 0) {
    stopped.add(name)
    child.kill('SIGSTOP')
    return `${name} is stopped`
  }
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
  start(name, peers)
  return `${name} is killed and restarted`
}

function ask(name: string): Promise<Sample> {
  const child = children.get(name) as ChildProcess
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${name} does not answer`)), ANSWER_MS)
    const hear = (message: unknown): void => {
      if (typeof message !== 'object') return
      clearTimeout(timer)
      child.off('message', hear)
      resolve(message as Sample)
    }
    child.on('message', hear)
    child.send('sample')
  })
}

const peers = await peersOf(NAMES)
for (const name of NAMES) start(name, peers)
const startedAt = performance.now()
const series = new Map<string, Reading[]>()
const last = new Map<string, Sample>()

async function watch(): Promise<void> {
  while (performance.now() - startedAt < wholeMs && problems.length === 0) {
    await pause(SAMPLE_MS)
    const atMs = performance.now() - startedAt
    for (const name of NAMES.slice(0, STAYING)) {
      const sample = await ask(name)
      last.set(name, sample)
      problems.push(...sample.faults.map((fault) => `${name}: ${fault}`))
      if (atMs < warmUpMs) continue
      for (const size of Object.keys(ALLOWED) as Size[]) {
        const key = `${name} ${size}`
        series.set(key, [...(series.get(key) ?? []), { atMs, value: sample[size] }])
      }
    }
    const [one] = last.values()
    process.stderr.write(
      `${(atMs / 60_000).toFixed(1)} min: alpha ${one?.rssMiB.toFixed(1)} MiB resident, ${one?.heapMiB.toFixed(1)} MiB alive, ` +
        `${one?.descriptors} descriptors, ${one?.done} done, ${JSON.stringify(one?.failed)}\n`,
    )
  }
}

async function trouble(): Promise<void> {
  while (performance.now() - startedAt < wholeMs && problems.length === 0) {
    await pause(random.below(FAULT_MS))
    process.stderr.write(`${await harm(peers)}\n`)
  }
}

await Promise.all([watch().catch((error: Error) => problems.push(error.message)), trouble()])
let isFlat = true
for (const [key, readings] of series) {
  const verdict = judge(readings, ALLOWED[key.split(' ')[1] as Size])
  isFlat &&= verdict.isFlat
  const mean = readings.reduce((sum, { value }) => sum + value, 0) / readings.length
  process.stdout.write(
    `${key}: mean ${mean.toFixed(1)}, slope ${verdict.perHour.toFixed(2)} an hour, rise ${verdict.rise.toFixed(2)} over ${readings.length} readings: ` +
      `${verdict.isFlat ? 'flat' : 'GROWS'}\n`,
  )
}
for (const problem of problems) process.stdout.write(`PROBLEM ${problem}\n`)
const isFine = isFlat && problems.length === 0 && series.size > 0
process.stdout.write(
  `${isFine ? 'flat' : 'not flat'} after ${((performance.now() - startedAt) / 60_000).toFixed(1)} minutes\n`,
)
process.exit(isFine ? 0 : 1)
