/**
 * Nodes and clients when something fails around them or in the code of their users: each failure is injected, and has the
 * answer that the place where it is caught promises.
 */

import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { createNode, type HandlerContext } from '../../src/index.ts'
import { resolveNodeSettings } from '../../src/node/config.ts'
import { chooseLog } from '../../src/node/default-log.ts'
import { startNode as startNodeIn } from '../../src/node/node.ts'
import { realWorld } from '../../src/node/real-world.ts'
import type { TransportFactory } from '../../src/transport/transport.ts'
import {
  errorOf,
  LogLines,
  peersOf,
  signal,
  startClient,
  startMesh,
  startNode,
  until,
} from '../support/mesh.ts'
import { withoutRights } from '../support/without-rights.ts'

/** A world whose transports do what `change` makes of them. */
function worldWith(change: (transport: ReturnType<TransportFactory>) => void): ReturnType<typeof realWorld> {
  const world = realWorld()
  const transport: TransportFactory = (...given) => {
    const made = world.transport(...given)
    change(made)
    return made
  }
  return { ...world, transport }
}

function folderFor(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'zmqnet-faults-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('S17: a node that cannot open a shortcut says why at debug, and is reached over tcp', async (t) => {
  for (const [thrown, why] of [
    [new Error('no room'), 'no room'],
    ['a text', 'a text'],
  ] as const) {
    const peers = await peersOf(['alpha', 'bravo'])
    const world = worldWith((transport) => {
      transport.openShortcut = () => Promise.reject(thrown)
    })
    const debug: string[] = []
    const log = Object.assign(new LogLines(), { debug: (text: string) => debug.push(text) })
    const alpha = await startNodeIn({ ...resolveNodeSettings({ name: 'alpha', peers }), log }, world)
    t.teardown(() => alpha.close({ drain: 0 }))
    const bravo = await startNode(t, { name: 'bravo', peers })
    await bravo.ready()
    t.is(bravo.peers()[0]?.transport, 'tcp')
    t.is(debug[0], `alpha offers no shortcut to peers on this host: ${why}`)
  }
})

test('an address on which nobody can listen is told with whatever was thrown', async (t) => {
  const peers = await peersOf(['alpha'])
  const world = worldWith((transport) => {
    transport.listen = () => Promise.reject('a text')
  })
  const error = await errorOf(t, startNodeIn(resolveNodeSettings({ name: 'alpha', peers }), world))
  t.is(error.code, 'CONFIG')
  t.regex(error.message, /^Cannot start "alpha" on tcp:.*: a text$/)
})

test('a handler of messages that fails at the node in between costs the client nothing, and is logged there', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const log = new LogLines()
  const alpha = await startNode(t, { name: 'alpha', peers, log })
  const bravo = await startNode(t, { name: 'bravo', peers })
  await Promise.all([alpha.ready(), bravo.ready()])
  alpha.handle('message', () => {
    throw new Error('a bug')
  })
  const client = await startClient(t, 'alpha', { peers })
  t.like(await client.message('text'), { ok: true, expected: 1, missing: [] })
  t.deepEqual(log.matching(/failed here/), ['info the handler of "message" failed here: Error: a bug'])
})

test('a body that is long, or nothing, is one short line in the log of whom it reaches', async (t) => {
  const peers = await peersOf(['alpha'])
  const log = new LogLines()
  await startNode(t, { name: 'alpha', peers, log })
  const client = await startClient(t, 'alpha', { peers })
  for (const body of ['x'.repeat(5000), undefined, { a: [1] }]) await client.message(body as never)
  t.deepEqual(
    log.matching(/message from/).map((line) => line.replace(/^.*?: /, '')),
    [`${'x'.repeat(200)}…`, 'nothing', '{"a":[1]}'],
  )
})

test('R9: a client that gives its message up aborts the handler of the node in between', async (t) => {
  const peers = await peersOf(['alpha'])
  const alpha = await startNode(t, { name: 'alpha', peers })
  const entered = signal<HandlerContext>()
  const ended = signal<unknown>()
  alpha.handle('message', (_body, context) => {
    entered.resolve(context)
    return new Promise((resolve) => {
      context.signal.addEventListener('abort', () => {
        ended.resolve(context.signal.reason)
        resolve(undefined)
      })
    })
  })
  const client = await startClient(t, 'alpha', { peers })
  const abort = new AbortController()
  const asking = client.message('text', { signal: abort.signal })
  const context = await entered.promise
  t.deepEqual([context.verb, context.kind], ['message', 'message'])
  abort.abort()
  t.is((await errorOf(t, asking)).code, 'ABORTED')
  t.like(await ended.promise, {
    code: 'ABORTED',
    message: `"message" of "${client.name}" is no longer wanted: its caller cancelled it`,
  })
})

