/**
 * The transport over real sockets of this process: starts in any order, breaks, comes back, pushes back, refuses,
 * closes.
 */

import { connect, createServer, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { Context, Dealer, Router } from 'zeromq'
import type { ConnectionId } from '../../src/base/ids.ts'
import type { SendResult, Transport } from '../../src/transport/transport.ts'
import { open, send, tcpEndpoint } from './recorder.ts'

const isUp = (seen: { kind: string }): boolean => seen.kind === 'up'

/** A raw ROUTER that nobody reads, as a peer that takes nothing more. */
async function deafRouter(t: ExecutionContext): Promise<string> {
  const router = new Router({ context: new Context({ blocky: false }), receiveHighWaterMark: 1, linger: 0 })
  t.teardown(() => router.close())
  await router.bind('tcp://127.0.0.1:0')
  return router.lastEndpoint as string
}

/** An endpoint that was free a moment ago. */
async function freeEndpoint(): Promise<string> {
  const server = createServer()
  const endpoint = await tcpEndpoint(server)
  await new Promise((resolve) => server.close(resolve))
  return endpoint
}

/** How long nothing must move before a send counts as pending: much longer than any I/O thread waits for its turn. */
const QUIET_MS = 800

/** Sends big messages until one stays pending. Those who use it run one after the other, so that the machine is calm. */
async function fillUp(
  transport: Transport,
  connection: ConnectionId,
): Promise<{ sent: number; pending: Promise<SendResult> }> {
  const body = new Uint8Array(1024 * 1024)
  for (let sent = 0; sent < 200; sent += 1) {
    const pending = new Promise<SendResult>((resolve) => {
      transport.send(connection, [body], resolve)
    })
    const winner = await Promise.race([
      pending,
      new Promise((resolve) => setTimeout(resolve, QUIET_MS, 'pending')),
    ])
    if (winner === 'pending') return { sent, pending }
    if (winner !== 'sent') throw new Error(`Expected sent, got ${winner}`)
  }
  throw new Error('The peer took everything')
}

test('messages of one and of two frames go to and fro, and each end knows the other by its connection', async (t) => {
  const [server, client] = [open(t), open(t)]
  const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
  t.regex(endpoint, /^tcp:\/\/127\.0\.0\.1:\d+$/)
  const link = client.transport.dial(endpoint)
  await client.recorder.first(isUp)
  t.is(await send(client.transport, link, ['one']), 'sent')
  t.is(await send(client.transport, link, ['head', 'body']), 'sent')
  await server.recorder.until(() => server.recorder.count('receive') === 2)
  t.deepEqual(server.recorder.texts, [['one'], ['head', 'body']])
  const inbound = server.recorder.seen[0]?.connection as ConnectionId
  t.is(await send(server.transport, inbound, ['re', 'body']), 'sent')
  await client.recorder.first((seen) => seen.kind === 'receive' && seen.connection === link)
  t.deepEqual(client.recorder.texts, [['re', 'body']])
  t.is(client.transport.describe(link), endpoint)
  t.is(server.transport.describe(inbound), `inbound ${inbound}`)
  t.deepEqual([server.recorder.faults, client.recorder.faults], [[], []])
})

test('a link that is dialled before the peer listens comes up when it does', async (t) => {
  const endpoint = await freeEndpoint()
  const client = open(t, { redialMs: 20 })
  const link = client.transport.dial(endpoint)
  await client.recorder.first((seen) => seen.kind === 'down' && seen.cause === 'refused')
  t.is(await send(client.transport, link, ['too early']), 'gone')
  const server = open(t)
  t.is(await server.transport.listen(endpoint), endpoint)
  await client.recorder.first(isUp)
  t.is(await send(client.transport, link, ['hello']), 'sent')
  await server.recorder.first((seen) => seen.kind === 'receive')
  t.deepEqual(server.recorder.texts, [['hello']], 'what was sent too early was not delivered late')
})

test('each refused dial is told once, and the pauses between them grow', async (t) => {
  const client = open(t, { redialMs: 20, redialMaxMs: 200 })
  client.transport.dial(await freeEndpoint())
  await client.recorder.until(() => client.recorder.downs.length >= 6)
  t.true(client.recorder.downs.every((cause) => cause === 'refused'))
  const at = client.recorder.seen.map((seen) => seen.atMs)
  // The fifth pause is half of 200 ms or more; without growth it would be 20 ms or less.
  t.true(at[5]! - at[4]! > 90, at.join(' '))
})

test('a listener that never answers is silent, not refused', async (t) => {
  const sockets = new Set<{ destroy(): void }>()
  const mute = createServer((socket) => sockets.add(socket.on('error', () => undefined)))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    mute.close()
  })
  const client = open(t, { silentAfterMs: 50, dialTimeoutMs: 100, redialMs: 20 })
  client.transport.dial(await tcpEndpoint(mute))
  await client.recorder.until(() => client.recorder.downs.length >= 2)
  t.deepEqual(client.recorder.downs, ['silent', 'silent'])
})

