/**
 * The public names of zmqnet, one by one.
 */

import type { Client, ConnectOptions, Node, NodeOptions } from './node/api.ts'
import { startClient } from './node/client.ts'
import {
  DEFAULT_NETWORK,
  DEFAULT_TICK_MS,
  findPeer,
  loadPeers,
  resolveClientOptions,
  resolveNodeSettings,
} from './node/config.ts'
import { chooseLog } from './node/default-log.ts'
import { startNode } from './node/node.ts'
import { realWorld } from './node/real-world.ts'

/**
 * Starts a node: listens, dials every other peer of the list, and keeps these links up until it is closed. Resolves as
 * soon as it listens; `node.ready()` waits for the others. When the peers list has keys, the node is secure: it needs a key
 * of its own, and every link is encrypted and proven. Throws a ZmqnetError: CONFIG with every fault of the peers file, the
 * key and the options, ADDRESS_IN_USE when another process listens at its address.
 */
export async function createNode(options: NodeOptions): Promise<Node> {
  const settings = resolveNodeSettings(options)
  return startNode({ ...settings, log: await chooseLog(options.log) }, realWorld())
}

/**
 * Connects to the node called `name` as a client, which needs no entry in the peers list unless the mesh is secure; then it
 * needs a key, which stands there under "clients". Resolves at once, and calls wait for the link; with `timeout`, resolves at the first contact. Throws a ZmqnetError: CONFIG when the peers list is
 * wrong or does not know the name, NOT_SENT or REFUSED when there was no contact within `timeout`.
 */
export async function connect(name: string, options: ConnectOptions = {}): Promise<Client> {
  const config = loadPeers(options.peers)
  const target = findPeer(config, name)
  const { network = DEFAULT_NETWORK, tickMs = DEFAULT_TICK_MS } = config
  const settings = resolveClientOptions(options, config)
  const log = await chooseLog(options.log)
  const timeoutMs = options.timeout ?? 0
  return startClient({ ...settings, target, network, tickMs, log, timeoutMs }, realWorld())
}

export { formatDuration, parseDuration } from './discovery/duration.ts'
export { type ErrorCode, type ErrorDetails, type Outcome, ZmqnetError } from './errors.ts'
export type {
  BodyValue,
  BroadcastOptions,
  BroadcastResult,
  Client,
  ClientConfig,
  CloseOptions,
  ConnectOptions,
  Counters,
  FormerKey,
  Handler,
  HandlerContext,
  KeyPair,
  Logger,
  MessageResult,
  MissingReason,
  Node,
  NodeEvent,
  NodeOptions,
  NodeStatus,
  PeerConfig,
  PeerState,
  PeersConfig,
  PeerView,
  Progress,
  Receipt,
  RequestOptions,
  RuleConfig,
  SendOptions,
} from './node/api.ts'
export { loadPeers } from './node/config.ts'
export { type KeyFile, newKeyPair, readKeyFile, writeKeyFile } from './node/key-file.ts'
export { keyPathFor } from './node/security-config.ts'
