/**
 * A node in a process of its own, for tests that kill, stop, block and restart it. The parent sends orders and gets an
 * answer for each; what the node reports is told as it comes. Started by node-processes.ts.
 */

import { readSync } from 'node:fs'
import { createNode, type Node, type NodeOptions } from '../../src/index.ts'
import type { Order, Report } from './node-processes.ts'

let node: Node | undefined
let runs = 0

function tell(report: Report): void {
  process.send?.(report)
}

function later(waitMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, waitMs))
}

function block(blockMs: number): void {
  const until = performance.now() + blockMs
  while (performance.now() < until);
}

/** The event loop stands still until the parent writes a byte. */
function hold(): void {
  readSync(0, Buffer.alloc(1))
}

async function start(options: NodeOptions): Promise<unknown> {
  const warn = (text: string): void => tell({ kind: 'warning', text })
  const silent = (): void => undefined
  const started = await createNode({ log: { debug: silent, info: silent, warn, error: warn }, ...options })
  node = started
  started.handle('who', () => ({ name: started.name, pid: process.pid }))
  started.handle('runs', () => runs)
  // Counts a run, and answers after as many milliseconds as the body says.
  started.handle('slow', async (waitMs: number) => {
    runs += 1
    tell({ kind: 'running', runs })
    await later(waitMs)
    return runs
  })
  started.handle('block', (blockMs: number) => block(blockMs))
  started.handle('note', () => {
    runs += 1
  })
  void forward(started)
  return { endpoint: started.endpoint, incarnation: started.incarnation }
}

async function forward(started: Node): Promise<void> {
  for await (const event of started.events()) tell({ kind: 'event', event })
}

function started(): Node {
  if (node === undefined) throw new Error('The node has not been started')
  return node
}

async function obey(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'start':
      return start(order.options)
    case 'ready':
      return started().ready(order.timeoutMs)
    case 'request':
      return started().request(order.peer, order.verb, order.body, order.options)
    case 'status':
      return started().status()
    case 'hold':
      tell({ kind: 'held' })
      return hold()
    case 'close':
      await started().close(order.options)
      // Nothing of ours is left now; the channel to the parent would keep the process alive.
      setImmediate(() => process.disconnect())
      return undefined
    default:
      throw new Error('An unknown order')
  }
}

process.on('message', ({ number, order }: { number: number; order: Order }) => {
  obey(order).then(
    (value) => tell({ kind: 'done', number, value }),
    (error: Error & { code?: string }) =>
      tell({ kind: 'failed', number, text: error.message, code: error.code ?? '' }),
  )
})
tell({ kind: 'loaded' })
