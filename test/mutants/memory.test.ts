/** What is remembered of mutants comes back as it was, and nothing of mutants that are gone. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { SCENARIOS } from '../../src/sim/scenarios.ts'
import { MUTANTS } from './list.ts'
import { readMemory, type Trail, textOf, trailOf, writeMemory } from './memory.ts'
import type { Mutant } from './mutant.ts'

const mutant = (name: string): Mutant => ({ name, clause: 'R1', file: 'a.ts', find: 'one', replace: 'two' })

test('a trail is a run of a scenario, or the tests', (t) => {
  const trail: Trail = { by: 'seed', scenario: 'storm', seed: 12 }
  t.is(textOf(trail), 'storm 12')
  t.deepEqual(trailOf('storm 12'), trail)
  t.deepEqual(trailOf(textOf({ by: 'test' })), { by: 'test' })
  t.deepEqual(trailOf('what is this?'), { by: 'test' })
})

test('what is written is read again, without mutants that are gone', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'zmqnet-memory-'))
  t.teardown(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, 'test', 'mutants'), { recursive: true })
  t.is(readMemory(root).size, 0, 'nothing is remembered where nothing was written')
  const memory = new Map<string, Trail>([
    ['gone', { by: 'test' }],
    ['second', { by: 'test' }],
    ['first', { by: 'seed', scenario: 'storm', seed: 0 }],
  ])
  writeMemory(root, memory, [mutant('first'), mutant('never met'), mutant('second')])
  t.is(
    readFileSync(join(root, 'test', 'mutants', 'memory.json'), 'utf8'),
    '{\n  "first": "storm 0",\n  "second": "test"\n}\n',
  )
  t.deepEqual(
    [...readMemory(root)],
    [
      ['first', memory.get('first')],
      ['second', { by: 'test' }],
    ],
  )
})

test('what is remembered is of mutants and scenarios that exist', (t) => {
  const names = new Set(MUTANTS.map(({ name }) => name))
  const memory = [...readMemory('.')]
  t.true(memory.length > 0)
  t.deepEqual(
    memory.filter(([name]) => !names.has(name)),
    [],
  )
  t.deepEqual(
    memory.filter(([, trail]) => trail.by === 'seed' && !Object.hasOwn(SCENARIOS, trail.scenario)),
    [],
  )
})
