/**
 * Runs one command and reads what it writes, line by line. A command that says nothing for too long is ended together
 * with everything that it started: a mutant may well run in circles.
 */

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A command of Node.js. */
export interface ChildOrder {
  readonly args: readonly string[]
  readonly cwd: string
  /** The longest time between two lines, in milliseconds. */
  readonly quietMs: number
  readonly signal: AbortSignal
  /** Gives whether enough is known: the command is ended then. */
  readonly onLine: (line: string) => boolean
}

/** How a command ended: its exit code, or why it had to be ended. */
export type ChildEnd = number | 'stuck' | 'aborted' | 'enough' | 'killed'

/** Runs the command to its end. */
export function runChild(order: ChildOrder): Promise<ChildEnd> {
  const { args, cwd, quietMs, signal, onLine } = order
  if (signal.aborted) return Promise.resolve('aborted')
  // A group of its own, so that all of it can be ended by the one number.
  const child = spawn(process.execPath, args, {
    cwd,
    env: environment(),
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let forced: ChildEnd | undefined
  const end = (why: ChildEnd): void => {
    forced ??= why
    if (child.pid !== undefined) killGroup(child.pid)
  }
  const quiet = setTimeout(() => end('stuck'), quietMs)
  const abort = (): void => end('aborted')
  signal.addEventListener('abort', abort)
  createInterface({ input: child.stdout }).on('line', (line) => {
    quiet.refresh()
    if (onLine(line)) end('enough')
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(quiet)
      signal.removeEventListener('abort', abort)
      resolve(forced ?? code ?? 'killed')
    })
  })
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It ended by itself meanwhile.
  }
}

function environment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_ENV: 'test' }
  for (const name of ['NODE_EXTRA_CA_CERTS', 'NODE_V8_COVERAGE', 'PEERS_PATH', 'FORCE_COLOR'])
    delete env[name]
  return env
}
