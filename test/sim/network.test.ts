/** The simulated network, without nodes: how connections come and go, and what the conditions do to messages. */

import test from 'ava'
import type { ConnectionId } from '../../src/base/ids.ts'
import { Rig } from './rig.ts'

/** The lines without their times. */
const timeless = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/^\d+ /, ''))
const timeOf = (line: string | undefined): number => Number(line?.split(' ')[0])

test('a dialled connection is up after a round trip', async (t) => {
  const rig = new Rig({ faults: { delayMs: [7, 7] } })
  const bravo = rig.peer('bravo')
  const alpha = rig.peer('alpha')
  void bravo.transport.listen('tcp://bravo:7000')
  const connection = alpha.transport.dial('tcp://bravo:7000')
  await rig.run(100)
  t.deepEqual(alpha.heard, [`14 up ${connection}`])
  t.is(alpha.transport.describe(connection), 'tcp://bravo:7000')
})

test('a message travels within the range of delays and keeps its order', async (t) => {
  const rig = new Rig({ faults: { delayMs: [5, 30] } })
  const { alpha, bravo } = await rig.pair()
  const texts = Array.from({ length: 100 }, (_, index) => `message ${index}`)
  const begin = rig.scheduler.nowMs
  for (const text of texts) {
    alpha.say(1, text)
    await rig.run(0)
  }
  await rig.run(100)
  t.deepEqual(bravo.texts, texts)
  const times = bravo.heard.map(timeOf)
  t.true(Math.min(...times) >= begin + 5)
  t.true(Math.max(...times) <= begin + 30)
})

test('loss loses about the share that it says, and says sent all the same', async (t) => {
  const rig = new Rig({ faults: { loss: 0.25 } })
  const { alpha, bravo } = await rig.pair()
  let sent = 0
  for (let index = 0; index < 1000; index += 1) {
    const results = alpha.say(1, `${index}`)
    await rig.run(0)
    sent += results.filter((result) => result === 'sent').length
  }
  await rig.run(100)
  t.is(sent, 1000)
  t.true(bravo.texts.length > 700 && bravo.texts.length < 800, `${bravo.texts.length} arrived`)
})

test('a message that the network repeats arrives twice', async (t) => {
  const rig = new Rig({ faults: { duplicate: 1 } })
  const { alpha, bravo } = await rig.pair()
  alpha.say(1, 'twin')
  await rig.run(100)
  t.deepEqual(bravo.texts, ['twin', 'twin'])
})

test('reordering lets messages overtake each other and loses none', async (t) => {
  const rig = new Rig({ faults: { reorder: 0.3 } })
  const { alpha, bravo } = await rig.pair()
  const texts = Array.from({ length: 100 }, (_, index) => `${String(index).padStart(3, '0')}`)
  for (const text of texts) {
    alpha.say(1, text)
    await rig.run(1)
  }
  await rig.run(200)
  t.notDeepEqual(bravo.texts, texts)
  t.deepEqual(bravo.texts.toSorted(), texts)
})

test('faults can be set for one direction', async (t) => {
  const rig = new Rig({ faults: { delayMs: [1, 1] } })
  const { alpha, bravo } = await rig.pair()
  rig.network.conditions.set({ delayMs: [50, 50] }, { from: 'bravo', to: 'alpha' })
  const begin = rig.scheduler.nowMs
  alpha.say(1, 'there')
  await rig.run(10)
  bravo.say(1, 'back')
  await rig.run(100)
  t.is(timeOf(bravo.heard[0]), begin + 1)
  t.is(timeOf(alpha.heard[0]), begin + 60)
})

test('a host without a listener refuses, with re-dials that back off to 2 s', async (t) => {
  const rig = new Rig()
  rig.peer('bravo')
  const alpha = rig.peer('alpha')
  alpha.transport.dial('tcp://bravo:7000')
  await rig.run(20_000)
  t.deepEqual([...new Set(timeless(alpha.heard))], ['down 1 refused'])
  const times = alpha.heard.map(timeOf)
  const pauses = times.slice(1).map((time, index) => time - (times[index] as number))
  t.true((pauses[0] as number) <= 130, `first pause ${pauses[0]} ms`)
  t.true(Math.max(...pauses) <= 2030)
  t.true((pauses.at(-1) as number) >= 1000)
})

