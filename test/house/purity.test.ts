/**
 * Pure code reaches for nothing. Each banned name is tried with a planted violation, and what only looks like one passes.
 */

import test from 'ava'
import { checkPurity, pureOnes } from './purity.ts'
import { linesOf, readSources, sourceFile } from './source-file.ts'

test('no pure file in src reaches for time, chance or the world', (t) => {
  const sources = readSources('src')
  const pure = pureOnes(sources).map((source) => source.path)
  for (const path of [
    'src/base/deadlines.ts',
    'src/wire/messages.ts',
    'src/rpc/caller.ts',
    'src/node/core.ts',
  ]) {
    t.true(pure.includes(path), path)
  }
  t.false(pure.includes('src/transport/zmq.ts'))
  t.deepEqual(linesOf(checkPurity(sources)), [])
})

const IMPURE: readonly (readonly [string, string])[] = [
  ['const now = Date.now()', 'time: Date.now'],
  ['const now = new Date()', 'time: new Date'],
  ['const now = +new Date', 'time: new Date'],
  ['const now = Date()', 'time: Date('],
  ['const now = performance.now()', 'time: performance'],
  ['setTimeout(f, 1)', 'a timer: setTimeout'],
  ['setInterval(f, 1)', 'a timer: setInterval'],
  ['setImmediate(f)', 'a timer: setImmediate'],
  ['const x = Math.random()', 'chance: Math.random'],
  ['const x = crypto.randomUUID()', 'chance: crypto'],
  ['queueMicrotask(f)', 'asynchronous code: queueMicrotask'],
  ['async function f() {}', 'asynchronous code: async'],
  ['for await (const x of y) {}', 'asynchronous code: await'],
  ['type X = Promise<number>', 'asynchronous code: Promise'],
  ["console.log('x')", 'the world: console'],
  ['const x = process.env.X', 'the world: process'],
  ['const x = globalThis.fetch', 'the world: globalThis'],
  ["fetch('http://x')", 'the world: fetch'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the sample is a program text
  ['const x = `${Date.now()} ms`', 'time: Date.now'],
]

for (const [text, what] of IMPURE) {
  test(`the rule of purity catches: ${text}`, (t) => {
    for (const path of ['src/rpc/a.ts', 'src/node/core.ts']) {
      t.true(
        linesOf(checkPurity([sourceFile(path, text)])).includes(
          `${path}:1: Pure code must not reach for ${what}`,
        ),
      )
    }
    t.deepEqual(checkPurity([sourceFile('src/node/driver.ts', text)]), [])
  })
}

test('the rule of purity catches what core.ts imports from its own room, but not the types', (t) => {
  const core = sourceFile(
    'src/node/core.ts',
    "import { x } from './outreach.ts'\nimport type { Y } from './api.ts'",
  )
  const outreach = sourceFile('src/node/outreach.ts', "import { hostname } from 'node:os'")
  const api = sourceFile('src/node/api.ts', 'export type Y = Promise<number>')
  t.deepEqual(linesOf(checkPurity([core, outreach, api])), [
    'src/node/outreach.ts:1: Pure code must not import node:os',
  ])
})

for (const text of [
  '// Date.now() is not called here, and nothing is async',
  "throw new Error('Promise of a process')",
  'if (value instanceof Date) return new Date(value.getTime())',
  'const x = this.process(message)',
  'const isAsync = order.async',
  'this.#process()',
  'const processed = 1',
]) {
  test(`the rule of purity allows: ${text}`, (t) => {
    t.deepEqual(linesOf(checkPurity([sourceFile('src/wire/a.ts', text)])), [])
  })
}
