/**
 * The transport between processes: one is killed, one is stopped, one only thinks hard, and one says goodbye and ends.
 * Killed, stopped and busy are three different answers; the times are printed with `npx ava --verbose`.
 */

import { type ChildProcess, fork, spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import type { ConnectionId } from '../../src/base/ids.ts'
import type { Transport } from '../../src/transport/transport.ts'
import { cleanEnvironment } from '../support/environment.ts'
import { open, type Recorder, send } from './recorder.ts'

const script = fileURLToPath(new URL('./peer-process.js', import.meta.url))
// An extra certificate file costs every start of Node 100 ms.
const env = cleanEnvironment()

interface Peer {
  readonly child: ChildProcess
  readonly endpoint: string
}

async function listening(t: ExecutionContext, endpoint = 'tcp://127.0.0.1:0'): Promise<Peer> {
  const child = fork(script, ['listen', endpoint], { env })
  t.teardown(() => child.kill('SIGKILL'))
  return { child, endpoint: (await message(child)) as string }
}

function message(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`The process ended with ${code}`)))
  })
}

const isUp = (seen: { kind: string }): boolean => seen.kind === 'up'

/** Talks until the link is 300 ms old: only then it is dialled again at once. */
async function talk(transport: Transport, recorder: Recorder, link: ConnectionId): Promise<void> {
  for (let round = 1; performance.now() - recorder.seen[0]!.atMs < 300; round += 1) {
    await send(transport, link, ['ping'])
    await recorder.until(() => recorder.count('receive') === round)
  }
}

async function down(recorder: Recorder, cause: string): Promise<number> {
  return (await recorder.first((seen) => seen.kind === 'down' && seen.cause === cause)).atMs
}

test.serial(
  'a killed process is known as closed and refused at once, and its successor comes up',
  async (t) => {
    const peer = await listening(t)
    const client = open(t)
    const link = client.transport.dial(peer.endpoint)
    await client.recorder.first(isUp)
    await talk(client.transport, client.recorder, link)
    const killedAt = performance.now()
    peer.child.kill('SIGKILL')
    const closedMs = (await down(client.recorder, 'closed')) - killedAt
    const refusedMs = (await down(client.recorder, 'refused')) - killedAt
    t.log(`closed after ${closedMs.toFixed(1)} ms, refused after ${refusedMs.toFixed(1)} ms`)
    t.true(refusedMs < 500, `refused after ${refusedMs} ms`)
    t.is(await send(client.transport, link, ['anybody?']), 'gone')
    const from = client.recorder.seen.length
    await listening(t, peer.endpoint)
    const listeningAt = performance.now()
    const { atMs } = await client.recorder.first(isUp, from)
    t.log(`up ${(atMs - listeningAt).toFixed(1)} ms after the successor listened`)
    t.is(await send(client.transport, link, ['hello again']), 'sent')
  },
)

test.serial('a stopped process is noticed without a word from it, and is silent, not refused', async (t) => {
  const peer = await listening(t)
  const client = open(t)
  const link = client.transport.dial(peer.endpoint)
  await client.recorder.first(isUp)
  await talk(client.transport, client.recorder, link)
  const stoppedAt = performance.now()
  peer.child.kill('SIGSTOP')
  // The signal may come later than a first question, which one of the threads of the process then answers.
  const asking = setInterval(() => client.transport.probe(link, false), 100)
  t.teardown(() => clearInterval(asking))
  const silentMs = (await down(client.recorder, 'silent')) - stoppedAt
  t.log(`silent after ${silentMs.toFixed(0)} ms`)
  t.true(silentMs < 1500, `silent after ${silentMs} ms`)
  const from = client.recorder.seen.length
  peer.child.kill('SIGCONT')
  await client.recorder.first(isUp, from)
  t.true(client.recorder.downs.every((cause) => cause === 'silent'))
})

