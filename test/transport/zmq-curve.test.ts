/**
 * A secure transport over real sockets: who gets in, who does not, and what an impostor gets to see. The handler and the
 * self-test have their own tests; changes of keys are in zmq-rekey.test.ts.
 */

import { connect, createServer, type Socket } from 'node:net'
import { inspect } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { Dealer, Router } from 'zeromq'
import type { ConnectionId } from '../../src/base/ids.ts'
import type { ZmqOptions } from '../../src/transport/zmq.ts'
import { KeyHolder, newPair } from './key-holder.ts'
import { newContext, type Opened, open, send, tcpEndpoint } from './recorder.ts'

const isUp = (seen: { kind: string }): boolean => seen.kind === 'up'
const isDown = (seen: { kind: string }): boolean => seen.kind === 'down'
const isFault = (seen: { kind: string }): boolean => seen.kind === 'fault'

interface Pair {
  readonly server: Opened
  readonly client: Opened
  readonly serverKeys: KeyHolder
  readonly clientKeys: KeyHolder
  readonly endpoint: string
  /** Dials the server with its present key pinned. */
  dial(): ConnectionId
}

async function secure(t: ExecutionContext, options: ZmqOptions = {}): Promise<Pair> {
  const [serverKeys, clientKeys] = KeyHolder.friends(2) as [KeyHolder, KeyHolder]
  const [server, client] = [open(t, options, serverKeys), open(t, options, clientKeys)]
  const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
  const dial = (): ConnectionId => client.transport.dial(endpoint, () => [serverKeys.publicKey])
  return { server, client, serverKeys, clientKeys, endpoint, dial }
}

test('E1: two parties that know each other talk both ways, and everybody was asked for', async (t) => {
  const { server, client, serverKeys, clientKeys, dial } = await secure(t)
  const link = dial()
  await client.recorder.first(isUp)
  t.is(await send(client.transport, link, ['head', 'body']), 'sent')
  const { connection } = await server.recorder.first((seen) => seen.kind === 'receive')
  t.is(await send(server.transport, connection as ConnectionId, ['re', 'body']), 'sent')
  await client.recorder.first((seen) => seen.kind === 'receive')
  t.deepEqual([server.recorder.texts, client.recorder.texts], [[['head', 'body']], [['re', 'body']]])
  t.true(serverKeys.asked.includes(clientKeys.publicKey))
  t.deepEqual([server.recorder.faults, client.recorder.faults, server.recorder.strangerCount], [[], [], 0])
})

test('E1: a shortcut is as secure as the address beside it', async (t) => {
  const [serverKeys, clientKeys] = KeyHolder.friends(2) as [KeyHolder, KeyHolder]
  const server = open(t, {}, serverKeys)
  const shortcut = await server.transport.openShortcut('tcp://127.0.0.1:0')
  const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
  const client = open(t, {}, clientKeys)
  const link = client.transport.dial(endpoint, () => [serverKeys.publicKey])
  await client.recorder.first(isUp)
  client.transport.redirect(link, shortcut)
  await client.recorder.until(() => client.recorder.count('up') === 2)
  t.is(client.transport.describe(link), shortcut)
  t.is(await send(client.transport, link, ['through the shortcut']), 'sent')
  await server.recorder.first((seen) => seen.kind === 'receive')
  const stranger = open(t, {}, new KeyHolder())
  stranger.transport.dial(shortcut, () => [serverKeys.publicKey])
  await stranger.recorder.first(isDown)
  t.is(stranger.recorder.count('up'), 0)
  await server.recorder.until(() => server.recorder.strangerCount > 0)
})

test('E1: the largest frame passes, one that is larger does not', async (t) => {
  const maxFrameBytes = 100_000
  const { server, client, dial } = await secure(t, { maxFrameBytes })
  const link = dial()
  await client.recorder.first(isUp)
  t.is(await send(client.transport, link, ['exact', new Uint8Array(maxFrameBytes)]), 'sent')
  await server.recorder.first((seen) => seen.kind === 'receive')
  await send(client.transport, link, [new Uint8Array(maxFrameBytes + 1)])
  await client.recorder.first(isDown)
  t.deepEqual(client.recorder.downs, ['closed'])
  t.is(server.recorder.count('receive'), 1)
})

