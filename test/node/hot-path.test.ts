/**
 * What many operations cost, in counts: frames, alarms and copies. How long they take is for the benchmark to say.
 */

import test from 'ava'
import { realWorld } from '../../src/node/real-world.ts'
import { sizeOf } from '../../src/wire/batch.ts'
import { EXTERNAL_BODY_BYTES, FRAME_HEADER_BYTES, FRAME_TARGET_BYTES } from '../../src/wire/limits.ts'
import type { Message } from '../../src/wire/messages.ts'
import { CountedMesh, type SentFrames } from '../support/counted-mesh.ts'

/** Those that carry messages of a kind, from one node. */
function carrying(sent: readonly SentFrames[], from: string, kind: Message['kind']): SentFrames[] {
  return sent.filter((one) => one.from === from && one.messages.some((message) => message.kind === kind))
}

/** Beyond what bytes ask for: one frame for each portion of 512, and one for the first (node/mailer.ts). */
const PORTIONS = 1000 / 512 + 1

/** In how many frames these messages fit. They are of one size. */
function fewestFrames(sent: readonly SentFrames[]): number {
  const messages = sent.flatMap((one) => one.messages)
  const eachBytes = sizeOf(messages.at(-1) as Message)
  const perFrame = Math.floor((FRAME_TARGET_BYTES - FRAME_HEADER_BYTES) / eachBytes)
  return Math.ceil(messages.length / perFrame)
}

for (const kind of ['at once', 'later'] as const) {
  test(`1000 requests of one turn leave in a few frames, and so do replies given ${kind}`, async (t) => {
    const mesh = new CountedMesh()
    const [alpha, bravo] = await mesh.start('alpha', 'bravo')
    if (alpha === undefined || bravo === undefined) return t.fail('not started')
    bravo.handle('echo', kind === 'at once' ? (body) => body : async (body) => body)
    const body = Buffer.alloc(64)
    const replies = Promise.all(Array.from({ length: 1000 }, () => alpha.request('bravo', 'echo', body)))
    await mesh.settle()
    t.is((await replies).length, 1000)
    const sent = mesh.takeSent()
    const requests = carrying(sent, 'alpha', 'request')
    t.is(requests.flatMap(({ messages }) => messages).length, 1000)
    t.true(requests.length <= fewestFrames(requests) + PORTIONS, `${requests.length} frames of requests`)
    const answers = carrying(sent, 'bravo', 'reply')
    t.is(answers.flatMap(({ messages }) => messages).length, 1000)
    t.true(answers.length <= requests.length + PORTIONS, `${answers.length} frames of replies`)
    t.is(alpha.status().pending + bravo.status().pending, 0)
  })
}

test('1000 one-way messages of one turn leave in a few frames, with one receipt for each frame', async (t) => {
  const mesh = new CountedMesh()
  const [alpha, bravo] = await mesh.start('alpha', 'bravo')
  if (alpha === undefined || bravo === undefined) return t.fail('not started')
  bravo.handle('note', () => {})
  const body = Buffer.alloc(64)
  const receipts = Promise.all(Array.from({ length: 1000 }, () => alpha.send('bravo', 'note', body)))
  await mesh.settle()
  await receipts
  const sent = mesh.takeSent()
  const sends = carrying(sent, 'alpha', 'send')
  t.true(sends.length <= fewestFrames(sends) + PORTIONS, `${sends.length} frames`)
  t.is(carrying(sent, 'bravo', 'ack').length, sends.length)
})

test('the first 48 requests of a turn leave before its end when the other end has nothing to do, and only then', async (t) => {
  const mesh = new CountedMesh()
  const [alpha, bravo] = await mesh.start('alpha', 'bravo')
  if (alpha === undefined || bravo === undefined) return t.fail('not started')
  bravo.handle('echo', (body) => body)
  const ask = (count: number) =>
    Array.from({ length: count }, (_, index) => alpha.request('bravo', 'echo', index))
  const counts = (): number[] => {
    return carrying(mesh.takeSent(), 'alpha', 'request').map(({ messages }) => messages.length)
  }
  const replies = ask(100)
  t.deepEqual(counts(), [48], 'the turn is not over')
  await mesh.settle()
  t.deepEqual(counts(), [52])
  await Promise.all(replies)
  const few = ask(47)
  t.deepEqual(counts(), [])
  await mesh.settle()
  t.deepEqual(counts(), [47])
  await Promise.all(few)
  const many = ask(20)
  await mesh.turn()
  // Twenty are unanswered now, so that the next are no first portion.
  many.push(...ask(60))
  t.deepEqual(counts(), [20])
  await mesh.settle()
  t.deepEqual(counts(), [60])
  await Promise.all(many)
  for (let count = 0; count < 100; count += 1) await mesh.advance(1000)
  mesh.takeSent()
  const afterIdling = ask(100)
  t.deepEqual(counts(), [48], 'heartbeats are nothing to answer')
  await mesh.settle()
  await Promise.all(afterIdling)
})

test('while a send is pending, what is asked in the turns meanwhile leaves with the next frame', async (t) => {
  const mesh = new CountedMesh()
  const [alpha, bravo] = await mesh.start('alpha', 'bravo')
  if (alpha === undefined || bravo === undefined) return t.fail('not started')
  bravo.handle('echo', (body) => body)
  const replies: Promise<unknown>[] = []
  // The first turn sends, the second one ends the send: what comes in between has to wait.
  for (let turn = 0; turn < 3; turn += 1) {
    for (let count = 0; count < 10; count += 1) replies.push(alpha.request('bravo', 'echo', count))
    if (turn === 0) await mesh.turn()
  }
  await mesh.settle()
  await Promise.all(replies)
  const counts = carrying(mesh.takeSent(), 'alpha', 'request').map(({ messages }) => messages.length)
  t.deepEqual(counts, [10, 20])
})

