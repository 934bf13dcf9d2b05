/**
 * One node of zmqnet in a process of its own, for bench/liveness: it says what its node sees, with the time, and blocks its
 * loop when it is told to. It is killed, stopped and cut off by the main process.
 */

import { createNode, type Node, type NodeStatus, type PeersConfig } from '../../src/index.ts'
import { type Sight, type SightKind, sharedNowMs } from './sights.ts'

/** What the main process orders. */
export type NodeOrder =
  | { readonly kind: 'start'; readonly name: string; readonly peers: PeersConfig }
  | { readonly kind: 'block'; readonly blockMs: number }
  | { readonly kind: 'tell' }

/** What this process says. */
export type NodeWord =
  | { readonly kind: 'listening'; readonly atMs: number; readonly incarnation: number }
  | { readonly kind: 'sight'; readonly sight: Sight }
  | { readonly kind: 'blocked'; readonly fromMs: number; readonly untilMs: number }
  | Told
  | { readonly kind: 'failed'; readonly text: string }

/** All that it knows, for whoever wants to know why a trial failed. */
export interface Told {
  readonly kind: 'told'
  readonly status: NodeStatus
  /** The last lines of its log, each with the milliseconds since it was told to start. */
  readonly log: readonly string[]
}

const SIGHTS: Readonly<Record<string, SightKind>> = {
  'peer:alive': 'alive',
  'peer:suspect': 'suspect',
  'peer:dead': 'dead',
  'peer:left': 'left',
  'peer:restarted': 'restarted',
  'link:up': 'link-up',
  'link:down': 'link-down',
}

/** Lines of the log that are kept. */
const MAX_LINES = 200

const log: string[] = []
let running: Node | undefined

function note(level: string): (text: string) => void {
  const from = sharedNowMs()
  return (text) => {
    log.push(`${Math.round(sharedNowMs() - from)} ms ${level} ${text}`)
    if (log.length > MAX_LINES) log.shift()
  }
}

function say(word: NodeWord): void {
  // When nobody is there any more to hear it, "disconnect" says so as well.
  process.send?.(word, undefined, {}, () => undefined)
}

async function start(name: string, peers: PeersConfig): Promise<void> {
  const logger = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
  const node = await createNode({ name, peers, insecure: true, log: logger })
  running = node
  const { incarnation } = node
  // Before anything is awaited, so that no event is missed.
  const events = node.events()
  say({ kind: 'listening', atMs: sharedNowMs(), incarnation })
  for await (const event of events) {
    const atMs = sharedNowMs()
    if (event.kind === 'peer:busy') {
      say({ kind: 'sight', sight: { atMs, kind: event.busy ? 'busy' : 'free', peer: event.peer } })
      continue
    }
    const kind = SIGHTS[event.kind]
    if (kind === undefined || !('peer' in event)) continue
    const run = 'incarnation' in event ? { incarnation: event.incarnation } : {}
    say({ kind: 'sight', sight: { atMs, kind, peer: event.peer, ...run } })
  }
}

function block(blockMs: number): void {
  const fromMs = sharedNowMs()
  while (sharedNowMs() < fromMs + blockMs);
  say({ kind: 'blocked', fromMs, untilMs: sharedNowMs() })
}

process.on('message', (order: NodeOrder) => {
  if (order.kind === 'block') block(order.blockMs)
  else if (order.kind === 'tell') {
    if (running !== undefined) say({ kind: 'told', status: running.status(), log })
  } else {
    start(order.name, order.peers).catch((error: unknown) => {
      say({ kind: 'failed', text: error instanceof Error ? error.message : String(error) })
    })
  }
})
// The main process is gone, whatever way.
process.on('disconnect', () => process.exit(0))
// Ctrl-C reaches the whole group of processes; the main process ends us.
process.on('SIGINT', () => undefined)
