/**
 * The memory of a callee for one caller: what counts as seen, which answers are kept, and for how long.
 */

import test from 'ava'
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

test('R6: above 4 MiB, the answers kept longest leave first', (t) => {
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
