/** The list of mutants cannot rot: each still finds its place in the source, and names a clause that exists. */

import { readdirSync, readFileSync } from 'node:fs'
import test from 'ava'
import { MUTANTS } from './list.ts'
import { type Mutant, plant, testsOf } from './mutant.ts'

const SAMPLE: Mutant = { name: 'a sample', clause: 'R1', file: 'a.ts', find: 'one', replace: '$& two' }

test('each mutant finds its text exactly once', (t) => {
  const faults = MUTANTS.flatMap((mutant) => {
    const source = readFileSync(mutant.file, 'utf8')
    try {
      return plant(mutant, source) === source ? [`"${mutant.name}" changes nothing`] : []
    } catch (error) {
      return [(error as Error).message]
    }
  })
  t.deepEqual(faults, [])
})

test('there are at least 40 mutants, no two of them with one name or with one text', (t) => {
  t.true(MUTANTS.length >= 40)
  t.is(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length)
  t.is(new Set(MUTANTS.map(({ file, find, replace }) => `${file} ${find} ${replace}`)).size, MUTANTS.length)
})

test('each mutant breaks a clause of the protocol', (t) => {
  const clauses = new Set(
    [...readFileSync('docs/protocol.md', 'utf8').matchAll(/^- \*\*([A-Z]\d+)\*\* /gm)].map(
      (match) => match[1],
    ),
  )
  t.true(clauses.size > 50)
  t.deepEqual(
    MUTANTS.filter(({ clause }) => !clauses.has(clause)).map(({ name, clause }) => `${name}: ${clause}`),
    [],
  )
})

test('a mutant is planted as it is written, and not when its text is missing or stands there twice', (t) => {
  t.is(plant(SAMPLE, 'zero one three'), 'zero $& two three')
  t.throws(() => plant(SAMPLE, 'zero'), { message: /found 0 times in a\.ts, wanted is once/ })
  t.throws(() => plant(SAMPLE, 'one one'), { message: /found 2 times/ })
})

test('the tests of a mutant are those of its own file first, then those of its room, and never none', (t) => {
  const files = [
    'rpc/caller.test.ts',
    'rpc/caller-link.test.ts',
    'rpc/window.test.ts',
    'rpc/rig.ts',
    'node/node.test.ts',
  ]
  t.deepEqual(testsOf({ ...SAMPLE, file: 'src/rpc/caller.ts' }, files), [
    ['rpc/caller.test.ts', 'rpc/caller-link.test.ts'],
    ['rpc/window.test.ts'],
  ])
  t.deepEqual(testsOf({ ...SAMPLE, file: 'src/node/core.ts' }, files), [])
  const all = readdirSync('test', { recursive: true, encoding: 'utf8' })
  t.deepEqual(
    MUTANTS.filter((mutant) => testsOf(mutant, all).length === 0).map(({ file }) => file),
    [],
  )
})