test('a host that does not exist is silent', async (t) => {
  const rig = new Rig()
  const alpha = rig.peer('alpha')
  alpha.transport.dial('tcp://nowhere:7000')
  await rig.run(2000)
  t.deepEqual(alpha.heard, ['500 down 1 silent'])
})

test('a listener that starts later is found', async (t) => {
  const rig = new Rig()
  const bravo = rig.peer('bravo')
  const alpha = rig.peer('alpha')
  alpha.transport.dial('tcp://bravo:7000')
  await rig.run(3000)
  void bravo.transport.listen('tcp://bravo:7000')
  await rig.run(2500)
  t.is(timeless(alpha.heard).at(-1), 'up 1')
})

test('the crash of the listener ends the connection soon, and its restart brings it up again', async (t) => {
  const rig = new Rig()
  const { alpha, bravo } = await rig.pair()
  const begin = rig.scheduler.nowMs
  bravo.member.kill()
  await rig.run(100)
  t.is(timeless(alpha.heard)[0], 'down 1 closed')
  t.true(timeOf(alpha.heard[0]) <= begin + 10)
  const again = rig.peer('bravo', bravo.member)
  void again.transport.listen('tcp://bravo:7000')
  await rig.run(1000)
  t.is(timeless(alpha.heard).at(-1), 'up 1')
  alpha.say(1, 'welcome back')
  await rig.run(20)
  t.deepEqual(again.texts, ['welcome back'])
  t.deepEqual(bravo.texts, [])
})

test('what was sent before a close arrives before its end', async (t) => {
  const rig = new Rig({ faults: { delayMs: [5, 20] } })
  const { alpha, bravo } = await rig.pair()
  alpha.say(1, 'hello')
  await rig.run(30)
  bravo.say(1, 'goodbye')
  void bravo.transport.close()
  await rig.run(50)
  t.deepEqual(timeless(alpha.heard).slice(0, 2), ['receive 1 goodbye', 'down 1 closed'])
})

test('an inbound connection whose dialler crashed answers gone', async (t) => {
  const rig = new Rig()
  const { alpha, bravo } = await rig.pair()
  alpha.say(1, 'last words')
  await rig.run(20)
  alpha.member.kill()
  await rig.run(20)
  const results = bravo.say(1, 'too late')
  await rig.run(0)
  t.deepEqual(results, ['gone'])
})

for (const kind of ['partition', 'one-way cut', 'pause'] as const) {
  test(`a ${kind} is noticed by a probe after 400 ms, and dialling goes on`, async (t) => {
    const rig = new Rig()
    const { alpha, bravo } = await rig.pair()
    const { conditions } = rig.network
    const begin = rig.scheduler.nowMs
    if (kind === 'pause') {
      bravo.member.process.pause()
    } else {
      conditions.cut('bravo', 'alpha')
      if (kind === 'partition') conditions.cut('alpha', 'bravo')
    }
    alpha.transport.probe(1 as ConnectionId, false)
    alpha.transport.probe(1 as ConnectionId, false)
    await rig.run(6000)
    const cause = kind === 'pause' ? 'silent' : 'unreachable'
    t.is(timeless(alpha.heard)[0], `down 1 ${cause}`)
    t.deepEqual([...new Set(timeless(alpha.heard).slice(1))], ['down 1 silent'])
    t.is(timeOf(alpha.heard[0]) - begin, 400)
    t.true(alpha.heard.length >= 3)
    bravo.member.process.resume()
    conditions.heal()
    await rig.run(4500)
    t.is(timeless(alpha.heard).at(-1), 'up 1')
  })
}

