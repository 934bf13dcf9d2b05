/** The simulated transport against its contract: sending, backpressure, reset, hanging up, closing, and misuse. */

import test from 'ava'
import type { ConnectionId } from '../../src/base/ids.ts'
import { Rig } from './rig.ts'

/** The lines without their times. */
const timeless = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/^\d+ /, ''))

test('messages go both ways, and the first one makes an inbound connection known', async (t) => {
  const rig = new Rig()
  const { alpha, bravo } = await rig.pair()
  t.deepEqual(bravo.heard, [])
  const sent = alpha.say(1, 'question')
  t.deepEqual(sent, [], 'done never comes inside the call')
  await rig.run(20)
  t.deepEqual(sent, ['sent'])
  t.deepEqual(timeless(bravo.heard), ['receive 1 question'])
  const [inbound] = bravo.from
  t.is(bravo.transport.describe(inbound as ConnectionId), 'inbound 1')
  const answered = bravo.say(inbound as number, 'answer')
  await rig.run(20)
  t.deepEqual(answered, ['sent'])
  t.deepEqual(timeless(alpha.heard), ['receive 1 answer'])
})

test('a connection that was never made answers gone', async (t) => {
  const rig = new Rig()
  const { bravo } = await rig.pair()
  const results = bravo.say(99, 'anyone')
  await rig.run(0)
  t.deepEqual(results, ['gone'])
})

test('a send on a link that is down answers gone', async (t) => {
  const rig = new Rig()
  const alpha = rig.peer('alpha')
  alpha.transport.dial('tcp://nowhere:7000')
  const results = alpha.say(1, 'anyone')
  t.deepEqual(results, [])
  await rig.run(0)
  t.deepEqual(results, ['gone'])
})

test('a reader that stands still holds up a dialled connection', async (t) => {
  const rig = new Rig({ queueBytes: 100 })
  const { alpha, bravo } = await rig.pair()
  bravo.member.process.stall(rig.scheduler.nowMs + 500)
  const first = alpha.say(1, 'x'.repeat(80))
  await rig.run(0)
  const second = alpha.say(1, 'y'.repeat(80))
  await rig.run(499)
  t.deepEqual([first, second], [['sent'], []])
  await rig.run(20)
  t.deepEqual(second, ['sent'])
  t.is(bravo.texts.length, 2)
})

test('a reader that stands still makes an inbound connection full', async (t) => {
  const rig = new Rig({ queueBytes: 100 })
  const { alpha, bravo } = await rig.pair()
  alpha.say(1, 'hello')
  await rig.run(20)
  alpha.member.process.stall(rig.scheduler.nowMs + 500)
  const first = bravo.say(1, 'x'.repeat(80))
  await rig.run(10)
  const second = bravo.say(1, 'y'.repeat(80))
  await rig.run(0)
  t.deepEqual([first, second], [['sent'], ['full']])
  await rig.run(600)
  const third = bravo.say(1, 'z'.repeat(80))
  await rig.run(20)
  t.deepEqual(third, ['sent'])
  t.deepEqual(
    alpha.texts.map((text) => text[0]),
    ['x', 'z'],
  )
})

test('a message above the bound still goes when nothing else is on the way', async (t) => {
  const rig = new Rig({ queueBytes: 100 })
  const { alpha, bravo } = await rig.pair()
  alpha.say(1, 'x'.repeat(1000))
  await rig.run(20)
  t.is(bravo.texts[0]?.length, 1000)
})

test('a reset tells a pending send gone, says nothing of the end, and dials at once', async (t) => {
  const rig = new Rig({ queueBytes: 100, faults: { delayMs: [3, 3] } })
  const { alpha, bravo } = await rig.pair()
  bravo.member.process.stall(rig.scheduler.nowMs + 100)
  alpha.say(1, 'x'.repeat(80))
  await rig.run(10)
  const pending = alpha.say(1, 'y'.repeat(80))
  await rig.run(10)
  alpha.transport.reset(1 as ConnectionId)
  t.deepEqual(pending, [])
  await rig.run(5)
  t.deepEqual(pending, ['gone'])
  t.deepEqual(timeless(alpha.heard), [])
  await rig.run(20)
  t.deepEqual(timeless(alpha.heard), ['up 1'])
  const results = alpha.say(1, 'fresh')
  await rig.run(200)
  t.deepEqual(results, ['sent'])
  t.deepEqual(
    bravo.texts.map((text) => text[0]),
    ['x', 'f'],
  )
  t.not(bravo.from[0], bravo.from[1])
})

test('after hanging up nothing is heard of a link, and an inbound connection is there again when it speaks', async (t) => {
  const rig = new Rig()
  const { alpha, bravo } = await rig.pair()
  alpha.say(1, 'one')
  await rig.run(20)
  bravo.transport.hangUp(1 as ConnectionId)
  const results = bravo.say(1, 'to the forgotten')
  await rig.run(0)
  t.deepEqual(results, ['gone'])
  alpha.say(1, 'two')
  await rig.run(20)
  t.deepEqual(bravo.from, [1, 1] as ConnectionId[])
  const again = bravo.say(1, 'to who spoke')
  await rig.run(20)
  t.deepEqual([again, alpha.heard.length], [['sent'], 1])
  alpha.transport.hangUp(1 as ConnectionId)
  bravo.member.kill()
  await rig.run(5000)
  t.is(alpha.heard.length, 1)
})

test('a closed transport tells its pending sends gone and its listener nothing', async (t) => {
  const rig = new Rig({ queueBytes: 100 })
  const { alpha, bravo } = await rig.pair()
  bravo.member.process.stall(rig.scheduler.nowMs + 100)
  alpha.say(1, 'x'.repeat(80))
  await rig.run(10)
  const pending = alpha.say(1, 'y'.repeat(80))
  const closed = alpha.transport.close()
  await rig.run(0)
  await closed
  t.deepEqual(pending, ['gone'])
  await rig.run(5000)
  t.deepEqual(alpha.heard, [])
})

test('two listeners on one address: the second is told that it is in use', async (t) => {
  const rig = new Rig()
  const bravo = rig.peer('bravo')
  const listening = bravo.transport.listen('tcp://bravo:7000')
  const again = bravo.transport.listen('tcp://bravo:7000')
  const free = bravo.transport.listen('tcp://*:0')
  const outcome = again.then(
    () => 'bound',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : 'other'),
  )
  await rig.run(0)
  t.is(await listening, 'tcp://bravo:7000')
  t.is(await outcome, 'EADDRINUSE')
  t.regex(await free, /^tcp:\/\/bravo:[1-9]\d+$/)
})

test('two sends at once on one connection are a mistake of the user of a transport', async (t) => {
  const rig = new Rig()
  const { alpha } = await rig.pair()
  alpha.say(1, 'one')
  t.throws(() => alpha.say(1, 'two'), { message: /one send at a time/ })
})

test('a frame that its sender changes after sending fails the run', async (t) => {
  const rig = new Rig()
  const { alpha } = await rig.pair()
  const frame = Buffer.from('before')
  alpha.transport.send(1 as ConnectionId, [frame], () => {})
  frame.write('after!')
  await t.throwsAsync(rig.run(20), { message: /was changed by its sender/ })
})
