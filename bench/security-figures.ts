/**
 * The figures of security, one function for each: what encryption costs, what strangers cost, and how long changes of keys
 * take. Each starts its own processes and ends them.
 */

import { curveKeyPair } from 'zeromq'
import type { KeyPair } from '../src/base/keys.ts'
import type { TransportListener } from '../src/transport/transport.ts'
import { zmqTransport } from '../src/transport/zmq.ts'
import { freePorts, local } from '../test/support/mesh.ts'
import { SecurityProcess } from './security-process.ts'
import type { Delays, Place } from './security-worker.ts'
import { median, ratioOf, type Spread, spreadOf } from './statistics.ts'

export type Say = (text: string) => void

const newPair = (): KeyPair => {
  const { publicKey, secretKey } = curveKeyPair()
  return { publicKey, secretKey }
}

/** Where everybody of one mesh stands: a server, a client, and a newcomer. */
interface Mesh {
  readonly serverKey: string
  readonly endpoint: string
  readonly server: Place
  readonly client: Place
  readonly newcomer: Place
}

async function meshOf(isSecure: boolean): Promise<Mesh> {
  const names = ['server', 'client', 'newcomer'] as const
  const pairs = names.map(newPair)
  const endpoints = (await freePorts(names.length)).map((port) => `tcp://${local(port)}`)
  const entries = names.map((name, index) => ({ name, address: endpoints[index] as string }))
  const withKeys = entries.map((entry, index) => ({ ...entry, publicKey: pairs[index]?.publicKey ?? '' }))
  const peers = { peers: isSecure ? withKeys : entries }
  const place = (index: number): Place => ({
    name: names[index] as string,
    peers,
    key: isSecure ? pairs[index] : undefined,
  })
  return {
    serverKey: (pairs[0] as KeyPair).publicKey,
    endpoint: endpoints[0] as string,
    server: place(0),
    client: place(1),
    newcomer: place(2),
  }
}

/** A server and a client in processes of their own, linked. */
async function linked(isSecure: boolean, maxDescriptors?: number) {
  const mesh = await meshOf(isSecure)
  const [server, client] = [new SecurityProcess(maxDescriptors), new SecurityProcess()]
  await server.ask({ kind: 'node', place: mesh.server, waits: false })
  await client.ask({ kind: 'node', place: mesh.client, waits: false })
  await client.ask({ kind: 'probe', target: 'server', forMs: 500 })
  return { mesh, server, client }
}

export interface Cost {
  readonly plainPerSecond: Spread
  readonly securePerSecond: Spread
  /** Requests per second with many in flight, time for each with one. */
  readonly ratio: Spread
}

/** Echo, secure over plain: in each round one right after the other, with another one first in each round. */
export async function measureCost(inFlight: number, rounds: number, measureMs: number): Promise<Cost> {
  const sides = [await linked(false), await linked(true)] as const
  const rates: [number[], number[]] = [[], []]
  const times = { warmUpMs: Math.min(500, measureMs), measureMs }
  const order = { kind: 'echo', target: 'server', inFlight, times } as const
  try {
    for (const { client } of sides) await client.ask(order)
    for (let round = 0; round < rounds; round += 1) {
      for (const index of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        rates[index].push((await sides[index].client.ask(order)).perSecond)
      }
    }
  } finally {
    await Promise.all(sides.flatMap(({ server, client }) => [server.end(), client.end()]))
  }
  const [plain, secure] = rates
  const ratio = inFlight === 1 ? ratioOf(plain, secure) : ratioOf(secure, plain)
  return {
    plainPerSecond: spreadOf(plain),
    securePerSecond: spreadOf(secure),
    ratio: ratio as Spread,
  }
}

export interface Knocking {
  readonly quiet: Delays
  readonly knocked: Delays
  /** Handshakes that were refused by their key, a second. */
  readonly refusedPerSecond: number
  /** The time of the processor that the server spent, in percent of one. */
  readonly serverCpu: number
}

/** Requests one after the other, first alone and then while strangers knock. */
export async function measureKnocking(perSecond: number, forMs: number): Promise<Knocking> {
  const { mesh, server, client } = await linked(true)
  const strangers = new SecurityProcess()
  try {
    const probe = { kind: 'probe', target: 'server', forMs } as const
    const quiet = await client.ask(probe)
    const { endpoint, serverKey } = mesh
    const before = await server.ask({ kind: 'usage' })
    const knocking = strangers.ask({ kind: 'knock', endpoint, serverKey, perSecond, forMs })
    const knocked = await client.ask(probe)
    const refused = await knocking
    const after = await server.ask({ kind: 'usage' })
    return {
      quiet,
      knocked,
      refusedPerSecond: (refused / forMs) * 1000,
      serverCpu: ((after.cpuMs - before.cpuMs) / forMs) * 100,
    }
  } finally {
    await Promise.all([server, client, strangers].map((each) => each.end()))
  }
}

