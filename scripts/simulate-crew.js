/**
 * Processes that play seeds side by side. Each has one seed in hand and one in front of it. A process that dies or takes
 * too long is itself a finding: it becomes the fault of its seed, and another process takes its place.
 */

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const WORKER = fileURLToPath(new URL('simulate-worker.js', import.meta.url))
/** A seed takes a fraction of a second; one that takes so long is stuck, or has found an endless loop. */
const SEED_LIMIT_MS = 120_000
const IN_HAND = 2
/**
 * Scenarios with large bodies take and give back hundreds of megabytes. A quarter of their time went to a C library that
 * asks the system for each of them anew; told to keep what is given back, it does not. Other systems ignore this.
 */
const KEEP_MEMORY = {
  MALLOC_MMAP_THRESHOLD_: String(8 * 1024 * 1024),
  MALLOC_TRIM_THRESHOLD_: String(256 * 1024 * 1024),
  MALLOC_TOP_PAD_: String(16 * 1024 * 1024),
}
/**
 * The players fill all cores by themselves. Threads of V8 that collect beside them took two thirds of the processor time of long
 * campaigns; with a young generation of this size little has to be collected anyhow.
 */
const ONE_THREAD = ['--single-threaded-gc', '--max-semi-space-size=32']
/** A worker that cannot even start would be replaced without end. */
const MAX_DEATHS = 20

/** Works off tasks; `done` gets each result. */
export class Crew {
  #tasks
  #done
  #jobs
  #workers = new Set()
  #deaths = 0
  #stopped = false
  #finish

  constructor(jobs, tasks, done) {
    this.#jobs = jobs
    this.#tasks = tasks
    this.#done = done
  }

  /** Resolves when all tasks are done, or after `stop`. */
  run() {
    return new Promise((resolve) => {
      this.#finish = resolve
      for (let count = 0; count < this.#jobs; count += 1) this.#hire()
    })
  }

  /** Ends the workers; what they have in hand is lost. */
  stop() {
    this.#stopped = true
    for (const { child } of this.#workers) child.kill('SIGKILL')
  }

  #hire() {
    const env = { ...process.env, ...KEEP_MEMORY }
    const child = fork(WORKER, {
      env,
      execArgv: [...process.execArgv, ...ONE_THREAD],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const worker = { child, inHand: [], timer: undefined }
    this.#workers.add(worker)
    child.on('message', (result) => this.#finished(worker, result))
    child.once('exit', (code, signal) => this.#died(worker, signal ?? `code ${code}`))
    for (let count = 0; count < IN_HAND; count += 1) this.#give(worker)
  }

  #give(worker) {
    const { value: task, done } = this.#stopped ? { done: true } : this.#tasks.next()
    if (!done) {
      worker.inHand.push(task)
      worker.child.send(task)
    } else if (worker.inHand.length === 0 && worker.child.connected) {
      worker.child.disconnect()
    }
    this.#watch(worker)
  }

  #watch(worker) {
    clearTimeout(worker.timer)
    if (worker.inHand.length > 0) worker.timer = setTimeout(() => worker.child.kill('SIGKILL'), SEED_LIMIT_MS)
  }

  #finished(worker, result) {
    worker.inHand.shift()
    this.#done(result)
    this.#give(worker)
  }

  #died(worker, how) {
    clearTimeout(worker.timer)
    this.#workers.delete(worker)
    const [task, ...others] = worker.inHand
    if (task !== undefined && !this.#stopped) {
      this.#done({ ...task, ...NOTHING, faults: [`the process that played it ended with ${how}`] })
      // What it had not begun is played by the others.
      const rest = this.#tasks
      this.#tasks = (function* () {
        yield* others
        yield* rest
      })()
      this.#deaths += 1
      if (this.#deaths < MAX_DEATHS) this.#hire()
    }
    if (this.#workers.size === 0) this.#finish()
  }
}

/** What a seed without a verdict did. */
const NOTHING = { virtualMs: 0, operations: 0, requests: 0, executions: 0, injected: {} }
