/**
 * Asks a callee for more than it can do, and counts what becomes of it. The callee is a process of its own, so that it and
 * its caller do not take each other's time; the test and the benchmark of overload both use it.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createNode, type Node, ZmqnetError } from '../../src/index.ts'
import { machineNow } from '../torture/record.ts'
import type { Did, Job } from './busy-callee.ts'
import { cleanEnvironment } from './environment.ts'
import { peersOf, within } from './mesh.ts'

const SCRIPT = fileURLToPath(new URL('./busy-callee.js', import.meta.url))
const START_MS = 30_000
/** How often the caller asks, in milliseconds. */
const STEP_MS = 5

/** A load that does not wait for answers. */
export interface Load {
  readonly perSecond: number
  readonly forMs: number
  /** How long each handler is busy, and how long its caller waits, in milliseconds. */
  readonly busyMs: number
  readonly deadlineMs: number
  readonly retries: number
}

/** What became of it. */
export interface Loaded extends Did {
  readonly offered: number
  readonly replies: number
  /** Replies by the second in which they came. */
  readonly repliesBySecond: readonly number[]
  /** All other ends, by code. */
  readonly errors: Readonly<Record<string, number>>
  /** The most that a request settled after its deadline, in milliseconds. */
  readonly settledLateMs: number
}

/** A caller in this process and a callee in another. */
export class OverloadRig {
  readonly #node: Node
  readonly #child: ChildProcess

  private constructor(node: Node, child: ChildProcess) {
    this.#node = node
    this.#child = child
  }

  static async start(): Promise<OverloadRig> {
    const peers = await peersOf(['alpha', 'bravo'], { sameHost: false })
    const child = fork(SCRIPT, [JSON.stringify({ name: 'bravo', peers })], { env: cleanEnvironment() })
    await within(
      START_MS,
      new Promise((resolve) => child.once('message', resolve)),
      'the start of the callee',
    )
    const node = await createNode({ name: 'alpha', peers })
    await node.ready(START_MS)
    return new OverloadRig(node, child)
  }

  /** Asks with so many under way at a time; gives the answers in a second. */
  async capacity(busyMs: number, inFlight: number, forMs: number): Promise<number> {
    const untilMs = machineNow() + forMs
    let replies = 0
    const work = async (): Promise<void> => {
      while (machineNow() < untilMs) {
        const job: Job = { busyMs, dueAtMs: Number.MAX_SAFE_INTEGER }
        await this.#node.request('bravo', 'work', job, { timeout: 30_000, retries: 0 })
        replies += 1
      }
    }
    await Promise.all(Array.from({ length: inFlight }, work))
    return (replies / forMs) * 1000
  }

  /** Offers a load, waits until all of it has settled, and asks the callee what it did. */
  async offer(load: Load): Promise<Loaded> {
    const { perSecond, forMs, deadlineMs } = load
    await this.#did()
    const count = new Count(machineNow())
    const pending: Promise<void>[] = []
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        const elapsedMs = Math.min(forMs, machineNow() - count.startedAtMs)
        while (pending.length < Math.floor((elapsedMs / 1000) * perSecond))
          pending.push(this.#ask(load, count))
        if (elapsedMs < forMs) return
        clearInterval(timer)
        resolve()
      }, STEP_MS)
    })
    await within(deadlineMs + START_MS, Promise.all(pending), 'the end of a load')
    return { ...(await this.#did()), ...count.done(pending.length) }
  }

  async close(): Promise<void> {
    await this.#node.close()
    this.#child.kill('SIGKILL')
  }

  async #ask({ busyMs, deadlineMs, retries }: Load, count: Count): Promise<void> {
    const job: Job = { busyMs, dueAtMs: machineNow() + deadlineMs }
    const options = { timeout: Math.ceil(deadlineMs / (retries + 1)), retries, deadline: deadlineMs }
    try {
      await this.#node.request('bravo', 'work', job, options)
      count.reply(job.dueAtMs)
    } catch (error) {
      count.failure(job.dueAtMs, error instanceof ZmqnetError ? error.code : String(error))
    }
  }

  async #did(): Promise<Did> {
    return (await this.#node.request('bravo', 'did', undefined, { timeout: START_MS, retries: 0 })) as Did
  }
}

/** Counts how requests end. */
class Count {
  readonly startedAtMs: number
  readonly #errors: Record<string, number> = {}
  readonly #bySecond: number[] = []
  #replies = 0
  #lateMs = 0

  constructor(startedAtMs: number) {
    this.startedAtMs = startedAtMs
  }

  reply(dueAtMs: number): void {
    const second = Math.floor((machineNow() - this.startedAtMs) / 1000)
    while (this.#bySecond.length <= second) this.#bySecond.push(0)
    this.#bySecond[second] = (this.#bySecond[second] ?? 0) + 1
    this.#replies += 1
    this.#settled(dueAtMs)
  }

  failure(dueAtMs: number, code: string): void {
    this.#errors[code] = (this.#errors[code] ?? 0) + 1
    this.#settled(dueAtMs)
  }

  done(offered: number): Omit<Loaded, keyof Did> {
    return {
      offered,
      replies: this.#replies,
      repliesBySecond: this.#bySecond,
      errors: this.#errors,
      settledLateMs: this.#lateMs,
    }
  }

  #settled(dueAtMs: number): void {
    this.#lateMs = Math.max(this.#lateMs, machineNow() - dueAtMs)
  }
}