test('E3: a stranger with a key of its own is turned away, and told of with its address and key', async (t) => {
  const { server, serverKeys, endpoint } = await secure(t)
  const strangerKeys = new KeyHolder()
  const stranger = open(t, { redialMs: 20 }, strangerKeys)
  const link = stranger.transport.dial(endpoint, () => [serverKeys.publicKey])
  await stranger.recorder.until(() => stranger.recorder.downs.length >= 3)
  t.deepEqual([...new Set(stranger.recorder.downs)], ['silent'], 'it proves nothing about the process')
  t.is(await send(stranger.transport, link, ['let me in']), 'gone')
  t.deepEqual(stranger.recorder.faults, [
    `The handshake with ${endpoint} failed: our key is not accepted there`,
  ])
  const told = await server.recorder.first((seen) => seen.kind === 'strangers')
  t.like(told, { address: '127.0.0.1', text: `Unknown key: ${strangerKeys.publicKey}` })
  t.deepEqual([server.recorder.count('receive'), server.recorder.faults], [0, []])
})

test('E3: strangers that come in a flood are counted, each once, and told of once a second', async (t) => {
  const { server, serverKeys, endpoint } = await secure(t)
  const count = 20
  const links = Array.from({ length: count }, () => {
    const stranger = open(t, { redialMs: 60_000, redialMaxMs: 60_000, refusedMaxMs: 60_000 }, new KeyHolder())
    stranger.transport.dial(endpoint, () => [serverKeys.publicKey])
    return stranger.recorder.first(isDown)
  })
  await Promise.all(links)
  await server.recorder.until(() => server.recorder.strangerCount === count)
  t.true(server.recorder.count('strangers') <= 3, 'the first at once, the others a second later')
})

for (const [mechanism, options] of [
  ['NULL', {}],
  ['PLAIN', { plainUsername: 'alpha', plainPassword: 'secret' }],
] as const) {
  test(`E1: a dial with ${mechanism} is refused, and nobody hears what it sends`, async (t) => {
    const { server, client, serverKeys, endpoint, dial } = await secure(t)
    const dealer = new Dealer({ context: newContext(), linger: 0, ...options })
    const { events } = dealer
    dealer.connect(endpoint)
    // Without `immediate` it waits in the socket for a connection.
    await dealer.send('let me in')
    const types: string[] = []
    while (types.at(-1) !== 'end') {
      types.push((await events.receive()).type)
      if (types.at(-1) === 'disconnect') dealer.close()
    }
    t.false(types.includes('handshake'), types.join(' '))
    const asked = serverKeys.asked.length
    await alive(t, server, client, dial())
    t.deepEqual(server.recorder.texts, [['still here']])
    t.true(asked <= 1, 'the handler is asked about keys only, and was by the self-test')
  })
}

/** A message goes through: whatever came before it has been read, or thrown away. */
async function alive(t: ExecutionContext, server: Opened, client: Opened, link: ConnectionId): Promise<void> {
  await client.recorder.first(isUp)
  t.is(await send(client.transport, link, ['still here']), 'sent')
  await server.recorder.first((seen) => seen.kind === 'receive')
}

const NO_FLAGS = 0
const SIGNATURE = [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f]
/** The greeting of ZMTP 3.0 with the mechanism of a name, as a client. */
const greeting = (mechanism: string): Buffer =>
  Buffer.concat([
    Buffer.from([...SIGNATURE, 3, 0]),
    Buffer.from(mechanism.padEnd(20, '\0')),
    Buffer.alloc(32),
  ])

for (const [what, bytes] of [
  ['noise', Buffer.from('GET / HTTP/1.1\r\n\r\n'.repeat(20))],
  ['ZMTP 1.0, which has no security', Buffer.from([1, NO_FLAGS, 3, NO_FLAGS, ...Buffer.from('hi')])],
  ['ZMTP 2.0, which has none either', Buffer.from([...SIGNATURE, 1, 5, 0, 0, 0, 2, ...Buffer.from('hi')])],
  ['NULL, with a READY', Buffer.concat([greeting('NULL'), Buffer.from([4, 6, 5, ...Buffer.from('READY')])])],
  [
    'CURVE, and then a message',
    Buffer.concat([greeting('CURVE'), Buffer.from([0, 2, ...Buffer.from('hi')])]),
  ],
  ['CURVE, and then a broken HELLO', Buffer.concat([greeting('CURVE'), hello()])],
  ['a mechanism that nobody knows', greeting('XYZZY')],
] as const) {
  test(`E1: ${what} over plain TCP is cut off, and nothing of it is heard`, async (t) => {
    const { server, client, endpoint, dial } = await secure(t)
    const socket = await rawDial(t, endpoint)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.write(bytes)
    await closed
    await alive(t, server, client, dial())
    t.deepEqual([server.recorder.texts, server.recorder.faults], [[['still here']], []])
  })
}

