/**
 * The public face of a member of the mesh: the API of api.ts over a driver. What it adds to the machines is only what a
 * user meets: promises, handlers, events, log lines, and an orderly end.
 */

import { type Incarnation, newIncarnation } from '../base/ids.ts'
import { ZmqnetError } from '../errors.ts'
import type { SecuritySettings } from '../security/policy.ts'
import { MESSAGE_VERB } from '../wire/built-in-verbs.ts'
import type {
  BodyValue,
  BroadcastOptions,
  BroadcastResult,
  CloseOptions,
  Handler,
  Node,
  NodeEvent,
  NodeStatus,
  PeerConfig,
  PeerView,
  Receipt,
  RequestOptions,
  SendOptions,
} from './api.ts'
import { builtInVerbs } from './built-in-verbs.ts'
import type { CoreEvent } from './core.ts'
import { Driver } from './driver.ts'
import { Handlers } from './handlers.ts'
import { Keyring } from './keyring.ts'
import { Operations } from './operations.ts'
import { DEFAULT_DRAIN_MS, milliseconds } from './options.ts'
import { peerViews } from './peer-views.ts'
import { PeersWatch } from './peers-watch.ts'
import { Reporter } from './reporter.ts'
import { statusLine } from './status-line.ts'
import { Task } from './task.ts'
import type { NodeSettings, World } from './world.ts'

const DEFAULT_READY_MS = 10_000
/** Changes that come together are one status line. */
const STATUS_DELAY_MS = 100

/** Starts a node in a world: listens, then dials. Throws ADDRESS_IN_USE, or CONFIG when it cannot listen. */
export async function startNode(settings: NodeSettings, world: World): Promise<RunningNode> {
  const node = new MeshNode(settings, world)
  await node.start()
  return node
}

/** Somebody who waits until all peers are there. */
interface ReadyWait {
  readonly resolve: () => void
  readonly reject: (error: ZmqnetError) => void
  readonly task: Task
}

/** A node as this house has it: with what is no business of its users. */
export interface RunningNode extends Node {
  /**
   * Takes other keys and rules while the node runs: for whoever watches the peers file. Counts at once for all that comes,
   * sessions and links included. Members stay as they are: one that is new waits for the next start, one that is gone has
   * no keys. Throws CONFIG when the node is in plain mode, or a key of its own is none.
   */
  applySecurity(settings: SecuritySettings): void
}

class MeshNode implements RunningNode {
  readonly name: string
  readonly incarnation: Incarnation
  readonly #settings: NodeSettings
  readonly #others: readonly PeerConfig[]
  readonly #keyring: Keyring | undefined
  readonly #driver: Driver
  readonly #operations: Operations
  readonly #handlers: Handlers
  readonly #reporter: Reporter
  readonly #startedAt: number
  readonly #statusTask = new Task(() => this.#logStatus())
  readonly #readyWaits = new Set<ReadyWait>()
  #endpoint = ''
  #closing: Promise<void> | undefined
  #watch: PeersWatch | undefined

