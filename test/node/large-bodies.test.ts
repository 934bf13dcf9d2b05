/**
 * Bodies in chunks over real sockets: they arrive as they went, in every kind of message; they tell how far they are;
 * and whatever breaks on the way, the outcome is honest and nothing is left.
 */

import test, { type ExecutionContext } from 'ava'
import type { Node, Progress } from '../../src/index.ts'
import {
  errorOf,
  peersOf,
  portOf,
  rerouted,
  startClient,
  startMesh,
  startNode,
  until,
} from '../support/mesh.ts'
import { NodeProcess } from '../support/node-processes.ts'
import { framesOf, hello, RawDealer, request } from '../support/raw-socket.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

const MIB = 1024 * 1024
const LIMIT = 64 * MIB

/** Bytes that show when a part stands in the wrong place. */
function bodyOf(sizeBytes: number): Buffer {
  const body = Buffer.alloc(sizeBytes)
  for (let at = 0; at + 4 <= sizeBytes; at += 4096) body.writeUInt32LE(at, at)
  return body
}

/** Waits until neither of the nodes has a transfer. */
function nothingLeft(...nodes: readonly Node[]): Promise<boolean> {
  return until(() => nodes.every((node) => node.status().transfers === 0), 'no transfer is left')
}

/** Alpha and bravo with a proxy on the way from alpha to bravo. */
async function startApart(t: ExecutionContext): Promise<{ alpha: Node; bravo: Node; proxy: TcpProxy }> {
  const peers = await peersOf(['alpha', 'bravo'])
  const proxy = await TcpProxy.start(t, portOf(peers, 'bravo'))
  const [alpha, bravo] = await Promise.all([
    startNode(t, { name: 'alpha', peers: rerouted(peers, { bravo: proxy.address }) }),
    startNode(t, { name: 'bravo', peers }),
  ])
  await Promise.all([alpha.ready(), bravo.ready()])
  return { alpha, bravo, proxy }
}

test.serial('T5: a body of 64 MiB travels both ways in a request', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  bravo.handle('same', (body) => body)
  const body = bodyOf(LIMIT)
  t.true(body.equals(await alpha.request('bravo', 'same', body, { timeout: 20_000 })))
  await nothingLeft(alpha, bravo)
  t.is(alpha.status().counters.violations + bravo.status().counters.violations, 0)
})

test.serial('T5: a large body travels in a one-way message and to all in a broadcast', async (t) => {
  const { alpha, bravo, charlie } = await startMesh(t, ['alpha', 'bravo', 'charlie'])
  const body = bodyOf(5 * MIB + 3)
  const heard: string[] = []
  for (const node of [bravo, charlie])
    node.handle('take', (taken: Buffer, { kind }) => {
      heard.push(`${kind} ${node.name} ${taken.equals(body)}`)
      return { bytes: taken.subarray(0, 2 * MIB) }
    })
  t.like(await alpha.send('bravo', 'take', body), { outcome: 'delivered' })
  const result = await alpha.broadcast('take', body, { timeout: 10_000 })
  t.like(result, { ok: true, expected: 2, missing: [] })
  t.true(result.acked.every(({ reply }) => reply.bytes.equals(body.subarray(0, 2 * MIB))))
  t.deepEqual(heard.sort(), ['broadcast bravo true', 'broadcast charlie true', 'send bravo true'])
  await nothingLeft(alpha, bravo, charlie)
})

test.serial('T5: values travel as values, and a client sends and gets them like a node', async (t) => {
  const { bravo, peers } = await startMesh(t, ['alpha', 'bravo'])
  bravo.handle('same', (body) => body)
  const client = await startClient(t, 'bravo', { peers })
  const value = { text: 'ü'.repeat(MIB), list: Array.from({ length: 100_000 }, (_, index) => index) }
  t.deepEqual(await client.request('same', value, { timeout: 10_000 }), value)
})

