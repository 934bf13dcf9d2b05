/**
 * One process of the benchmark: it plays one part of one team and does what the main process orders.
 */

import type { Answer, Client, Order, Part, Places, Server } from './sides.ts'

let server: Server | undefined
let client: Client | undefined
/** What has to end before this process does. */
let endBroker: (() => Promise<void>) | undefined

async function start(part: Part, places: Places): Promise<Answer> {
  switch (part.role) {
    case 'client':
      client = await startClient(part, places)
      break
    case 'server':
      server = await startServer(part, places, part.index)
      break
    case 'broker':
      endBroker = await (await import('./nats-side.ts')).startNatsBroker(places)
      break
    case 'subject':
      await (await import('./idle-side.ts')).startIdleSubject(part.team, places)
      break
    case 'beater':
      await (await import('./idle-side.ts')).startRawBeater(places, part.index)
      break
    case 'peers':
      await (await import('./idle-side.ts')).startIdlePeers(part.team, places)
      break
  }
  return { kind: 'started' }
}

/** Only the code of one side is loaded into a process. */
async function startServer({ team }: Part, places: Places, index: number): Promise<Server> {
  switch (team) {
    case 'zmqnet-tcp':
      return (await import('./zmqnet-side.ts')).startZmqnetServer(places, index, false)
    case 'zmqnet-same-host':
      return (await import('./zmqnet-side.ts')).startZmqnetServer(places, index, true)
    case 'raw':
      return (await import('./raw-side.ts')).startRawServer(places, index)
    case 'moleculer':
      return (await import('./moleculer-side.ts')).startMoleculerServer(places, index)
    case 'cote':
      return (await import('./cote-side.ts')).startCoteServer(places, index)
    case 'grpc':
      return (await import('./grpc-side.ts')).startGrpcServer(places, index)
    case 'nats':
      return (await import('./nats-side.ts')).startNatsServer(places)
  }
}

async function startClient({ team }: Part, places: Places): Promise<Client> {
  switch (team) {
    case 'zmqnet-tcp':
      return (await import('./zmqnet-side.ts')).startZmqnetClient(places, false)
    case 'zmqnet-same-host':
      return (await import('./zmqnet-side.ts')).startZmqnetClient(places, true)
    case 'raw':
      return (await import('./raw-side.ts')).startRawClient(places)
    case 'moleculer':
      return (await import('./moleculer-side.ts')).startMoleculerClient(places)
    case 'cote':
      return (await import('./cote-side.ts')).startCoteClient(places)
    case 'grpc':
      return (await import('./grpc-side.ts')).startGrpcClient(places)
    case 'nats':
      return (await import('./nats-side.ts')).startNatsClient(places)
  }
}

async function obey(order: Order): Promise<Answer> {
  switch (order.kind) {
    case 'start':
      return start(order.part, order.places)
    case 'count':
      return { kind: 'counted', arrived: server?.arrived ?? 0, atMs: performance.now() }
    case 'usage':
      return { kind: 'used', usage: usageNow() }
    case 'run':
      return { kind: 'ran', ran: await run(order) }
    case 'probe': {
      const { probeUnderBulk } = await import('./under-bulk.ts')
      return { kind: 'probed', probed: await probeUnderBulk(theClient(), order.side, order.plan) }
    }
  }
}

async function run({ scenario, times, side }: Order & { readonly kind: 'run' }) {
  const { runOperations } = await import('./loop.ts')
  const own = theClient().run?.(scenario, times, side)
  return own ?? runOperations(theClient().operation(scenario, side), scenario.inFlight, times)
}

function theClient(): Client {
  if (client === undefined) throw new Error('This process is no client')
  return client
}

function usageNow() {
  const { user, system } = process.cpuUsage()
  const atMs = performance.now()
  // Only processes that were started with --expose-gc have it: there, what is garbage does not count.
  globalThis.gc?.()
  return { cpuMs: (user + system) / 1000, rssBytes: process.memoryUsage.rss(), atMs }
}

process.on('message', (order: Order) => {
  obey(order).then(answer, (error: unknown) => answer({ kind: 'failed', text: textOf(error) }))
})

function answer(what: Answer): void {
  // When nobody is there any more to hear it, "disconnect" says so as well.
  process.send?.(what, undefined, {}, () => undefined)
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? `${String(error.code)}: ` : ''
  return `${code}${error.message}`
}

// The exit is orderly so that a profile, when one was asked for, gets written, and nats-server ends.
process.on('disconnect', () => {
  Promise.resolve(endBroker?.()).then(
    () => process.exit(0),
    () => process.exit(1),
  )
})
// Ctrl-C reaches the whole group of processes; the main process ends us when it has ended its work.
process.on('SIGINT', () => undefined)
