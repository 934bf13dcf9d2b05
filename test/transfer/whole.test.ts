/**
 * Which bodies travel whole although they could be cut (clause T22): a script of what went before, and the word of what is
 * sent then. Here two quick bodies in a row are enough, 50 bytes is the largest that may go whole, and 100 ms is quick.
 */

import test from 'ava'
import type { Freight } from '../../src/wire/messages.ts'
import { connection, reply, request, send } from '../support/samples.ts'
import { bodyOfBytes, End, LINE, settle, wordOf } from './scene.ts'

const OTHER = connection(2)

/** Two ends, and a way between them on which the bodies before were quick. */
class Scene {
  readonly left = new End()
  readonly right = new End()
  #sequence = 0

  constructor(quickCount = 2) {
    for (let count = 0; count < quickCount; count += 1) this.carry(this.next())
  }

  /** A request whose body could be cut, and goes whole where that is possible. */
  next(sizeBytes = 50, changes: Partial<Freight & { kind: 'request' }> = {}): Freight {
    this.#sequence += 1
    return request(this.#sequence, { body: bodyOfBytes(sizeBytes), ...changes })
  }

  /** Sends a message to its end, and settles it; what it becomes at first. */
  carry(message: Freight, tookMs = 0): string | undefined {
    const word = this.first(message)
    settle(tookMs, this.left, this.right)
    this.left.transfers.settled(LINE, message.kind, message.sequence)
    return word
  }

  /** What a message becomes, in a word. It arrives at the other end. */
  first(message: Freight, to = LINE): string | undefined {
    this.left.send(0, message, to)
    const sent = this.left.take()
    if (to === LINE) this.right.receive(0, sent)
    return sent.map(wordOf)[0]?.split(' ')[0]
  }
}

test('T22: a body is cut until enough of them were quick in a row, then it goes whole', (t) => {
  const scene = new Scene(0)
  t.deepEqual(
    Array.from({ length: 5 }, () => scene.carry(scene.next())),
    ['offer', 'offer', 'request', 'request', 'request'],
  )
})

test('T22: what is too large to go whole is cut', (t) => {
  const scene = new Scene()
  t.is(scene.carry(scene.next(51)), 'offer')
  t.is(scene.carry(scene.next(50)), 'request')
})

test('T22: a connection that is slow has its bodies cut, by their size', (t) => {
  const scene = new Scene(0)
  for (let count = 0; count < 4; count += 1) t.is(scene.carry(scene.next(), 101), 'offer')
  for (let count = 0; count < 2; count += 1) scene.carry(scene.next(100), 200)
  t.is(scene.carry(scene.next()), 'request', 'twice the size may take twice the time')
})

for (const small of [request(90), reply(90), send(90)]) {
  test(`T22: after a small ${small.kind} bodies are cut again, on that connection alone`, (t) => {
    const scene = new Scene()
    scene.left.send(0, small, OTHER)
    t.deepEqual(scene.left.take().map(wordOf), [small.kind])
    t.is(scene.carry(scene.next()), 'request')
    scene.left.send(0, small)
    scene.left.take()
    t.deepEqual(
      Array.from({ length: 3 }, () => scene.carry(scene.next())),
      ['offer', 'offer', 'request'],
    )
  })
}

test('T22: at most two are on their way whole, whatever they are', (t) => {
  const scene = new Scene()
  const [first, second] = [scene.next(), send(70, { body: bodyOfBytes(50) })]
  t.deepEqual(
    [scene.first(first), scene.first(second), scene.first(scene.next())],
    ['request', 'send', 'offer'],
  )
  settle(0, scene.left, scene.right)
  t.is(scene.first(scene.next()), 'offer')
  settle(0, scene.left, scene.right)
  scene.left.transfers.settled(LINE, 'send', second.sequence)
  t.is(scene.first(scene.next()), 'request')
  t.is(scene.first(scene.next()), 'offer')
})

test('T22: an answer is on its way until the floor has passed it', (t) => {
  const scene = new Scene()
  const answer = (sequence: number): Freight => reply(sequence, bodyOfBytes(50))
  t.deepEqual(
    [scene.first(answer(11)), scene.first(answer(12)), scene.first(answer(13))],
    ['reply', 'reply', 'offer'],
  )
  settle(0, scene.left, scene.right)
  scene.left.transfers.answeredBelow(LINE, 11)
  t.is(scene.carry(answer(14)), 'offer')
  scene.left.transfers.answeredBelow(LINE, 12)
  t.is(scene.first(answer(15)), 'reply')
})

test('T22: beside more than two that are cut, none goes whole', (t) => {
  const scene = new Scene()
  for (let count = 0; count < 3; count += 1) scene.left.send(0, scene.next(200))
  scene.left.take()
  t.is(scene.first(scene.next()), 'offer')
  t.is(scene.left.transfers.outgoing.countOn(LINE), 4)
})

test('T22: a later attempt is cut, and so is what comes after it for a while', (t) => {
  const scene = new Scene()
  t.is(scene.carry(scene.next(50, { attempt: 2 })), 'offer')
  t.is(scene.carry(scene.next()), 'offer')
})

test('T13: what is being cut is not sent whole when it is sent again', (t) => {
  const scene = new Scene(0)
  const slow = reply(80, bodyOfBytes(50))
  scene.left.send(0, slow)
  scene.left.take()
  for (let count = 0; count < 2; count += 1) scene.carry(scene.next())
  t.is(scene.carry(scene.next()), 'request')
  scene.left.send(0, slow)
  t.deepEqual(scene.left.take().map(wordOf), ['offer 1 again'])
})

test('T22: every 65th is cut, to learn whether the connection is still quick', (t) => {
  const scene = new Scene()
  const words = Array.from({ length: 131 }, () => scene.carry(scene.next()))
  t.deepEqual(
    words.flatMap((word, index) => (word === 'offer' ? [index] : [])),
    [64, 129],
  )
})

test('T22: a connection that ended is forgotten, with what was on its way', (t) => {
  const scene = new Scene()
  t.is(scene.first(scene.next()), 'request')
  t.false(scene.left.transfers.isUnused)
  scene.left.transfers.drop(0, LINE)
  t.true(scene.left.transfers.isUnused)
  t.is(scene.first(scene.next()), 'offer')
})