function hello(): Buffer {
  const body = Buffer.concat([
    Buffer.from([5]),
    Buffer.from('HELLO'),
    Buffer.from([1, 0]),
    Buffer.alloc(192, 7),
  ])
  return Buffer.concat([Buffer.from([4, body.length]), body])
}

async function rawDial(t: ExecutionContext, endpoint: string): Promise<Socket> {
  const socket = connect(Number(endpoint.split(':')[2]), '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => undefined).resume()
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

test('E6: who says nothing is cut off after the time of a handshake, also in the middle of one', async (t) => {
  const { server, client, endpoint, dial } = await secure(t, { handshakeMs: 100 })
  const sockets = await Promise.all([rawDial(t, endpoint), rawDial(t, endpoint)])
  sockets[1]?.write(greeting('CURVE'))
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))))
  await alive(t, server, client, dial())
  t.deepEqual(server.recorder.faults, [])
})

test('E4: an impostor with another key at the address of a peer gets no message, and no up', async (t) => {
  const [impostorKeys, clientKeys] = KeyHolder.friends(2) as [KeyHolder, KeyHolder]
  const impostor = open(t, {}, impostorKeys)
  const endpoint = await impostor.transport.listen('tcp://127.0.0.1:0')
  const client = open(t, { redialMs: 20 }, clientKeys)
  const link = client.transport.dial(endpoint, () => [newPair().publicKey])
  await client.recorder.until(() => client.recorder.downs.length >= 3)
  t.is(await send(client.transport, link, ['a secret']), 'gone')
  t.deepEqual([client.recorder.count('up'), impostor.recorder.count('receive')], [0, 0])
  t.deepEqual([...new Set(client.recorder.downs)], ['silent'])
  t.is(client.recorder.faults.length, 1, 'the same fault is told once')
  t.regex(client.recorder.faults[0] ?? '', /has another key than the one known for it/)
})

test('E4: an impostor without keys at the address of a peer gets no message, and no up', async (t) => {
  const router = new Router({ context: newContext(), linger: 0 })
  t.teardown(() => router.close())
  await router.bind('tcp://127.0.0.1:0')
  const heard: string[] = []
  void router.receive().then(
    (frames) => heard.push(frames.join()),
    () => undefined,
  )
  const client = open(t, { redialMs: 20 }, new KeyHolder())
  const link = client.transport.dial(router.lastEndpoint as string, () => [newPair().publicKey])
  await client.recorder.until(() => client.recorder.downs.length >= 3)
  t.is(await send(client.transport, link, ['a secret']), 'gone')
  t.deepEqual([client.recorder.count('up'), heard], [0, []])
})

test('E4: what goes over the wire to an impostor has none of our keys and none of our words in it', async (t) => {
  const heard: Buffer[] = []
  const impostor = createServer((socket) => {
    socket.on('error', () => undefined).on('data', (bytes) => heard.push(bytes))
    // It answers as far as anybody can who does not have the key: by a greeting, and then by what it heard.
    socket.write(greeting('CURVE'))
    socket.on('data', (bytes) => socket.write(bytes))
  })
  t.teardown(() => impostor.close())
  const keys = new KeyHolder()
  const client = open(t, { redialMs: 20 }, keys)
  client.transport.dial(await tcpEndpoint(impostor), () => [newPair().publicKey])
  await client.recorder.until(() => client.recorder.downs.length >= 2)
  await client.transport.close()
  const all = Buffer.concat(heard)
  t.true(all.includes('CURVE') && all.includes('HELLO'))
  // The long-term public key travels only in a box that needs the pinned key to be opened.
  t.false(all.includes('INITIATE'))
})

test('E4: a plain node that dials a secure one is told what is the matter', async (t) => {
  const { endpoint, server } = await secure(t)
  const plain = open(t)
  plain.transport.dial(endpoint)
  const fault = await plain.recorder.first(isFault)
  t.regex((fault as { text?: string }).text ?? '', /speaks only to those that have keys/)
  t.deepEqual([plain.recorder.count('up'), server.recorder.count('receive')], [0, 0])
})

