/**
 * An outside for commands that exists in memory only: what is written is kept, time passes when somebody sleeps, and
 * signals come when the test says so. With it goes a library whose nodes answer what the test tells them to.
 */

import { basename, dirname } from 'node:path'
import type { Io, Library, Sink } from '../../src/cli/io.ts'
import { run } from '../../src/cli/run.ts'
import { parseDuration } from '../../src/discovery/duration.ts'
import { ZmqnetError } from '../../src/errors.ts'
import type { Client, MessageResult, Node, NodeStatus, PeersConfig, PeerView } from '../../src/node/api.ts'

/** Three nodes of a file, as the library gives them. */
export const CONFIG: PeersConfig = {
  peers: ['alpha', 'bravo', 'charlie'].map((name, index) => ({
    name,
    address: `tcp://127.0.0.1:${3001 + index}`,
    host: `${name}.example`,
  })),
  network: 'zmqnet',
}

/** What a test may set; everything else is a quiet default. */
export interface FakeSettings {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly hostname?: string
  readonly input?: string
  readonly files?: Readonly<Record<string, string>>
  readonly isTTY?: boolean
  readonly library?: Partial<Library>
  /** Called with each sleep; may interrupt. */
  readonly onSleep?: (durationMs: number, fake: FakeIo) => void
}

/** The outside, and what was seen there. */
export interface FakeIo extends Io {
  readonly out: () => string
  readonly err: () => string
  readonly files: Map<string, string>
  readonly sleeps: number[]
  interruptBy(signal: string): void
  /** What the command does at SIGHUP. */
  hangUp: () => void
  /** Lets time pass. */
  advance(durationMs: number): void
}

/** 2026-01-01T00:00:00Z. */
const WALL_START_MS = 1_767_225_600_000

/** After so many turns of the loop without work, all are taken to be waiting. */
const IDLE_TURNS = 5

function createSink(isTTY: boolean): Sink & { text: string } {
  return {
    text: '',
    isTTY,
    columns: 100,
    write(text) {
      this.text += text
    },
  }
}

/** Files that exist in memory only. */
function fakeFiles(
  files: Map<string, string>,
): Pick<Io, 'writeFile' | 'readFile' | 'replaceFile' | 'listFolder'> {
  const write = async (path: string, text: string): Promise<void> => {
    files.set(path, text)
  }
  return {
    writeFile: write,
    replaceFile: write,
    async readFile(path) {
      const text = files.get(path)
      if (text === undefined) throw new Error(`ENOENT: ${path}`)
      return text
    },
    listFolder: async (path) =>
      [...files.keys()].filter((file) => dirname(file) === path).map((file) => basename(file)),
  }
}

/** Makes the outside for one run. */
export function createFakeIo(argv: readonly string[], settings: FakeSettings = {}): FakeIo {
  const stdout = createSink(settings.isTTY ?? false)
  const stderr = createSink(settings.isTTY ?? false)
  const interrupt = new AbortController()
  let nowMs = 1000
  const dueTimes: number[] = []
  const files = new Map(Object.entries(settings.files ?? {}))
  const fake: FakeIo = {
    argv,
    env: settings.env ?? {},
    stdout,
    stderr,
    interrupt: interrupt.signal,
    onHangup: (listener) => {
      fake.hangUp = listener
    },
    hostname: settings.hostname ?? 'elsewhere',
    pid: 42,
    version: '9.9.9',
    nowMs: () => nowMs,
    wallNowMs: () => WALL_START_MS + nowMs,
    async sleep(durationMs, ...signals) {
      const dueMs = nowMs + durationMs
      const isEnded = () => nowMs >= dueMs || signals.some((signal) => signal.aborted)
      dueTimes.push(dueMs)
      for (let idleTurns = 0; !isEnded(); ) {
        const beforeMs = nowMs
        await new Promise((resolve) => setImmediate(resolve))
        idleTurns = nowMs === beforeMs ? idleTurns + 1 : 0
        // Nobody works any more: time jumps to whatever is due first.
        if (idleTurns > IDLE_TURNS && dueMs === Math.min(...dueTimes)) nowMs = dueMs
      }
      dueTimes.splice(dueTimes.indexOf(dueMs), 1)
      if (signals.some((signal) => signal.aborted)) return
      fake.sleeps.push(durationMs)
      settings.onSleep?.(durationMs, fake)
    },
    readInput: async () => settings.input ?? '',
    ...fakeFiles(files),
    loadLibrary: async () => createFakeLibrary(settings.library),
    out: () => stdout.text,
    err: () => stderr.text,
    files,
    sleeps: [],
    hangUp: () => {},
    interruptBy: (signal) => interrupt.abort(signal),
    advance(durationMs) {
      nowMs += durationMs
    },
  }
  return fake
}

