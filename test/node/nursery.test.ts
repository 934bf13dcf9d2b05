/**
 * When the young generation is collected, and that V8 does it without a trace in the rest of the process.
 */

import { runInNewContext } from 'node:vm'
import test from 'ava'
import { resolveNodeSettings } from '../../src/node/config.ts'
import { startNode as startNodeIn } from '../../src/node/node.ts'
import {
  BEFORE_OFFER_BYTES,
  CHUNKS_ENOUGH_BYTES,
  findYoungCollector,
  Nursery,
  WHOLE_ENOUGH_BYTES,
} from '../../src/node/nursery.ts'
import { realWorld } from '../../src/node/real-world.ts'
import { peersOf, startNode, until } from '../support/mesh.ts'

const MIB = 1024 * 1024
const REQUEST = [{ kind: 'request' }] as const
const CHUNK = [{ kind: 'chunk' }] as const
const OFFER = [{ kind: 'reply' }, { kind: 'offer' }] as const

/** A nursery, and how often it has collected. */
function countedNursery(): { nursery: Nursery; collected: () => number; looked: () => number } {
  let looks = 0
  let collections = 0
  const nursery = new Nursery(() => {
    looks += 1
    return () => {
      collections += 1
    }
  })
  return { nursery, collected: () => collections, looked: () => looks }
}

for (const [what, messages, enoughBytes] of [
  ['whole bodies', REQUEST, WHOLE_ENOUGH_BYTES],
  ['chunks', CHUNK, CHUNKS_ENOUGH_BYTES],
] as const) {
  test(`collects after so many bytes of ${what}, and begins to count anew`, (t) => {
    const { nursery, collected, looked } = countedNursery()
    for (let turn = 1; turn <= 3; turn += 1) {
      nursery.took(messages, enoughBytes - MIB)
      nursery.took(messages, MIB - 1)
      t.is(collected(), turn - 1)
      nursery.took(messages, 1)
      t.is(collected(), turn)
    }
    t.is(looked(), 1)
  })
}

test('collects sooner before a body that comes in chunks, if it is worth it', (t) => {
  const { nursery, collected } = countedNursery()
  nursery.took(CHUNK, BEFORE_OFFER_BYTES - 1)
  nursery.took(OFFER, 0)
  t.is(collected(), 0)
  nursery.took(CHUNK, 1)
  t.is(collected(), 0)
  nursery.took(OFFER, 0)
  nursery.took(OFFER, 0)
  t.is(collected(), 1)
})

test('small messages between chunks are no reason to collect', (t) => {
  const { nursery, collected } = countedNursery()
  nursery.took(CHUNK, CHUNKS_ENOUGH_BYTES - 1)
  nursery.took(REQUEST, 0)
  nursery.took([], 0)
  t.is(collected(), 0)
})

test('a process that never received so much does not look for a collector, and one that finds none goes without', (t) => {
  let looks = 0
  const nursery = new Nursery(() => {
    looks += 1
    return undefined
  })
  nursery.took(REQUEST, WHOLE_ENOUGH_BYTES - 1)
  t.is(looks, 0)
  for (let turn = 0; turn < 3; turn += 1) nursery.took(REQUEST, WHOLE_ENOUGH_BYTES)
  t.is(looks, 1)
  t.is(
    findYoungCollector(() => undefined),
    undefined,
  )
  t.is(
    findYoungCollector(() => {
      throw new Error('not in this process')
    }),
    undefined,
  )
})

test.serial('V8 gives back buffers that nobody holds, and no other context sees how', async (t) => {
  t.is(globalThis.gc, undefined)
  const collect = findYoungCollector()
  if (collect === undefined) return t.fail('V8 lends no collector')
  t.is(globalThis.gc, undefined)
  t.is(runInNewContext('typeof gc'), 'undefined')
  const held = (): number => process.memoryUsage().arrayBuffers
  const before = held()
  // Fewer than V8 would collect for by itself.
  for (let count = 0; count < 8; count += 1) new Uint8Array(2 * MIB)
  t.true(held() >= before + 16 * MIB)
  collect()
  // A process that rests does so by itself, but not before eight seconds.
  t.true(await until(() => held() < before + 4 * MIB, 'the buffers are gone', 5000))
})

test.serial('a process that was started with a collector of its own keeps it, and it is used', (t) => {
  const asked: unknown[] = []
  globalThis.gc = ((options: unknown) => asked.push(options)) as unknown as NonNullable<typeof globalThis.gc>
  t.teardown(() => {
    globalThis.gc = undefined
  })
  findYoungCollector()?.()
  t.deepEqual(asked, [{ type: 'minor' }])
  t.truthy(globalThis.gc)
})

test('a node tells of each body before its handler has it: whole, or in chunks after their offer', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const told: string[] = []
  const nursery = {
    took: (messages: readonly { readonly kind: string }[], bodyBytes: number) => {
      const kinds = messages.map(({ kind }) => kind).filter((kind) => kind === 'offer' || bodyBytes > 0)
      if (kinds.length > 0) told.push(`${kinds.join()} ${bodyBytes}`)
    },
  }
  const bravo = await startNodeIn(resolveNodeSettings({ name: 'bravo', peers }), { ...realWorld(), nursery })
  t.teardown(() => bravo.close({ drain: 0 }))
  bravo.handle('length', (body: Uint8Array) => {
    told.push('handler')
    return body.length
  })
  const alpha = await startNode(t, { name: 'alpha', peers })
  await alpha.ready()
  t.is(await alpha.request('bravo', 'length', Buffer.alloc(64 * 1024)), 64 * 1024)
  t.deepEqual(told.splice(0), [`request ${64 * 1024}`, 'handler'])
  t.is(await alpha.request('bravo', 'length', Buffer.alloc(MIB)), MIB)
  t.is(told.at(0), 'offer 0')
  t.is(told.at(-1), 'handler')
  const chunks = told.slice(1, -1)
  t.true(chunks.length > 1)
  t.true(chunks.every((text) => text.startsWith('chunk ')))
  t.is(
    chunks.reduce((sum, text) => sum + Number(text.split(' ')[1]), 0),
    MIB,
  )
})
