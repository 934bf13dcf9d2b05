/** The table of inbound connections: any routing id finds its connection, and the table has a bound. */

import test from 'ava'
import fc from 'fast-check'
import type { ConnectionId } from '../../src/base/ids.ts'
import type { SendResult } from '../../src/transport/transport.ts'
import { InboundTable } from '../../src/transport/zmq-inbound.ts'

function table(limit: number, judge: () => SendResult = () => 'gone'): InboundTable {
  let last = 0
  return new InboundTable(
    limit,
    () => {
      last += 1
      return last as ConnectionId
    },
    judge,
  )
}

/** An id as libzmq makes them. */
function automatic(number: number): Buffer {
  const id = Buffer.alloc(5)
  id.writeUInt32BE(number, 1)
  return id
}

/** One of libzmq's, one that a peer chose, and none. */
const IDS = [automatic(1), Buffer.from('chosen'), Buffer.alloc(0)]

test('equal routing ids are one connection, different ones never, whatever their bytes', (t) => {
  const anyId = fc.oneof(
    fc.uint8Array({ maxLength: 6 }),
    fc.uint8Array({ minLength: 255, maxLength: 255 }),
    fc.nat(0xffffffff).map((number) => new Uint8Array(automatic(number))),
  )
  const property = fc.property(fc.array(anyId, { maxLength: 40 }), (ids) => {
    const inbounds = table(1000)
    const twin = new Map<string, ConnectionId>()
    for (const id of ids) {
      const { connection } = inbounds.hear(Buffer.from(id))
      const text = Buffer.from(id).toString('hex')
      if ((twin.get(text) ?? connection) !== connection) return false
      twin.set(text, connection)
      if (!inbounds.get(connection)?.routingId.equals(id)) return false
    }
    return inbounds.size === twin.size && new Set(twin.values()).size === twin.size
  })
  t.notThrows(() => fc.assert(property, { seed: 7, numRuns: 500 }))
})

test('a forgotten connection is unknown, and its routing id makes a new one', (t) => {
  const inbounds = table(10)
  for (const id of IDS) {
    const { connection } = inbounds.hear(id)
    inbounds.forget(connection)
    inbounds.forget(connection)
    t.is(inbounds.get(connection), undefined)
    t.not(inbounds.hear(id).connection, connection)
  }
  t.is(inbounds.size, 3)
})

test('a connection that was let go cannot be answered, and is the same one when it speaks again', (t) => {
  const inbounds = table(10)
  for (const id of IDS) {
    const { connection } = inbounds.hear(id)
    inbounds.letGo(connection)
    inbounds.letGo(connection)
    t.is(inbounds.get(connection), undefined)
    t.is(inbounds.size, 0)
    t.is(inbounds.hear(id).connection, connection)
    t.is(inbounds.get(connection)?.connection, connection)
    inbounds.forget(connection)
    t.not(inbounds.hear(id).connection, connection)
    inbounds.clear()
  }
})

test('of those that were let go the last thousand are kept in mind, and none when the socket is another one', (t) => {
  const inbounds = table(10_000)
  for (let number = 0; number <= 1024; number += 1)
    inbounds.letGo(inbounds.hear(automatic(number)).connection)
  t.is(inbounds.hear(automatic(1)).connection, 2 as ConnectionId)
  t.is(inbounds.hear(automatic(0)).connection, 1026 as ConnectionId, 'the first of them was forgotten')
  inbounds.letGo(2 as ConnectionId)
  inbounds.clear()
  t.is(inbounds.hear(automatic(1)).connection, 1027 as ConnectionId)
})

test('a flood of connections keeps the table at its bound and those that speak in it', (t) => {
  const inbounds = table(160)
  const loyal = inbounds.hear(automatic(0)).connection
  for (let stranger = 1; stranger <= 10_000; stranger += 1) {
    inbounds.hear(automatic(stranger))
    t.is(inbounds.hear(automatic(0)).connection, loyal)
    if (inbounds.size > 160) t.fail(`the table holds ${inbounds.size}`)
  }
  t.true(inbounds.size >= 150, 'only a part of the table is forgotten at a time')
})

test('a routing id is kept as a copy, which holds no more memory than it has bytes', (t) => {
  const inbounds = table(10)
  const id = automatic(7)
  for (const routingId of [id, Buffer.from('a name of its own')]) {
    const copy = inbounds.hear(routingId).routingId
    t.deepEqual(copy, Buffer.from(routingId))
    t.is(copy.buffer.byteLength, routingId.length)
  }
  const { routingId } = inbounds.hear(id)
  id.fill(0xff)
  t.deepEqual(routingId, automatic(7))
})

test('a send is settled once, by what its error means', (t) => {
  const inbound = table(10, () => 'full').hear(automatic(1))
  const results: SendResult[] = []
  inbound.done = (result) => results.push(result)
  inbound.onNotSent(new Error('EAGAIN'))
  inbound.onSent()
  t.deepEqual(results, ['full'])
})
