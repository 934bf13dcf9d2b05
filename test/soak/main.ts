/**
 * The soak: five nodes in processes of their own under load, with random faults, for as long as is wished: npm run soak -- --help
 *
 * Alpha and bravo are never killed: their memory (resident, and alive after a garbage collection) and their file descriptors must
 * not grow, by the slope of the least squares. The other three are killed, stopped for a while and restarted. Exit code: 0 flat, 1
 * something grows, died or failed in a way that has no name, 2 wrong usage.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runProgram, someMinutes, wholeNumber } from '../../bench/program.ts'
import { type Random, seededRandom } from '../../src/base/random.ts'
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

const HELP = `Usage: npm run soak -- [--minutes N] [--seed N]

Lets five processes work under random faults, and looks whether the memory and the descriptors of two of them grow.

  --minutes N   how long (default 60); of them, up to four minutes, half at most, are the warm-up
  --seed N      of the faults and loads (default 1)
`

interface Options {
  readonly minutes: number
  readonly seed: number
}

await runProgram({
  name: 'soak',
  help: HELP,
  parse: (args): Options => {
    const { values } = parseArgs({
      args: [...args],
      options: { minutes: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
    })
    return { minutes: someMinutes(values.minutes), seed: wholeNumber('seed', values.seed, 2 ** 31, 0) }
  },
  run: async (options) => new Soak(options, await peersOf(NAMES)).run(),
})

/** One soak, and what was seen in it. */
class Soak {
  readonly #wholeMs: number
  readonly #warmUpMs: number
  readonly #random: Random
  readonly #peers: PeersConfig
  readonly #startedAt = performance.now()
  readonly #children = new Map<string, ChildProcess>()
  readonly #stopped = new Set<string>()
  readonly #problems: string[] = []
  readonly #series = new Map<string, Reading[]>()

  constructor({ minutes, seed }: Options, peers: PeersConfig) {
    this.#wholeMs = minutes * 60_000
    // What a node remembers of runs that were killed grows for 150 s: a session ends after 30 s, its memory after 120 s (S14, S15).
    this.#warmUpMs = Math.min(240_000, this.#wholeMs / 2)
    this.#random = seededRandom(seed)
    this.#peers = peers
    process.on('exit', () => {
      for (const child of this.#children.values()) child.kill('SIGKILL')
    })
  }

  /** Gives the exit code; the processes end with this one. */
  async run(): Promise<number> {
    for (const name of NAMES) this.#start(name)
    await Promise.all([
      this.#watch().catch((error: Error) => this.#problems.push(error.message)),
      this.#trouble(),
    ])
    const isFlat = [...this.#series].map(([key, readings]) => tellVerdict(key, readings)).every(Boolean)
    for (const problem of this.#problems) process.stdout.write(`PROBLEM ${problem}\n`)
    const isFine = isFlat && this.#problems.length === 0 && this.#series.size > 0
    const minutes = (this.#elapsedMs / 60_000).toFixed(1)
    process.stdout.write(`${isFine ? 'flat' : 'not flat'} after ${minutes} minutes\n`)
    process.exit(isFine ? 0 : 1)
  }

  get #elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  get #goesOn(): boolean {
    return this.#elapsedMs < this.#wholeMs && this.#problems.length === 0
  }

  #start(name: string): void {
    const child = fork(SCRIPT, { execArgv: ['--expose-gc'] })
    this.#children.set(name, child)
    child.once('exit', (code, signal) => {
      if (signal !== 'SIGKILL') this.#problems.push(`${name} ended with ${signal ?? code}`)
    })
    child.on('error', () => undefined)
    child.send({ name, peers: this.#peers, seed: this.#random.below(2 ** 31) })
  }

  async #watch(): Promise<void> {
    while (this.#goesOn) {
      await pause(SAMPLE_MS)
      const atMs = this.#elapsedMs
      for (const name of NAMES.slice(0, STAYING)) {
        const sample = await this.#ask(name)
        this.#problems.push(...sample.faults.map((fault) => `${name}: ${fault}`))
        if (name === NAMES[0]) tellProgress(atMs, name, sample)
        if (atMs < this.#warmUpMs) continue
        for (const size of Object.keys(ALLOWED) as Size[]) {
          const key = `${name} ${size}`
          const readings = this.#series.get(key) ?? []
          readings.push({ atMs, value: sample[size] })
          this.#series.set(key, readings)
        }
      }
    }
  }

  #ask(name: string): Promise<Sample> {
    const child = this.#children.get(name) as ChildProcess
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

  async #trouble(): Promise<void> {
    while (this.#goesOn) {
      await pause(this.#random.below(FAULT_MS))
      process.stderr.write(`${await this.#harm()}\n`)
    }
  }

  /** Something happens to one of those to whom something may happen. */
  async #harm(): Promise<string> {
    const name = NAMES[STAYING + this.#random.below(NAMES.length - STAYING)] as string
    const child = this.#children.get(name) as ChildProcess
    if (this.#stopped.delete(name)) {
      child.kill('SIGCONT')
      return `${name} goes on`
    }
    if (this.#random.below(2) === 0) {
      this.#stopped.add(name)
      child.kill('SIGSTOP')
      return `${name} is stopped`
    }
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
    this.#start(name)
    return `${name} is killed and restarted`
  }
}

function tellProgress(atMs: number, name: string, sample: Sample): void {
  const { rssMiB, heapMiB, descriptors, done, failed } = sample
  process.stderr.write(
    `${(atMs / 60_000).toFixed(1)} min: ${name} ${rssMiB.toFixed(1)} MiB resident, ${heapMiB.toFixed(1)} MiB alive, ` +
      `${descriptors} descriptors, ${done} done, ${JSON.stringify(failed)}\n`,
  )
}

/** Gives whether it is flat. */
function tellVerdict(key: string, readings: readonly Reading[]): boolean {
  const { isFlat, perHour, rise } = judge(readings, ALLOWED[key.split(' ')[1] as Size])
  const mean = readings.reduce((sum, { value }) => sum + value, 0) / readings.length
  process.stdout.write(
    `${key}: mean ${mean.toFixed(1)}, slope ${perHour.toFixed(2)} an hour, rise ${rise.toFixed(2)} over ${readings.length} readings: ` +
      `${isFlat ? 'flat' : 'GROWS'}\n`,
  )
  return isFlat
}

function pause(waitMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, waitMs))
}