test('X4: the handler of a one-way message is aborted when its node closes', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  const entered = signal<HandlerContext>()
  bravo.handle('note', (_body, context) => {
    entered.resolve(context)
    return new Promise(() => {})
  })
  await alpha.send('bravo', 'note', 'text')
  const context = await entered.promise
  t.false(context.signal.aborted)
  await bravo.close({ drain: 0 })
  t.like(context.signal.reason, {
    code: 'CLOSED',
    message: '"note" of "alpha" is no longer wanted: this node is closing',
  })
})

test('R7: a handler that is taken away while a call waits for its turn is as unknown as one that never was', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  let runs = 0
  bravo.handle('greet', () => {
    runs += 1
    const until = performance.now() + 20
    while (performance.now() < until);
    bravo.unhandle('greet')
  })
  const asks = Promise.allSettled(
    [1, 2].map(() => alpha.request('bravo', 'greet', undefined, { retries: 0 })),
  )
  const [first, second] = await asks
  t.is(first?.status, 'fulfilled')
  t.like(second, { status: 'rejected', reason: { code: 'UNKNOWN_VERB' } })
  t.is(runs, 1)
})

test('a handler may ask on with a signal of its own, and either signal ends what it asks', async (t) => {
  const { alpha, bravo, charlie } = await startMesh(t, ['alpha', 'bravo', 'charlie'])
  charlie.handle('wait', () => new Promise(() => {}))
  const own = new AbortController()
  bravo.handle('ask', (_body, context) => {
    const asked = context.request('charlie', 'wait', undefined, { signal: own.signal })
    own.abort()
    return asked
  })
  const error = await errorOf(t, alpha.request('bravo', 'ask'))
  t.is(error.code, 'HANDLER_FAILED')
  t.regex(error.message, /the caller aborted it/)
})

test('options that are none are told before anything is sent', async (t) => {
  const alpha = await startNode(t, { name: 'alpha', peers: await peersOf(['alpha', 'bravo']) })
  const wrong = { onProgress: 'often' } as never
  t.is(
    (await errorOf(t, alpha.request('bravo', 'greet', undefined, wrong))).message,
    'Cannot request "greet" from "bravo": "onProgress" is a function, not string',
  )
  const signal = AbortSignal.abort()
  const aborted = await errorOf(t, alpha.broadcast('greet', undefined, { signal }))
  t.like(aborted, {
    code: 'ABORTED',
    message: 'Cannot broadcast "greet": the caller aborted it before it was sent',
  })
  const unwilling = {
    toJSON() {
      throw 'a text'
    },
    get field(): never {
      throw 'a text'
    },
  }
  t.is((await errorOf(t, alpha.broadcast('greet', unwilling as never))).code, 'INVALID_ARGUMENT')
})

test('a client that is disposed of is closed', async (t) => {
  const peers = await peersOf(['alpha'])
  await startNode(t, { name: 'alpha', peers })
  const client = await startClient(t, 'alpha', { peers })
  await client.ping()
  await client[Symbol.asyncDispose]()
  t.is((await errorOf(t, client.ping())).code, 'CLOSED')
})

test.serial('a peers file that cannot be read is told with the reason', async (t) => {
  const folder = folderFor(t)
  const loop = join(folder, 'loop.json')
  symlinkSync(loop, loop)
  await t.throwsAsync(createNode({ name: 'alpha', peers: loop }), {
    code: 'CONFIG',
    message: /peers file ".*loop\.json" cannot be read: ELOOP$/,
  })
  const path = join(folder, 'peers.json')
  // The folder is its owner's alone, and so is the file.
  writeFileSync(path, '{}', { mode: 0o000 })
  const error = t.throws(() => withoutRights(() => resolveNodeSettings({ name: 'alpha', peers: path })))
  t.regex(String(error?.message), /peers file ".*peers\.json" cannot be read: permission denied$/)
})

test.serial('the log of a node that brings none goes to stderr, one readable line for each', async (t) => {
  t.is(await chooseLog(undefined), undefined)
  t.is(await chooseLog(false), undefined)
  const own = new LogLines()
  t.is(await chooseLog(own), own)
  const written: string[] = []
  const { write } = process.stderr
  const log = await chooseLog(true)
  process.stderr.write = (text) => written.push(String(text)) > 0
  try {
    log?.warn('peer bravo is dead')
    log?.debug('nobody asked for this')
    await until(() => written.length > 0, 'a line')
  } finally {
    process.stderr.write = write
  }
  t.is(written.length, 1)
  t.regex(written[0] as string, /^\d{4}-\d\d-\d\dT[\d:.]+Z warn peer bravo is dead\n$/)
})