test('E4: a peer without a key is not dialled until it has one', async (t) => {
  const [serverKeys, clientKeys] = KeyHolder.friends(2) as [KeyHolder, KeyHolder]
  const server = open(t, {}, serverKeys)
  const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
  const client = open(t, { redialMs: 60_000, redialMaxMs: 60_000, refusedMaxMs: 60_000 }, clientKeys)
  let pinned: string[] = []
  client.transport.dial(endpoint, () => pinned)
  const fault = await client.recorder.first(isFault)
  t.is((fault as { text?: string }).text, `${endpoint} is not dialled: no key is known for it`)
  await client.recorder.first(isDown)
  t.false(serverKeys.asked.includes(clientKeys.publicKey))
  pinned = [serverKeys.publicKey]
  await client.transport.rekey()
  await client.recorder.first(isUp)
  t.deepEqual(client.recorder.downs, ['silent'])
})

test('E4: a secure transport dials nobody without keys, and a plain one nobody with them', (t) => {
  const [one, other] = [open(t, {}, new KeyHolder()), open(t)]
  t.throws(() => one.transport.dial('tcp://127.0.0.1:7'), { message: /a secure transport dials with keys/ })
  t.throws(() => other.transport.dial('tcp://127.0.0.1:7', () => []), { message: /a plain one without/ })
})

test('two secure nodes live in one process, each with guests of its own, and a place is used again', async (t) => {
  const [alpha, bravo] = await Promise.all([secure(t), secure(t)])
  alpha.client.transport.dial(bravo.endpoint, () => [bravo.serverKeys.publicKey])
  await alpha.client.recorder.first(isDown)
  alpha.dial()
  bravo.dial()
  await Promise.all([alpha, bravo].map(({ client }) => client.recorder.first(isUp)))
  await bravo.server.recorder.until(() => bravo.server.recorder.strangerCount > 0)
  await alpha.server.transport.close()
  // The context of the closed one, with its handler just closed, goes to the next.
  const next = await secure(t)
  next.dial()
  await next.client.recorder.first(isUp)
  t.is(alpha.client.recorder.downs[0], 'silent')
})

test('a guard that throws admits nobody, and the node serves on', async (t) => {
  const { server, client, serverKeys, dial } = await secure(t)
  const admits = serverKeys.admits.bind(serverKeys)
  serverKeys.admits = () => {
    throw new Error('a bug')
  }
  dial()
  await client.recorder.first(isDown)
  t.is(client.recorder.count('up'), 0)
  serverKeys.admits = admits
  await client.recorder.first(isUp)
  await server.recorder.until(() => server.recorder.strangerCount > 0)
})

test('no secret half of a key is in what is told, in errors or in what is inspected', async (t) => {
  const { server, client, serverKeys, clientKeys, endpoint } = await secure(t)
  const broken = newPair()
  // Halves that libzmq refuses make the errors in which a careless text would show them.
  clientKeys.pairs = [{ publicKey: broken.publicKey, secretKey: broken.secretKey.slice(0, 39) }]
  client.transport.dial(endpoint, () => [serverKeys.publicKey])
  await client.recorder.first(isFault)
  clientKeys.pairs = [broken]
  client.transport.dial(endpoint, () => [serverKeys.publicKey])
  await server.recorder.until(() => server.recorder.strangerCount > 0)
  const failing = open(t, {}, { ...failingHolder(), admits: () => false })
  const error = await t.throwsAsync(failing.transport.listen('tcp://127.0.0.1:0'))
  const told = [
    JSON.stringify([server.recorder.seen, client.recorder.seen]),
    inspect([server.transport, client.transport, failing.transport, error], { depth: 8, showHidden: true }),
  ].join('\n')
  t.true(told.includes(broken.publicKey), 'the search finds what is there')
  for (const secret of [
    broken.secretKey,
    broken.secretKey.slice(0, 39),
    serverKeys.serving().secretKey,
    BROKEN,
  ])
    t.false(told.includes(secret))
})

const BROKEN = 'a-secret-that-is-too-short-for-curve'

function failingHolder() {
  const pair = { publicKey: newPair().publicKey, secretKey: BROKEN }
  return { own: () => [pair], serving: () => pair }
}
