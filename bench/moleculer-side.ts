/**
 * The side of Moleculer with its TCP transporter: an action that echoes, and an event for one-way messages. Nodes know each
 * other from the list of urls, which its documentation offers in place of UDP discovery; the serializer is its default,
 * JSON, which has no bytes, so the bodies are texts. Its broadcasts have no acks, so that figure is left out.
 */

import { ServiceBroker } from 'moleculer'
import { Arrivals, ReplyCheck, sendAhead, textOf } from './loop.ts'
import type { Scenario } from './scenarios.ts'
import type { Client, Places, Server } from './sides.ts'
import type { Times } from './tally.ts'

const CLIENT_ID = 'client'
/** The largest packet that it takes; the default is 1 MiB. */
const MAX_PACKET_BYTES = 64 * 1024 * 1024

interface Body {
  readonly body: string
}

function brokerOf({ client, servers }: Places, nodeID: string): ServiceBroker {
  const urls = [`${client}/${CLIENT_ID}`, ...servers.map(({ name, address }) => `${address}/${name}`)]
  const options = { udpDiscovery: false, urls, useHostname: false, maxPacketSize: MAX_PACKET_BYTES }
  return new ServiceBroker({ nodeID, logger: false, transporter: { type: 'TCP', options } })
}

export async function startMoleculerServer(places: Places, index: number): Promise<Server> {
  const broker = brokerOf(places, places.servers[index]?.name ?? '')
  const arrivals = new Arrivals()
  broker.createService({
    name: 'bench',
    actions: {
      echo: ({ params }: { params: Body }) => params,
      fence: async ({ params }: { params: { upTo: number } }) => {
        await arrivals.reached(params.upTo)
        return arrivals.count
      },
    },
    events: { 'bench.sink': () => arrivals.arrived() },
  })
  await broker.start()
  return {
    get arrived() {
      return arrivals.count
    },
  }
}

export async function startMoleculerClient(places: Places): Promise<Client> {
  const broker = brokerOf(places, CLIENT_ID)
  await broker.start()
  await broker.waitForServices('bench', 15_000)
  return {
    operation: ({ kind, bodyBytes }: Scenario) => {
      if (kind !== 'echo') throw new Error(`Moleculer has no ${kind} here`)
      const body = textOf(bodyBytes)
      const check = new ReplyCheck(body)
      return async () => check.check((await broker.call<Body, Body>('bench.echo', { body })).body)
    },
    run: (scenario: Scenario, times: Times) => {
      return scenario.kind === 'oneway' ? emitAll(broker, scenario, times) : undefined
    },
  }
}

async function emitAll(broker: ServiceBroker, { bodyBytes, inFlight }: Scenario, times: Times) {
  const body = textOf(bodyBytes)
  const before = await broker.call<number, { upTo: number }>('bench.fence', { upTo: 0 })
  const emit = (): void => {
    broker.emit('bench.sink', { body }).catch(() => undefined)
  }
  const fence = (sent: number) => broker.call('bench.fence', { upTo: before + sent })
  return sendAhead(emit, fence, inFlight, times)
}
