/**
 * The real outside of the commands: this process. It owns the three things that are easy to get wrong once per command
 * and hence are here once: the second signal that must work even when everything hangs, the pipe whose reader has left,
 * and timers that do not outlive their purpose.
 */

import { closeSync, openSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { exitCodeOfInterrupt } from './exit-code.ts'
import type { Io, Sink } from './io.ts'

function sinkOf(stream: NodeJS.WriteStream, isOpen: () => boolean): Sink {
  return {
    write(text) {
      if (isOpen()) stream.write(text)
    },
    get isTTY() {
      return stream.isTTY === true
    },
    get columns() {
      return stream.columns ?? 80
    },
  }
}

/** Ends when the time is over or a signal aborts. Listeners are taken away, for the signal may live much longer. */
function sleep(durationMs: number, ...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    if (signals.some((signal) => signal.aborted)) {
      resolve()
      return
    }
    const end = () => {
      clearTimeout(timer)
      for (const signal of signals) signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, durationMs)
    for (const signal of signals) signal.addEventListener('abort', end)
  })
}

/** Gives what there is when the signal aborts; the caller looks at the signal, too. */
async function readInput(signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = []
  const giveUp = () => process.stdin.destroy()
  signal.addEventListener('abort', giveUp)
  try {
    for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk))
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Whether this process was started from a terminal that is still there: once it is closed, nobody can open it any more. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}

/** From dist/src/cli to the package.json of the package; the sources lie one level higher and are never run. */
function readVersion(): string {
  const url = new URL('../../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(url, 'utf8')) as { version: string }).version
}

/** Makes the outside of this process. Call it once: it takes over SIGINT, SIGTERM and the errors of stdout. */
export function createProcessIo(): Io {
  const interrupt = new AbortController()
  let isStdoutOpen = true
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (interrupt.signal.aborted && interrupt.signal.reason !== 'EPIPE')
        process.exit(exitCodeOfInterrupt(name))
      interrupt.abort(name)
    })
  }
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    isStdoutOpen = false
    interrupt.abort('EPIPE')
  })
  // Nobody can be told that stderr is gone.
  process.stderr.on('error', () => {})
  return {
    argv: process.argv.slice(2),
    env: process.env,
    stdout: sinkOf(process.stdout, () => isStdoutOpen),
    stderr: sinkOf(process.stderr, () => true),
    interrupt: interrupt.signal,
    onHangup(listener) {
      const hadTerminal = hasTerminal()
      process.on('SIGHUP', () => {
        if (hadTerminal && !hasTerminal()) interrupt.abort('SIGHUP')
        else listener()
      })
    },
    hostname: hostname(),
    pid: process.pid,
    get version() {
      return readVersion()
    },
    nowMs: () => performance.now(),
    wallNowMs: () => Date.now(),
    sleep,
    readInput: () => readInput(interrupt.signal),
    // Loaded by the commands that need files: it costs the others a millisecond.
    writeFile: async (path, text) => (await import('node:fs/promises')).writeFile(path, text),
    readFile: async (path) => (await import('./files.ts')).readText(path),
    replaceFile: async (path, text) => (await import('./files.ts')).replaceFile(path, text),
    listFolder: async (path) => (await import('./files.ts')).listFolder(path),
    loadLibrary: () => import('../index.ts'),
  }
}
