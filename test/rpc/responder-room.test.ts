/**
 * What a callee does when there is no room for answers: it owes them, pays in order, puts calls off meanwhile, and says so when
 * even that is too much.
 */

import test from 'ava'
import fc from 'fast-check'
import { AnswerTotal, MAX_ANSWER_BYTES } from '../../src/rpc/answer-total.ts'
import { MAX_OWED_BYTES } from '../../src/rpc/owed.ts'
import type { Inbound } from '../../src/rpc/responder.ts'
import { DEFAULT_MAX_BODY_BYTES, LARGE_BODIES_PER_PEER } from '../../src/wire/limits.ts'
import { bodyOf, connection, request } from '../support/samples.ts'
import { FOREVER, Scene } from './responder-scene.ts'

const MIB = 1024 * 1024
/** So much in large answers is owed to one caller at most before its calls are put off. */
const ENOUGH = LARGE_BODIES_PER_PEER * DEFAULT_MAX_BODY_BYTES + 512

test('R6a: answers that find no room are sent in their order as soon as there is some', (t) => {
  const scene = new Scene()
  scene.room = 2
  scene.ask(1, 6)
  scene.answer(5, 10)
  t.deepEqual(scene.answered(), [1, 2])
  scene.roomAgain(2)
  t.deepEqual(scene.answered(), [3, 4])
  scene.room = 1
  scene.answer(1, 10)
  t.deepEqual(scene.answered(), [], 'none overtakes another')
  scene.roomAgain(FOREVER)
  t.deepEqual(scene.answered(), [5, 6])
  t.is(scene.caller.window.owed.count, 0)
  t.is(scene.caller.window.keptCount, 6)
})

test('R6a: a large answer that waits does not hold up small ones, nor the other way round', (t) => {
  const scene = new Scene()
  scene.room = 0
  scene.isSmallEnough = (sizeBytes) => sizeBytes < MIB
  scene.ask(1, 4)
  scene.answer(1, MIB)
  scene.answer(1, 10)
  t.deepEqual(scene.answered(), [2])
  scene.isSmallEnough = (sizeBytes) => sizeBytes >= MIB
  scene.answer(1, 10)
  t.deepEqual(scene.answered(), [])
  scene.responder.roomAgain(0, scene.caller)
  t.deepEqual(scene.answered(), [1])
  scene.answer(1, MIB)
  t.deepEqual(scene.answered(), [4])
})

test('R5: a retry of what is owed changes nothing', (t) => {
  const scene = new Scene()
  scene.room = 0
  scene.ask(1)
  scene.answer(1, 10)
  scene.room = FOREVER
  scene.responder.receive(5, scene.caller, request(1, { attempt: 2 }))
  t.deepEqual([scene.answered(), scene.out.told()], [[], []])
  scene.roomAgain(FOREVER)
  t.deepEqual(scene.answered(), [1])
})

test('R5: a retry of what is kept is answered behind what is owed', (t) => {
  const scene = new Scene()
  scene.ask(1, 2)
  scene.answer(1, 10)
  scene.room = 0
  scene.answer(1, 10)
  scene.responder.receive(5, scene.caller, request(1, { attempt: 2 }))
  scene.responder.receive(5, scene.caller, request(1, { attempt: 3 }))
  t.deepEqual(scene.answered(), [1])
  scene.roomAgain(FOREVER)
  t.deepEqual(scene.answered(), [2, 1])
})

test('R6a: what nobody waits for any more is not sent', (t) => {
  const scene = new Scene()
  scene.room = 0
  scene.ask(1, 1, { deadlineAt: 50 })
  scene.ask(2, 4, { deadlineAt: FOREVER })
  scene.answer(4, 10)
  scene.responder.receive(10, scene.caller, request(5, { floor: 3 }))
  scene.roomAgain(FOREVER, 50)
  t.deepEqual(scene.answered(), [3, 4])
  t.is(scene.total.bytes, 2 * 266)
})

test('R6a, S15: who is away is owed every answer, and gets them all when it is back', (t) => {
  const scene = new Scene()
  scene.ask(1, 101)
  scene.answer(1, 10)
  t.deepEqual(scene.answered(), [1])
  scene.caller.connection = undefined
  scene.answer(100, 400_000)
  t.deepEqual(scene.answered(), [])
  scene.room = 50
  scene.responder.reconnected(10, scene.caller, connection(9))
  t.deepEqual(
    scene.answered(),
    Array.from({ length: 50 }, (_, index) => index + 1),
  )
  scene.roomAgain(FOREVER, 20)
  t.is(scene.answered().at(-1), 101)
})

