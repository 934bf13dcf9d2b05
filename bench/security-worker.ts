/**
 * One process of the figures of security: a node, or strangers. It does one thing after the other, as it is told.
 */

import { readdirSync } from 'node:fs'
import { createNode, type KeyPair, type Node, type PeersConfig } from '../src/index.ts'
import { bodyOf, ReplyCheck, runOperations } from './loop.ts'
import { HalfOpen, knock } from './security-strangers.ts'
import { percentile } from './statistics.ts'
import type { Ran, Times } from './tally.ts'

/** A node of a mesh, which is secure when it has a key and its list of peers their public ones. */
export interface Place {
  readonly name: string
  readonly peers: PeersConfig
  readonly key: KeyPair | undefined
}

export type SecurityOrder =
  | { readonly kind: 'node'; readonly place: Place; readonly waits: boolean }
  | { readonly kind: 'echo'; readonly target: string; readonly inFlight: number; readonly times: Times }
  | { readonly kind: 'probe'; readonly target: string; readonly forMs: number }
  | { readonly kind: 'arrive'; readonly place: Place; readonly target: string }
  | {
      readonly kind: 'knock'
      readonly endpoint: string
      readonly serverKey: string
      readonly perSecond: number
      readonly forMs: number
    }
  | { readonly kind: 'hold'; readonly endpoint: string; readonly count: number }
  | { readonly kind: 'release' }
  | { readonly kind: 'usage' }

export interface Delays {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Requests that failed. */
  readonly failed: number
}

export interface SecurityAnswers {
  readonly node: null
  readonly echo: Ran
  readonly probe: Delays
  /** Milliseconds until a node that has just started had its first answer. */
  readonly arrive: number
  readonly knock: number
  readonly hold: null
  /** How often a connection was cut off. */
  readonly release: number
  readonly usage: { readonly descriptors: number; readonly cpuMs: number }
}

const PROBE_PAUSE_MS = 1
/** So many attempts of a second each may a newcomer need. */
const ARRIVAL_TRIES = 30

let node: Node | undefined
let halfOpen: HalfOpen | undefined

async function obey(order: SecurityOrder): Promise<SecurityAnswers[keyof SecurityAnswers]> {
  switch (order.kind) {
    case 'node':
      node = await start(order.place)
      if (order.waits) await node.ready(15_000)
      return null
    case 'echo':
      return runOperations(echoTo(theNode(), order.target), order.inFlight, order.times)
    case 'probe':
      return probe(echoTo(theNode(), order.target), order.forMs)
    case 'arrive':
      return arrive(order.place, order.target)
    case 'knock':
      return knock(order.endpoint, order.serverKey, order.perSecond, order.forMs)
    case 'hold':
      halfOpen ??= new HalfOpen(order.endpoint)
      halfOpen.hold(order.count)
      return null
    case 'release': {
      const cut = halfOpen?.cut ?? 0
      halfOpen?.release()
      halfOpen = undefined
      return cut
    }
    case 'usage': {
      const { user, system } = process.cpuUsage()
      return { descriptors: readdirSync('/proc/self/fd').length, cpuMs: (user + system) / 1000 }
    }
  }
}

function theNode(): Node {
  if (node === undefined) throw new Error('This process has no node')
  return node
}

function echoTo(from: Node, target: string): () => Promise<void> {
  const body = bodyOf(64)
  const check = new ReplyCheck(body)
  return async () => check.check(await from.request(target, 'echo', body))
}

/** A small request each millisecond or as fast as they are answered, one after the other. */
async function probe(ask: () => Promise<void>, forMs: number): Promise<Delays> {
  const delaysMs: number[] = []
  let failed = 0
  const until = performance.now() + forMs
  while (performance.now() < until) {
    const askedAt = performance.now()
    await ask().catch(() => {
      failed += 1
    })
    delaysMs.push(performance.now() - askedAt)
    await new Promise((resolve) => setTimeout(resolve, PROBE_PAUSE_MS))
  }
  return {
    count: delaysMs.length,
    p50Ms: percentile(delaysMs, 0.5),
    p99Ms: percentile(delaysMs, 0.99),
    maxMs: Math.max(...delaysMs),
    failed,
  }
}

async function start({ name, peers, key }: Place): Promise<Node> {
  const started = await createNode({ name, peers, sameHost: false, ...(key === undefined ? {} : { key }) })
  started.handle('echo', (body) => body)
  return started
}

async function arrive(place: Place, target: string): Promise<number> {
  const startedAt = performance.now()
  const guest = await start(place)
  try {
    await guest.request(target, 'echo', bodyOf(64), {
      timeout: 1000,
      retries: ARRIVAL_TRIES,
      idempotent: true,
    })
    return performance.now() - startedAt
  } finally {
    await guest.close({ drain: 0 })
  }
}

process.on('message', (order: SecurityOrder) => {
  obey(order).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ fault: error instanceof Error ? error.message : String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
// Ctrl-C reaches the whole group of processes; the main process ends us when it has ended its work.
process.on('SIGINT', () => undefined)