test('10,000 requests set one alarm for each turn at most, whatever their number', async (t) => {
  const mesh = new CountedMesh()
  const [alpha, bravo] = await mesh.start('alpha', 'bravo')
  if (alpha === undefined || bravo === undefined) return t.fail('not started')
  bravo.handle('echo', (body) => body)
  const before = { turns: mesh.turns, alarms: mesh.alarms.get('alpha') ?? 0 }
  const replies = Promise.all(
    Array.from({ length: 10_000 }, (_, index) => {
      // Each has another deadline, and each is the earliest so far.
      return alpha.request('bravo', 'echo', index, { timeout: 20_000 - index, retries: 0 })
    }),
  )
  await mesh.settle()
  await replies
  const turns = mesh.turns - before.turns
  const alarms = (mesh.alarms.get('alpha') ?? 0) - before.alarms
  // Frames that come in end a turn of their own: requests of 10,000 numbers are a few frames.
  const frames = mesh.takeSent().length
  t.true(alarms <= turns + frames, `${alarms} alarms in ${turns} turns with ${frames} frames`)
  t.true(turns + frames < 60, `${turns} turns with ${frames} frames`)
})

test('what comes in and is answered in its own turn asks for no other turn', async (t) => {
  const mesh = new CountedMesh()
  const [alpha, bravo] = await mesh.start('alpha', 'bravo')
  if (alpha === undefined || bravo === undefined) return t.fail('not started')
  bravo.handle('echo', (body) => body)
  const before = new Map(mesh.turnEnds)
  for (let count = 0; count < 100; count += 1) {
    const reply = alpha.request('bravo', 'echo', count)
    await mesh.settle()
    await reply
  }
  t.is(mesh.turnEnds.get('bravo'), before.get('bravo'))
  t.is((mesh.turnEnds.get('alpha') ?? 0) - (before.get('alpha') ?? 0), 100)
})

test.serial('10,000 alarms that are set later and later are one timer', (t) => {
  const { setTimeout: original } = globalThis
  let timers = 0
  const { clock } = realWorld()
  t.teardown(() => clock.setAlarm(Number.POSITIVE_INFINITY, () => {}))
  // Everything between the two assignments is synchronous, so that nobody else's timer is counted.
  globalThis.setTimeout = ((...args: Parameters<typeof original>) => {
    timers += 1
    return original(...args)
  }) as typeof original
  try {
    const start = clock.now() + 60_000
    for (let count = 0; count < 10_000; count += 1) clock.setAlarm(start + count, () => {})
  } finally {
    globalThis.setTimeout = original
  }
  t.is(timers, 1)
})

test.serial(
  'a small body is copied once on its way out, into its batch, and the batch once as a whole',
  async (t) => {
    const mesh = new CountedMesh()
    const [alpha, bravo] = await mesh.start('alpha', 'bravo')
    if (alpha === undefined || bravo === undefined) return t.fail('not started')
    const { set } = Uint8Array.prototype
    const { copy } = Buffer.prototype
    const body = Buffer.alloc(EXTERNAL_BODY_BYTES - 1)
    const count = 50
    let bodyCopies = 0
    let otherBytes = 0
    Uint8Array.prototype.set = function (this: Uint8Array, source, offset) {
      if (source === body) bodyCopies += 1
      else otherBytes += source.length
      set.call(this, source, offset)
    }
    Buffer.prototype.copy = function (this: Buffer, ...args: Parameters<Buffer['copy']>) {
      const copied = copy.apply(this, args)
      otherBytes += copied
      return copied
    }
    const sends = Array.from({ length: count }, () => alpha.send('bravo', 'note', body))
    try {
      await mesh.turn()
      for (let turn = 0; turn < 20; turn += 1) await mesh.turn()
    } finally {
      Uint8Array.prototype.set = set
      Buffer.prototype.copy = copy
    }
    await mesh.settle()
    await Promise.allSettled(sends)
    const sent = mesh.takeSent()
    const sentBytes = carrying(sent, 'alpha', 'send').reduce(
      (sum, { frames }) => sum + (frames[0]?.length ?? 0),
      0,
    )
    const allBytes = sent.reduce((sum, { frames }) => sum + (frames[0]?.length ?? 0), 0)
    t.is(bodyCopies, count)
    t.true(sentBytes >= count * body.length)
    t.true(otherBytes <= allBytes, `${otherBytes} bytes were copied for ${allBytes} bytes of frames`)
  },
)

test('a large body is not copied on its way out: its frame is the buffer of the user', async (t) => {
  const mesh = new CountedMesh()
  const [alpha, bravo] = await mesh.start('alpha', 'bravo')
  if (alpha === undefined || bravo === undefined) return t.fail('not started')
  const reply = Buffer.alloc(EXTERNAL_BODY_BYTES, 2)
  bravo.handle('echo', () => reply)
  const body = Buffer.alloc(EXTERNAL_BODY_BYTES, 1)
  const request = alpha.request('bravo', 'echo', body)
  const send = alpha.send('bravo', 'echo', body)
  await mesh.settle()
  await Promise.all([request, send])
  const seconds = (from: string): unknown[] =>
    sent.filter((one) => one.from === from && one.frames.length === 2).map(({ frames }) => frames[1])
  const sent = mesh.takeSent()
  t.deepEqual(
    seconds('alpha').map((frame) => frame === body),
    [true, true],
  )
  t.deepEqual(
    seconds('bravo').map((frame) => frame === reply),
    [true],
  )
})
