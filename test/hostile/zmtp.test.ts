/**
 * Strangers that speak TCP, but hardly ZMTP, to a node in a process of its own: garbage, half-open connections, a greeting that
 * dribbles, frames that are too large or far too many; and a flood that takes every file descriptor. Beside them a client with
 * good manners asks without a pause, and gets every answer.
 */

import { connect, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { seededRandom } from '../../src/base/random.ts'
import type { Client, PeersConfig } from '../../src/index.ts'
import { HANGS_MS, peersOf, portOf, startClient, startNode, until } from '../support/mesh.ts'
import { limited, NodeProcess } from '../support/node-processes.ts'
import { hello, RawDealer } from '../support/raw-socket.ts'

/** The greeting of ZMTP 3.1 with the mechanism NULL: signature, version, mechanism, no server, filler. */
const GREETING = Buffer.concat([
  Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]),
  Buffer.from('NULL'.padEnd(20, '\0'), 'latin1'),
  Buffer.alloc(32),
])
/** The command READY of a DEALER. */
const READY = Buffer.from('\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06DEALER', 'latin1')

interface Stage {
  readonly bravo: NodeProcess
  readonly client: Client
  readonly peers: PeersConfig
}

async function stage(t: ExecutionContext, prefix: readonly string[] = []): Promise<Stage> {
  const peers = await peersOf(['alpha', 'bravo'])
  const bravo = await NodeProcess.start(t, { name: 'bravo', peers }, prefix)
  const client = await startClient(t, 'bravo', { peers, timeout: 5000 })
  return { bravo, client, peers }
}

/** A bare connection that survives whatever becomes of it. */
function dial(t: ExecutionContext, { peers }: Stage): Socket {
  const socket = connect(portOf(peers, 'bravo'), '127.0.0.1')
  socket.on('error', () => undefined)
  socket.resume()
  t.teardown(() => socket.destroy())
  return socket
}

function ended(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve))
}

/** Asks one request after the other until `work` is done; every one must be answered, by the same process. */
async function whileAsking(
  t: ExecutionContext,
  { client, bravo }: Stage,
  work: Promise<unknown>,
): Promise<number> {
  let isOver = false
  const done = work.finally(() => {
    isOver = true
  })
  let count = 0
  for (; !isOver || count < 50; count += 1) {
    const { pid } = await client.request('who', undefined, { retries: 0, timeout: 10_000 })
    if (pid !== bravo.pid) t.fail(`answered by ${pid}`)
  }
  await done
  t.log(`${count} requests beside it, all answered`)
  return count
}

test('garbage on two hundred connections harms nobody', async (t) => {
  const all = await stage(t)
  const random = seededRandom(77)
  const attack = async (): Promise<void> => {
    for (let round = 0; round < 10; round += 1) {
      const sockets = Array.from({ length: 20 }, () => {
        const socket = dial(t, all)
        const noise = Buffer.from(Array.from({ length: 1 + random.below(400) }, () => random.below(256)))
        // Some are polite for as long as a greeting lasts.
        const start = [
          Buffer.alloc(0),
          GREETING.subarray(0, random.below(64)),
          GREETING,
          Buffer.concat([GREETING, READY]),
        ]
        socket.write(Buffer.concat([start[random.below(4)] as Buffer, noise]))
        return socket
      })
      await until(() => sockets.every(({ pending, destroyed }) => !pending || destroyed), 'all are connected')
      for (const socket of sockets) socket.end()
    }
  }
  t.true((await whileAsking(t, all, attack())) >= 50)
  t.is((await all.bravo.status()).name, 'bravo')
})

test('B9: a frame that announces more than may be is cut off before it comes', async (t) => {
  const all = await stage(t)
  const attack = async (): Promise<void> => {
    for (const size of [2n ** 63n, 2n ** 32n, 1_114_113n]) {
      const socket = dial(t, all)
      const isEnded = ended(socket)
      const header = Buffer.alloc(9)
      header[0] = 2
      header.writeBigUInt64BE(size, 1)
      socket.write(Buffer.concat([GREETING, READY, header, Buffer.alloc(1000)]))
      await isEnded
    }
  }
  t.true((await whileAsking(t, all, attack())) >= 50)
})

test('a greeting that comes byte by byte is given up, and holds up nobody', async (t) => {
  const all = await stage(t)
  const attack = async (): Promise<void> => {
    const sockets = Array.from({ length: 20 }, () => dial(t, all))
    let sent = 0
    // The handshake may take 2 s in all; at this pace it would take ten.
    const timer = setInterval(() => {
      for (const socket of sockets)
        if (!socket.destroyed) socket.write(GREETING.subarray(sent % 64, (sent % 64) + 1))
      sent += 1
    }, 150)
    t.teardown(() => clearInterval(timer))
    await Promise.all(sockets.map(ended))
    clearInterval(timer)
    t.true(sent < 64)
  }
  t.true((await whileAsking(t, all, attack())) >= 50)
})

test('B1, B3: messages of thousands of parts, and thousands of tiny messages, are counted as what they are', async (t) => {
  const all = await stage(t)
  const before = (await all.bravo.status()).counters.violations
  const dealers = [
    new RawDealer(t, `tcp://${all.peers.peers[1]?.address}`),
    new RawDealer(t, `tcp://${all.peers.peers[1]?.address}`),
  ]
  const attack = async (): Promise<void> => {
    await dealers[0]?.say(hello())
    const parts = Array.from({ length: 5000 }, () => Buffer.from('x'))
    for (let count = 0; count < 20; count += 1) await dealers[0]?.send(...parts)
    for (let count = 0; count < 5000; count += 1) await dealers[1]?.send(Buffer.from('x'))
  }
  await whileAsking(t, all, attack())
  const giveUpAt = performance.now() + HANGS_MS
  let counted = 0
  while (counted < 5020 && performance.now() < giveUpAt)
    counted = (await all.bravo.status()).counters.violations - before
  t.is(counted, 5020)
})

for (const descriptors of [60, 1100]) {
  test(`half-open connections that take all of ${descriptors} descriptors: the node stays, says so, and serves on`, async (t) => {
    const all = await stage(t, limited(descriptors))
    const flood = async (): Promise<void> => {
      const sockets: Socket[] = []
      // One after the other, as fast as they are taken; what is full then stays in the backlog.
      for (let count = 0; count < descriptors + 50; count += 1) {
        sockets.push(dial(t, all))
        if (count % 20 === 19) await new Promise((resolve) => setImmediate(resolve))
      }
      await until(
        () => all.bravo.logs.some((line) => line.includes('File descriptors run out')),
        'it says so',
        10_000,
      )
      // Whoever comes now, from the same host too, must not end the process.
      const late = await startNode(t, { name: 'alpha', peers: all.peers })
      await until(() => late.peers()[0]?.state !== 'suspect', 'the newcomer knows where it stands', 10_000)
      for (const socket of sockets) socket.destroy()
      await until(
        () => all.bravo.logs.some((line) => line.includes('enough file descriptors')),
        'and when it is over',
        10_000,
      )
      await late.ready(15_000)
      t.like(await late.request('bravo', 'who'), { pid: all.bravo.pid })
    }
    t.true((await whileAsking(t, all, flood())) >= 50)
  })
}
