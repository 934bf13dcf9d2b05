/**
 * A cluster of real processes: starts every member of a peers file through bin/zmqnet.js, watches them, and stops them
 * together. scripts/cluster, scripts/start.js and whoever writes a demonstration or an experiment share it.
 *
 * The processes stand in groups of their own, so that Ctrl-C on the terminal reaches them once, from here, and not a
 * second time directly. This file prints nothing; it tells its `listener` what happens.
 */

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../bin/zmqnet.js', import.meta.url))
const LIBRARY = new URL('../dist/src/index.js', import.meta.url)

/** How long a process may take to say that it listens. */
const START_TIMEOUT_MS = 15_000
/** How long a process may take to end after SIGTERM: its drain of 1 s, and room for a busy machine. */
const STOP_TIMEOUT_MS = 8_000
const POLL_EVERY_MS = 50
/** The last lines of a process' log that are kept, to explain its death. */
const LINES_KEPT = 20

/** The cluster did not come up. `exitCode` is what a script should end with: 2 configuration, 3 timed out, 1 other. */
export class ClusterError extends Error {
  constructor(message, exitCode) {
    super(message)
    this.name = 'ClusterError'
    this.exitCode = exitCode
  }
}

/**
 * Starts all members and resolves to a Cluster once each of them listens. When one cannot, the others are stopped and a
 * ClusterError says which one and why.
 *
 * - `peersPath`: the peers file. Default: PEERS_PATH, else ./peers.json.
 * - `serveArgs`: further arguments for each `zmqnet serve`.
 * - `listener`: `start(names)`, `log(name, line)`, `event(name, event)` (what `serve --json` prints) and
 *   `exit(name, {code, signal, expected})`; each may be absent.
 * - `onMade`: is given the Cluster at once, before it listens, so that signals can stop it from the first moment.
 */
export async function startCluster({ peersPath, serveArgs = [], listener = {}, onMade } = {}) {
  const path = peersPath ?? (process.env.PEERS_PATH || './peers.json')
  const library = await import(LIBRARY.href)
  const config = await loadConfig(path)
  listener.start?.(config.peers.map((peer) => peer.name))
  const cluster = new Cluster(path, config, library, serveArgs, listener)
  onMade?.(cluster)
  // Should this process end in any other way than by `stop`, nothing is left behind.
  process.once('exit', () => cluster.kill())
  await cluster.listening()
  return cluster
}

/** Reads a peers file; throws a ClusterError that says what is wrong with it. */
export async function loadConfig(path) {
  const { loadPeers } = await import(LIBRARY.href)
  try {
    return loadPeers(path)
  } catch (error) {
    throw new ClusterError(error.message, 2)
  }
}

/** One process of the cluster, from its start to its exit. */
class Member {
  name
  endpoint
  listening
  exited
  result
  #child
  #lines = []

  constructor(name, args, listener, isStopping) {
    this.name = name
    const env = { ...process.env }
    // Reading these certificates costs a tenth of a second at each start, and no node needs them.
    delete env.NODE_EXTRA_CA_CERTS
    // One key for all would fit none but one: each has its own, beside the peers file.
    delete env.ZMQNET_KEY
    this.#child = spawn(process.execPath, [PROGRAM, ...args], {
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.listening = new Promise((resolve) => {
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        const event = parsed(line)
        if (event?.event === 'listening') {
          this.endpoint = event.endpoint
          resolve(true)
        }
        this.#keep(event?.error?.message ?? '')
        if (event?.event !== undefined) listener.event?.(name, event)
      })
      this.#child.once('error', () => resolve(false))
      this.#child.once('close', () => resolve(false))
    })
    createInterface({ input: this.#child.stderr }).on('line', (line) => {
      this.#keep(line)
      listener.log?.(name, line)
    })
    this.exited = new Promise((resolve) => {
      this.#child.once('error', (error) => this.#keep(error.message))
      this.#child.once('close', (code, signal) => {
        this.result = { code, signal, expected: isStopping() || code === 0 }
        listener.exit?.(name, this.result)
        resolve(this.result)
      })
    })
  }

  get pid() {
    return this.#child.pid
  }

  get lastLines() {
    return this.#lines
  }

  kill(signal) {
    if (this.result === undefined) this.#child.kill(signal)
  }

  #keep(line) {
    if (line.trim() === '') return
    this.#lines.push(line)
    if (this.#lines.length > LINES_KEPT) this.#lines.shift()
  }
}

/** The processes of one peers file. Made by startCluster. */
class Cluster {
  path
  members
  /** Resolves to the result of each member when all have ended. */
  ended
  #config
  #library
  #stopping = false

