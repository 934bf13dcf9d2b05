/**
 * What strangers with bad manners cost a client with good ones: the latency of its requests, lap by lap without and with an
 * attack on the node that answers. Node, client and attacker are processes of their own. Prints for each attack p50 and p99, and their
 * ratios: each lap beside it over the mean of its neighbours without it, as median and range; and what was not answered.
 *
 * Usage: node dist/bench/beside-strangers.js --help
 */

import { type ChildProcess, fork } from 'node:child_process'
import { connect as dial } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { connect, createNode, type PeersConfig } from '../src/index.ts'
import { peersOf, portOf } from '../test/support/mesh.ts'
import { runProgram, wholeNumber } from './program.ts'
import { median, percentile, ratioOf } from './statistics.ts'

const LAP_MS = 1000
const GREETING = Buffer.concat([
  Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]),
  Buffer.from('NULL'.padEnd(20, '\0'), 'latin1'),
  Buffer.alloc(32),
])
const READY = Buffer.from('\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06DEALER', 'latin1')
/** A frame of one byte, which is no envelope; and a thousand of them. */
const TINY = Buffer.from([0, 1, 0x78])
const MANY_TINY = Buffer.concat(Array.from({ length: 1000 }, () => TINY))
/** A message of 1000 parts. */
const PARTS = Buffer.concat([...Array.from({ length: 999 }, () => Buffer.from([1, 1, 0x78])), TINY])

/** How often each attack strikes in a second, and what one stroke is. */
const ATTACKS: Readonly<Record<string, readonly [perSecond: number, bytes: Buffer, isKept: boolean]>> = {
  'garbage on new connections': [200, Buffer.alloc(300, 0x5a), false],
  'half-open connections': [200, Buffer.alloc(0), true],
  'thousands of tiny frames': [20, Buffer.concat([GREETING, READY, MANY_TINY]), false],
  'messages of 1000 parts': [20, Buffer.concat([GREETING, READY, PARTS]), false],
}

/** How long the requests of one lap took, in milliseconds. */
interface Lap {
  readonly p50: number
  readonly p99: number
}

const HELP = `Usage: node dist/bench/beside-strangers.js [--laps N]

Asks a node, lap by lap without and with an attack of strangers on it.

  --laps N   laps beside each attack (default 10)
`

type Role =
  | { readonly role: 'node'; readonly peers: PeersConfig }
  | { readonly role: 'attack'; readonly port: number }

if (process.send === undefined) {
  await runProgram({
    name: 'beside-strangers',
    help: HELP,
    parse: (args) => {
      const { values } = parseArgs({ args: [...args], options: { laps: { type: 'string', default: '10' } } })
      return wholeNumber('laps', values.laps, 1000)
    },
    run: lead,
  })
} else {
  process.on('message', (order: Role | string) => void play(order))
}
process.on('disconnect', () => process.exit(0))

let timer: NodeJS.Timeout | undefined
/** Strokes since the last order; an attacker that lags on a busy machine would prove nothing. */
let struck = 0
let port = 0

async function play(order: Role | string): Promise<void> {
  if (typeof order === 'string') {
    clearInterval(timer)
    const attack = ATTACKS[order]
    if (attack !== undefined) timer = setInterval(() => strike(attack[1], attack[2]), 1000 / attack[0])
  } else if (order.role === 'node') {
    const node = await createNode({ name: 'bravo', peers: order.peers })
    node.handle('echo', (body) => body)
  } else port = order.port
  process.send?.(struck)
  struck = 0
}

function strike(bytes: Buffer, isKept: boolean): void {
  struck += 1
  const socket = dial(port, '127.0.0.1', () => {
    if (isKept) setTimeout(() => socket.destroy(), LAP_MS / 2)
    else socket.end(bytes)
  })
  socket.on('error', () => undefined)
  socket.resume()
}

/** Gives how many strokes there were since the last order. */
function tell(child: ChildProcess, order: Role | string): Promise<number> {
  const done = new Promise<number>((resolve) => child.once('message', resolve))
  child.send(order)
  return done
}

async function lead(laps: number): Promise<void> {
  const peers = await peersOf(['bravo'])
  const [node, attacker] = [fork(fileURLToPath(import.meta.url)), fork(fileURLToPath(import.meta.url))]
  process.once('exit', () => [node, attacker].map((child) => child.kill('SIGKILL')))
  await tell(node, { role: 'node', peers })
  await tell(attacker, { role: 'attack', port: portOf(peers, 'bravo') })
  const client = await connect('bravo', { peers, timeout: 5000 })
  let unanswered = 0
  let strokes = 0
  const lap = async (attack: string): Promise<Lap> => {
    await tell(attacker, attack)
    const times: number[] = []
    for (const startedAt = performance.now(); performance.now() - startedAt < LAP_MS; ) {
      const askedAt = performance.now()
      await client.request('echo', 'x', { retries: 0 }).catch(() => {
        unanswered += 1
      })
      times.push(performance.now() - askedAt)
    }
    strokes += await tell(attacker, 'nothing')
    return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) }
  }
  await lap('nothing')
  process.stdout.write(
    '| attack | p50 without, with, ms | ratio | p99 without, with, ms | ratio | strokes a lap | not answered |\n|---|---:|---:|---:|---:|---:|---:|\n',
  )
  for (const name of Object.keys(ATTACKS)) {
    unanswered = 0
    strokes = 0
    const without = [await lap('nothing')]
    const beside: Lap[] = []
    for (let count = 0; count < laps; count += 1) {
      beside.push(await lap(name))
      // What it left behind is not the next lap's.
      await pause(LAP_MS / 2)
      without.push(await lap('nothing'))
    }
    const figures = [...cellsOf('p50', without, beside), ...cellsOf('p99', without, beside)]
    const cells = [name, ...figures, Math.round(strokes / laps), unanswered]
    process.stdout.write(`| ${cells.join(' | ')} |\n`)
  }
  await client.close()
  process.exit(0)
}

/** The medians of one percentile, and the ratio of each lap beside the attack to the mean of its neighbours. */
function cellsOf(key: keyof Lap, without: readonly Lap[], beside: readonly Lap[]): readonly string[] {
  const alone = without.map((each) => each[key])
  const attacked = beside.map((each) => each[key])
  const means = alone.slice(1).map((after, at) => (after + (alone[at] ?? Number.NaN)) / 2)
  const spread = ratioOf(attacked, means)
  if (spread === undefined) return ['', '']
  const ratio = `${spread.median.toFixed(2)} (${spread.lowest.toFixed(2)} to ${spread.highest.toFixed(2)})`
  return [`${median(alone).toFixed(2)}, ${median(attacked).toFixed(2)}`, ratio]
}
