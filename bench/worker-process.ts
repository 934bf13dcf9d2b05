/**
 * One worker process, as the main process sees it: it does one thing after the other, and each answer has a deadline. A worker
 * that fails to answer is killed, so that it cannot disturb what is measured after it.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { endChild, endsWithUs } from './child.ts'
import type { Answer, Order } from './sides.ts'

/** The side answered that it cannot do this: a limit, a missing feature, a wrong result. It can go on with other work. */
export class RefusedError extends Error {}

/** What an error means for a figure, in words. */
export function faultOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return `${error instanceof RefusedError ? 'refused' : 'failed'}: ${text}`
}

export class WorkerProcess {
  readonly #child: ChildProcess
  #fault: string | undefined

  constructor(execArgv: readonly string[], { hasChildren = false } = {}) {
    const env = { ...process.env }
    // Node.js reads these certificates at every start, which nothing here needs.
    delete env.NODE_EXTRA_CA_CERTS
    this.#child = fork(new URL('./worker.js', import.meta.url), { env, execArgv: [...execArgv] })
    if (!hasChildren) endsWithUs(this.#child)
    this.#child.once('exit', (code, signal) => {
      this.#fault ??= `its process ended with ${signal ?? code}`
    })
    // A process that is gone is told by its exit; the channel to it may complain before.
    this.#child.on('error', (error) => {
      this.#fault ??= error.message
    })
  }

  /** Throws a RefusedError when the worker says no, and another error when it is of no use any more. */
  async ask(order: Order, deadlineMs: number): Promise<Answer> {
    if (this.#fault !== undefined) throw new Error(this.#fault)
    const answer = await this.#answerTo(order, deadlineMs)
    if (answer.kind === 'failed') throw new RefusedError(answer.text)
    return answer
  }

  #answerTo(order: Order, deadlineMs: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer)
        this.#child.off('message', onMessage)
        this.#child.off('exit', onExit)
      }
      const onMessage = (answer: Answer): void => {
        settle()
        resolve(answer)
      }
      const onExit = (): void => {
        settle()
        reject(new Error(this.#fault ?? 'its process ended'))
      }
      const timer = setTimeout(() => {
        this.#fault = `no answer to "${order.kind}" in ${Math.round(deadlineMs / 1000)} s`
        settle()
        this.#child.kill('SIGKILL')
        reject(new Error(this.#fault))
      }, deadlineMs)
      this.#child.on('message', onMessage)
      this.#child.once('exit', onExit)
      this.#child.send(order, () => undefined)
    })
  }

  end(): Promise<void> {
    return endChild(this.#child)
  }
}
