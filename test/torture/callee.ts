/**
 * A callee of a torture: a service that counts. It writes down each run of its handler before it can answer, loses and
 * delays answers on their way out, and is killed without a word.
 */

import type { BodyValue, PeersConfig } from '../../src/index.ts'
import { resolveNodeSettings } from '../../src/node/config.ts'
import { startNode } from '../../src/node/node.ts'
import { machineNow, RecordWriter } from './record.ts'
import { Tap, type Trouble } from './tap.ts'

/** What a callee is told when it is started. */
export interface CalleeOrder {
  readonly name: string
  readonly peers: PeersConfig
  readonly recordPath: string
  readonly trouble: Trouble
}

/** What travels in a request. */
export interface Task {
  readonly id: string
  readonly takeMs: number
}

const order = JSON.parse(process.argv[2] ?? '') as CalleeOrder
const { name, peers, trouble } = order
const record = new RecordWriter(order.recordPath)
const tap = new Tap(trouble)
const node = await startNode(resolveNodeSettings({ name, peers }), tap.world)
const { incarnation } = node
let count = 0

node.handle('count', (task: BodyValue) => {
  const { id, takeMs } = task as Task
  count += 1
  record.write([{ kind: 'ran', id, callee: name, incarnation, count, atMs: machineNow() }])
  const answer = { incarnation, count }
  return takeMs === 0 ? answer : new Promise((resolve) => setTimeout(resolve, takeMs, answer))
})

process.on('message', async () => {
  await node.close()
  const { lostReplies, lateReplies } = tap
  record.write([{ kind: 'ended', atMs: machineNow(), retries: 0, lostReplies, lateReplies }])
  record.close()
  process.disconnect()
})
process.on('disconnect', () => process.exit(0))
process.send?.({ kind: 'up' })