test.serial('T18: progress is told in both directions, up to the whole, and may throw', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  bravo.handle('same', (body) => body)
  const seen: Progress[] = []
  const onProgress = (progress: Progress): void => {
    seen.push(progress)
    throw new Error('a bad listener')
  }
  const body = bodyOf(4 * MIB)
  t.is((await alpha.request('bravo', 'same', body, { onProgress })).length, 4 * MIB)
  for (const direction of ['out', 'in'] as const) {
    const parts = seen.filter((progress) => progress.direction === direction)
    const bytes = parts.map((progress) => progress.bytes)
    t.true(parts.length > 2, direction)
    t.true(parts.every(({ totalBytes }) => totalBytes === 4 * MIB))
    t.deepEqual(
      bytes,
      bytes.toSorted((one, other) => one - other),
    )
    t.is(bytes.at(-1), 4 * MIB)
  }
  seen.length = 0
  await alpha.send('bravo', 'same', body, { onProgress })
  t.is(seen.at(-1)?.bytes, 4 * MIB)
  seen.length = 0
  await alpha.request('bravo', 'same', bodyOf(1000), { onProgress })
  t.deepEqual(seen, [], 'small bodies make no progress')
})

test.serial('T17: a request that is aborted on its way is withdrawn, and nothing runs', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  let runs = 0
  bravo.handle('count', () => {
    runs += 1
  })
  const abort = new AbortController()
  const options = { signal: abort.signal, onProgress: () => abort.abort() }
  const error = await errorOf(t, alpha.request('bravo', 'count', bodyOf(LIMIT), options))
  t.like(error, { code: 'ABORTED', outcome: 'not-sent', safeToRetry: true })
  await nothingLeft(alpha, bravo)
  await alpha.request('bravo', 'count', bodyOf(MIB))
  t.is(runs, 1)
})

test.serial(
  'T19: a receiver that closes in the middle leaves an outcome that is safe to retry',
  async (t) => {
    const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
    bravo.handle('count', () => 1)
    let closing: Promise<void> | undefined
    const onProgress = (): void => {
      closing ??= bravo.close({ drain: 0 })
    }
    const options = { timeout: 500, retries: 0, onProgress }
    const error = await errorOf(t, alpha.request('bravo', 'count', bodyOf(LIMIT), options))
    t.like(error, { outcome: 'not-sent', safeToRetry: true })
    await closing
    await nothingLeft(alpha)
  },
)

test.serial('T17: a body whose receiver is killed goes to its next run, and is handled once', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const alpha = await startNode(t, { name: 'alpha', peers })
  const bravo = await NodeProcess.start(t, { name: 'bravo', peers })
  await alpha.ready()
  let again: Promise<NodeProcess> | undefined
  const onProgress = (): void => {
    again ??= bravo.kill().then(() => NodeProcess.start(t, { name: 'bravo', peers }))
  }
  const options = { timeout: 1000, retries: 20, deadline: 15_000, onProgress }
  await alpha.request('bravo', 'note', bodyOf(LIMIT), options)
  t.not(again, undefined)
  t.is(await alpha.request('bravo', 'runs'), 1)
  await nothingLeft(alpha)
})

test.serial('T17: a cut in the middle sends the body again when the link is back', async (t) => {
  const { alpha, bravo, proxy } = await startApart(t)
  let runs = 0
  bravo.handle('length', (body) => {
    runs += 1
    return body.length
  })
  let isCut = false
  const onProgress = (): void => {
    if (isCut) return
    isCut = true
    proxy.cut()
    proxy.mend()
  }
  const options = { timeout: 2000, retries: 5, deadline: 15_000, onProgress }
  t.is(await alpha.request('bravo', 'length', bodyOf(16 * MIB), options), 16 * MIB)
  t.true(isCut)
  t.is(runs, 1)
  await nothingLeft(alpha)
})