export interface HalfOpened {
  readonly quiet: Delays
  readonly flooded: Delays
  /** Files and sockets that the server had open in the flood; its limit is 1024. */
  readonly descriptors: number | string
  readonly cutPerSecond: number
  /** Until a newcomer had its first answer, in milliseconds: without a flood, and after it ended. */
  readonly arrivalBeforeMs: number
  readonly arrivalAfterMs: number
}

const DESCRIPTOR_LIMIT = 1024

/** So many connections that say nothing, to a server that may have 1024 files open. */
export async function measureHalfOpen(count: number, forMs: number): Promise<HalfOpened> {
  const { mesh, server, client } = await linked(true, DESCRIPTOR_LIMIT)
  const [strangers, guest] = [new SecurityProcess(), new SecurityProcess()]
  try {
    const probe = { kind: 'probe', target: 'server', forMs } as const
    const arrive = { kind: 'arrive', place: mesh.newcomer, target: 'server' } as const
    await guest.ask(arrive)
    const arrivalBeforeMs = await guest.ask(arrive)
    const quiet = await client.ask(probe)
    await strangers.ask({ kind: 'hold', endpoint: mesh.endpoint, count })
    const flooded = await client.ask(probe)
    const descriptors = await server.ask({ kind: 'usage' }).then(
      (usage) => usage.descriptors,
      (error: unknown) => String(error),
    )
    const cut = await strangers.ask({ kind: 'release' })
    const arrivalAfterMs = await guest.ask(arrive)
    return {
      quiet,
      flooded,
      descriptors,
      cutPerSecond: (cut / forMs) * 1000,
      arrivalBeforeMs,
      arrivalAfterMs,
    }
  } finally {
    await Promise.all([server, client, strangers, guest].map((each) => each.end()))
  }
}

/** A transport with a pair of its own, in this process. */
function party(admitted: Set<string>) {
  const seen = { ups: 0, wake: () => {} }
  const listener: TransportListener = {
    up: () => {
      seen.ups += 1
      seen.wake()
    },
    down: () => undefined,
    receive: () => undefined,
    fault: () => undefined,
  }
  const keys = { pairs: [newPair()] }
  const transport = zmqTransport()(listener, {
    own: () => keys.pairs,
    serving: () => keys.pairs[0] as KeyPair,
    admits: (publicKey) => admitted.has(publicKey),
  })
  const ups = (count: number): Promise<void> =>
    new Promise((resolve) => {
      seen.wake = () => {
        if (seen.ups >= count) resolve()
      }
      seen.wake()
    })
  return { transport, keys, ups }
}

const LINKS = 20

/** From a change of the served key until all who had dialled are linked again, in milliseconds. */
export async function measureRekey(rounds: number): Promise<Spread> {
  const admitted = new Set<string>()
  const [server, client] = [party(admitted), party(new Set())]
  admitted.add((client.keys.pairs[0] as KeyPair).publicKey)
  try {
    const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
    for (let link = 0; link < LINKS; link += 1) {
      client.transport.dial(endpoint, () => [(server.keys.pairs[0] as KeyPair).publicKey])
    }
    const timesMs: number[] = []
    for (let round = 1; round <= rounds; round += 1) {
      await client.ups(LINKS * round)
      await new Promise((resolve) => setTimeout(resolve, 500))
      const startedAt = performance.now()
      server.keys.pairs = [newPair()]
      await server.transport.rekey()
      await client.ups(LINKS * (round + 1))
      timesMs.push(performance.now() - startedAt)
    }
    return spreadOf(timesMs)
  } finally {
    await Promise.all([server.transport.close(), client.transport.close()])
  }
}

/** From the moment when a refused peer is allowed again until its link is up, in milliseconds. */
export async function measureReturn(rounds: number): Promise<Spread> {
  const admitted = new Set<string>()
  const server = party(admitted)
  const timesMs: number[] = []
  try {
    const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
    const serverKey = (server.keys.pairs[0] as KeyPair).publicKey
    for (let round = 0; round < rounds; round += 1) {
      const client = party(new Set())
      client.transport.dial(endpoint, () => [serverKey])
      // Long enough for the pauses to have reached their limit, and each time a bit further into one.
      await new Promise((resolve) => setTimeout(resolve, 3000 + round * 137))
      const startedAt = performance.now()
      admitted.add((client.keys.pairs[0] as KeyPair).publicKey)
      await client.ups(1)
      timesMs.push(performance.now() - startedAt)
      await client.transport.close()
    }
    return spreadOf(timesMs)
  } finally {
    await server.transport.close()
  }
}

/** The one of these runs whose delay is in the middle: one run alone says little. */
export function middleOf<T>(runs: readonly T[], delayOf: (run: T) => number): T {
  const middle = median(runs.map(delayOf))
  const distance = (run: T): number => Math.abs(delayOf(run) - middle)
  return runs.reduce((best, run) => (distance(run) < distance(best) ? run : best))
}
