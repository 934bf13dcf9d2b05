/**
 * One process of the benchmark: a server or a client of one of the two sides, which does what the main process orders.
 */

import type { Answer, Client, Order, Part, Places, Server } from './sides.ts'

let server: Server | undefined
let client: Client | undefined

/** Only the code of one side is loaded into a process. */
async function start(part: Part, places: Places): Promise<Answer> {
  if (part.side === 'zmqnet') {
    const { startZmqnetClient, startZmqnetServer } = await import('./zmqnet-side.ts')
    if (part.role === 'client') client = await startZmqnetClient(places)
    else server = await startZmqnetServer(places, places.nodes[part.index + 1]?.name ?? '')
  } else {
    const { startRawClient, startRawServer } = await import('./raw-side.ts')
    if (part.role === 'client') client = startRawClient(places)
    else server = await startRawServer(places, part.index)
  }
  return { kind: 'started' }
}

async function obey(order: Order): Promise<Answer> {
  switch (order.kind) {
    case 'start':
      return start(order.part, order.places)
    case 'run':
      return { kind: 'ran', perSecond: (await client?.run(order.scenario, order.times, order.side)) ?? 0 }
    case 'count':
      return { kind: 'counted', arrived: server?.arrived ?? 0, atMs: performance.now() }
  }
}

process.on('message', (order: Order) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ kind: 'failed', text: String(error) } satisfies Answer),
  )
})
// The exit is orderly so that a profile, when one was asked for, gets written.
process.on('disconnect', () => process.exit(0))