test.serial('T17: a sender that is killed in the middle leaves nothing behind', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const bravo = await startNode(t, { name: 'bravo', peers })
  const dealer = new RawDealer(t, bravo.endpoint)
  await dealer.say(hello({ capabilities: 1 }))
  await dealer.first('welcome')
  const head = { ...request(1, 'zmqnet.echo'), body: { type: 'raw', bytes: new Uint8Array(0) } } as const
  const offer = { kind: 'offer', transfer: 1, totalBytes: LIMIT, isRepeat: false } as const
  await dealer.say({ ...offer, head: head as never })
  await until(() => bravo.status().transfers === 1, 'the transfer is open')
  // It is gone when half of what is free arrives, and the credit finds nobody.
  const part = { kind: 'chunk', transfer: 1, body: { type: 'raw', bytes: Buffer.alloc(MIB) } } as const
  await dealer.send(...framesOf({ ...part, offset: 0 }))
  await dealer.first('credit')
  await dealer.send(...framesOf({ ...part, offset: MIB }))
  dealer.close()
  await until(() => bravo.status().transfers === 0, 'nothing is left', 15_000)
  t.is(bravo.status().counters.violations, 0)
})

test.serial('T15: a stranger that offers and never sends costs a bounded number', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const bravo = await startNode(t, { name: 'bravo', peers })
  const dealer = new RawDealer(t, bravo.endpoint)
  await dealer.say(hello({ capabilities: 1 }))
  await dealer.first('welcome')
  for (let transfer = 1; transfer <= 100; transfer += 1) {
    const head = {
      ...request(transfer, 'zmqnet.echo'),
      body: { type: 'raw', bytes: new Uint8Array(0) },
    } as never
    await dealer.say({ kind: 'offer', transfer, totalBytes: LIMIT, isRepeat: false, head })
  }
  const declined = (): number => dealer.heard.filter((message) => message.kind === 'decline').length
  await until(() => declined() === 84, 'all but 16 are declined')
  t.is(bravo.status().transfers, 16)
  const reasons = dealer.heard.flatMap((message) => (message.kind === 'reject' ? [message.reason] : []))
  t.deepEqual([...new Set(reasons)], ['overloaded'])
  t.is(reasons.length, 84)
})

test.serial('T1: who does not take transfers is answered in words when the reply is too large', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const bravo = await startNode(t, { name: 'bravo', peers })
  bravo.handle('make', (length) => Buffer.alloc(length))
  const dealer = new RawDealer(t, bravo.endpoint)
  await dealer.say(hello({ maxBodyBytes: 8 * MIB }))
  await dealer.first('welcome')
  const body = { type: 'msgpack', bytes: Buffer.from([0xce, 0, 0x10, 0, 1]) } as const
  await dealer.say(request(1, 'make', { body } as never))
  const reject = await dealer.first('reject')
  t.is(reject.reason, 'handler-failed')
  t.is(reject.text, 'Its reply has 1048577 bytes, the limit is 1048576')
})

test.serial('a limit of its own holds for what a node takes and for what it sends', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const alpha = await startNode(t, { name: 'alpha', peers })
  const bravo = await startNode(t, { name: 'bravo', peers, maxBody: 2 * MIB })
  await alpha.ready()
  bravo.handle('length', (body) => body.length)
  t.is(await alpha.request('bravo', 'length', bodyOf(2 * MIB)), 2 * MIB)
  const error = await errorOf(t, alpha.request('bravo', 'length', bodyOf(2 * MIB + 1)))
  t.like(error, { code: 'TOO_LARGE', outcome: 'not-sent' })
  t.regex(error.message, /the limit is 2097152$/)
  const result = await alpha.broadcast('length', bodyOf(2 * MIB + 1))
  t.like(result, { ok: false, missing: [{ peer: 'bravo', reason: 'refused' }] })
  await t.throwsAsync(startNode(t, { name: 'alpha', peers, maxBody: 1000 }), {
    message: /maxBody: expected a whole number of bytes from 1024 to 1073741824/,
  })
})