test('something that speaks another protocol is silent and reported as a fault', async (t) => {
  const http = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'.repeat(3))
  })
  t.teardown(() => http.close())
  const client = open(t)
  client.transport.dial(await tcpEndpoint(http))
  const { text } = (await client.recorder.first((seen) => seen.kind === 'fault')) as { text?: string }
  t.regex(text ?? '', /^The handshake with tcp:\/\/127\.0\.0\.1:\d+ failed/)
  await client.recorder.first((seen) => seen.kind === 'down')
  t.true(client.recorder.downs.every((cause) => cause === 'silent'))
})

test('a network that swallows everything makes an idle link silent, and its return brings it up', async (t) => {
  const server = open(t)
  const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
  const sockets = new Set<Socket>()
  let isCut = false
  const network = createServer((inner) => {
    const outer = connect(Number(endpoint.split(':')[2]), '127.0.0.1')
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(from)
      from.on('error', () => undefined).on('close', () => to.destroy())
      from.on('data', (bytes) => isCut || to.write(bytes))
    }
  })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    network.close()
  })
  const quick = {
    silentAfterMs: 300,
    dialTimeoutMs: 600,
    redialMs: 20,
  }
  const client = open(t, quick)
  const link = client.transport.dial(await tcpEndpoint(network))
  await client.recorder.first(isUp)
  t.is(await send(client.transport, link, ['heard']), 'sent')
  await server.recorder.first((seen) => seen.kind === 'receive')
  isCut = true
  client.transport.probe(link, false)
  await client.recorder.until(() => client.recorder.downs.length >= 2)
  t.true(client.recorder.downs.every((cause) => cause === 'silent'))
  const from = client.recorder.seen.length
  isCut = false
  await client.recorder.first(isUp, from)
})

test('our own blocked event loop makes no peer silent', async (t) => {
  const server = open(t)
  const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
  const client = open(t, { silentAfterMs: 50, dialTimeoutMs: 100 })
  const block = (): void => {
    const until = performance.now() + 600
    while (performance.now() < until);
  }
  const up = client.recorder.up.bind(client.recorder)
  client.recorder.up = (connection) => {
    up(connection)
    // Its time runs out meanwhile.
    client.transport.probe(connection, false)
    block()
  }
  const link = client.transport.dial(endpoint)
  block()
  await client.recorder.first(isUp)
  // A wrong verdict needs a moment to be told: it is given a hundred milliseconds of traffic.
  for (let round = 1; performance.now() - client.recorder.seen[0]!.atMs < 400; round += 1) {
    t.is(await send(client.transport, link, ['message']), 'sent')
    await server.recorder.until(() => server.recorder.count('receive') === round)
  }
  t.deepEqual(client.recorder.downs, [])
})

test('a peer that restarts on its port is down, then up, and messages flow again', async (t) => {
  const client = open(t, { redialMs: 20 })
  const first = open(t)
  const endpoint = await first.transport.listen('tcp://127.0.0.1:0')
  const link = client.transport.dial(endpoint)
  await client.recorder.first(isUp)
  await first.transport.close()
  await client.recorder.first((seen) => seen.kind === 'down' && seen.cause === 'closed')
  t.is(await send(client.transport, link, ['into the void']), 'gone')
  const second = open(t)
  // The port was closed a moment ago; libzmq gives it back with a delay that listen must bear.
  t.is(await second.transport.listen(endpoint), endpoint)
  const from = client.recorder.seen.findIndex((seen) => seen.kind === 'down')
  await client.recorder.first(isUp, from)
  t.is(await send(client.transport, link, ['again']), 'sent')
  await second.recorder.first((seen) => seen.kind === 'receive')
  t.deepEqual(second.recorder.texts, [['again']])
  t.is(client.recorder.downs.filter((cause) => cause === 'closed').length, 1, 'one break is told once')
})

