/**
 * Failures that real sockets are rarely kind enough to show: here they are injected, one for each place that has an answer
 * to them. Those of links are in zmq-link.test.ts, those for want of descriptors in zmq-descriptors.test.ts.
 */

import { EventEmitter } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mock } from 'node:test'
import test, { type ExecutionContext } from 'ava'
import type { Router } from 'zeromq'
import type { ConnectionId } from '../../src/base/ids.ts'
import type { KeyPair } from '../../src/base/keys.ts'
import { Probe, type ProbeResult } from '../../src/transport/probe.ts'
import type { SendResult } from '../../src/transport/transport.ts'
import { checkCurve } from '../../src/transport/zmq.ts'
import { resolveEndpoint } from '../../src/transport/zmq-endpoint.ts'
import type { Inbound } from '../../src/transport/zmq-inbound.ts'
import { Listening } from '../../src/transport/zmq-listening.ts'
import { ZMQ_DEFAULTS } from '../../src/transport/zmq-options.ts'
import { testStrangers } from '../../src/transport/zmq-self-test.ts'
import { hostTokenOf, newShortcutPlace } from '../../src/transport/zmq-shortcut.ts'
import { ZmqSockets } from '../../src/transport/zmq-sockets.ts'
import { StrangerTally } from '../../src/transport/zmq-strangers.ts'
import { errorWith, type Failures, failing, thrower } from './failing-socket.ts'
import { KeyHolder, newPair } from './key-holder.ts'
import { newContext, open, Recorder } from './recorder.ts'

const TCP = 'tcp://127.0.0.1:0'

/** Sockets whose ROUTER fails as the test says. */
class FailingSockets extends ZmqSockets {
  readonly failures: Failures = new Map()

  override router(isIpv6: boolean, serving: KeyPair | undefined): Router {
    return failing(super.router(isIpv6, serving), this.failures)
  }
}

interface Scene {
  readonly listening: Listening
  readonly sockets: FailingSockets
  readonly recorder: Recorder
}

function scene(t: ExecutionContext, keys?: KeyHolder): Scene {
  const settings = { ...ZMQ_DEFAULTS, rebindMs: 100, shortcutForm: 'folder' } as const
  const recorder = new Recorder()
  const sockets = new FailingSockets(settings, keys !== undefined)
  let last = 0
  const listening = new Listening({
    settings,
    sockets,
    listener: recorder,
    keys,
    newConnection: () => {
      last += 1
      return last as ConnectionId
    },
  })
  t.teardown(() => listening.close())
  return { listening, sockets, recorder }
}

/** The connection of somebody who has said a word. */
async function guest(t: ExecutionContext, { listening, recorder }: Scene): Promise<Inbound> {
  const endpoint = await listening.listen(TCP)
  const client = open(t)
  const link = client.transport.dial(endpoint)
  await client.recorder.first(({ kind }) => kind === 'up')
  client.transport.send(link, [Buffer.from('hello')], () => undefined)
  const { connection } = await recorder.first(({ kind }) => kind === 'receive')
  return listening.get(connection as ConnectionId) as Inbound
}

test('a shortcut that cannot be bound leaves nothing behind, and the node listens all the same', async (t) => {
  const { listening, sockets } = scene(t)
  const before = new Set(readdirSync(tmpdir()))
  sockets.failures.set('bind', thrower('EMFILE'))
  await t.throwsAsync(listening.openShortcut(TCP), { code: 'EMFILE' })
  sockets.failures.clear()
  t.deepEqual(
    readdirSync(tmpdir()).filter((name) => /^zmqnet-[0-9a-f]{32}$/.test(name) && !before.has(name)),
    [],
  )
  t.regex(await listening.listen(TCP), /^tcp:/)
})

test('where few descriptors are allowed, there is no shortcut', async (t) => {
  const server = open(t, { descriptors: { limit: () => 1023, next: () => 20 } })
  await t.throwsAsync(server.transport.openShortcut(TCP), { message: '1023 file descriptors are too few' })
})

test('an address that cannot be listened on is told with the reason, whatever was thrown', async (t) => {
  const { listening, sockets } = scene(t)
  sockets.failures.set('bind', () => Promise.reject('a text'))
  await t.throwsAsync(listening.listen(TCP), { message: `Cannot listen on ${TCP}: a text`, code: 'EUNKNOWN' })
})

test('an answer that the socket does not take, for a reason of its own, is a fault and gone', async (t) => {
  const all = scene(t)
  const inbound = await guest(t, all)
  all.sockets.failures.set('send', thrower('EBADF'))
  const results: SendResult[] = []
  all.listening.send(inbound, [Buffer.from('x')], (result) => results.push(result))
  t.deepEqual(results, ['gone'])
  t.deepEqual(
    all.recorder.seen.filter(({ kind }) => kind === 'fault').map(({ connection }) => connection),
    [inbound.connection],
  )
  t.deepEqual(all.recorder.faults, ['Sending failed: no EBADF (EBADF)'])
  t.is(all.listening.get(inbound.connection), undefined, 'it is forgotten')
})

test('E8: an address that somebody takes during a change of keys is told once, and taken back', async (t) => {
  const keys = new KeyHolder()
  const { listening, sockets, recorder } = scene(t, keys)
  const endpoint = await listening.listen(TCP)
  keys.pairs = [newPair()]
  sockets.failures.set('bindSync', thrower('EADDRINUSE'))
  const changing = listening.rekey()
  await recorder.first(({ kind }) => kind === 'fault')
  sockets.failures.clear()
  await changing
  t.deepEqual(recorder.faults, [
    `Cannot listen on ${endpoint}: the address is in use; trying on with the new key`,
  ])
})

