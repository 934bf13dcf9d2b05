/** Who may finish a handshake: the answers of the handler, also to what libzmq would never ask. */

import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { curveKeyPair, Dealer, Router } from 'zeromq'
import { decodeZ85 } from '../../src/base/z85.ts'
import { answerZap, type ZapAnswer, ZapHandler } from '../../src/transport/zmq-zap.ts'
import { until } from '../support/mesh.ts'
import { errorWith, type Failures, failing } from './failing-socket.ts'
import { newContext } from './recorder.ts'

const { publicKey } = curveKeyPair()
const credential = decodeZ85(publicKey) as Uint8Array

/** A request as libzmq makes it, with some frames replaced; `undefined` takes a frame and all behind it away. */
function request(changes: Readonly<Record<number, string | Uint8Array | undefined>> = {}): Uint8Array[] {
  const frames = ['id', '', '1.0', '1', 'zmqnet', '10.0.0.9', '', 'CURVE', credential]
  const changed = frames.map((frame, index) => (index in changes ? changes[index] : frame))
  const end = changed.indexOf(undefined)
  return (end < 0 ? changed : changed.slice(0, end)).map((frame) => Buffer.from(frame as string))
}

const texts = (answer: ZapAnswer | undefined): string[] | undefined =>
  answer?.frames.map((frame) => Buffer.from(frame as string).toString())

test('E3: a known key is admitted and an unknown one is refused, by the key alone', (t) => {
  const asked: string[] = []
  const admits = (key: string): boolean => asked.push(key) > 0
  t.deepEqual(texts(answerZap(request(), admits)), ['id', '', '1.0', '1', '200', 'OK', '', ''])
  t.deepEqual(asked, [publicKey])
  const refusal = answerZap(request(), () => false)
  t.deepEqual(texts(refusal), ['id', '', '1.0', '1', '400', 'Unknown key', '', ''])
  t.deepEqual([refusal?.publicKey, refusal?.address], [publicKey, '10.0.0.9'])
})

for (const [what, frames, status] of [
  ['without a version', request({ 2: undefined }), '500'],
  ['of another version', request({ 2: '2.0' }), '500'],
  ['without a number', request({ 3: undefined }), '500'],
  ['for another domain', request({ 4: 'global' }), '500'],
  ['for no domain', request({ 4: '' }), '500'],
  ['cut off behind the domain', request({ 5: undefined }), '400'],
  ['of the mechanism NULL', request({ 7: 'NULL', 8: undefined }), '400'],
  ['of the mechanism PLAIN', request({ 7: 'PLAIN' }), '400'],
  ['without a key', request({ 8: undefined }), '500'],
  ['with half a key', request({ 8: new Uint8Array(16) }), '500'],
  ['with a long key', request({ 8: new Uint8Array(33) }), '500'],
  ['with a second credential', [...request(), Buffer.from('more')], '500'],
] as const) {
  test(`E3: a request ${what} is answered with ${status}, and nobody is asked`, (t) => {
    const answer = answerZap(frames, () => t.fail() as never)
    t.is(answer?.status, status)
    t.is(answer?.frames.length, 8)
  })
}

test('E3: a judge that throws admits nobody', (t) => {
  const answer = answerZap(request(), () => {
    throw new Error('a bug')
  })
  t.is(answer?.status, '500')
  t.is(answerZap(request(), (() => 'yes') as unknown as () => boolean)?.status, '400', 'only true admits')
})

test('E3: whatever is asked, nothing is thrown, and nobody is admitted by mistake', (t) => {
  const frame = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(...request()))
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), (frames) => {
      const answer = answerZap(frames, () => false)
      return answer === undefined || (answer.status !== '200' && answer.frames.length === 8)
    }),
    { seed: 51, numRuns: 2000 },
  )
  t.pass()
})

interface Asking {
  readonly refused: ZapAnswer[]
  readonly faults: string[]
  readonly failures: Failures
  send(frames: readonly Uint8Array[]): Promise<void>
  ask(frames: readonly Uint8Array[]): Promise<string[]>
}

async function asking(t: ExecutionContext): Promise<Asking> {
  const context = newContext()
  const refused: ZapAnswer[] = []
  const faults: string[] = []
  const failures: Failures = new Map()
  const options = {
    admits: (key: string) => key === publicKey,
    refused: (answer: ZapAnswer) => refused.push(answer),
    fault: (text: string) => faults.push(text),
  }
  const handler = await ZapHandler.open(context, options, (made) => failing(new Router(made), failures))
  const socket = new Dealer({ context, linger: 0, receiveTimeout: 5000 })
  t.teardown(() => {
    socket.close()
    handler.close()
  })
  socket.connect('inproc://zeromq.zap.01')
  const send = (frames: readonly Uint8Array[]): Promise<void> => socket.send(frames as Buffer[])
  const ask = async (frames: readonly Uint8Array[]): Promise<string[]> => {
    await send(frames)
    return (await socket.receive()).map(String)
  }
  return { refused, faults, failures, send, ask }
}

test('E3: the handler answers what is malformed, and goes on', async (t) => {
  const { refused, faults, ask } = await asking(t)
  t.is((await ask(request().slice(1)))[3], '200')
  t.is((await ask([Buffer.from('')]))[3], '500')
  t.is((await ask(request({ 8: '' }).slice(1)))[3], '500')
  t.is((await ask(request().slice(1)))[3], '200')
  t.deepEqual([refused.length, faults], [2, []])
})

test('E3: a question that names nobody, and an answer that cannot be sent, are faults', async (t) => {
  const { refused, faults, failures, send, ask } = await asking(t)
  await send([Buffer.from('no delimiter')])
  t.is((await ask(request().slice(1)))[3], '200')
  t.deepEqual(faults.splice(0), ['A request for authentication was malformed'])
  failures.set('send', () => Promise.reject(errorWith('EAGAIN')))
  await send(request({ 7: 'NULL' }).slice(1))
  await until(() => faults.length > 0, 'a fault')
  t.deepEqual(faults, ['Answering a request for authentication failed: no EAGAIN (EAGAIN)'])
  t.is(refused.length, 1)
})

test('E2: a key is told in Z85, as others write it', (t) => {
  t.is(answerZap(request(), () => false)?.publicKey, publicKey)
  t.is(publicKey.length, 40)
})

test('E3: a second handler of one context waits until the first one is gone', async (t) => {
  const context = newContext()
  const options = { admits: () => false, refused: () => undefined, fault: () => undefined }
  const first = await ZapHandler.open(context, options)
  const second = ZapHandler.open(context, options)
  first.close()
  const handler = await second
  await t.throwsAsync(ZapHandler.open(context, options), { code: 'EADDRINUSE' })
  handler.close()
})
