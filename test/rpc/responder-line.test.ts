/** Calls that wait because their node has no time: whose turn it is, and that nothing begins when its time is over. */

import test from 'ava'
import type { Call } from '../../src/rpc/responder.ts'
import { request } from '../support/samples.ts'
import { Scene } from './responder-scene.ts'

/** Requests come in, and all of them wait. */
function line(scene: Scene, deadlines: readonly number[], now = 0): void {
  for (const [index, deadlineAt] of deadlines.entries())
    scene.responder.receive(now, scene.caller, request(index + 1, { deadlineAt }))
  for (const { call } of scene.out.toldOf('call')) scene.responder.wait(now, call)
}

/** Begins the call whose turn it is. */
function next(scene: Scene, now: number, unreadMs = 0): number | undefined {
  const call: Call | undefined = scene.responder.next(now, unreadMs)
  if (call !== undefined && scene.responder.begin(now, call)) scene.begun.push(call)
  return call?.sequence
}

test('R7b: calls that wait begin in their order, and count as running', (t) => {
  const scene = new Scene()
  line(scene, [1000, 1000, 1000])
  t.true(scene.responder.hasLine)
  t.is(scene.responder.runningCount, 3)
  t.deepEqual([next(scene, 5), next(scene, 5), next(scene, 5), next(scene, 5)], [1, 2, 3, undefined])
  t.false(scene.responder.hasLine)
  scene.answer(3, 1)
  t.deepEqual(scene.answered(), [1, 2, 3])
})

test('R7b: a call whose time is over never begins; it is refused as expired when its time is over', (t) => {
  const scene = new Scene()
  line(scene, [100, 1000])
  scene.responder.wake(100)
  t.deepEqual(scene.answered(), ['1 expired'])
  t.is(next(scene, 50), 2)
  t.is(scene.responder.runningCount, 1)
})

test('R7b: time in which nothing was read counts as gone', (t) => {
  const scene = new Scene()
  line(scene, [100, 101])
  t.is(next(scene, 80, 20), 2)
  t.deepEqual(scene.answered(), ['1 expired'])
  t.is(next(scene, 80, 20), undefined)
})

test('R7b: CANCEL of a call that waits refuses it, and its handler never runs', (t) => {
  const scene = new Scene()
  line(scene, [1000, 1000])
  scene.responder.cancel(scene.caller, 1)
  t.deepEqual(scene.answered(), ['1 cancelled'])
  t.deepEqual([next(scene, 5), next(scene, 5)], [2, undefined])
})

test('R7b: a call that is cancelled before it could wait is refused', (t) => {
  const scene = new Scene()
  scene.responder.receive(0, scene.caller, request(1, { deadlineAt: 1000 }))
  scene.responder.cancel(scene.caller, 1)
  for (const { call } of scene.out.toldOf('call')) scene.responder.wait(0, call)
  t.deepEqual(scene.answered(), ['1 cancelled'])
  t.false(scene.responder.hasLine)
})

test('R4: a retry of a call that waits attaches to it', (t) => {
  const scene = new Scene()
  line(scene, [1000])
  scene.responder.receive(5, scene.caller, request(1, { attempt: 2 }))
  t.deepEqual(scene.out.toldOf('call'), [])
  t.deepEqual([next(scene, 5), next(scene, 5)], [1, undefined])
})

test('R7b: who waits for a caller that is forgotten never begins', (t) => {
  const scene = new Scene()
  line(scene, [1000, 1000])
  scene.responder.forget(scene.caller)
  t.false(scene.responder.hasLine)
  t.is(scene.responder.runningCount, 0)
})

test('X4: calls that wait when the node closes are refused, and never begin', (t) => {
  const scene = new Scene()
  line(scene, [1000])
  scene.responder.abortAll(scene.callers)
  t.deepEqual(scene.answered(), ['1 closing'])
  t.is(next(scene, 5), undefined)
})

test('R7a: a call whose turn comes while too much is owed is put off, and refused when its time is over', (t) => {
  const scene = new Scene()
  scene.room = 0
  scene.ask(1, 200)
  scene.answer(200, 400_000)
  t.deepEqual(scene.answered(), [])
  scene.responder.receive(0, scene.caller, request(201, { deadlineAt: 100 }))
  for (const { call } of scene.out.toldOf('call')) scene.responder.wait(0, call)
  t.is(next(scene, 50), 201, 'its turn comes')
  t.is(scene.begun.length, 0, 'and it is put off')
  scene.room = Number.POSITIVE_INFINITY
  scene.responder.wake(100)
  t.is(scene.responder.runningCount, 0)
})
