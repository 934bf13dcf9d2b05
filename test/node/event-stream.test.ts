/**
 * Events as an async iterator: order, waiting, the end, and what a slow reader loses.
 */

import test from 'ava'
import type { NodeEvent } from '../../src/node/api.ts'
import { EventStream } from '../../src/node/event-stream.ts'

function event(peer: string): NodeEvent {
  return { kind: 'peer:left', peer }
}

test('a reader gets what comes after it began, in order, whether it waits or is late', async (t) => {
  const stream = new EventStream()
  stream.push(event('before'))
  const reader = stream.read()
  const waiting = reader.next()
  stream.push(event('a'))
  stream.push(event('b'))
  t.deepEqual(await waiting, { done: false, value: event('a') })
  t.deepEqual(await reader.next(), { done: false, value: event('b') })
})

test('each reader has all events', async (t) => {
  const stream = new EventStream()
  const readers = [stream.read(), stream.read()]
  stream.push(event('a'))
  for (const reader of readers) t.deepEqual(await reader.next(), { done: false, value: event('a') })
})

test('a reader that stands still learns how much it lost, behind what it could keep', async (t) => {
  const stream = new EventStream()
  const reader = stream.read()
  for (let count = 0; count < 1030; count += 1) stream.push(event(`${count}`))
  for (let count = 0; count < 1024; count += 1) t.deepEqual((await reader.next()).value, event(`${count}`))
  t.deepEqual((await reader.next()).value, { kind: 'events:lost', count: 6 })
  stream.push(event('later'))
  t.deepEqual((await reader.next()).value, event('later'))
})

test('the end of the node ends every reader, after what waits, and every later one', async (t) => {
  const stream = new EventStream()
  const late = stream.read()
  const waiting = stream.read().next()
  stream.push(event('a'))
  stream.end()
  await waiting
  t.deepEqual(await late.next(), { done: false, value: event('a') })
  t.is((await late.next()).done, true)
  t.is((await stream.read().next()).done, true)
})

test('a reader that waits when the node ends does not wait for ever', async (t) => {
  const stream = new EventStream()
  const waiting = stream.read().next()
  stream.end()
  t.is((await waiting).done, true)
})

test('a loop that is left gives its reader back', async (t) => {
  const stream = new EventStream()
  stream.push(event('before'))
  const reader = stream.read()
  stream.push(event('a'))
  const seen: NodeEvent[] = []
  for await (const each of reader) {
    seen.push(each)
    break
  }
  t.deepEqual(seen, [event('a')])
  stream.push(event('b'))
  t.is((await reader.next()).done, true)
})
