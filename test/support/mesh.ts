/**
 * Meshes for tests: nodes of this process that talk over real sockets on free ports, and are closed when the test ends.
 * Also the two ways in which a test waits: for an event of a node, and for a condition, each with a deadline.
 */

import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { createServer } from 'node:net'
import type { ExecutionContext } from 'ava'
import {
  type Client,
  connect,
  createNode,
  type Logger,
  type Node,
  type NodeEvent,
  type NodeOptions,
  type PeersConfig,
  ZmqnetError,
} from '../../src/index.ts'

/**
 * Ports are chosen below those that systems give to outgoing connections (from 32768 on): otherwise a dial to a node
 * that is not there yet could be given the very port that it dials, and TCP would connect it to itself.
 */
const FIRST_PORT = 16_000
const PORTS = 16_000

const POLL_MS = 2
/** Ends a test that hangs: how soon something comes about is not what a test with such a deadline asks. */
export const HANGS_MS = 30_000

/** Ports that this process has handed out; two tests of one file never share one. */
const taken = new Set<number>()

/**
 * As many ports on which nobody listens: the system is asked for each. Until this process ends, no other one that asks here is
 * given them: often nobody listens on a port of a test for a while, or ever, and the nodes of another test would dial ours.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS)
    if (taken.has(port)) continue
    const claim = await claimed(port)
    if (claim === undefined) continue
    if (!(await isFree(port))) {
      claim.close()
      continue
    }
    taken.add(port)
    ports.push(port)
  }
  return ports
}

/** The same number among the ports of UDP, which nobody else uses here, says that a port is ours. */
function claimed(port: number): Promise<UdpSocket | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.unref()
    socket.once('error', () => {
      socket.close()
      resolve(undefined)
    })
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(socket))
  })
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** A peers list with a free port for each name. */
export async function peersOf(
  names: readonly string[],
  settings: Partial<PeersConfig> = {},
): Promise<PeersConfig> {
  const ports = await freePorts(names.length)
  return { ...settings, peers: names.map((name, index) => ({ name, address: local(ports[index]) })) }
}

/** The address of a port of this machine. */
export function local(port: number | undefined): string {
  return `127.0.0.1:${port}`
}

/**
 * The same list, with other addresses for some names: what a node sees that dials through a proxy. It takes no shortcut,
 * which would lead past the proxy.
 */
export function rerouted(peers: PeersConfig, addresses: Readonly<Record<string, string>>): PeersConfig {
  const reroute = ({ name, address }: PeersConfig['peers'][number]) => {
    return { name, address: addresses[name] ?? address }
  }
  return { ...peers, sameHost: false, peers: peers.peers.map(reroute) }
}

/** The port of a name. */
export function portOf(peers: PeersConfig, name: string): number {
  const peer = peers.peers.find((candidate) => candidate.name === name)
  if (peer === undefined) throw new Error(`No peer is called ${name}`)
  return Number(peer.address.split(':').at(-1))
}

/** Starts one node, which is closed when the test ends. */
export async function startNode(t: ExecutionContext, options: NodeOptions): Promise<Node> {
  const node = await createNode(options)
  t.teardown(() => node.close({ drain: 0 }))
  return node
}

/** Connects a client, which is closed when the test ends. */
export async function startClient(
  t: ExecutionContext,
  name: string,
  options: Parameters<typeof connect>[1],
): Promise<Client> {
  const client = await connect(name, options)
  t.teardown(() => client.close({ drain: 0 }))
  return client
}

/** A mesh by the names of its nodes, all of them alive and linked, and the list that it was made from. */
export type Mesh<Name extends string> = { readonly [name in Name]: Node } & { readonly peers: PeersConfig }

/** Starts a node for each name and waits until each sees all others. */
export async function startMesh<const Name extends string>(
  t: ExecutionContext,
  names: readonly Name[],
  settings: Partial<PeersConfig> = {},
): Promise<Mesh<Name>> {
  const peers = await peersOf(names, settings)
  const nodes = await Promise.all(names.map((name) => startNode(t, { name, peers })))
  await Promise.all(nodes.map((node) => node.ready(HANGS_MS)))
  return { ...Object.fromEntries(nodes.map((node) => [node.name, node])), peers } as Mesh<Name>
}

