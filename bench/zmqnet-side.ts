/**
 * The side of zmqnet: its public API and nothing else, with the defaults that every user has. Over tcp the way of peers on
 * the same host is switched off; otherwise a figure is refused unless the links really use it.
 */

import { createNode, type Node } from '../src/index.ts'
import { bodyOf, ReplyCheck } from './loop.ts'
import type { Scenario } from './scenarios.ts'
import type { Client, Places, Server } from './sides.ts'

/** The name of the node that asks. */
export const CLIENT_NAME = 'bench'

/** The peers list of everybody: the client and all servers. */
export function peersOf({ client, servers }: Places) {
  return { peers: [{ name: CLIENT_NAME, address: client }, ...servers.map(asPeer)] }
}

function asPeer({ name, address }: Places['servers'][number]) {
  return { name, address }
}

export async function startZmqnetServer(places: Places, index: number, sameHost: boolean): Promise<Server> {
  const name = places.servers[index]?.name ?? ''
  const node = await createNode({ name, peers: peersOf(places), sameHost })
  let arrived = 0
  node.handle('echo', (body) => body)
  node.handle('length', (body) => body.length)
  node.handle('sink', () => {
    arrived += 1
  })
  return {
    get arrived() {
      return arrived
    },
  }
}

export async function startZmqnetClient(places: Places, sameHost: boolean): Promise<Client> {
  const node = await createNode({ name: CLIENT_NAME, peers: peersOf(places), sameHost })
  await node.ready(15_000)
  return {
    operation: (scenario: Scenario) => {
      checkTransport(node, sameHost)
      return operationOf(node, places, scenario)
    },
  }
}

/** Throws unless the links of a node use the transport that the figure is to be about. */
export function checkTransport(node: Node, sameHost: boolean): void {
  for (const view of node.peers()) {
    if (view.link !== 'open') continue
    const { transport } = view as typeof view & { readonly transport?: string }
    const isLocal = transport === 'ipc'
    if (isLocal !== sameHost) throw new Error(`The link to ${view.name} uses ${transport ?? 'tcp'}`)
  }
}

/** One operation, whose result is looked at: a wrong answer must not count as a fast one. */
function operationOf(node: Node, { servers }: Places, { kind, bodyBytes }: Scenario): () => Promise<void> {
  const target = servers[0]?.name ?? ''
  const body = bodyOf(bodyBytes)
  const check = new ReplyCheck(body)
  switch (kind) {
    case 'echo':
      return async () => check.check(await node.request(target, 'echo', body))
    case 'oneway':
      return async () => {
        await node.send(target, 'sink', body)
      }
    case 'broadcast':
      return async () => {
        const { ok, acked } = await node.broadcast('echo', body)
        if (!ok || acked.length !== servers.length)
          throw new Error(`${acked.length} of ${servers.length} acked`)
        for (const { reply } of acked) check.check(reply)
      }
    case 'upload':
      return async () => {
        const length = await node.request(target, 'length', body)
        if (length !== bodyBytes) throw new Error(`${length} of ${bodyBytes} bytes arrived`)
      }
  }
}
