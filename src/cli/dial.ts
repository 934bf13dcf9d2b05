/**
 * How a command reaches a node: which one is meant, a client for it, and its end. The client is always closed, also when
 * the command fails or is interrupted, because an open socket would keep the process alive.
 */

import type { Client, PeerConfig, PeersConfig } from '../index.ts'
import type { Context } from './command.ts'
import { UsageError } from './faults.ts'
import type { OptionTable } from './option-kinds.ts'

/** "alpha, bravo and charlie". */
function listNames(config: PeersConfig): string {
  const names = config.peers.map((peer) => peer.name)
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** The peer of that name. Throws UsageError that names all there are. */
export function findPeer(config: PeersConfig, name: string | undefined, command: string): PeerConfig {
  if (name === undefined) {
    throw new UsageError(`Missing option -n NAME: the peers file has ${listNames(config)}`, command)
  }
  const peer = config.peers.find((candidate) => candidate.name === name)
  if (peer === undefined) {
    throw new UsageError(`Unknown node "${name}": the peers file has ${listNames(config)}`, command)
  }
  return peer
}

/**
 * Connects to a node, works with the client, and closes it whatever happens. Only who measures takes the shorter way to a
 * node on this machine: finding it costs a second greeting, more than a few requests win back.
 */
export async function withClient<T extends OptionTable, R>(
  context: Context<T>,
  config: PeersConfig,
  node: string,
  work: (client: Client) => Promise<R>,
  mode: 'brief' | 'measuring' = 'brief',
): Promise<R> {
  const way = mode === 'brief' ? { sameHost: false } : {}
  const { key } = context.values
  const own = typeof key === 'string' ? { key } : {}
  const client = await context.library.connect(node, { peers: config, ...way, ...own })
  try {
    return await work(client)
  } finally {
    await client.close({ drain: 0 })
  }
}
