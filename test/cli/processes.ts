/**
 * Real processes for the end-to-end tests: zmqnet through bin/, each with its own peers file on ports that the OS gave.
 * Everything that is awaited has a deadline, and everything that was started is killed at the end of its test.
 *
 * These are driven as a user would, by arguments, input and signals. Tests that want a node in another process, and give it
 * orders through the library, take support/node-processes.ts.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { cleanEnvironment } from '../support/environment.ts'
import { freePorts } from '../support/mesh.ts'

const PROGRAM = fileURLToPath(new URL('../../../bin/zmqnet.js', import.meta.url))

/** Nothing here takes longer, on a machine that does other things, too. */
const DEADLINE_MS = 20_000

/** What is cleaned up after a test. */
export interface Cleanup {
  teardown(clean: () => void | Promise<void>): void
}

/** How a process ended, and what it wrote. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

/** A process that may still run. */
export class Running {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  #out = ''
  #err = ''

  constructor(child: ChildProcess) {
    this.#child = child
    this.#ended = once(child, 'close')
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#err += text
    })
  }

  get out(): string {
    return this.#out
  }

  get err(): string {
    return this.#err
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Goes away as the reader of stdout. */
  closeOut(): void {
    this.#child.stdout?.destroy()
  }

  endInput(text: string): void {
    this.#child.stdin?.end(text)
  }

  /** Resolves when stdout fulfils a condition; rejects when the process ends or the deadline passes before. */
  async until(condition: (out: string) => boolean, what: string): Promise<void> {
    await this.#watch(this.#child.stdout, () => condition(this.#out), what)
  }

  /** The same for stderr. */
  async untilErr(condition: (err: string) => boolean, what: string): Promise<void> {
    await this.#watch(this.#child.stderr, () => condition(this.#err), what)
  }

  async #watch(stream: Readable | null, isFulfilled: () => boolean, what: string): Promise<void> {
    const deadline = AbortSignal.timeout(DEADLINE_MS)
    while (!isFulfilled()) {
      const isOver = this.#child.exitCode !== null || this.#child.signalCode !== null || deadline.aborted
      if (isOver || stream === null) throw new Error(`no ${what} in:\n${this.#out}\n${this.#err}`)
      const done = new AbortController()
      const signal = AbortSignal.any([done.signal, deadline])
      await Promise.race([once(stream, 'data', { signal }), this.#ended]).catch(() => {})
      done.abort()
    }
  }

  /** Resolves when the process has ended; rejects, and kills it, when it does not. */
  async ended(): Promise<Ended> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.#child.kill('SIGKILL')
        reject(new Error(`still running after ${DEADLINE_MS} ms:\n${this.#out}\n${this.#err}`))
      }, DEADLINE_MS)
    })
    await Promise.race([this.#ended, late]).finally(() => clearTimeout(timer))
    return { code: this.#child.exitCode, signal: this.#child.signalCode, out: this.#out, err: this.#err }
  }

  /** Ends it whatever it does. */
  async end(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL')
    await this.#ended
  }
}

/** How a process is started. */
export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Whether coverage counts what it runs, which costs time at its end. It does not count what was bundled. */
  readonly isCounted?: boolean
}

/** Starts a program; it is killed after the test, should it still run. */
export function startProgram(
  t: Cleanup,
  file: string,
  argv: readonly string[],
  options: StartOptions = {},
): Running {
  // Coverage writes its files at the end of a process, and most of these are to end quickly.
  const env = cleanEnvironment(options.env)
  if (options.isCounted !== true) delete env.NODE_V8_COVERAGE
  const child = spawn(file, argv, { cwd: options.cwd ?? tmpdir(), env })
  const running = new Running(child)
  t.teardown(() => running.end())
  return running
}

/** Starts zmqnet. */
export function start(t: Cleanup, argv: readonly string[], options: StartOptions = {}): Running {
  return startProgram(t, process.execPath, [PROGRAM, ...argv], options)
}

/** Runs zmqnet to its end. */
export async function zmqnet(
  t: Cleanup,
  argv: readonly string[],
  options: StartOptions = {},
): Promise<Ended> {
  const running = start(t, argv, options)
  running.endInput('')
  return await running.ended()
}

/** The program itself, for a link in a folder of the PATH. */
export const programPath = PROGRAM

/** A folder that goes away after the test. */
export async function makeFolder(t: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'zmqnet-cli-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A mesh of processes, one per name. */
export class Mesh {
  readonly path: string
  readonly folder: string
  readonly names: readonly string[]
  /** What each serve is given besides. */
  serveArgs: readonly string[] = []
  readonly #t: Cleanup
  readonly #nodes = new Map<string, Running>()

  constructor(t: Cleanup, folder: string, path: string, names: readonly string[]) {
    this.#t = t
    this.folder = folder
    this.path = path
    this.names = names
  }

  /** Writes a peers file with free ports; starts nothing. */
  static async create(t: Cleanup, names: readonly string[] = ['alpha', 'bravo', 'charlie']): Promise<Mesh> {
    const folder = await makeFolder(t)
    const ports = await freePorts(names.length)
    const peers = names.map((name, index) => ({
      pid: index,
      name,
      ip_address: '127.0.0.1',
      port: ports[index],
    }))
    const path = join(folder, 'peers.json')
    await writeFile(path, JSON.stringify({ tick: '100ms', log_level: 2, peers }))
    return new Mesh(t, folder, path, names)
  }

  node(name: string): Running {
    const node = this.#nodes.get(name)
    if (node === undefined) throw new Error(`${name} was not started`)
    return node
  }

  /** Starts nodes and waits until each of them sees the others alive, over links that are open both ways. */
  async serve(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      this.#nodes.set(
        name,
        start(this.#t, ['-p', this.path, 'serve', '-n', name, '--json', ...this.serveArgs]),
      )
    }
    for (const name of names) {
      for (const peer of names) {
        if (peer === name) continue
        await this.node(name).until(hasEvent('peer:alive', peer), `peer:alive of ${peer} at ${name}`)
        await this.node(name).until(hasEvent('link:up', peer), `link:up to ${peer} at ${name}`)
      }
      await this.node(name).until(hasEvent('listening'), `listening of ${name}`)
    }
  }

  /** Runs a command with the file of this mesh. */
  async run(argv: readonly string[], t: Cleanup = this.#t): Promise<Ended> {
    return await zmqnet(t, ['-p', this.path, ...argv])
  }
}

/** Whether the lines of `serve --json` have an event, of a peer if one is given. */
export function hasEvent(event: string, peer?: string): (out: string) => boolean {
  return (out) =>
    out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { readonly event?: string; readonly peer?: string })
      .some((line) => line.event === event && (peer === undefined || line.peer === peer))
}
