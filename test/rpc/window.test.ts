/**
 * The memory of a callee for one caller: what counts as seen, which answers are kept, and for how long.
 */

import test from 'ava'
import { AnswerTotal, MAX_ANSWER_BYTES } from '../../src/rpc/answer-total.ts'
import { type Call, Inbound, Call as MadeCall } from '../../src/rpc/responder.ts'
import { DedupeWindow, MAX_KEPT_BYTES, MAX_RUNNING_BYTES_PER_CALLER } from '../../src/rpc/window.ts'
import { TRANSFER_BODY_BYTES } from '../../src/wire/limits.ts'
import { bodyOf, reject, reply, request } from '../support/samples.ts'

const LARGE = TRANSFER_BODY_BYTES

/** The numbers up to `last` whose answers are kept. */
function keptOf(window: DedupeWindow, last: number): number[] {
  const numbers = Array.from({ length: last }, (_, index) => index + 1)
  return numbers.filter((sequence) => window.answer(sequence) !== undefined)
}

function start(window: DedupeWindow, sequence: number, sizeBytes = 0): Call {
  const call = new MadeCall(new Inbound('bravo'), request(sequence, { body: bodyOf(sizeBytes) }))
  window.admit(sequence)
  window.start(call)
  return call
}

function run(window: DedupeWindow, sequence: number, replyBytes = 0): void {
  const call = start(window, sequence)
  window.finish(call, reply(sequence, bodyOf(replyBytes)))
}

test('R3: a number is new once, also out of order', (t) => {
  const window = new DedupeWindow()
  t.deepEqual(
    [3, 1, 2, 3, 1, 2, 4].map((sequence) => window.admit(sequence)),
    [true, true, true, false, false, false, true],
  )
})

test('R7: a number that is withdrawn is new again', (t) => {
  const window = new DedupeWindow()
  window.admit(1)
  window.admit(2)
  window.withdraw(1)
  t.true(window.admit(1))
  t.false(window.admit(1))
  t.false(window.admit(2))
})

test('R2: what is below the floor is never new, and its answers leave', (t) => {
  const window = new DedupeWindow()
  for (const sequence of [1, 2, 3, 5]) run(window, sequence)
  window.raiseFloor(3)
  t.false(window.admit(2))
  t.is(window.answer(2), undefined)
  t.deepEqual(window.answer(3), reply(3, bodyOf(0)))
  t.is(window.keptCount, 2)
  window.raiseFloor(1)
  t.deepEqual(window.answer(3), reply(3, bodyOf(0)), 'a floor that is late lowers nothing')
  window.raiseFloor(6)
  t.is(window.keptBytes, 0)
  t.false(window.admit(4), 'never seen, but settled at the caller')
})

test('R6: a call that ends below the floor leaves no answer', (t) => {
  const window = new DedupeWindow()
  const call = start(window, 1)
  window.raiseFloor(2)
  t.is(window.running(1), call, 'it goes on running')
  window.finish(call, reply(1))
  t.is(window.keptCount, 0)
  t.is(window.runningCount, 0)
})

test('R6: above 4 MiB, the answers of the lowest numbers leave first', (t) => {
  const window = new DedupeWindow()
  for (let sequence = 1; sequence <= 17; sequence += 1) run(window, sequence, MAX_KEPT_BYTES / 16 - 256)
  t.is(window.keptBytes, MAX_KEPT_BYTES)
  t.is(window.answer(1), undefined)
  t.not(window.answer(2), undefined)
  run(window, 18)
  t.is(window.answer(2), undefined)
  t.not(window.answer(18), undefined)
  t.false(window.admit(1), 'an evicted number is still known')
})

test('R6: large answers have a bound of their own, and make no small one leave', (t) => {
  const window = new DedupeWindow(LARGE)
  for (const sequence of [1, 2, 3]) run(window, sequence, 10)
  for (const sequence of [4, 5]) run(window, sequence, LARGE)
  t.deepEqual(keptOf(window, 5), [1, 2, 3, 4, 5])
  run(window, 6, LARGE)
  t.deepEqual(keptOf(window, 6), [1, 2, 3, 5, 6])
})

test('R6: the newest answer is kept whatever its size', (t) => {
  const window = new DedupeWindow(1024)
  run(window, 1, LARGE)
  t.deepEqual(keptOf(window, 1), [1])
  run(window, 2, LARGE)
  t.deepEqual(keptOf(window, 2), [2])
})

test('R6: an answer of which the caller has all is kept no longer', (t) => {
  const window = new DedupeWindow()
  run(window, 1, LARGE)
  window.confirm(1)
  window.confirm(7)
  t.is(window.keptBytes, 0)
  t.true(window.hasSeen(1))
})

test('R6: answers without bodies are bounded as well', (t) => {
  const window = new DedupeWindow()
  for (let sequence = 1; sequence <= 20_000; sequence += 1) run(window, sequence)
  t.is(window.keptCount, MAX_KEPT_BYTES / 256)
  t.is(window.answers().length, window.keptCount)
})

test('R6: a refusal counts with its text', (t) => {
  const window = new DedupeWindow()
  window.finish(start(window, 1), reject(1, { text: 'x'.repeat(100) }))
  t.is(window.keptBytes, 356)
})

test('R7: the bodies of calls that run are counted until they end', (t) => {
  const window = new DedupeWindow()
  const part = MAX_RUNNING_BYTES_PER_CALLER / 32
  const first = start(window, 1, part)
  for (let sequence = 2; sequence < 32; sequence += 1) start(window, sequence, part)
  t.true(window.hasRoom(part))
  t.false(window.hasRoom(part + 1))
  t.is([...window.calls()].length, 31)
  window.finish(first, reply(1))
  t.is(window.runningCount, 30)
  t.true(window.hasRoom(part + 1))
})

