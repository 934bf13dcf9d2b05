/**
 * Bounds that need a whole core: what is too much for one sender, for one body, and for all callers together, and who is told
 * of it.
 */

import test from 'ava'
import { CoreMesh, type Member } from '../support/core-mesh.ts'
import { bodyOf, request, send } from '../support/samples.ts'

const LIMIT = 16 * 1024 * 1024
const CLIENT = { role: 'client' } as const

/** Bravo, and so many clients with sessions there: c0, c1 and so on. */
function served(clients: number): { mesh: CoreMesh; bravo: Member; names: string[] } {
  const mesh = new CoreMesh()
  const bravo = mesh.start('bravo', [])
  const names = Array.from({ length: clients }, (_, index) => `c${index}`)
  for (const name of names) {
    mesh.start(name, ['bravo'], CLIENT)
    mesh.connect(name, 'bravo')
  }
  return { mesh, bravo, names }
}

/** What bravo answered since the last call, in words; signs of life left out. */
function answers({ sent }: Member): string[] {
  return sent.splice(0).flatMap(({ message }) => {
    if (message.kind === 'reject') return [`${message.of} ${message.sequence} ${message.reason}`]
    return message.kind === 'reply' ? [`reply ${message.sequence}`] : []
  })
}

test('O5: of one sender, 16,384 one-way messages are handled at a time, and the next is refused', (t) => {
  const { mesh, bravo } = served(2)
  mesh.forge('c0', 'bravo', ...Array.from({ length: 16_385 }, (_, index) => send(index + 1)))
  const arrivals = bravo.take('arrival')
  t.is(arrivals.length, 16_384)
  t.deepEqual(answers(bravo), ['send 16385 overloaded'])
  mesh.forge('c1', 'bravo', send(1))
  t.is(bravo.take('arrival').length, 1, 'another sender has its own')
  for (const { arrival } of arrivals.slice(0, 1)) bravo.core.reception.finishArrival(arrival)
  mesh.forge('c0', 'bravo', send(16_385))
  t.is(bravo.take('arrival').length, 1, 'a number that was refused was not seen')
  t.is(bravo.core.reception.runningCount, 16_385)
})

test('T3: an offer of a body above the limit is refused as too large, before a byte of it is taken', (t) => {
  const { mesh, bravo } = served(1)
  const offer = { kind: 'offer', transfer: 1, totalBytes: LIMIT + 1, isRepeat: false } as const
  mesh.forge('c0', 'bravo', { ...offer, head: request(1) })
  t.deepEqual(answers(bravo), ['request 1 too-large'])
  t.deepEqual([bravo.take('call'), bravo.core.transfers.count], [[], 0])
})

test('T2: two bodies under one number, and credit for what was not sent, are violations', (t) => {
  const { mesh, bravo } = served(1)
  const offer = { kind: 'offer', transfer: 1, isRepeat: false } as const
  mesh.forge('c0', 'bravo', { ...offer, totalBytes: 2_000_000, head: request(1) })
  mesh.forge('c0', 'bravo', { ...offer, totalBytes: 3_000_000, head: request(2) })
  t.like(bravo.take('violation'), [{ text: 'It offered two bodies under one number' }])
  mesh.forge('c0', 'bravo', request(3))
  const [call] = bravo.take('call')
  if (call === undefined) return t.fail('not called')
  bravo.core.reception.finish(call.call, { kind: 'done', body: bodyOf(2 * 1024 * 1024) })
  bravo.core.endTurn(mesh.now)
  const credit = { kind: 'credit', transfer: 1, limitBytes: LIMIT, goBack: false } as const
  mesh.forge('c0', 'bravo', { ...credit, receivedBytes: LIMIT })
  t.like(bravo.take('violation'), [{ text: 'It confirmed bytes that were not sent' }])
})

test('R6b: the answers kept for all callers have a bound, and callers that left give theirs up first', (t) => {
  const { mesh, bravo, names } = served(70)
  const body = bodyOf(500_000)
  const ask = (name: string): void => {
    mesh.forge(name, 'bravo', ...Array.from({ length: 8 }, (_, index) => request(index + 1)))
    for (const { call } of bravo.take('call')) bravo.core.reception.finish(call, { kind: 'done', body })
    mesh.settle()
  }
  const again = (name: string): string[] => {
    answers(bravo)
    mesh.forge(name, 'bravo', request(8, { attempt: 2 }))
    return answers(bravo)
  }
  ask('c30')
  mesh.forge('c30', 'bravo', { kind: 'goodbye' })
  mesh.cut('c30', 'bravo')
  mesh.pass(2500)
  t.is(bravo.take('session-closed').length, 1)
  for (const name of names.filter((name) => name !== 'c30')) ask(name)
  mesh.connect('c30', 'bravo')
  t.deepEqual(again('c30'), ['request 8 forgotten'])
  t.deepEqual(again('c20'), ['reply 8'])
  t.deepEqual(again('c69'), ['reply 8'])
})
