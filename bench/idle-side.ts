/**
 * What memory.ts looks at: one process that is linked to many idle peers, and one that plays all of these peers. A link
 * goes both ways, as in a mesh: the subject dials each peer, and each peer dials the subject. The peers do not know each
 * other, so that one process can play all of them.
 *
 * And what idle-cpu.ts compares an idle mesh with: raw sockets that give as many signs of life.
 */

import type { Places, TeamName } from './sides.ts'

/** Keeps sockets from being collected. */
const kept: unknown[] = []

export async function startIdleSubject(team: TeamName, places: Places): Promise<void> {
  if (team === 'raw') return startRawSubject(places)
  const { createNode } = await import('../src/index.ts')
  const { CLIENT_NAME, checkTransport, peersOf } = await import('./zmqnet-side.ts')
  const sameHost = team === 'zmqnet-same-host'
  const node = await createNode({ name: CLIENT_NAME, peers: peersOf(places), sameHost })
  await node.ready(15_000)
  checkTransport(node, sameHost)
  kept.push(node)
}

export async function startIdlePeers(team: TeamName, places: Places): Promise<void> {
  if (team === 'raw') return startRawPeers(places)
  const { createNode } = await import('../src/index.ts')
  const { peersOf } = await import('./zmqnet-side.ts')
  const sameHost = team === 'zmqnet-same-host'
  for (const server of places.servers) {
    const peers = peersOf({ ...places, servers: [server] })
    kept.push(await createNode({ name: server.name, peers, sameHost }))
  }
}

/** A tick of zmqnet, and what it says of itself in so many bytes. */
const TICK_MS = 500
const BEAT = Buffer.alloc(9, 1)

/**
 * One of a mesh of raw sockets: a ROUTER, and a DEALER to each other one, on which it sends a few bytes each 1 to 2 ticks. Nobody
 * answers, judges or remembers anything: the least that a process costs which tells all others in this way that it lives.
 */
export async function startRawBeater({ servers }: Places, index: number): Promise<void> {
  const { Dealer, Router } = await import('zeromq')
  const router = new Router({ linger: 0 })
  await router.bind(`tcp://${servers[index]?.address}`)
  const dealers = servers
    .filter((_, other) => other !== index)
    .map(({ address }) => {
      const dealer = new Dealer({ linger: 0 })
      dealer.connect(`tcp://${address}`)
      return dealer
    })
  const beat = (): void => {
    for (const dealer of dealers) dealer.send(BEAT).catch(() => undefined)
    setTimeout(beat, TICK_MS + Math.random() * TICK_MS)
  }
  beat()
  void receive(router, Number.POSITIVE_INFINITY)
  kept.push(router, dealers)
}

async function startRawSubject({ client, servers }: Places): Promise<void> {
  const { Dealer, Router } = await import('zeromq')
  const router = new Router()
  await router.bind(`tcp://${client}`)
  kept.push(router)
  const greeted = receive(router, servers.length)
  for (const { address } of servers) {
    const dealer = new Dealer()
    dealer.connect(`tcp://${address}`)
    await dealer.send('hello')
    kept.push(dealer)
  }
  await greeted
}

async function startRawPeers({ client, servers }: Places): Promise<void> {
  const { Dealer, Router } = await import('zeromq')
  for (const { address } of servers) {
    const router = new Router()
    await router.bind(`tcp://${address}`)
    const dealer = new Dealer({ linger: 0 })
    dealer.connect(`tcp://${client}`)
    await dealer.send('hello')
    kept.push(router, dealer)
  }
}

/** The far side has connected when it was heard. */
async function receive(router: { receive(): Promise<unknown> }, count: number): Promise<void> {
  for (let heard = 0; heard < count; heard += 1) await router.receive()
}
