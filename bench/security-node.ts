/**
 * A node for the figures of security: plain, or with CURVE below it. The one place that knows how a bench node gets its keys;
 * it stands on the transport alone, so that names are not proven here, which happens once for each connection.
 */

import type { KeyPair, PublicKey } from '../src/base/keys.ts'
import type { Node, PeersConfig } from '../src/index.ts'
import { resolveNodeSettings } from '../src/node/config.ts'
import { startNode } from '../src/node/node.ts'
import { realWorld } from '../src/node/real-world.ts'
import type { TransportFactory } from '../src/transport/transport.ts'
import { zmqTransport } from '../src/transport/zmq.ts'
import { MAX_FRAME_BYTES } from '../src/wire/limits.ts'

/** Who a secure node is, and whom it knows. */
export interface BenchKeys {
  readonly own: KeyPair
  readonly admitted: readonly PublicKey[]
  /** The keys of those whom it dials, by their endpoints. */
  readonly servers: Readonly<Record<string, PublicKey>>
}

/** Starts a node with an echo; a plain one without `keys`. */
export async function startBenchNode(
  name: string,
  peers: PeersConfig,
  keys: BenchKeys | undefined,
): Promise<Node> {
  const settings = resolveNodeSettings({ name, peers, sameHost: false })
  const world = keys === undefined ? realWorld() : { ...realWorld(), transport: secured(keys) }
  const node = await startNode(settings, world)
  node.handle('echo', (body) => body)
  return node
}

function secured({ own, admitted, servers }: BenchKeys): TransportFactory {
  const make = zmqTransport({ maxFrameBytes: MAX_FRAME_BYTES })
  const known = new Set(admitted)
  return (listener) => {
    const transport = make(listener, {
      own: () => [own],
      serving: () => own,
      admits: (publicKey) => known.has(publicKey),
    })
    const dial = transport.dial.bind(transport)
    transport.dial = (endpoint) => dial(endpoint, () => keysAt(servers, endpoint))
    return transport
  }
}

function keysAt(servers: BenchKeys['servers'], endpoint: string): readonly PublicKey[] {
  const key = servers[endpoint]
  return key === undefined ? [] : [key]
}