test.serial(
  'a send to a peer that takes nothing stays pending, and a reset settles it as gone',
  async (t) => {
    const client = open(t)
    const link = client.transport.dial(await deafRouter(t))
    await client.recorder.first(isUp)
    const { sent, pending } = await fillUp(client.transport, link)
    t.true(sent > 0)
    client.transport.reset(link)
    t.is(await pending, 'gone')
    await client.recorder.until(() => client.recorder.count('up') >= 2)
    t.is(await send(client.transport, link, ['fresh']), 'sent')
    t.deepEqual(client.recorder.downs, [], 'a reset is no break')
  },
)

test.serial(
  'a send that is pending when the connection breaks is gone and does not reach the next connection',
  async (t) => {
    const context = new Context({ blocky: false })
    const deaf = new Router({ context, receiveHighWaterMark: 1, linger: 0 })
    await deaf.bind('tcp://127.0.0.1:0')
    const endpoint = deaf.lastEndpoint as string
    const client = open(t, { redialMs: 20 })
    const link = client.transport.dial(endpoint)
    await client.recorder.first(isUp)
    const { pending } = await fillUp(client.transport, link)
    deaf.close()
    t.is(await pending, 'gone')
    const server = open(t)
    await server.transport.listen(endpoint)
    await client.recorder.until(() => client.recorder.count('up') >= 2)
    t.is(await send(client.transport, link, ['hello']), 'sent')
    await server.recorder.first((seen) => seen.kind === 'receive')
    t.deepEqual(server.recorder.texts, [['hello']])
  },
)

test.serial('hanging up settles a pending send as gone, and the connection is told no more', async (t) => {
  const client = open(t)
  const link = client.transport.dial(await deafRouter(t))
  await client.recorder.first(isUp)
  const { pending } = await fillUp(client.transport, link)
  client.transport.hangUp(link)
  t.is(await pending, 'gone')
  t.is(await send(client.transport, link, ['more']), 'gone')
  t.deepEqual(client.recorder.downs, [])
})

test('an inbound peer that takes nothing is full while the others are served', async (t) => {
  const server = open(t)
  const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
  const deaf = new Dealer({ context: new Context({ blocky: false }), receiveHighWaterMark: 1, linger: 0 })
  t.teardown(() => deaf.close())
  deaf.connect(endpoint)
  await deaf.send('deaf')
  const client = open(t)
  const link = client.transport.dial(endpoint)
  await client.recorder.first(isUp)
  await send(client.transport, link, ['good'])
  await server.recorder.until(() => server.recorder.count('receive') === 2)
  const inbound = (text: string): ConnectionId =>
    server.recorder.seen.find(
      (seen) => seen.kind === 'receive' && Buffer.from(seen.frames[0]!).toString() === text,
    )?.connection as ConnectionId
  let result: SendResult = 'sent'
  let sent = 0
  // Each refusal is a state of one moment; the peer is full for good once a pause does not make room.
  while (result === 'sent' && sent < 5000) {
    result = await send(server.transport, inbound('deaf'), [new Uint8Array(65_536)])
    if (result === 'sent') sent += 1
  }
  t.is(result, 'full')
  const both = [
    send(server.transport, inbound('deaf'), [new Uint8Array(65_536)]),
    send(server.transport, inbound('good'), ['for you']),
  ]
  t.is((await Promise.all(both))[1], 'sent', 'two sends in one turn do not meet')
  await client.recorder.first((seen) => seen.kind === 'receive')
  t.deepEqual(client.recorder.texts, [['for you']])
  t.deepEqual(server.recorder.faults, [])
})

