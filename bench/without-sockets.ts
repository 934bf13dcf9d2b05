/**
 * How much of an echo is our own code: two nodes in one process, with connections in memory and with ZeroMQ over tcp, in turns.
 * Counted is the processor time of the process with all its threads, which says little of what else the machine does.
 *
 * A connection in memory costs two turns of the event loop for each batch there and back, which its figure contains.
 *
 * Usage: node dist/bench/without-sockets.js --help
 */

import { parseArgs } from 'node:util'
import type { Node } from '../src/node/api.ts'
import { startNode } from '../src/node/node.ts'
import { realWorld } from '../src/node/real-world.ts'
import type { TransportFactory } from '../src/transport/transport.ts'
import { MemoryNetwork } from '../test/support/memory-transport.ts'
import { peersOf } from '../test/support/mesh.ts'
import { runProgram, wholeNumber } from './program.ts'
import { median } from './statistics.ts'

const HELP = `Usage: node dist/bench/without-sockets.js [--rounds N] [--requests N] [--bytes N]

Measures the processor time of an echo, both sides together, without sockets and with them.

  --rounds N     rounds (default 9)
  --requests N   requests in each figure of a round, with 100 or 1000 in flight; a tenth of it with 1 (default 100000)
  --bytes N      size of the body (default 64)
`

const IN_FLIGHT = [1, 100, 1000]
const READY_MS = 10_000
const NEVER_MS = 2 ** 31
const MAX_BODY_BYTES = 2 ** 20

/** Two linked nodes; the second gives back what it is sent. Gives the first. */
async function pair(
  names: readonly [string, string],
  transport: TransportFactory | undefined,
): Promise<Node> {
  const { peers } = await peersOf(names)
  const start = (name: string, address: string): Promise<Node> => {
    const settings = {
      name,
      network: 'without-sockets',
      peers: peers.map((peer) => ({ ...peer, address: `tcp://${peer.address}` })),
      bind: `tcp://${address}`,
      tickMs: 500,
      statusEveryMs: NEVER_MS,
      sameHost: false,
      maxBodyBytes: MAX_BODY_BYTES,
      log: undefined,
    }
    const world = realWorld()
    return startNode(settings, transport === undefined ? world : { ...world, transport })
  }
  const [first, second] = await Promise.all(peers.map(({ name, address }) => start(name, address)))
  if (first === undefined || second === undefined) throw new Error('two names make two nodes')
  second.handle('echo', (body) => body)
  await first.ready(READY_MS)
  return first
}

/** Microseconds of processor time for each echo. */
async function measure(
  node: Node,
  peer: string,
  body: Buffer,
  count: number,
  inFlight: number,
): Promise<number> {
  let left = count
  const ask = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await node.request(peer, 'echo', body)
    }
  }
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: inFlight }, ask))
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}

await runProgram({
  name: 'without-sockets',
  help: HELP,
  parse: (args) => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        rounds: { type: 'string', default: '9' },
        requests: { type: 'string', default: '100000' },
        bytes: { type: 'string', default: '64' },
      },
    })
    return {
      rounds: wholeNumber('rounds', values.rounds, 1000),
      requests: wholeNumber('requests', values.requests, 10_000_000, 1000),
      bytes: wholeNumber('bytes', values.bytes, MAX_BODY_BYTES / 2, 0),
    }
  },
  run: async ({ rounds, requests, bytes }) => {
    const sides = [
      {
        title: 'in memory',
        peer: 'bravo',
        node: await pair(['alpha', 'bravo'], new MemoryNetwork(setImmediate).factory),
      },
      { title: 'over tcp', peer: 'delta', node: await pair(['charlie', 'delta'], undefined) },
    ]
    const body = Buffer.alloc(bytes, 1)
    const figures = new Map<string, number[]>()
    // The first round is for the compiler.
    for (let round = 0; round <= rounds; round += 1) {
      for (const inFlight of IN_FLIGHT) {
        const count = inFlight === 1 ? requests / 10 : requests
        for (const { title, peer, node } of sides) {
          const figure = await measure(node, peer, body, count, inFlight)
          const key = `${title}, ${inFlight} in flight`
          if (round > 0) figures.set(key, [...(figures.get(key) ?? []), figure])
        }
      }
    }
    process.stdout.write(
      `An echo of ${bytes} B, both sides, in µs of processor time: median (least to most) of ${rounds} rounds\n`,
    )
    for (const [key, values] of figures) {
      const [least, most] = [Math.min(...values), Math.max(...values)]
      process.stdout.write(
        `${key}: ${median(values).toFixed(1)} (${least.toFixed(1)} to ${most.toFixed(1)})\n`,
      )
    }
    process.exit(0)
  },
})
