/**
 * One process of the measure of a stopped reader (stopped-reader.ts): a node that pours messages at a peer, and one that is
 * poured at or asked. It does what the main process tells it, one order after the other, and measures nothing but itself.
 */

import { createNode, type Node, type NodeOptions } from '../src/index.ts'

/** What is poured at the peer that stops. `answer`: the peer asks, and does not read what it gets. */
export interface Pour {
  readonly kind: 'send' | 'request' | 'answer'
  readonly bodyBytes: number
}

/** What the main process wants. */
export type SideOrder =
  | { readonly kind: 'start'; readonly options: NodeOptions }
  | { readonly kind: 'pour'; readonly peer: string; readonly pour: Pour }
  | { readonly kind: 'stop-pouring' }
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
  readonly pending?: number
  /** When the event `peer:slow` came, on the clock of the machine. */
  readonly slowAt?: number | undefined
  readonly refused?: number
  readonly fault?: string
}

/** So many requests are in flight to the peer whose rate is measured. */
const IN_FLIGHT = 64
/** The loop that pours takes a breath after so many, as a program does that has other things to do. */
const POURED_AT_ONCE = 256
const BREATH_MS = 5
/** What was refused is tried again no earlier. */
const PAUSE_MS = 50

let node: Node | undefined
let isPouring = false
let refused = 0
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
  isPouring = true
  const body = kind === 'answer' ? bodyBytes : undefined
  while (isPouring) {
    let isFull = false
    for (let count = 0; count < POURED_AT_ONCE && !isFull; count += 1) {
      const bytes = body ?? Buffer.alloc(bodyBytes, 7)
      const [verb, options] =
        kind === 'answer' ? ['large', { timeout: 60_000 }] : ['note', { timeout: 60_000 }]
      const poured =
        kind === 'send' ? from.send(peer, verb, bytes, options) : from.request(peer, verb, bytes, options)
      poured.catch(() => {
        refused += 1
        isFull = true
      })
      await undefined
    }
    await new Promise((resolve) => setTimeout(resolve, isFull ? PAUSE_MS : BREATH_MS))
  }
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

function memory(): { rssBytes: number; heldBytes: number } {
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rssBytes: rss, heldBytes: heapUsed + external }
}

async function obey(order: SideOrder): Promise<SideAnswer> {
  if (order.kind === 'start') return start(order.options)
  if (node === undefined) throw new Error('not started')
  switch (order.kind) {
    case 'pour':
      void pourAt(node, order.peer, order.pour)
      return {}
    case 'stop-pouring':
      isPouring = false
      return {}
    case 'echo':
      return echo(node, order.peer, order.measureMs)
    case 'usage':
      globalThis.gc?.()
      return { ...memory(), pending: node.status().pending, slowAt, refused }
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
