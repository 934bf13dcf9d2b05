/**
 * A process of the figures of security as the main process sees it: one order after the other, each with a deadline.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { endChild, endsWithUs } from './child.ts'
import type { SecurityAnswers, SecurityOrder } from './security-worker.ts'

const WORKER = fileURLToPath(new URL('./security-worker.js', import.meta.url))

type Told = { readonly value: unknown } | { readonly fault: string }

export class SecurityProcess {
  readonly #child: ChildProcess

  /** `maxDescriptors`: as many files and sockets may it have open, which only a shell can say on behalf of a process. */
  constructor(maxDescriptors?: number) {
    const env = { ...process.env }
    delete env.NODE_EXTRA_CA_CERTS
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const
    const [command, args] =
      maxDescriptors === undefined
        ? [process.execPath, [WORKER]]
        : ['sh', ['-c', `ulimit -n ${maxDescriptors} && exec "$0" "$@"`, process.execPath, WORKER]]
    this.#child = spawn(command, args, { env, stdio: [...stdio] })
    endsWithUs(this.#child)
    this.#child.on('error', () => undefined)
  }

  async ask<Kind extends SecurityOrder['kind']>(
    order: SecurityOrder & { readonly kind: Kind },
    deadlineMs = 60_000,
  ): Promise<SecurityAnswers[Kind]> {
    const told = await this.#told(order, deadlineMs)
    if ('fault' in told) throw new Error(`${order.kind}: ${told.fault}`)
    return told.value as SecurityAnswers[Kind]
  }

  end(): Promise<void> {
    return endChild(this.#child)
  }

  #told(order: SecurityOrder, deadlineMs: number): Promise<Told> {
    return new Promise((resolve) => {
      const settle = (told: Told): void => {
        clearTimeout(timer)
        this.#child.off('message', settle)
        this.#child.off('exit', onExit)
        resolve(told)
      }
      const onExit = (): void => settle({ fault: 'its process ended' })
      const timer = setTimeout(() => settle({ fault: `no answer in ${deadlineMs} ms` }), deadlineMs)
      this.#child.on('message', settle)
      this.#child.once('exit', onExit)
      this.#child.send(order, () => undefined)
    })
  }
}
