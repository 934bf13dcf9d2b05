/**
 * Many answers at once over real sockets: more than the queue of a connection holds. A caller that reads gets every one of them;
 * one that does not read costs a bounded number of runs and bytes.
 */

import test from 'ava'
import { MAX_OWED_BYTES } from '../../src/rpc/owed.ts'
import { peersOf, signal, startMesh, startNode, until } from '../support/mesh.ts'
import { framesOf, hello, RawDealer, request } from '../support/raw-socket.ts'

/** How many of the promises came to each end. */
async function endsOf(promises: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const result of await Promise.allSettled(promises)) {
    const end = result.status === 'fulfilled' ? 'ok' : String((result.reason as { code?: string }).code)
    counts[end] = (counts[end] ?? 0) + 1
  }
  return counts
}

for (const sizeBytes of [100_000, 400_000, 1_000_000]) {
  test.serial(
    `R6a: 100 requests at once are all answered with ${sizeBytes} bytes, each run once`,
    async (t) => {
      const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
      let runs = 0
      const body = Buffer.alloc(sizeBytes, 7)
      bravo.handle('get', () => {
        runs += 1
        return body
      })
      const replies = Array.from({ length: 100 }, () => alpha.request('bravo', 'get', 1, { timeout: 20_000 }))
      t.deepEqual(await endsOf(replies), { ok: 100 })
      t.is(runs, 100)
      t.true((await Promise.all(replies)).every((reply: Buffer) => body.equals(reply)))
      const { counters } = bravo.status()
      t.deepEqual([counters.dropped, counters.violations, alpha.status().counters.retries], [0, 0, 0])
    },
  )
}

test.serial('R6a: handlers that all end in one turn lose no answer', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  const start = signal()
  let waiting = 0
  bravo.handle('get', async () => {
    waiting += 1
    await start.promise
    return Buffer.alloc(400_000)
  })
  const replies = Array.from({ length: 200 }, () => alpha.request('bravo', 'get', 1, { timeout: 20_000 }))
  await until(() => waiting === 200, 'all handlers wait')
  start.resolve()
  t.deepEqual(await endsOf(replies), { ok: 200 })
  t.is(bravo.status().counters.dropped, 0)
})

test.serial(
  'R7a: a thousand requests whose answers are above all bounds together are slowed down, and answered',
  async (t) => {
    const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
    let runs = 0
    const body = Buffer.alloc(400_000)
    bravo.handle('get', () => {
      runs += 1
      return body
    })
    const lengths = Array.from({ length: 1000 }, async () => {
      const reply: Buffer = await alpha.request('bravo', 'get', 1, { timeout: 30_000 })
      if (reply.length !== body.length) throw new Error(`${reply.length} bytes`)
    })
    t.deepEqual(await endsOf(lengths), { ok: 1000 })
    t.is(runs, 1000)
  },
)

test.serial('X3: a node that drains sends what it owes before it closes', async (t) => {
  const { alpha, bravo } = await startMesh(t, ['alpha', 'bravo'])
  let runs = 0
  const closing = signal<Promise<void>>()
  bravo.handle('get', () => {
    runs += 1
    if (runs === 100) setImmediate(() => closing.resolve(bravo.close({ drain: 20_000 })))
    return Buffer.alloc(400_000)
  })
  const replies = Array.from({ length: 100 }, () => alpha.request('bravo', 'get', 1, { timeout: 20_000 }))
  t.deepEqual(await endsOf(replies), { ok: 100 })
  await closing.promise
})

test.serial(
  'R7a: a caller that never reads has a bounded number of its requests run, and others are served',
  async (t) => {
    const peers = await peersOf(['alpha', 'bravo'])
    const [alpha, bravo] = await Promise.all([
      startNode(t, { name: 'alpha', peers }),
      startNode(t, { name: 'bravo', peers }),
    ])
    await alpha.ready()
    let runs = 0
    const body = Buffer.alloc(100_000)
    bravo.handle('get', (from) => {
      if (from !== 'alpha') runs += 1
      return body
    })
    const deaf = new RawDealer(t, bravo.endpoint, { reads: false })
    await deaf.say(hello())
    const forever = { deadlineAt: Number.POSITIVE_INFINITY }
    for (let sequence = 1; sequence <= 3000; sequence += 100) {
      const some = Array.from({ length: 100 }, (_, index) => request(sequence + index, 'get', forever))
      await deaf.send(...framesOf(...some))
    }
    await until(() => runs + bravo.status().pending === 3000, 'all have run or are put off', 15_000)
    const replies = Array.from({ length: 100 }, () =>
      alpha.request('bravo', 'get', 'alpha', { timeout: 20_000 }),
    )
    t.deepEqual(await endsOf(replies), { ok: 100 })
    // What is owed, what the queue of the connection holds, and what ZeroMQ and the operating system took.
    const most = (MAX_OWED_BYTES + 7.5 * 2 ** 20 + 32 * 2 ** 20) / body.length
    t.true(runs >= MAX_OWED_BYTES / body.length - 1 && runs <= most, `${runs} of 3000 ran, ${most} may`)
    t.is(bravo.status().pending, 3000 - runs)
  },
)