test.serial('a process whose event loop is blocked for 3 seconds is busy: its link stays up', async (t) => {
  const peer = await listening(t)
  const [client, newcomer] = [open(t), open(t)]
  const link = client.transport.dial(peer.endpoint)
  await client.recorder.first(isUp)
  const blocking = message(peer.child)
  peer.child.send(3000)
  t.is(await blocking, 'blocking')
  t.is(await send(client.transport, link, ['are you there?']), 'sent')
  const free = message(peer.child)
  client.transport.probe(link, false)
  newcomer.transport.dial(peer.endpoint)
  await newcomer.recorder.first(isUp, 0, 1000)
  t.is(await free, 'free')
  await client.recorder.first((seen) => seen.kind === 'receive')
  t.deepEqual(client.recorder.texts, [['are you there?', '1']])
  t.deepEqual([client.recorder.downs, newcomer.recorder.downs], [[], []])
})

test.serial('a blocked process stays up although its queues are full, and nothing is lost', async (t) => {
  const peer = await listening(t)
  const client = open(t)
  const link = client.transport.dial(peer.endpoint)
  await client.recorder.first(isUp)
  const blocking = message(peer.child)
  peer.child.send(1500)
  t.is(await blocking, 'blocking')
  const free = message(peer.child)
  let isFree = false
  void free.then(() => {
    isFree = true
  })
  let sent = 0
  // Far more than the high-water marks and the buffers of the system hold: the sends pause, the link must not break.
  while (!isFree) {
    client.transport.probe(link, false)
    t.is(await send(client.transport, link, [new Uint8Array(65_536)]), 'sent')
    sent += 1
  }
  t.true(sent > 16)
  t.is(await send(client.transport, link, ['how many?']), 'sent')
  await client.recorder.first((seen) => seen.kind === 'receive')
  t.deepEqual(client.recorder.texts, [['how many?', String(sent + 1)]])
  t.deepEqual(client.recorder.downs, [])
})

test.serial('a process that closes its transport ends by itself, and its last message arrives', async (t) => {
  const server = open(t)
  const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
  const child = spawn(process.execPath, [script, 'goodbye', endpoint], { env, stdio: 'inherit' })
  t.teardown(() => child.kill('SIGKILL'))
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)))
  const { atMs } = await server.recorder.first((seen) => seen.kind === 'receive')
  t.is(server.recorder.texts[0]?.[0], 'goodbye')
  t.is(await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 5000, 'still running'))]), 0)
  t.log(`ended ${(performance.now() - atMs).toFixed(0)} ms after its goodbye`)
  t.true(performance.now() - atMs < 2000)
})

const descriptors = '/proc/self/fd'
const onLinux = existsSync(descriptors) ? test.serial : test.serial.skip

onLinux('links that are reset and transports that are closed leave no file descriptors behind', async (t) => {
  const count = (): number => readdirSync(descriptors).length
  let expected = 0
  for (let round = 0; round < 4; round += 1) {
    const [server, client] = [open(t), open(t)]
    const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
    const links = Array.from({ length: 5 }, () => client.transport.dial(endpoint))
    await client.recorder.until(() => client.recorder.count('up') === 5)
    for (const link of links) client.transport.reset(link)
    await client.recorder.until(() => client.recorder.count('up') === 10)
    await Promise.all([server.transport.close(), client.transport.close()])
    if (round === 0) {
      // What the first round leaves (two contexts, kept for the next transports) is the measure for the others.
      await settled(count)
      expected = count()
    }
  }
  await settled(count)
  t.true(count() <= expected, `${count()} descriptors, expected ${expected}`)
})

/** Waits until a number has not changed for ten looks, each 20 ms after the other: libzmq closes in the background. */
async function settled(count: () => number): Promise<void> {
  const giveUpAt = performance.now() + 5000
  for (let same = 0, last = -1; same < 10 && performance.now() < giveUpAt; ) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    same = count() === last ? same + 1 : 0
    last = count()
  }
}