test('R7: the large bodies of calls that run have a bound of their own', (t) => {
  const window = new DedupeWindow(LARGE)
  start(window, 1, LARGE)
  start(window, 2, LARGE)
  t.false(window.hasRoom(LARGE + 512))
  t.true(window.hasRoom(1000))
})

test('R6a: what is owed is answered for, and kept only from when it was taken', (t) => {
  const window = new DedupeWindow()
  for (const sequence of [1, 2]) window.finish(start(window, sequence), reply(sequence, bodyOf(10)), false)
  t.deepEqual([window.owed.count, window.keptCount, window.owed.bytes], [2, 0, 532])
  t.deepEqual(window.answer(1), reply(1, bodyOf(10)))
  window.paid(1)
  window.paid(7)
  t.deepEqual([window.owed.count, window.keptCount, window.keptBytes], [1, 1, 266])
  t.deepEqual(
    window.answers().map(({ sequence }) => sequence),
    [1, 2],
  )
})

test('R6a: owed answers do not make kept ones leave, nor the other way round', (t) => {
  const window = new DedupeWindow()
  const part = MAX_KEPT_BYTES / 16 - 256
  for (let sequence = 1; sequence <= 4; sequence += 1) run(window, sequence, part)
  for (let sequence = 5; sequence <= 34; sequence += 1)
    window.finish(start(window, sequence), reply(sequence, bodyOf(part)), false)
  t.is(window.answers().length, 34)
  for (let sequence = 5; sequence <= 16; sequence += 1) window.paid(sequence)
  t.is(window.answers().length, 34, 'all 4 MiB are taken')
  window.paid(17)
  t.deepEqual([window.answer(1), window.answers().length], [undefined, 33])
})

test('R6a: the first that is owed is one that somebody waits for', (t) => {
  const window = new DedupeWindow()
  for (const [sequence, deadlineAt] of [
    [1, 50],
    [3, 100],
    [2, 100],
    [4, 100],
  ] as const) {
    window.admit(sequence)
    const call = new MadeCall(new Inbound('bravo'), request(sequence, { deadlineAt }))
    window.start(call)
    window.finish(call, reply(sequence), false)
  }
  const [line] = window.owed.lines
  t.is(window.firstOwed(49, line)?.sequence, 1)
  t.is(window.firstOwed(50, line)?.sequence, 3, 'the time of 1 is over')
  t.is(window.answer(1), undefined)
  window.raiseFloor(3)
  window.paid(3)
  t.is(window.firstOwed(50, line)?.sequence, 4, '2 is settled at the caller')
  t.is(window.owed.bytes, 256)
  t.is(window.firstOwed(100, line), undefined)
  t.is(window.owed.bytes, 0)
})

test('R8: for a new connection all is owed again, what was kept first, by number', (t) => {
  const window = new DedupeWindow()
  run(window, 2)
  run(window, 1)
  window.finish(start(window, 3), reply(3), false)
  window.oweAll()
  t.deepEqual([...window.owed.lines[0].keys()], [1, 2, 3])
  t.deepEqual([window.keptCount, window.keptBytes, window.owed.bytes], [0, 0, 768])
})

test('R6a: small and large answers stand in lines of their own', (t) => {
  const window = new DedupeWindow()
  window.finish(start(window, 1), reply(1, bodyOf(LARGE)), false)
  window.finish(start(window, 2), reply(2, bodyOf(1)), false)
  t.deepEqual(
    window.owed.lines.map((line) => [...line.keys()]),
    [[2], [1]],
  )
  t.true(window.owed.isWaitedFor(LARGE))
  window.paid(1)
  t.deepEqual([window.owed.isWaitedFor(LARGE), window.owed.isWaitedFor(0)], [false, true])
})

test('R6b: the answers of all windows are counted together, as long as they are held', (t) => {
  const total = new AnswerTotal()
  const windows = [1, 2, 3].map(() => new DedupeWindow(undefined, total))
  for (const window of windows) {
    run(window, 1, 100)
    window.finish(start(window, 2), reply(2, bodyOf(1000)), false)
    window.finish(start(window, 3), reply(3, bodyOf(LARGE)), false)
  }
  t.is(total.bytes, 3 * (100 + 1000 + LARGE + 3 * 256))
  const [first, second, third] = windows as [DedupeWindow, DedupeWindow, DedupeWindow]
  first.release()
  first.finish(start(first, 9), reply(9), false)
  t.is(first.answer(9), undefined, 'who is forgotten is owed nothing')
  second.confirm(1)
  second.paid(2)
  second.oweAgain(2)
  second.confirm(3)
  t.is(total.bytes, 1256 + 100 + 1000 + LARGE + 3 * 256)
  third.raiseFloor(4)
  second.raiseFloor(4)
  t.is(total.bytes, 0)
})

test('R6b: when memory is short, kept answers go until there is room, and owed ones only of who is away', (t) => {
  const bound = MAX_ANSWER_BYTES
  const full = (): [AnswerTotal, DedupeWindow] => {
    const total = new AnswerTotal()
    const window = new DedupeWindow(undefined, total)
    for (const sequence of [1, 2, 3]) run(window, sequence, 1000)
    for (const sequence of [4, 5])
      window.finish(start(window, sequence), reply(sequence, bodyOf(bound / 2)), false)
    return [total, window]
  }
  const [ofPresent, present] = full()
  present.thin(false)
  t.deepEqual(keptOf(present, 5), [4, 5])
  t.false(ofPresent.isEased)
  const [ofAway, away] = full()
  away.thin(true)
  t.deepEqual(keptOf(away, 5), [5])
  t.true(ofAway.isEased)
  away.thin(true)
  t.deepEqual(keptOf(away, 5), [5], 'there is room')
})
