/** The loops that all sides share: who is asked how often, what a failure does, and that a wrong reply is noticed. */

import test from 'ava'
import { Arrivals, bodyOf, ReplyCheck, runOperations, sendAhead, textOf } from '../../bench/loop.ts'
import { inTurn } from '../../bench/stage.ts'

const SHORT = { warmUpMs: 0, measureMs: 1 }

test('as many operations are under way as were asked for, and never more', async (t) => {
  let running = 0
  let most = 0
  await runOperations(
    async () => {
      running += 1
      most = Math.max(most, running)
      await new Promise(setImmediate)
      running -= 1
    },
    7,
    SHORT,
  )
  t.is(most, 7)
  t.is(running, 0)
})

test('a failure is told when all others have ended', async (t) => {
  let begun = 0
  let ended = 0
  const operation = async () => {
    begun += 1
    if (begun === 2) throw new Error('no')
    await new Promise(setImmediate)
    ended += 1
  }
  await t.throwsAsync(runOperations(operation, 5, SHORT), { message: 'no' })
  t.is(ended, begun - 1)
})

test('what is sent without receipts waits for the fence of the window before', async (t) => {
  const arrivals = new Arrivals()
  let sent = 0
  let furthest = 0
  const send = () => {
    sent += 1
    furthest = Math.max(furthest, sent - arrivals.count)
    setImmediate(() => arrivals.arrived())
  }
  await sendAhead(send, (upTo) => arrivals.reached(upTo), 10, { warmUpMs: 0, measureMs: 5 })
  t.is(arrivals.count, sent)
  t.true(furthest > 0 && furthest <= 20, `${furthest}`)
})

test('a fence that fails ends the sending', async (t) => {
  const fence = () => Promise.reject(new Error('gone'))
  await t.throwsAsync(
    sendAhead(() => undefined, fence, 10, { warmUpMs: 0, measureMs: 1000 }),
    { message: 'gone' },
  )
})

test('a wrong reply does not pass: its kind, length, end, and the content of the first', (t) => {
  const body = bodyOf(64)
  const check = () => new ReplyCheck(body)
  t.notThrows(() => check().check(Buffer.from(body)))
  t.notThrows(() => check().check(new Uint8Array(body)))
  t.notThrows(() => new ReplyCheck(textOf(64)).check(textOf(64)))
  t.throws(() => check().check(textOf(64)), { message: /another kind/ })
  t.throws(() => check().check(undefined), { message: /another kind/ })
  t.throws(() => check().check(body.subarray(1)), { message: /of 63 instead of 64/ })
  t.throws(() => check().check(Buffer.concat([body.subarray(0, 63), Buffer.of(0)])), {
    message: /another end/,
  })
  const garbled = Buffer.concat([Buffer.of(0), body.subarray(1)])
  t.throws(() => check().check(garbled), { message: /another content/ })
  t.throws(() => new ReplyCheck(textOf(64)).check(`x${textOf(64).slice(1)}`), { message: /another content/ })
})

test('each side comes first in its turn', (t) => {
  t.deepEqual(inTurn(['a', 'b', 'c'], 1), ['b', 'c', 'a'])
  t.deepEqual(inTurn(['a', 'b', 'c'], 3), ['a', 'b', 'c'])
  t.deepEqual(inTurn(['a', 'b'], -1), ['a', 'b'])
  t.deepEqual(inTurn([], 4), [])
})