/** Waits until `condition` gives something, looking again every few milliseconds. */
export function until<T>(
  condition: () => T | undefined | false,
  what: string,
  deadlineMs = HANGS_MS,
): Promise<T> {
  const giveUpAt = performance.now() + deadlineMs
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const found = condition()
      if (found !== undefined && found !== false) resolve(found)
      else if (performance.now() > giveUpAt) reject(new Error(`Not so within ${deadlineMs} ms: ${what}`))
      else setTimeout(look, POLL_MS)
    }
    look()
  })
}

/** What a promise gives, or an error when it takes too long: for promises that might never settle. */
export function within<T>(deadlineMs: number, promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not settled within ${deadlineMs} ms: ${what}`)), deadlineMs)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** The ZmqnetError that a promise rejects with; anything else fails the test. */
export async function errorOf(t: ExecutionContext, promise: Promise<unknown>): Promise<ZmqnetError> {
  const error = await within(2 * HANGS_MS, promise, 'a call that is to fail').then(
    (value) => new Error(`Resolved with ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  )
  if (error instanceof ZmqnetError) return error
  t.log(error)
  throw new Error(`Expected a ZmqnetError, got ${String(error)}`)
}

/** Something that a test can resolve from outside. */
export interface Signal<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
}

/** Makes such a promise. */
export function signal<T = void>(): Signal<T> {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

/** A handler that answers when the test says so, and counts how often it runs. */
export class HeldHandler {
  runs = 0
  readonly #answer = signal<string>()

  readonly handle = (): Promise<string> => {
    this.runs += 1
    return this.#answer.promise
  }

  answer(text: string): void {
    this.#answer.resolve(text)
  }
}

/** A time that is waited for on purpose, because nothing must happen in it. */
export function quiet(waitMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, waitMs))
}

/** Everything that a node reports from now on. */
export class EventLog {
  readonly seen: NodeEvent[] = []
  isEnded = false

  constructor(node: Node) {
    void this.#read(node)
  }

  /** The kinds so far, with their peers: "peer:dead bravo". */
  get lines(): string[] {
    return this.seen.map((event) => ('peer' in event ? `${event.kind} ${event.peer}` : event.kind))
  }

  /** The same without who is busy: on a machine with much else to do anybody is at times, which is another matter. */
  get changes(): string[] {
    return this.lines.filter((line) => !line.startsWith('peer:busy'))
  }

  count(line: string): number {
    return this.lines.filter((each) => each === line).length
  }

  /** Waits for a line that begins so; gives its event. */
  first(line: string, { from = 0, deadlineMs = HANGS_MS } = {}): Promise<NodeEvent> {
    const find = (): NodeEvent | undefined => {
      const index = this.lines.findIndex((each, at) => at >= from && each.startsWith(line))
      return this.seen[index]
    }
    return until(find, `the event "${line}"`, deadlineMs).catch((error: Error) => {
      throw new Error(`${error.message}; seen were ${this.lines.join(', ')}`)
    })
  }

  async #read(node: Node): Promise<void> {
    for await (const event of node.events()) this.seen.push(event)
    this.isEnded = true
  }
}

/** A logger that keeps its lines: "warn peer bravo is dead". */
export class LogLines implements Logger {
  readonly lines: string[] = []

  debug(): void {}

  info(text: string): void {
    this.lines.push(`info ${text}`)
  }

  warn(text: string): void {
    this.lines.push(`warn ${text}`)
  }

  error(text: string): void {
    this.lines.push(`error ${text}`)
  }

  matching(pattern: RegExp): string[] {
    return this.lines.filter((line) => pattern.test(line))
  }

  first(pattern: RegExp, deadlineMs = HANGS_MS): Promise<string> {
    return until(() => this.matching(pattern)[0], `a log line like ${pattern}`, deadlineMs)
  }
}