test('R7a: while enough is owed no call begins; as it is paid, they begin in their order, each once', (t) => {
  const scene = new Scene()
  scene.room = 0
  scene.ask(1, 70)
  // Each answer is looked at before the next call begins, as the driver does it.
  const fits = Math.ceil(MAX_OWED_BYTES / (25_000 + 256))
  scene.answer(70, 25_000)
  t.is(scene.caller.window.owed.count, 70, 'calls that had begun are owed as well')
  scene.ask(71, 300)
  scene.answer(300, 25_000)
  t.is(scene.caller.window.owed.count, 70 + 230, 'below the bound calls begin, and then end')
  scene.ask(301, 400)
  t.deepEqual([scene.begun.length, scene.caller.putOff.size], [0, 100])
  t.is(scene.responder.runningCount, 100)
  scene.roomAgain(10)
  t.is(scene.caller.putOff.size, 100, 'still too much')
  scene.roomAgain(290 - fits + 1)
  t.is(scene.begun.length, 100)
  t.deepEqual(
    scene.begun.map((call) => call.sequence),
    Array.from({ length: 100 }, (_, index) => 301 + index),
  )
  scene.roomAgain(FOREVER)
  scene.answer(100, 10)
  t.is(scene.answered().length, 400)
  t.deepEqual([scene.responder.runningCount, scene.caller.putOff.size, scene.begun.length], [0, 0, 0])
})

test('R7a: handlers that end at once are owed little more than the bound, however many requests come', (t) => {
  const scene = new Scene()
  scene.room = 0
  let [most, ran] = [0, 0]
  const runAll = (): void => {
    for (let calls = scene.out.toldOf('call'); calls.length > 0; calls = scene.out.toldOf('call')) {
      for (const { call } of calls) {
        if (!scene.responder.begin(0, call)) continue
        ran += 1
        scene.responder.finish(call, { kind: 'done', body: bodyOf(400_000) })
        most = Math.max(most, scene.caller.window.owed.bytes)
      }
    }
  }
  for (let sequence = 1; sequence <= 1000; sequence += 1)
    scene.responder.receive(0, scene.caller, request(sequence))
  runAll()
  let answers = 0
  for (let turn = 0; turn < 200; turn += 1) {
    scene.room = 10
    scene.responder.roomAgain(0, scene.caller)
    answers += scene.out.sentOf('reply').length
    scene.responder.roomAgain(0, scene.caller)
    runAll()
  }
  t.deepEqual([ran, answers], [1000, 1000])
  t.true(most >= MAX_OWED_BYTES && most <= MAX_OWED_BYTES + 400_256, `${most}`)
})

test('R7a: a call that is put off is refused when its time is over, and never begins', (t) => {
  const scene = new Scene()
  scene.room = 0
  scene.ask(1, 2)
  scene.answer(2, ENOUGH / 2)
  scene.ask(3, 5, { deadlineAt: 100 })
  scene.responder.cancel(scene.caller, 4)
  scene.responder.wake(100)
  t.deepEqual([scene.caller.putOff.size, scene.responder.runningCount], [0, 0])
  scene.roomAgain(FOREVER, 99)
  t.deepEqual(scene.answered(), ['4 cancelled', '3 expired', '5 expired', 1, 2])
  t.deepEqual(scene.begun, [])
})

test('R7a: a call that is over before its turn holds up none behind it', (t) => {
  const scene = new Scene()
  scene.room = 0
  scene.ask(1)
  scene.answer(1, ENOUGH)
  scene.ask(2, 4)
  scene.ask(5, 5, { deadlineAt: 50 })
  scene.ask(6)
  scene.room = FOREVER
  scene.responder.roomAgain(10, scene.caller)
  scene.responder.cancel(scene.caller, 2)
  scene.beginAll(60)
  t.deepEqual(
    scene.begun.map(({ sequence }) => sequence),
    [3, 4, 6],
  )
  t.deepEqual(scene.answered(), [1, '2 cancelled', '5 expired'])
  t.is(scene.caller.putOff.size, 0)
})

test('R9: a call that is cancelled before its handler would begin is over when it is put off', (t) => {
  const scene = new Scene()
  scene.room = 0
  scene.ask(1)
  scene.answer(1, ENOUGH)
  scene.responder.receive(0, scene.caller, request(2))
  scene.responder.cancel(scene.caller, 2)
  scene.beginAll()
  t.deepEqual([scene.begun.length, scene.caller.putOff.size, scene.responder.runningCount], [0, 0, 0])
  scene.room = 1
  t.is(scene.caller.window.answer(2)?.kind, 'reject')
})

test('R7a: at the end, and for who is forgotten, what was put off is over', (t) => {
  for (const end of [
    (scene: Scene) => scene.responder.abortAll([scene.caller]),
    (scene: Scene) => scene.responder.forget(scene.caller),
  ]) {
    const scene = new Scene()
    scene.room = 0
    scene.ask(1)
    scene.answer(1, ENOUGH)
    scene.ask(2, 4, { deadlineAt: FOREVER })
    t.is(scene.responder.runningCount, 3)
    end(scene)
    t.is(scene.responder.runningCount, 0)
    scene.beginAll()
    t.deepEqual(scene.begun, [])
  }
})

