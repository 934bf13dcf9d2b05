/** Whether a process runs, asked at its address: real sockets, with and without somebody behind them. */

import { connect, createServer, type Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Context, Router } from 'zeromq'
import { canProbe, Probe, type ProbeResult } from '../../src/transport/probe.ts'
import { tcpEndpoint } from './recorder.ts'

function probe(t: ExecutionContext, endpoint: string): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const asked = new Probe(endpoint, resolve)
    t.teardown(() => asked.end())
  })
}

/** A server that does with each connection what `serve` does. */
function server(t: ExecutionContext, serve: (socket: Socket) => void): Server {
  const sockets = new Set<Socket>()
  const listening = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    serve(socket)
  })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    listening.close()
  })
  return listening
}

async function router(t: ExecutionContext, endpoint: string, options = {}): Promise<string> {
  const socket = new Router({ context: new Context({ blocky: false }), linger: 0, ...options })
  t.teardown(() => socket.close())
  await socket.bind(endpoint)
  return socket.lastEndpoint as string
}

test('L18: a ZeroMQ process answers from its I/O thread, by IPv4, by IPv6 and by a path', async (t) => {
  t.is(await probe(t, await router(t, 'tcp://127.0.0.1:*')), 'lives')
  t.is(await probe(t, await router(t, 'tcp://[::1]:*', { ipv6: true })), 'lives')
  t.is(await probe(t, await router(t, `ipc://${join(tmpdir(), `zmqnet-test-${process.pid}.sock`)}`)), 'lives')
})

test('L18: who accepts and says nothing is silent, and is asked three times', async (t) => {
  let accepted = 0
  const deaf = server(t, () => {
    accepted += 1
  })
  t.is(await probe(t, await tcpEndpoint(deaf)), 'silent')
  t.is(accepted, 3)
})

test('L18: where not even an operating system answers, the other end is unreachable', async (t) => {
  let knocks = 0
  const result = await new Promise((resolve) => {
    // A socket that never connects, as when nothing comes back from the network.
    const lost = (): Socket => {
      knocks += 1
      return new Socket()
    }
    const asked = new Probe('tcp://127.0.0.1:7000', resolve, lost)
    t.teardown(() => asked.end())
  })
  t.deepEqual([result, knocks], ['unreachable', 3])
})

test('L18: an answer to a later question is an answer', async (t) => {
  let accepted = 0
  const late = server(t, (socket) => {
    accepted += 1
    if (accepted === 3) socket.write('x')
  })
  t.is(await probe(t, await tcpEndpoint(late)), 'lives')
})

test('L18: where nobody listens, nobody lives', async (t) => {
  const gone = server(t, () => undefined)
  const endpoint = await tcpEndpoint(gone)
  await new Promise((resolve) => gone.close(resolve))
  t.is(await probe(t, endpoint), 'silent')
})

test.serial('L18: a process whose own loop stood still learns nothing', async (t) => {
  const deaf = server(t, () => undefined)
  const answer = probe(t, await tcpEndpoint(deaf))
  const until = performance.now() + 1000
  while (performance.now() < until);
  t.is(await answer, 'unknown')
})

test('L18: a probe that is ended tells nothing and keeps no connection', async (t) => {
  const closed: Promise<void>[] = []
  const server_ = server(t, (socket) => {
    closed.push(new Promise((resolve) => socket.once('close', () => resolve())))
  })
  const endpoint = await tcpEndpoint(server_)
  const asked = new Probe(endpoint, () => t.fail('it was ended'))
  const witness = connect(Number(endpoint.split(':')[2]), '127.0.0.1')
  await new Promise((resolve) => witness.once('connect', resolve))
  asked.end()
  asked.end()
  witness.destroy()
  await Promise.all(closed)
  t.pass()
})

test('an abstract name cannot be probed', (t) => {
  t.false(canProbe('ipc://@bravo'))
  t.true(canProbe('ipc:///run/bravo'))
  t.true(canProbe('tcp://127.0.0.1:7000'))
})