  constructor(settings: NodeSettings, world: World) {
    const { name, peers, log } = settings
    this.name = name
    this.#settings = settings
    this.#others = peers.filter((peer) => peer.name !== name)
    this.incarnation = newIncarnation(world.clock.wallNow(), world.random.below(2048))
    const { security } = settings
    this.#keyring = security && new Keyring(security, () => world.clock.wallNow(), world.entropy)
    this.#driver = new Driver(
      world,
      {
        onEvent: (event) => this.#onEvent(event),
        onFault: (text) => this.#reporter.warn(`fault ${text}`, text),
        onStrangers: (address, text) => this.#reporter.refused(undefined, address, text),
      },
      this.#keyring,
    )
    this.#startedAt = this.#driver.now
    this.#reporter = new Reporter({
      log,
      now: () => this.#driver.now,
      describe: (connection) => this.#driver.transport.describe(connection),
      onChange: () => this.#onChange(),
    })
    this.#operations = new Operations(this.#driver, name)
    const onLostFailure = (from: string, verb: string, text: string): void =>
      this.#reporter.warn(
        `handler ${verb}`,
        `the handler of "${verb}" failed on a message from ${from}: ${text}`,
      )
    const builtIn = builtInVerbs({
      status: () => this.status(),
      log: (text) => this.#reporter.info(text),
      messageHandler: () => this.#handlers.get(MESSAGE_VERB),
    })
    this.#handlers = new Handlers(
      { driver: this.#driver, operations: this.#operations, onLostFailure },
      builtIn,
    )
  }

  get endpoint(): string {
    return this.#endpoint
  }

  async start(): Promise<void> {
    const { name, network, bind, tickMs, statusEveryMs, maxBodyBytes, maxPeerBytes, pace } = this.#settings
    const shortcut = await this.#openShortcut()
    try {
      this.#endpoint = await this.#driver.transport.listen(bind)
    } catch (cause) {
      await this.#driver.close()
      throw listenError(name, bind, cause)
    }
    this.#driver.begin({
      self: {
        name,
        role: 'node',
        incarnation: this.incarnation,
        network,
        maxBodyBytes,
        hostToken: this.#settings.sameHost ? this.#driver.transport.hostToken : undefined,
        shortcut,
      },
      peers: this.#others,
      tickMs,
      pace,
      maxPeerBytes,
      hasVerb: (verb) => this.#handlers.has(verb),
    })
    this.#reporter.info(
      `${name} listens on ${this.#endpoint} in network ${network}, ${this.#others.length} peers`,
    )
    this.#watch = this.#watchFiles()
    if (this.#settings.isOpen === true) {
      const text = `${name} listens on ${this.#endpoint} without keys: whoever reaches it can read everything and speak for anybody`
      this.#reporter.warn('insecure', text)
    }
    this.#driver.schedule(this.#statusTask, this.#driver.now + Math.min(STATUS_DELAY_MS, statusEveryMs))
  }

  /** Opens a shorter way for peers on this host. A node that cannot is reached over tcp, so that this is no error. */
  async #openShortcut(): Promise<string | undefined> {
    const { sameHost, bind } = this.#settings
    const { transport } = this.#driver
    if (!sameHost || !bind.startsWith('tcp:') || transport.hostToken === '') return undefined
    try {
      return await transport.openShortcut(bind)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#reporter.debug(`${this.name} offers no shortcut to peers on this host: ${why}`)
      return undefined
    }
  }

  #watchFiles(): PeersWatch | undefined {
    const { rereading } = this.#settings
    const keyring = this.#keyring
    if (rereading === undefined || keyring === undefined) return undefined
    const counts = (settings: SecuritySettings): boolean => keyring.counts(settings)
    const apply = (settings: SecuritySettings): void => {
      this.applySecurity(settings)
      this.#reporter.peersApplied()
    }
    const onInvalid = (text: string): void => this.#reporter.peersInvalid(text)
    return new PeersWatch({ ...rereading, counts, apply, onInvalid })
  }

  reload(): void {
    if (this.#closing !== undefined) throw this.#closedError()
    if (this.#watch === undefined) {
      const message = `Cannot read the keys of "${this.name}" again: it is in plain mode, or its peers are not from a file`
      throw new ZmqnetError({ code: 'CONFIG', safeToRetry: false, message })
    }
    this.#watch.reload()
  }

  applySecurity(settings: SecuritySettings): void {
    const keyring = this.#keyring
    if (keyring === undefined) {
      const message = `Cannot make "${this.name}" secure while it runs: it began in plain mode`
      throw new ZmqnetError({ code: 'CONFIG', safeToRetry: false, message })
    }
    keyring.replace(settings)
    const members = this.#settings.peers.map((peer) => peer.name)
    const added = keyring.memberNames.filter((name) => !members.includes(name))
    if (added.length > 0) this.#reporter.info(`new members need a restart of this node: ${added.join(', ')}`)
    const gone = members.filter((name) => !keyring.memberNames.includes(name))
    if (gone.length > 0)
      this.#reporter.info(`members that are gone have no keys any more: ${gone.join(', ')}`)
    this.#driver.keysChanged()
  }

  handle(verb: string, handler: Handler): void {
    this.#handlers.set(verb, handler)
  }

  unhandle(verb: string): boolean {
    return this.#handlers.delete(verb)
  }

  request(peer: string, verb: string, body?: BodyValue, options?: RequestOptions): Promise<BodyValue> {
    return this.#operations.request(peer, verb, body, options)
  }

  send(peer: string, verb: string, body?: BodyValue, options?: SendOptions): Promise<Receipt> {
    return this.#operations.send(peer, verb, body, options)
  }

  broadcast(verb: string, body?: BodyValue, options?: BroadcastOptions): Promise<BroadcastResult> {
    return this.#operations.broadcast(verb, body, options)
  }

  events(): AsyncIterableIterator<NodeEvent> {
    return this.#reporter.events.read()
  }

  peers(): readonly PeerView[] {
    return peerViews(this.#driver.core, this.#others, this.#driver.now)
  }

  status(): NodeStatus {
    return {
      name: this.name,
      network: this.#settings.network,
      endpoint: this.#endpoint,
      incarnation: this.incarnation,
      uptimeMs: this.#driver.now - this.#startedAt,
      peers: this.peers(),
      pending: this.#driver.core.pendingCount,
      transfers: this.#driver.core.transfers.count,
      counters: this.#driver.counters,
    }
  }

  ready(timeout = DEFAULT_READY_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      const timeoutMs = milliseconds('timeout', timeout)
      if (this.#closing !== undefined) throw this.#closedError()
      if (this.#isReady()) {
        resolve()
        return
      }
      const wait: ReadyWait = {
        resolve,
        reject,
        task: new Task(() => {
          this.#readyWaits.delete(wait)
          reject(this.#notReady(timeoutMs))
        }),
      }
      this.#readyWaits.add(wait)
      this.#driver.schedule(wait.task, this.#driver.now + timeoutMs)
    })
  }

  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options.drain ?? DEFAULT_DRAIN_MS)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(drainMs: number): Promise<void> {
    this.#reporter.info(`${this.name} is closing`)
    this.#watch?.close()
    this.#operations.close()
    for (const { reject } of this.#readyWaits) reject(this.#closedError())
    this.#readyWaits.clear()
    this.#driver.schedule(this.#statusTask, Number.POSITIVE_INFINITY)
    await this.#driver.shutDown(drainMs)
    this.#reporter.info(`${this.name} is closed: ${statusLine(this.status())}`)
    this.#reporter.end()
  }

  #onEvent(event: CoreEvent): void {
    switch (event.kind) {
      case 'call':
        this.#handlers.call(event.call)
        return
      case 'call-aborted':
        this.#handlers.abort(event.call, event.reason)
        return
      case 'arrival-aborted':
        this.#handlers.abort(event.arrival, 'closing')
        return
      case 'arrival':
        this.#handlers.arrive(event.arrival)
        return
      case 'request-done':
      case 'request-failed':
      case 'send-delivered':
      case 'send-failed':
      case 'cast-done':
      case 'progress':
        this.#operations.settle(event)
        return
      default:
        this.#reporter.report(event)
    }
  }

  #onChange(): void {
    if (this.#closing === undefined)
      this.#driver.schedule(this.#statusTask, this.#driver.now + STATUS_DELAY_MS)
    if (this.#readyWaits.size === 0 || !this.#isReady()) return
    for (const wait of this.#readyWaits) {
      this.#driver.schedule(wait.task, Number.POSITIVE_INFINITY)
      wait.resolve()
    }
    this.#readyWaits.clear()
  }

  #logStatus(): void {
    this.#reporter.info(statusLine(this.status()))
    this.#driver.schedule(this.#statusTask, this.#driver.now + this.#settings.statusEveryMs)
  }

  #isReady(): boolean {
    return this.#missing().length === 0
  }

  /** Those who are waited for. Nobody can be who has no key that counts, so that a revoked peer holds nothing up. */
  #missing(): readonly PeerView[] {
    return this.peers().filter(({ name, state, link }) => {
      const isThere = state === 'alive' && link === 'open'
      return !isThere && this.#keyring?.keysOf('node', name).length !== 0
    })
  }

  #closedError(): ZmqnetError {
    return new ZmqnetError({
      code: 'CLOSED',
      message: `"${this.name}" will not be ready: it is closing or closed`,
    })
  }

  #notReady(timeoutMs: number): ZmqnetError {
    const each = this.#missing().map((peer) => `${peer.name} is ${peer.state} (link ${peer.link})`)
    return new ZmqnetError({
      code: 'TIMEOUT',
      message: `"${this.name}" was not ready within ${timeoutMs} ms: ${each.join(', ')}`,
    })
  }
}

function listenError(name: string, bind: string, cause: unknown): ZmqnetError {
  const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
  const why = isTaken ? 'the address is in use' : cause instanceof Error ? cause.message : String(cause)
  return new ZmqnetError({
    code: isTaken ? 'ADDRESS_IN_USE' : 'CONFIG',
    safeToRetry: isTaken,
    message: `Cannot start "${name}" on ${bind}: ${why}`,
    cause,
  })
}