test('R6b: what the node has no room for is refused as forgotten, in its turn', (t) => {
  const scene = new Scene()
  scene.room = 0
  const large = MAX_ANSWER_BYTES / 4
  scene.ask(1, 6)
  scene.answer(6, large)
  t.true(scene.total.bytes <= MAX_ANSWER_BYTES + 3 * 512)
  scene.roomAgain(FOREVER)
  t.deepEqual(scene.answered(), ['4 forgotten', '5 forgotten', '6 forgotten', 1, 2, 3])
  scene.responder.receive(10, scene.caller, request(4, { attempt: 2 }))
  t.deepEqual([scene.answered(), scene.out.told()], [['4 forgotten'], []], 'it is not run again')
})

test('R6b: callers that left make room first, then what is kept; what is owed to those who are there stays', (t) => {
  const scene = new Scene()
  const [away, other] = [scene.meet(), scene.meet()]
  const part = MAX_ANSWER_BYTES / 8
  scene.callers.push(...scene.callers.splice(0, 1))
  const give = (caller: Inbound, first: number, last: number): void => {
    scene.ask(first, last, { caller })
    scene.answer(last - first + 1, part - 512)
  }
  away.connection = undefined
  give(away, 1, 2)
  give(other, 1, 2)
  scene.room = 0
  scene.ask(1, 7)
  const held: number[][] = []
  for (const count of [4, 1, 2]) {
    scene.answer(count, part - 512)
    held.push([away, other].map(({ window }) => window.answers().length))
  }
  t.deepEqual(held, [
    [2, 2],
    [1, 2],
    [0, 1],
  ])
  t.is(scene.caller.window.owed.count, 7)
  t.true(scene.total.bytes <= MAX_ANSWER_BYTES)
})

test('R7a: while the memory of the node is short, only who owes nothing begins', (t) => {
  const scene = new Scene()
  const other = scene.meet()
  scene.room = 0
  scene.ask(1, 1, { caller: other })
  scene.answer(1, 10)
  scene.ask(1, 4)
  scene.answer(4, MAX_ANSWER_BYTES / 4 - 1024)
  scene.ask(2, 2, { caller: other })
  t.is(other.putOff.size, 1)
  const third = scene.meet()
  scene.ask(1, 1, { caller: third })
  t.is(scene.begun.length, 1)
  scene.room = FOREVER
  scene.answer(1, 10)
  t.deepEqual(scene.answered(), [1])
})

test('R6a: whatever room there is and when, each answer is taken once, in its line in the order of the ends', (t) => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('ask' as const), count: fc.integer({ min: 1, max: 20 }) }),
    fc.record({
      kind: fc.constant('answer' as const),
      count: fc.integer({ min: 1, max: 20 }),
      isLarge: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('room' as const), count: fc.nat(15) }),
  )
  let owed = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 60 }), (steps) => {
      const scene = new Scene()
      const ended: [number[], number[]] = [[], []]
      const taken: [number[], number[]] = [[], []]
      const collect = (): void => {
        for (const { sequence, body } of scene.out.sentOf('reply'))
          taken[body.bytes.length > 10 ? 1 : 0].push(sequence)
      }
      let asked = 0
      for (const each of steps) {
        if (each.kind === 'ask') {
          scene.ask(asked + 1, asked + each.count)
          asked += each.count
        } else if (each.kind === 'answer') {
          const calls = scene.begun.slice(0, each.count).map((call) => call.sequence)
          ended[each.isLarge ? 1 : 0].push(...calls)
          scene.answer(each.count, each.isLarge ? MIB : 10)
        } else {
          scene.roomAgain(each.count)
        }
        collect()
        owed += scene.caller.window.owed.count
      }
      scene.roomAgain(FOREVER)
      collect()
      for (const line of [0, 1] as const)
        if (String(taken[line]) !== String(ended[line])) throw new Error(`${taken[line]}, not ${ended[line]}`)
      if (scene.caller.window.owed.bytes !== 0) throw new Error('something is left')
    }),
    { seed: 22, numRuns: 300 },
  )
  t.true(owed > 1000, `${owed}`)
})

test('R6b: the total grows with the largest body', (t) => {
  t.is(new AnswerTotal(1024 * MIB).boundBytes, LARGE_BODIES_PER_PEER * 1024 * MIB)
  t.is(new AnswerTotal(1024).boundBytes, MAX_ANSWER_BYTES)
})

test('R3: an answer below the floor is sent if there is room, and owed to nobody', (t) => {
  const scene = new Scene()
  scene.ask(1, 2)
  scene.responder.receive(0, scene.caller, request(3, { floor: 3 }))
  scene.answer(1, 10)
  scene.room = 0
  scene.answer(1, 10)
  t.deepEqual(scene.answered(), [1])
  t.is(scene.total.bytes, 0)
  t.deepEqual(scene.caller.window.answers(), [])
})