test('an answer to a peer that vanished is gone', async (t) => {
  const server = open(t)
  const client = open(t)
  const link = client.transport.dial(await server.transport.listen('tcp://127.0.0.1:0'))
  await client.recorder.first(isUp)
  await send(client.transport, link, ['hello'])
  const { connection } = await server.recorder.first((seen) => seen.kind === 'receive')
  await client.transport.close()
  // The ROUTER learns of the end from its I/O thread: until then it may still take messages.
  let result: SendResult = 'sent'
  for (let tries = 0; tries < 200 && result !== 'gone'; tries += 1) {
    result = await send(server.transport, connection as ConnectionId, ['answer'])
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.is(result, 'gone')
  t.is(await send(server.transport, connection as ConnectionId, ['answer']), 'gone')
  t.deepEqual(server.recorder.faults, [])
})

test('a burst of 10,000 messages arrives in order, and timers are not starved by it', async (t) => {
  const [server, client] = [open(t), open(t)]
  const link = client.transport.dial(await server.transport.listen('tcp://127.0.0.1:0'))
  await client.recorder.first(isUp)
  let expected = 0
  let isInOrder = true
  let ticks = 0
  const ticker = setInterval(() => {
    ticks += 1
  }, 1)
  t.teardown(() => clearInterval(ticker))
  server.recorder.onReceive = (_, frames) => {
    isInOrder &&= Number(Buffer.from(frames[0]!).toString()) === expected
    expected += 1
  }
  for (let number = 0; number < 10_000; number += 1) {
    if ((await send(client.transport, link, [String(number)])) !== 'sent') t.fail('a send was refused')
  }
  await server.recorder.until(() => expected === 10_000, 20_000)
  t.true(isInOrder)
  t.true(ticks > 5, `the timer rang ${ticks} times`)
})

test('an empty message and a message of many frames are passed on as they are', async (t) => {
  const server = open(t)
  const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
  const stranger = new Dealer({ context: new Context({ blocky: false }), linger: 0, routingId: 'chosen' })
  t.teardown(() => stranger.close())
  stranger.connect(endpoint)
  await stranger.send('')
  await stranger.send(['a', '', 'c', 'd'])
  await server.recorder.until(() => server.recorder.count('receive') === 2)
  t.deepEqual(server.recorder.texts, [[''], ['a', '', 'c', 'd']])
  t.is(server.recorder.seen[0]?.connection, server.recorder.seen[1]?.connection)
  t.is(await send(server.transport, server.recorder.seen[0]?.connection as ConnectionId, ['re']), 'sent')
  t.is(String((await stranger.receive())[0]), 're')
})

test('a peer that sends a frame above the limit is cut off, and the others are served on', async (t) => {
  const server = open(t, { maxFrameBytes: 100_000 })
  const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
  const [greedy, good] = [open(t, { redialMs: 20 }), open(t)]
  const [greedyLink, goodLink] = [greedy.transport.dial(endpoint), good.transport.dial(endpoint)]
  await Promise.all([greedy.recorder.first(isUp), good.recorder.first(isUp)])
  await send(greedy.transport, greedyLink, [new Uint8Array(100_001)])
  await greedy.recorder.first((seen) => seen.kind === 'down' && seen.cause === 'closed')
  t.is(await send(good.transport, goodLink, [new Uint8Array(100_000)]), 'sent')
  await server.recorder.first((seen) => seen.kind === 'receive')
  t.is(server.recorder.count('receive'), 1)
  t.deepEqual(good.recorder.downs, [])
})

test('a listener that throws on messages and on news is told to the log and stops nothing', async (t) => {
  const [server, client] = [open(t), open(t)]
  const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
  server.recorder.onReceive = () => {
    throw new Error('a bug')
  }
  const link = client.transport.dial(endpoint)
  await client.recorder.first(isUp)
  await send(client.transport, link, ['one'])
  await send(client.transport, link, ['two'])
  await server.recorder.until(() => server.recorder.faults.length === 2)
  t.deepEqual(server.recorder.texts, [['one'], ['two']])
  t.regex(server.recorder.faults[0] as string, /a bug/)
})

test.serial('closing while a send is pending tells it gone; closing twice is the same as once', async (t) => {
  const client = open(t)
  const link = client.transport.dial(await deafRouter(t))
  await client.recorder.first(isUp)
  const { pending } = await fillUp(client.transport, link)
  let result: SendResult | undefined
  void pending.then((settled) => {
    result = settled
  })
  const seenBefore = client.recorder.seen.length
  await Promise.all([client.transport.close(), client.transport.close()])
  t.is(result, 'gone')
  await client.transport.close()
  t.is(client.recorder.seen.length, seenBefore, 'nothing is told after close')
  t.is(await send(client.transport, link, ['late']), 'gone')
})
