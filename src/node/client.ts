/**
 * The public face of a client: talks to one node without being a member. The same core as a node's, with one link and
 * nothing that listens.
 */

import { newIncarnation } from '../base/ids.ts'
import { ZmqnetError } from '../errors.ts'
import type { SecuritySettings } from '../security/policy.ts'
import type { Pace } from '../transfer/pace.ts'
import { ECHO_VERB, RELAY_VERB, STATUS_VERB } from '../wire/built-in-verbs.ts'
import type {
  BodyValue,
  Client,
  CloseOptions,
  Logger,
  MessageResult,
  NodeStatus,
  PeerConfig,
  Receipt,
  RequestOptions,
  SendOptions,
} from './api.ts'
import { Driver } from './driver.ts'
import { Keyring } from './keyring.ts'
import { Operations } from './operations.ts'
import { DEFAULT_DRAIN_MS } from './options.ts'
import { isReport, Reporter } from './reporter.ts'
import { Task } from './task.ts'
import type { DetailedReply } from './tickets.ts'
import type { World } from './world.ts'

/** What a client needs to know, after files, environment and defaults have been read. */
export interface ClientSettings {
  readonly target: PeerConfig
  readonly network: string
  readonly tickMs: number
  /** Whether the link to a node on the same host takes a shorter way than tcp. */
  readonly sameHost: boolean
  /** The largest body that it takes and sends, in bytes. */
  readonly maxBodyBytes: number
  /** What may wait for the node, in bytes. Default: DEFAULT_PEER_BYTES. */
  readonly maxPeerBytes?: number | undefined
  /** How large bodies are cut, where not as usual: for the simulator. */
  readonly pace?: Pace | undefined
  /** Its name, where that is not chance: in secure mode, the one that its key proves. Its runs may be there side by side. */
  readonly name?: string | undefined
  /** Keys, in secure mode. */
  readonly security?: SecuritySettings | undefined
  readonly log: Logger | undefined
  /** Milliseconds to wait for the first contact; 0 does not wait. */
  readonly timeoutMs: number
}

/** Starts a client in a world. With a timeout: rejects with NOT_SENT when the node is not reached in time. */
export async function startClient(settings: ClientSettings, world: World): Promise<Client> {
  const client = new MeshClient(settings, world)
  if (settings.timeoutMs > 0) await client.contact(settings.timeoutMs)
  return client
}

class MeshClient implements Client {
  readonly node: string
  readonly name: string
  readonly #world: World
  readonly #driver: Driver
  readonly #operations: Operations
  readonly #reporter: Reporter
  #refusal: string | undefined
  #onContact: (() => void) | undefined
  #closing: Promise<void> | undefined

  constructor(settings: ClientSettings, world: World) {
    const { target, network, tickMs, sameHost, log, maxBodyBytes, maxPeerBytes, pace } = settings
    this.#world = world
    this.node = target.name
    // Two clients never share a name by chance: 64 random bits.
    const bits = [world.random.below(2 ** 32), world.random.below(2 ** 32)]
    this.name = settings.name ?? `client-${bits.map((part) => part.toString(16).padStart(8, '0')).join('')}`
    const { security } = settings
    const keyring = security && new Keyring(security, () => world.clock.wallNow(), world.entropy)
    this.#driver = new Driver(
      world,
      {
        onEvent: (event) => {
          if (this.#operations.settle(event)) return
          if (event.kind === 'link-refused') this.#refusal = `${event.refuse.reason}: ${event.refuse.text}`
          if (event.kind === 'link-opened') this.#onContact?.()
          if (isReport(event)) this.#reporter.report(event)
        },
        onFault: (text) => this.#reporter.warn(`fault ${text}`, text),
      },
      keyring,
    )
    this.#operations = new Operations(this.#driver, this.name, (error) => this.#explain(error))
    this.#reporter = new Reporter({
      log,
      now: () => this.#driver.now,
      describe: (connection) => this.#driver.transport.describe(connection),
      onChange: () => {},
    })
    const incarnation = newIncarnation(world.clock.wallNow(), world.random.below(2048))
    this.#driver.begin({
      self: {
        name: this.name,
        role: 'client',
        incarnation,
        network,
        maxBodyBytes,
        hostToken: sameHost ? this.#driver.transport.hostToken : undefined,
      },
      peers: [target],
      tickMs,
      pace,
      maxPeerBytes,
      hasVerb: () => false,
    })
  }

  get transport(): 'tcp' | 'ipc' | undefined {
    return this.#driver.core.outreach.routes.get(this.node)?.link.openCarrier
  }

  /** Resolves at the first contact with the node. */
  contact(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const task = new Task(() => {
        const why = this.#refusal ?? 'nobody answers at its address'
        const message = `Cannot connect to "${this.node}" within ${timeoutMs} ms: ${why}`
        const code = this.#refusal === undefined ? 'NOT_SENT' : 'REFUSED'
        const error = new ZmqnetError({ code, peer: this.node, message })
        this.close({ drain: 0 }).then(() => reject(error), reject)
      })
      this.#onContact = () => {
        this.#driver.schedule(task, Number.POSITIVE_INFINITY)
        resolve()
      }
      this.#driver.schedule(task, this.#driver.now + timeoutMs)
    })
  }

  request(verb: string, body?: BodyValue, options?: RequestOptions): Promise<BodyValue> {
    return this.#operations.request(this.node, verb, body, options)
  }

  send(verb: string, body?: BodyValue, options?: SendOptions): Promise<Receipt> {
    return this.#operations.send(this.node, verb, body, options)
  }

  message(body: BodyValue, options: RequestOptions = {}): Promise<MessageResult> {
    const pick = ({ value, attempts, sequence }: DetailedReply): MessageResult => {
      return { node: this.node, id: `${this.name}/${sequence}`, attempts, ...value }
    }
    return this.#operations.requestDetailed(this.node, RELAY_VERB, body, options, pick)
  }

  async status(options?: RequestOptions): Promise<NodeStatus> {
    return this.request(STATUS_VERB, undefined, options)
  }

  async ping(options?: RequestOptions): Promise<number> {
    const startedAt = this.#world.clock.preciseNow()
    await this.request(ECHO_VERB, undefined, options)
    return this.#world.clock.preciseNow() - startedAt
  }

  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options.drain ?? DEFAULT_DRAIN_MS)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(drainMs: number): Promise<void> {
    this.#operations.close()
    await this.#driver.shutDown(drainMs)
    this.#reporter.end()
  }

  /** A request that was never sent because the node refuses this client says so, with the node's reason. */
  #explain(error: ZmqnetError): ZmqnetError {
    if (error.code !== 'NOT_SENT' || this.#refusal === undefined) return error
    const message = `Cannot talk to "${this.node}": it refuses this client (${this.#refusal})`
    return new ZmqnetError({ code: 'REFUSED', peer: this.node, message, cause: error })
  }
}
