/**
 * The parent's side of node-process.ts: starts nodes as processes, gives them orders, and ends them with the test.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import type { CloseOptions, NodeEvent, NodeOptions, NodeStatus, RequestOptions } from '../../src/index.ts'
import { cleanEnvironment } from './environment.ts'
import { HANGS_MS, signal, until, within } from './mesh.ts'

/** What a parent may order. */
export type Order =
  | { readonly kind: 'start'; readonly options: NodeOptions }
  | { readonly kind: 'ready'; readonly timeoutMs: number }
  | {
      readonly kind: 'request'
      readonly peer: string
      readonly verb: string
      readonly body: unknown
      readonly options?: Omit<RequestOptions, 'signal'>
    }
  | { readonly kind: 'status' }
  | { readonly kind: 'hold' }
  | { readonly kind: 'close'; readonly options: CloseOptions }

/** What a child tells. */
export type Report =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'done'; readonly number: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly number: number; readonly text: string; readonly code: string }
  | { readonly kind: 'event'; readonly event: NodeEvent }
  | { readonly kind: 'warning'; readonly text: string }
  | { readonly kind: 'running'; readonly runs: number }
  | { readonly kind: 'held' }

const SCRIPT = fileURLToPath(new URL('./node-process.js', import.meta.url))

/** Ends a test that hangs, in milliseconds: how long a machine takes to start a process is not what is tested. */
const ORDER_MS = 2 * HANGS_MS

/** What stands before the command of a process that may have so many files open. */
export function limited(descriptors: number): readonly string[] {
  return ['sh', '-c', `ulimit -n ${descriptors}; exec "$0" "$@"`]
}

/** One node in a process of its own. */
export class NodeProcess {
  readonly events: NodeEvent[] = []
  /** Its warnings. */
  readonly logs: string[] = []
  /** Resolves with the exit code, or the signal that ended the process. */
  readonly ended: Promise<number | string>
  runs = 0
  readonly #child: ChildProcess
  readonly #orders = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  #lastNumber = 0
  #isHeld = false

  private constructor(child: ChildProcess) {
    this.#child = child
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, ending) => {
        resolve(code ?? ending ?? 'unknown')
        for (const { reject } of this.#orders.values()) reject(new Error('The process ended'))
      })
    })
    child.on('message', (report: Report) => this.#hear(report))
  }

  /** Starts a process, and a node in it. `prefix` stands before its command: for example, what has it run on another host. */
  static async start(
    t: ExecutionContext,
    options: NodeOptions,
    prefix: readonly string[] = [],
  ): Promise<NodeProcess> {
    const [command = '', ...args] = [...prefix, process.execPath, ...process.execArgv, SCRIPT]
    const stdio = ['pipe', 'inherit', 'inherit', 'ipc'] as const
    const child = spawn(command, args, { env: cleanEnvironment(), stdio: [...stdio] })
    t.teardown(() => child.kill('SIGKILL'))
    const loaded = signal()
    child.once('message', () => loaded.resolve())
    const started = new NodeProcess(child)
    await within(ORDER_MS, loaded.promise, 'a process that loads')
    await started.order({ kind: 'start', options })
    return started
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Gives an order and its answer. */
  order(order: Order): Promise<unknown> {
    this.#lastNumber += 1
    const number = this.#lastNumber
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#orders.set(number, { resolve, reject })
      this.#child.send({ number, order })
    })
    return within(ORDER_MS, answer, `the order ${order.kind}`)
  }

  async status(): Promise<NodeStatus> {
    return (await this.order({ kind: 'status' })) as NodeStatus
  }

  /** Sends a signal to the process. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Kills the process and waits for its end. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }

  /** Waits until a handler runs for the `runs`-th time. */
  running(runs = 1): Promise<boolean> {
    return until(() => this.runs >= runs, `${runs} runs of a handler`)
  }

  /**
   * Blocks its event loop until `release`, however long that takes on this machine. Resolves when it is blocked; `over`
   * resolves when it goes on.
   */
  async hold(): Promise<{ readonly over: Promise<unknown> }> {
    this.#isHeld = false
    const over = this.order({ kind: 'hold' })
    // A test may kill it while it is blocked.
    over.catch(() => undefined)
    await until(() => this.#isHeld, 'the loop is blocked', ORDER_MS)
    return { over }
  }

  release(): void {
    this.#child.stdin?.write('.')
  }

  #hear(report: Report): void {
    switch (report.kind) {
      case 'event':
        this.events.push(report.event)
        return
      case 'warning':
        this.logs.push(report.text)
        return
      case 'running':
        this.runs = report.runs
        return
      case 'held':
        this.#isHeld = true
        return
      case 'done':
        this.#orders.get(report.number)?.resolve(report.value)
        this.#orders.delete(report.number)
        return
      case 'failed': {
        const error = Object.assign(new Error(report.text), { code: report.code })
        this.#orders.get(report.number)?.reject(error)
        this.#orders.delete(report.number)
        return
      }
      default:
    }
  }
}
