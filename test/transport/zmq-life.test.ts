/**
 * The edges of a transport's life: the addresses and versions that it takes, its company in one process, its last words.
 */

import { createServer } from 'node:net'
import test from 'ava'
import type { SendResult } from '../../src/transport/transport.ts'
import { checkVersion, zmqTransport } from '../../src/transport/zmq.ts'
import { open, Recorder, send, tcpEndpoint } from './recorder.ts'

const isUp = (seen: { kind: string }): boolean => seen.kind === 'up'

test('a taken address is refused with its name and a code, after a bounded time', async (t) => {
  const taken = createServer()
  t.teardown(() => taken.close())
  const endpoint = await tcpEndpoint(taken)
  const server = open(t, { rebindMs: 100 })
  const error = await t.throwsAsync(server.transport.listen(endpoint))
  t.is((error as NodeJS.ErrnoException).code, 'EADDRINUSE')
  t.is(error?.message, `Cannot listen on ${endpoint}: the address is in use`)
})

test('closing while listen still waits for the address ends the waiting', async (t) => {
  const taken = createServer()
  t.teardown(() => taken.close())
  const server = open(t, { rebindMs: 60_000 })
  const listening = server.transport.listen(await tcpEndpoint(taken))
  await server.transport.close()
  await t.throwsAsync(listening)
})

test('it listens on every address of the machine and on a path', async (t) => {
  const [everywhere, path, client] = [open(t), open(t), open(t)]
  const endpoint = await everywhere.transport.listen('tcp://*:0')
  t.regex(endpoint, /^tcp:\/\/0\.0\.0\.0:\d+$/)
  client.transport.dial(endpoint.replace('0.0.0.0', 'localhost'))
  await client.recorder.first(isUp)
  const ipc = `ipc:///tmp/zmqnet-test-${process.pid}.sock`
  t.is(await path.transport.listen(ipc), ipc)
  client.transport.dial(ipc)
  await client.recorder.until(() => client.recorder.count('up') >= 2)
})

test('a host without an address is silent, with a sentence that names it, and is asked for again', async (t) => {
  const client = open(t, { redialMs: 10 })
  client.transport.dial('tcp://no-such-host.invalid:7000')
  await client.recorder.until(() => client.recorder.downs.length >= 2, 15_000)
  t.true(client.recorder.downs.every((cause) => cause === 'silent'))
  t.regex(client.recorder.faults[0] as string, /no-such-host\.invalid/)
})

test('an endpoint that can never be dialled is refused at once', (t) => {
  const client = open(t)
  for (const endpoint of [
    'bravo',
    'tcp://bravo',
    'tcp://bravo:0',
    'tcp://bravo:65536',
    'udp://bravo:1',
    'ipc://',
  ]) {
    t.throws(() => client.transport.dial(endpoint), { message: /^Cannot dial/ }, endpoint)
  }
})

test('what strangers said before is read once whoever waited for listen has had its turn, and all of it', async (t) => {
  const { transport, recorder } = open(t)
  const shortcut = await transport.openShortcut('tcp://127.0.0.1:0')
  const guests = Array.from({ length: 24 }, () => open(t))
  for (const guest of guests) {
    const connection = guest.transport.dial(shortcut)
    await guest.recorder.first(isUp)
    t.is(await send(guest.transport, connection, ['hello']), 'sent')
  }
  await transport.listen('tcp://127.0.0.1:0')
  t.is(recorder.count('receive'), 0)
  await recorder.until(() => recorder.count('receive') === guests.length)
})

test('an old libzmq is refused by name, a newer one is not', (t) => {
  t.throws(() => checkVersion('4.3.4'), { message: 'libzmq 4.3.4 is too old: zmqnet needs 4.3.5 or newer' })
  t.throws(() => checkVersion('3.9.9'), { message: /too old/ })
  for (const version of ['4.3.5', '4.3.6', '4.4.0', '5.0.0']) t.notThrows(() => checkVersion(version))
})

test('more transports than one live in a process and do not know each other', async (t) => {
  const recorder = new Recorder()
  const make = zmqTransport()
  const [one, two] = [make(recorder), make(recorder)]
  t.teardown(() => Promise.all([one.close(), two.close()]))
  const link = two.dial(await one.listen('tcp://127.0.0.1:0'))
  await recorder.first(isUp)
  await one.close()
  await recorder.first((seen) => seen.kind === 'down' && seen.connection === link)
  t.deepEqual(recorder.downs.slice(0, 1), ['closed'])
})

test('what was sent just before close arrives, and sockets in the middle of work close', async (t) => {
  const [server, client] = [open(t), open(t)]
  const link = client.transport.dial(await server.transport.listen('tcp://127.0.0.1:0'))
  await client.recorder.first(isUp)
  const results: SendResult[] = []
  client.transport.send(link, [Buffer.from('goodbye'), Buffer.alloc(500_000)], (result) =>
    results.push(result),
  )
  await client.transport.close()
  t.deepEqual(results, ['sent'])
  await server.recorder.first((seen) => seen.kind === 'receive')
  t.is(server.recorder.texts[0]?.[0], 'goodbye')
})