/** A library that reads durations for real, knows CONFIG, and reaches nobody. */
export function createFakeLibrary(parts: Partial<Library> = {}): Library {
  const refuse = (): never => {
    throw new Error('this test has no keys')
  }
  return {
    createNode: () => Promise.reject(new Error('this test makes no node')),
    connect: async (node) => createFakeClient(node, {}),
    loadPeers: () => CONFIG,
    parseDuration,
    newKeyPair: refuse,
    readKeyFile: refuse,
    writeKeyFile: refuse,
    keyPathFor: refuse,
    ...parts,
  }
}

/** A client that answers what the test gives, and NOT_SENT to everything else. */
export function createFakeClient(node: string, parts: Partial<Client>): Client {
  const refuse = () => Promise.reject(unreachable(node))
  const client: Client = {
    node,
    name: 'client-1',
    transport: 'tcp',
    request: refuse,
    send: refuse,
    message: refuse,
    status: refuse,
    ping: refuse,
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
    ...parts,
  }
  return client
}

/** What the library says of a node that is not there. */
export function unreachable(node: string): ZmqnetError {
  return new ZmqnetError({ code: 'NOT_SENT', message: `Cannot reach "${node}": nobody answers`, peer: node })
}

/** A library whose clients are the same for all nodes. */
export function libraryOf(parts: Partial<Client>): Partial<Library> {
  return { connect: async (node) => createFakeClient(node, parts) }
}

/** Runs a command line and gives what came of it. */
export async function runFake(argv: readonly string[], settings: FakeSettings = {}) {
  const io = createFakeIo(argv, settings)
  const exitCode = await run(io)
  return { exitCode, out: io.out(), err: io.err(), io }
}

/** The one JSON object that a run printed. */
export function jsonOf(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>
}

/** All JSON objects that a run printed, one per line. */
export function jsonLinesOf(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => jsonOf(line))
}

/** The tally of a message to bravo. */
export function messageResult(parts: Partial<MessageResult> = {}): MessageResult {
  return {
    ok: true,
    expected: 2,
    acked: [
      { peer: 'alpha', reply: undefined, ms: 1.25 },
      { peer: 'charlie', reply: undefined, ms: 12.5 },
    ],
    missing: [],
    ms: 13.1,
    node: 'bravo',
    id: 'client-1/1',
    attempts: 1,
    ...parts,
  }
}

/** How a node sees a healthy peer. */
export function peerView(name: string, parts: Partial<PeerView> = {}): PeerView {
  return {
    name,
    address: `tcp://${name}:1`,
    state: 'alive',
    busy: false,
    hung: false,
    link: 'open',
    transport: 'tcp',
    rttMs: 0.42,
    incarnation: 7,
    lastSeenMs: 120,
    outages: { count: 0, longestMs: 0, totalMs: 0 },
    openMs: 61_000,
    encrypted: false,
    proven: false,
    ...parts,
  }
}

/** What a node says of itself. */
export function nodeStatus(name: string, peers: readonly PeerView[]): NodeStatus {
  return {
    name,
    network: 'zmqnet',
    endpoint: `tcp://${name}:1`,
    incarnation: 5,
    uptimeMs: 200_000,
    peers,
    pending: 3,
    transfers: 0,
    counters: {
      sent: 1204,
      received: 1180,
      dropped: 0,
      framesSent: 300,
      framesReceived: 290,
      violations: 0,
      impostors: 0,
      retries: 2,
      resets: 1,
    },
  }
}

/** A node that does nothing but stand there. */
export function createFakeNode(parts: Partial<Node>): Node {
  const refuse = () => Promise.reject(new Error('this test asks the node nothing'))
  const node: Node = {
    name: 'alpha',
    endpoint: 'tcp://127.0.0.1:3001',
    incarnation: 5,
    handle: () => {},
    unhandle: () => false,
    request: refuse,
    send: refuse,
    broadcast: refuse,
    events: () => eventsOf([]),
    peers: () => [],
    status: () => nodeStatus('alpha', []),
    ready: async () => {},
    reload: () => {},
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
    ...parts,
  }
  return node
}

/** A stream of events that ends. */
export async function* eventsOf<T>(events: readonly T[]): AsyncGenerator<T> {
  for (const event of events) yield event
}