test('E8: a change of keys ends with its transport, also while the address is taken', async (t) => {
  const keys = new KeyHolder()
  const { listening, sockets, recorder } = scene(t, keys)
  await listening.listen(TCP)
  keys.pairs = [newPair()]
  sockets.failures.set('bindSync', thrower('EADDRINUSE'))
  const changing = listening.rekey()
  await recorder.first(({ kind }) => kind === 'fault')
  listening.close()
  await changing
  t.is(recorder.faults.length, 1)
})

test('a transport that is closed while it begins to listen says so', async (t) => {
  for (const keys of [undefined, new KeyHolder()]) {
    const { transport } = open(t, {}, keys)
    const listening = transport.listen(TCP)
    await Promise.all([
      t.throwsAsync(listening, { message: /^Cannot listen on tcp:.*(was closed|not open|closed)/ }),
      transport.close(),
    ])
  }
})

test('E7: a node whose guard admits strangers does not listen', async (t) => {
  const keys = new KeyHolder()
  keys.admits = () => true
  const { listening } = scene(t, keys)
  await t.throwsAsync(listening.listen(TCP), {
    code: 'EINSECURE',
    message: /a stranger with a random key was admitted/,
  })
})

test('E7: an address that is none cannot be tested, and the node does not start', async (t) => {
  const test_ = { context: newContext(), serverKey: newPair().publicKey, probes: new Map() }
  await t.throwsAsync(testStrangers({ ...test_, endpoint: 'nowhere' }), {
    code: 'EINSECURE',
    message: /^The security of nowhere cannot be tested: /,
  })
})

test('keys need a libzmq with CURVE', (t) => {
  t.notThrows(() => checkCurve(true))
  t.throws(() => checkCurve(false), { message: 'This libzmq was built without CURVE, which keys need' })
})

test.serial(
  'strangers are told at once, then together once a second, and without a key where there was none',
  (t) => {
    mock.timers.enable({ apis: ['setTimeout'] })
    t.teardown(() => mock.timers.reset())
    const told: string[] = []
    const tally = new StrangerTally((address, count, text) => told.push(`${address} ${count} ${text}`))
    const answer = { frames: [], status: '400', address: '10.0.0.9' } as const
    const add = (publicKey?: string): void => tally.add({ ...answer, text: 'No', publicKey })
    add('abc')
    mock.timers.tick(0)
    add('abc')
    add()
    mock.timers.tick(999)
    t.deepEqual(told, ['10.0.0.9 1 No: abc'])
    mock.timers.tick(1)
    t.deepEqual(told.splice(0), ['10.0.0.9 1 No: abc', '10.0.0.9 2 No'])
    mock.timers.tick(1000)
    add()
    mock.timers.tick(0)
    t.deepEqual(told.splice(0), ['10.0.0.9 1 No'], 'after a second of quiet the next one is told at once')
    add()
    tally.end()
    mock.timers.tick(1000)
    t.deepEqual(told, [])
  },
)

test('L18: a process that has no descriptor left to ask with learns nothing, and says so once', (t) => {
  const results: ProbeResult[] = []
  for (const code of ['EMFILE', 'ENFILE']) {
    const socket = new EventEmitter() as EventEmitter & { destroy(): void }
    socket.destroy = () => undefined
    const probe = new Probe(
      'tcp://127.0.0.1:7000',
      (result) => results.push(result),
      () => socket as unknown as Socket,
    )
    t.teardown(() => probe.end())
    socket.emit('error', errorWith('ECONNREFUSED'))
    socket.emit('error', errorWith(code))
    socket.emit('error', errorWith(code))
  }
  t.deepEqual(results, ['unknown', 'unknown'])
})

test('a name is dialled at its address, in brackets when it is one of IPv6', async (t) => {
  const at = (address: string, family: number) => async () => ({ address, family })
  t.is(await resolveEndpoint('tcp://bravo:7000', at('10.0.0.7', 4)), 'tcp://10.0.0.7:7000')
  t.is(await resolveEndpoint('tcp://bravo:7000', at('fe80::7', 6)), 'tcp://[fe80::7]:7000')
  t.is(await resolveEndpoint('tcp://[::1]:7000', at('', 0)), 'tcp://[::1]:7000')
})

test('S18: a host that keeps what tells it from others to itself has no token', (t) => {
  const parts = { abstract: thrower('EACCES'), folder: () => ['here'] }
  t.is(hostTokenOf('abstract', parts), '')
  t.is(hostTokenOf('folder', parts).length, 32)
})

test.serial('a folder that cannot be removed any more does no harm', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'zmqnet-faults-'))
  const { TMPDIR } = process.env
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true })
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
  })
  const inner = join(folder, 'tmp')
  process.env.TMPDIR = inner
  t.throws(() => newShortcutPlace('folder'), { code: 'ENOENT' })
  mkdirSync(inner)
  const place = newShortcutPlace('folder')
  rmSync(inner, { recursive: true })
  writeFileSync(inner, 'a file in the place of the folder')
  t.notThrows(() => place.remove())
  t.is(readFileSync(inner, 'utf8'), 'a file in the place of the folder')
})
