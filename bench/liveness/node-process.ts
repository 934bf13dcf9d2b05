/**
 * One node of zmqnet in a process of its own, for bench/liveness: it says what its node sees, with the time, and blocks its
 * loop when it is told to. It is killed, stopped and cut off by the main process.
 */

import { createNode, type PeersConfig } from '../../src/index.ts'
import { type Sight, type SightKind, sharedNowMs } from './sights.ts'

/** What the main process orders. */
export type NodeOrder =
  | { readonly kind: 'start'; readonly name: string; readonly peers: PeersConfig }
  | { readonly kind: 'block'; readonly blockMs: number }

/** What this process says. */
export type NodeWord =
  | { readonly kind: 'listening'; readonly atMs: number; readonly incarnation: number }
  | { readonly kind: 'sight'; readonly sight: Sight }
  | { readonly kind: 'blocked'; readonly fromMs: number; readonly untilMs: number }
  | { readonly kind: 'failed'; readonly text: string }

const SIGHTS: Readonly<Record<string, SightKind>> = {
  'peer:alive': 'alive',
  'peer:suspect': 'suspect',
  'peer:dead': 'dead',
  'peer:left': 'left',
  'peer:restarted': 'restarted',
  'link:up': 'link-up',
  'link:down': 'link-down',
}

function say(word: NodeWord): void {
  // When nobody is there any more to hear it, "disconnect" says so as well.
  process.send?.(word, undefined, {}, () => undefined)
}

async function start(name: string, peers: PeersConfig): Promise<void> {
  const node = await createNode({ name, peers, insecure: true })
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
  else {
    start(order.name, order.peers).catch((error: unknown) => {
      say({ kind: 'failed', text: error instanceof Error ? error.message : String(error) })
    })
  }
})
// The main process is gone, whatever way.
process.on('disconnect', () => process.exit(0))
// Ctrl-C reaches the whole group of processes; the main process ends us.
process.on('SIGINT', () => undefined)
