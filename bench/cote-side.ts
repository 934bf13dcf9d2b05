/**
 * The side of cote: a Requester and a Responder that echoes; for one-way messages a Publisher and a Subscriber. The processes
 * find each other as they do by default, by UDP broadcast, here to the broadcast address of the loopback and on a port of their
 * own, so that nothing leaves the machine. Bodies are texts in JSON: its responders get one object and no bytes beside it.
 */

import { createRequire } from 'node:module'
import { Arrivals, ReplyCheck, sendAhead, textOf } from './loop.ts'
import type { Scenario } from './scenarios.ts'
import type { Client, Places, Server } from './sides.ts'
import type { Times } from './tally.ts'

/** The part of cote that is used here; it comes without types. */
interface Cote {
  readonly Requester: new (advertisement: object, discovery: object) => Requester
  readonly Responder: new (advertisement: object, discovery: object) => Listener
  readonly Publisher: new (advertisement: object, discovery: object) => Publisher
  readonly Subscriber: new (advertisement: object, discovery: object) => Listener
}

interface Listener {
  on(event: string, listen: (body: never) => unknown): void
}

interface Requester extends Listener {
  send(request: { readonly type: string; readonly [field: string]: unknown }): Promise<unknown>
}

interface Publisher extends Listener {
  publish(topic: string, body: unknown): void
}

const { Requester, Responder, Publisher, Subscriber } = createRequire(import.meta.url)('cote') as Cote

const LOOPBACK_BROADCAST = '127.255.255.255'
const FIND_MS = 15_000

function discoveryOf({ meetingUdpPort }: Places) {
  return { broadcast: LOOPBACK_BROADCAST, port: meetingUdpPort, log: false }
}

function portOf(address: string): number {
  return Number(address.split(':').at(-1))
}

export async function startCoteServer(places: Places, index: number): Promise<Server> {
  const port = portOf(places.servers[index]?.address ?? '')
  const arrivals = new Arrivals()
  const responder = new Responder({ name: 'responder', port }, discoveryOf(places))
  responder.on('echo', async ({ body }: { body: string }) => body)
  responder.on('fence', async ({ upTo }: { upTo: number }) => {
    await arrivals.reached(upTo)
    return arrivals.count
  })
  const subscriber = new Subscriber({ name: 'subscriber', subscribesTo: ['sink'] }, discoveryOf(places))
  subscriber.on('sink', () => arrivals.arrived())
  return {
    get arrived() {
      return arrivals.count
    },
  }
}

export async function startCoteClient(places: Places): Promise<Client> {
  const requester = new Requester({ name: 'requester' }, discoveryOf(places))
  const publisher = new Publisher({ name: 'publisher', port: portOf(places.client) }, discoveryOf(places))
  await isFound(requester, 'responder')
  await isHeard(requester, publisher)
  return {
    operation: ({ kind, bodyBytes }: Scenario) => {
      if (kind !== 'echo') throw new Error(`cote has no ${kind} here`)
      const body = textOf(bodyBytes)
      const check = new ReplyCheck(body)
      return async () => check.check(await requester.send({ type: 'echo', body }))
    },
    run: (scenario: Scenario, times: Times) => {
      return scenario.kind === 'oneway' ? publishAll(requester, publisher, scenario, times) : undefined
    },
  }
}

async function publishAll(
  requester: Requester,
  publisher: Publisher,
  { bodyBytes, inFlight }: Scenario,
  times: Times,
) {
  const body = { body: textOf(bodyBytes) }
  const before = Number(await requester.send({ type: 'fence', upTo: 0 }))
  const fence = (sent: number) => requester.send({ type: 'fence', upTo: before + sent })
  return sendAhead(() => publisher.publish('sink', body), fence, inFlight, times)
}

function isFound(requester: Requester, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`cote found no ${what} in ${FIND_MS} ms`)), FIND_MS)
    requester.on('cote:added', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** What is published before the subscriber has connected is lost, so it is tried until something arrives. */
async function isHeard(requester: Requester, publisher: Publisher): Promise<void> {
  const giveUpAt = performance.now() + FIND_MS
  let before = -1
  let published = 0
  while (performance.now() < giveUpAt) {
    const arrived = Number(await requester.send({ type: 'fence', upTo: 0 }))
    // Two equal counts after the first arrival: nothing is on its way that a later run would count as its own.
    if (arrived > 0 && arrived === before) return
    before = arrived
    if (arrived === 0) {
      publisher.publish('sink', { body: 'first' })
      published += 1
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`cote delivered none of ${published} published messages in ${FIND_MS} ms`)
}