test('a cut that nobody asks about is noticed by the operating system, after 6 to 11 s', async (t) => {
  const rig = new Rig()
  const { alpha } = await rig.pair()
  const begin = rig.scheduler.nowMs
  rig.network.conditions.cut('bravo', 'alpha')
  await rig.run(12_000)
  const time = timeOf(alpha.heard[0]) - begin
  t.true(time >= 6000 && time < 11_000, `noticed after ${time} ms`)
})

test('a probe of a process that only stalls is answered, and a process that stood still learns nothing', async (t) => {
  const rig = new Rig()
  const { alpha, bravo } = await rig.pair()
  bravo.member.process.stall(rig.scheduler.nowMs + 1000)
  alpha.transport.probe(1 as ConnectionId, false)
  await rig.run(1000)
  t.deepEqual(alpha.heard, [])
  bravo.member.process.pause()
  alpha.transport.probe(1 as ConnectionId, false)
  alpha.member.process.stall(rig.scheduler.nowMs + 1000)
  await rig.run(1500)
  t.deepEqual(alpha.heard, [])
})

test('a short cut goes unnoticed: what was sent meanwhile comes late and in order', async (t) => {
  const rig = new Rig()
  const { alpha, bravo } = await rig.pair()
  rig.network.conditions.cut('alpha', 'bravo')
  for (const text of ['one', 'two', 'three']) {
    alpha.say(1, text)
    await rig.run(100)
  }
  t.deepEqual(bravo.texts, [])
  rig.network.conditions.mend('alpha', 'bravo')
  alpha.say(1, 'four')
  await rig.run(50)
  t.deepEqual(bravo.texts, ['one', 'two', 'three', 'four'])
  t.deepEqual(alpha.heard, [])
})

test('overlapping cuts are mended one by one', (t) => {
  const { conditions } = new Rig().network
  conditions.cut('alpha', 'bravo')
  conditions.cut('alpha', 'bravo')
  conditions.mend('alpha', 'bravo')
  t.false(conditions.isOpen('alpha', 'bravo'))
  t.true(conditions.isOpen('bravo', 'alpha'))
  conditions.mend('alpha', 'bravo')
  t.true(conditions.isOpen('alpha', 'bravo'))
})

test('a stalled event loop keeps its connections and reads what came when it goes on', async (t) => {
  const rig = new Rig()
  const { alpha, bravo } = await rig.pair()
  const begin = rig.scheduler.nowMs
  bravo.member.process.stall(begin + 5000)
  const results = alpha.say(1, 'are you there')
  await rig.run(4999)
  t.deepEqual(results, ['sent'])
  t.deepEqual(alpha.heard, [])
  t.deepEqual(bravo.heard, [])
  await rig.run(1)
  t.deepEqual(bravo.heard, [`${begin + 5000} receive 1 are you there`])
})

test('a paused process reads after it resumes what was sent to it on a connection that is long gone', async (t) => {
  const rig = new Rig()
  const { alpha, bravo } = await rig.pair()
  bravo.member.process.pause()
  alpha.say(1, 'stale')
  alpha.transport.probe(1 as ConnectionId, false)
  await rig.run(3000)
  t.true(timeless(alpha.heard).includes('down 1 silent'))
  bravo.member.process.resume()
  await rig.run(100)
  t.deepEqual(bravo.texts, ['stale'])
  const results = bravo.say(bravo.from[0] as number, 'answer')
  await rig.run(0)
  t.deepEqual(results, ['gone'])
})

test('equal seeds give equal traces, different seeds do not', async (t) => {
  const play = async (seed: number): Promise<string> => {
    const rig = new Rig({ seed, faults: { loss: 0.2, duplicate: 0.2, reorder: 0.2 } })
    const { alpha } = await rig.pair()
    for (let index = 0; index < 50; index += 1) {
      alpha.say(1, `${index}`)
      await rig.run(2)
    }
    await rig.run(100)
    return rig.trace.hash()
  }
  const first = await play(7)
  t.is(await play(7), first)
  t.not(await play(8), first)
})
