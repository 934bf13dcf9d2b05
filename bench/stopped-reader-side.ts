/**
 * One process of the measure of a stopped reader (stopped-reader.ts): a node that pours messages at a peer, and one that is
 * poured at or asked. It does what the main process tells it, one order after the other, and measures nothing but itself.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { createNode, type Node, type NodeOptions } from '../src/index.ts'

/** What is poured at the peer that stops. `answer`: the peer asks for so large answers, and does not read what it gets. */
export interface Pour {
  readonly kind: 'send' | 'request' | 'answer'
  readonly bodyBytes: number
}

/** What the main process wants. */
export type SideOrder =
  | { readonly kind: 'start'; readonly options: NodeOptions }
  | { readonly kind: 'pour'; readonly peer: string; readonly pour: Pour }
  | { readonly kind: 'stop-pouring' }
  | { readonly kind: 'ask-and-stop'; readonly peer: string; readonly bodyBytes: number }
  | { readonly kind: 'settled' }
  | { readonly kind: 'echo'; readonly peer: string; readonly measureMs: number }
  | { readonly kind: 'usage' }

/** What a side answers. */
export interface SideAnswer {
  readonly perSecond?: number
  /** Requests by the processor time of this process, which other processes on the machine do not change much. */
  readonly perCpuSecond?: number
  readonly rssBytes?: number
  /** What is alive after a garbage collection, in V8's heap and in buffers. */
  readonly heldBytes?: number
  /** What V8 has of memory for its heap and does not use: it grows with the garbage of those who pour. */
  readonly unusedBytes?: number
  readonly pending?: number
  /** When the event `peer:slow` came since this was last asked, on the clock of the machine. */
  readonly slowAt?: number | undefined
  readonly fault?: string
}

/** So many requests are in flight to the peer whose rate is measured. */
const IN_FLIGHT = 64
/** The loop that pours takes a breath after so many, as a program does that has other things to do. */
const POURED_AT_ONCE = 256
const BREATH_MS = 5
/** What was refused is tried again no earlier. */
const PAUSE_MS = 50
/** Buffers that a garbage collection finds are given back by a thread of its own, and counted later. */
const SWEPT_MS = 30
/** Who does not read has asked for so many bytes, and stops when its questions have left. */
const ASKED_BYTES = 32 * 1024 * 1024
const LEAVE_MS = 10
/** How often it is looked whether everything has its outcome. */
const LOOK_MS = 10

let node: Node | undefined
let isPouring = false
let pouring: Promise<void> = Promise.resolve()
let slowAt: number | undefined

async function start(options: NodeOptions): Promise<SideAnswer> {
  const started = await createNode(options)
  node = started
  started.handle('echo', (body) => body)
  started.handle('note', () => undefined)
  started.handle('large', (bytes: number) => Buffer.alloc(bytes, 7))
  await started.ready()
  void watch(started)
  return {}
}

async function watch(started: Node): Promise<void> {
  for await (const event of started.events()) {
    if (event.kind === 'peer:slow' && event.slow) slowAt ??= Date.now()
  }
}

/** Gives messages to the peer without awaiting them, for as long as it is told to; a refusal costs a pause. */
async function pourAt(from: Node, peer: string, { kind, bodyBytes }: Pour): Promise<void> {
  const options = { timeout: 60_000 }
  isPouring = true
  while (isPouring) {
    let isFull = false
    for (let count = 0; count < POURED_AT_ONCE && !isFull; count += 1) {
      const bytes = Buffer.alloc(bodyBytes, 7)
      const poured: Promise<unknown> =
        kind === 'send' ? from.send(peer, 'note', bytes, options) : from.request(peer, 'note', bytes, options)
      poured.catch(() => {
        isFull = true
      })
      await undefined
    }
    await sleep(isFull ? PAUSE_MS : BREATH_MS)
  }
}

/** Asks for all at once, and stops this process before most of it has come. */
async function askAndStop(from: Node, peer: string, bodyBytes: number): Promise<SideAnswer> {
  for (let asked = 0; asked < ASKED_BYTES; asked += bodyBytes) {
    from.request(peer, 'large', bodyBytes, { timeout: 60_000 }).catch(() => undefined)
  }
  await sleep(LEAVE_MS)
  // The answer to this order leaves before.
  setImmediate(() => process.kill(process.pid, 'SIGSTOP'))
  return {}
}

async function echo(from: Node, peer: string, measureMs: number): Promise<SideAnswer> {
  const body = Buffer.alloc(64, 7)
  const startedAt = performance.now()
  const cpuBefore = process.cpuUsage()
  let count = 0
  const worker = async (): Promise<void> => {
    while (performance.now() - startedAt < measureMs) {
      await from.request(peer, 'echo', body)
      count += 1
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  const { user, system } = process.cpuUsage(cpuBefore)
  const perSecond = (count / (performance.now() - startedAt)) * 1000
  return { perSecond, perCpuSecond: (count / (user + system)) * 1e6 }
}

/** What this process has and holds, once the garbage is gone. */
async function usage(of: Node): Promise<SideAnswer> {
  globalThis.gc?.()
  await sleep(SWEPT_MS)
  globalThis.gc?.()
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
  const answer = {
    rssBytes: rss,
    heldBytes: heapUsed + external,
    unusedBytes: heapTotal - heapUsed,
    pending: of.status().pending,
    slowAt,
  }
  slowAt = undefined
  return answer
}

async function obey(order: SideOrder): Promise<SideAnswer> {
  if (order.kind === 'start') return start(order.options)
  if (node === undefined) throw new Error('not started')
  switch (order.kind) {
    case 'pour':
      pouring = pourAt(node, order.peer, order.pour)
      return {}
    case 'ask-and-stop':
      return askAndStop(node, order.peer, order.bodyBytes)
    case 'stop-pouring':
      isPouring = false
      await pouring
      return {}
    case 'settled':
      while (node.status().pending > 0) await sleep(LOOK_MS)
      return {}
    case 'echo':
      return echo(node, order.peer, order.measureMs)
    case 'usage':
      return usage(node)
    default:
      throw new Error('an unknown order')
  }
}

process.on('message', ({ number, order }: { number: number; order: SideOrder }) => {
  obey(order).then(
    (answer) => process.send?.({ number, answer }),
    (error: Error) => process.send?.({ number, answer: { fault: error.message } }),
  )
})
process.on('disconnect', () => process.exit(0))
