/**
 * The side of zmqnet: its public API and nothing else, with the defaults that every user has, but for one: it stays on
 * tcp, as what it is compared with does.
 */

import { createNode, type Node } from '../src/index.ts'
import { type Scenario, Tally, type Times } from './scenarios.ts'
import type { Client, Places, Server } from './sides.ts'

/** The name of the node that asks. */
export const CLIENT_NAME = 'bench'

export async function startZmqnetServer(places: Places, name: string): Promise<Server> {
  const node = await createNode({ name, peers: { peers: places.nodes, sameHost: false } })
  let arrived = 0
  node.handle('echo', (body) => body)
  node.handle('sink', () => {
    arrived += 1
  })
  return {
    get arrived() {
      return arrived
    },
  }
}

export async function startZmqnetClient(places: Places): Promise<Client> {
  const node = await createNode({ name: CLIENT_NAME, peers: { peers: places.nodes, sameHost: false } })
  await node.ready()
  const target = places.nodes.find((peer) => peer.name !== CLIENT_NAME)?.name ?? ''
  return {
    async run(scenario: Scenario, times: Times): Promise<number> {
      const operation = operationOf(node, target, scenario)
      const tally = new Tally(times)
      const work = async (): Promise<void> => {
        do await operation()
        while (tally.ended())
      }
      await Promise.all(Array.from({ length: scenario.inFlight }, work))
      return tally.perSecond
    },
  }
}

/** One operation, whose result is looked at: a wrong answer must not count as a fast one. */
function operationOf(node: Node, target: string, { kind, bodyBytes }: Scenario): () => Promise<void> {
  const body = Buffer.alloc(bodyBytes, 'zmqnet')
  switch (kind) {
    case 'echo':
      return async () => {
        const reply = await node.request(target, 'echo', body)
        if (reply.length !== bodyBytes) throw new Error(`A reply of ${reply.length} bytes`)
      }
    case 'oneway':
      return async () => {
        await node.send(target, 'sink', body)
      }
    case 'broadcast':
      return async () => {
        const { ok, acked } = await node.broadcast('echo', body)
        if (!ok || acked.length !== 2) throw new Error(`${acked.length} of 2 acked`)
      }
  }
}
