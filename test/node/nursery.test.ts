/**
 * When the young generation is collected, and that V8 gives back dead bodies then.
 */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import test from 'ava'
import { resolveNodeSettings } from '../../src/node/config.ts'
import { startNode as startNodeIn } from '../../src/node/node.ts'
import {
  BEFORE_OFFER_BYTES,
  CHUNKS_ENOUGH_BYTES,
  Nursery,
  openNursery,
  WHOLE_ENOUGH_BYTES,
} from '../../src/node/nursery.ts'
import { realWorld } from '../../src/node/real-world.ts'
import { peersOf, startNode } from '../support/mesh.ts'

const MIB = 1024 * 1024
const REQUEST = [{ kind: 'request' }] as const
const CHUNK = [{ kind: 'chunk' }] as const
const OFFER = [{ kind: 'reply' }, { kind: 'offer' }] as const

/** A nursery, and how often it has collected. */
function countedNursery(): { nursery: Nursery; collected: () => number } {
  let collections = 0
  const nursery = new Nursery(() => {
    collections += 1
  })
  return { nursery, collected: () => collections }
}

for (const [what, messages, enoughBytes] of [
  ['whole bodies', REQUEST, WHOLE_ENOUGH_BYTES],
  ['chunks', CHUNK, CHUNKS_ENOUGH_BYTES],
] as const) {
  test(`collects after so many bytes of ${what}, and begins to count anew`, (t) => {
    const { nursery, collected } = countedNursery()
    for (let turn = 1; turn <= 3; turn += 1) {
      nursery.took(messages, enoughBytes - MIB)
      nursery.took(messages, MIB - 1)
      t.is(collected(), turn - 1)
      nursery.took(messages, 1)
      t.is(collected(), turn)
    }
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

test('only a process whose collector may be called has a nursery', (t) => {
  t.is(openNursery(undefined), undefined)
  const asked: unknown[] = []
  const gc = ((options: unknown) => asked.push(options)) as unknown as NonNullable<typeof globalThis.gc>
  openNursery(gc)?.took(REQUEST, WHOLE_ENOUGH_BYTES)
  t.deepEqual(asked, [{ type: 'minor' }])
})

test('in a process with --expose-gc, bodies are gone before V8 would collect them by itself', async (t) => {
  const program = `
    import { openNursery } from '${new URL('../../src/node/nursery.js', import.meta.url).href}'
    import { until } from '${new URL('../support/mesh.js', import.meta.url).href}'
    const MIB = 1024 * 1024
    const held = () => process.memoryUsage().arrayBuffers
    const nursery = openNursery(globalThis.gc)
    const before = held()
    const take = (bytes) => nursery.took([{ kind: 'request' }], new Uint8Array(bytes).length)
    for (let count = 1; count < 8; count += 1) take(MIB)
    const most = held() - before
    take(MIB)
    // A process that rests does so by itself, but not before eight seconds.
    const isGone = await until(() => held() <= before + 2 * MIB, 'the bodies are gone', 5000)
    console.log(JSON.stringify({ most: most >= 7 * MIB, isGone }))`
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, ['--expose-gc', '--input-type=module', '--eval', program])
  t.deepEqual(JSON.parse(stdout), { most: true, isGone: true })
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
