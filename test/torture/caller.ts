/**
 * A caller of a torture: asks its callees again and again at a given rate, whether they answer or not, and writes down what
 * it asked and what it was told. It also notes when its own loop stood still, which no library can be blamed for.
 */

import { type PeersConfig, ZmqnetError } from '../../src/index.ts'
import { resolveNodeSettings } from '../../src/node/config.ts'
import { startNode } from '../../src/node/node.ts'
import type { Task } from './callee.ts'
import { type Asked, type Line, machineNow, RecordWriter, type Settled } from './record.ts'
import { Tap } from './tap.ts'

/** What a caller is told when it is started. */
export interface CallerOrder {
  readonly name: string
  /** Which run of this caller it is; part of the ids. */
  readonly run: number
  readonly callees: readonly string[]
  readonly peers: PeersConfig
  readonly recordPath: string
  readonly perSecond: number
  /** For each attempt, and for the whole, in milliseconds. */
  readonly timeoutMs: number
  readonly deadlineMs: number
}

/** How often it asks, in milliseconds. */
const STEP_MS = 10
/** A step that comes so late means that the loop stood still. */
const STALL_MS = 20
/** How often the requests on the wire are counted, in milliseconds. */
const WIRED_EVERY_MS = 100
/** The longest that a handler takes, in milliseconds, and the share of those that take any time. */
const MAX_TAKE_MS = 300
const SLOW_SHARE = 0.05
const IDEMPOTENT_SHARE = 0.1
/** The share of requests that have so much time only, in milliseconds: many of them end by their deadline. */
const HASTY_SHARE = 0.1
const HASTY_MS = 250

const order = JSON.parse(process.argv[2] ?? '') as CallerOrder
const { name, peers, callees, perSecond, timeoutMs, deadlineMs } = order
const record = new RecordWriter(order.recordPath)
const tap = new Tap({ lose: 0, delay: 0, maxDelayMs: 0 })
const node = await startNode(resolveNodeSettings({ name, peers }), tap.world)
const pending = new Set<Promise<void>>()
/** What settled in this turn: written down at its end, in one go. */
let settled: Line[] = []
let [made, offered, sent] = [0, 0, 0]
let isStopping = false
const startedAt = machineNow()
let [steppedAt, wiredAt] = [startedAt, startedAt]

function ask(asked: Asked): void {
  const { id, callee, idempotent, deadlineMs: deadline } = asked
  const takeMs = Math.random() < SLOW_SHARE ? Math.ceil(Math.random() * MAX_TAKE_MS) : 0
  const task: Task = { id, takeMs }
  const options = { timeout: timeoutMs, retries: Math.ceil(deadline / timeoutMs), deadline, idempotent }
  const startedAtMs = machineNow()
  const settle = (end: Omit<Settled, 'kind' | 'id' | 'startedAtMs' | 'atMs'>): void =>
    note({ kind: 'settled', id, startedAtMs, atMs: machineNow(), ...end })
  const done: Promise<void> = node
    .request(callee, 'count', task, options)
    .then(
      ({ incarnation, count }) => settle({ outcome: 'reply', incarnation, count }),
      (error: unknown) => settle(failure(error)),
    )
    .finally(() => pending.delete(done))
  pending.add(done)
}

function failure(error: unknown): Pick<Settled, 'outcome' | 'code' | 'safeToRetry'> {
  // It is no outcome at all; the judge finds that nobody ran it, or that it ran and ended otherwise.
  if (!(error instanceof ZmqnetError)) return { outcome: 'handled', code: String(error) }
  const { outcome, code, safeToRetry } = error
  return { outcome, code, safeToRetry }
}

function note(line: Settled): void {
  if (settled.length === 0) setImmediate(flush)
  settled.push(line)
}

function flush(): void {
  record.write(settled)
  settled = []
}

function step(): void {
  const atMs = machineNow()
  const lateMs = atMs - steppedAt - STEP_MS
  const lines: Line[] = lateMs > STALL_MS ? [{ kind: 'stalled', fromMs: steppedAt, untilMs: atMs }] : []
  steppedAt = atMs
  const asked: Asked[] = []
  const due = Math.floor(((atMs - startedAt) / 1000) * perSecond)
  // What a loop that stood still did not ask is not made up for all at once.
  made = Math.max(made, due - Math.ceil(perSecond / 10))
  for (; made < due && !isStopping; made += 1) {
    const callee = callees[made % callees.length] ?? ''
    const idempotent = Math.random() < IDEMPOTENT_SHARE
    const hasty = Math.random() < HASTY_SHARE
    const id = `${name}-${order.run}-${made}`
    const wholeMs = hasty ? HASTY_MS : deadlineMs
    asked.push({ kind: 'asked', id, callee, atMs, deadlineMs: wholeMs, idempotent, hasty })
  }
  offered += asked.length
  if (atMs - wiredAt >= WIRED_EVERY_MS) {
    lines.push({ kind: 'wired', atMs, offered, sent: tap.requests - sent })
    sent = tap.requests
    offered = 0
    wiredAt = atMs
  }
  record.write([...lines, ...asked])
  for (const each of asked) ask(each)
  if (isStopping && pending.size === 0) void end()
}

async function end(): Promise<void> {
  clearInterval(timer)
  const { retries } = node.status().counters
  await node.close()
  flush()
  record.write([{ kind: 'ended', atMs: machineNow(), retries, lostReplies: 0, lateReplies: 0 }])
  record.close()
  process.disconnect()
}

const timer = setInterval(step, STEP_MS)
process.on('message', () => {
  isStopping = true
})
process.on('disconnect', () => process.exit(0))
process.send?.({ kind: 'up' })