  constructor(path, config, library, serveArgs, listener) {
    this.path = path
    this.#config = config
    this.#library = library
    const isStopping = () => this.#stopping
    this.members = config.peers.map(({ name }) => {
      const args = ['--peers', path, 'serve', '--name', name, '--json', ...serveArgs]
      return new Member(name, args, listener, isStopping)
    })
    this.ended = Promise.all(this.members.map((member) => member.exited))
  }

  get names() {
    return this.members.map((member) => member.name)
  }

  /** Whether stop or kill was called. */
  get stopping() {
    return this.#stopping
  }

  /** Resolves when every member listens; otherwise stops all and throws a ClusterError. */
  async listening() {
    const started = Promise.all(this.members.map((member) => member.listening))
    const all = await before(started, START_TIMEOUT_MS)
    if (all?.every(Boolean)) return
    const late = this.members.filter((member) => member.endpoint === undefined)
    const lost = late.filter((member) => member.result !== undefined)
    const wasStopped = this.#stopping
    await this.stop()
    if (wasStopped) throw new ClusterError('Stopped while it was starting', 130)
    const reasons = (lost.length > 0 ? lost : late).map(reasonOf)
    if (reasons.some((reason) => reason.includes('in use'))) {
      reasons.push(
        'Is this cluster running in another terminal? Stop it there, or change the ports in the peers file.',
      )
    }
    const exitCode = lost.length === 0 ? 3 : lost.some((member) => member.result.code === 2) ? 2 : 1
    throw new ClusterError(reasons.join('\n'), exitCode)
  }

  /** Resolves when each member says that it sees all others alive; throws a ClusterError after `timeoutMs`. */
  async ready(timeoutMs = 15_000) {
    const deadline = AbortSignal.timeout(timeoutMs)
    const waits = this.members.map((member) => this.#seesAll(member, deadline))
    const views = await Promise.all(waits)
    if (this.#stopping) throw new ClusterError('Stopped before all nodes saw each other', 130)
    const faults = views.filter((view) => view !== undefined)
    if (faults.length > 0) throw new ClusterError(faults.join('\n'), 3)
  }

  /** Gives what is missing when the time is over, or undefined when all is well. */
  async #seesAll(member, deadline) {
    const client = await this.#connect(member.name)
    let missing = `${member.name} does not answer`
    try {
      while (!deadline.aborted && !this.#stopping) {
        try {
          const { peers } = await client.status({ timeout: 500, retries: 0 })
          const away = peers.filter((peer) => peer.state !== 'alive' || peer.link !== 'open')
          if (away.length === 0) return undefined
          missing = `${member.name} does not see ${away.map((peer) => peer.name).join(', ')} alive`
        } catch (error) {
          missing = `${member.name} does not answer: ${error.message}`
          if (member.result !== undefined) return reasonOf(member)
        }
        await sleep(POLL_EVERY_MS)
      }
      return missing
    } finally {
      await client.close({ drain: 0 })
    }
  }

  async #connect(name) {
    try {
      return await this.#library.connect(name, { peers: this.#config })
    } catch (error) {
      throw new ClusterError(error.message, 2)
    }
  }

  /** Asks all members to end (SIGTERM), waits for them, and kills those that do not. Gives the result of each. */
  async stop() {
    this.#stopping = true
    for (const member of this.members) member.kill('SIGTERM')
    if ((await before(this.ended, STOP_TIMEOUT_MS)) === undefined) this.kill()
    return await this.ended
  }

  /** Ends all members at once. */
  kill() {
    this.#stopping = true
    for (const member of this.members) member.kill('SIGKILL')
  }
}

/** Stops the cluster at the first SIGINT, SIGTERM or SIGHUP, and kills it at the second. `say` is told what is done. */
export function stopOnSignals(cluster, say) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (cluster.stopping) {
        say(`killing what is left (${signal} again)`)
        cluster.kill()
      } else {
        say(`stopping all nodes (${signal})`)
        void cluster.stop()
      }
    })
  }
}

/** One sentence about how a process ended. */
export function describeExit(name, { code, signal }) {
  if (signal !== null) return `${name} was ended by ${signal}`
  return code === 0 ? `${name} has ended` : `${name} ended with code ${code}`
}

/** Why a member did not start, in its own words: the last lines that it wrote. */
function reasonOf(member) {
  if (member.result === undefined) return `${member.name} does not listen after ${START_TIMEOUT_MS / 1000} s`
  const own = member.lastLines.slice(-3).map((line) => `\n  ${line}`)
  return `${describeExit(member.name, member.result)}${own.length === 0 ? '' : `:${own.join('')}`}`
}

async function before(promise, timeoutMs) {
  const timer = new AbortController()
  const late = sleep(timeoutMs, undefined, { signal: timer.signal }).catch(() => undefined)
  try {
    return await Promise.race([promise, late])
  } finally {
    timer.abort()
  }
}

function parsed(line) {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
