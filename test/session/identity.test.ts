/**
 * The rules of introduction: which Hello is taken, and the first reason why not.
 */

import test from 'ava'
import { helloOf, judgeHello, welcomeOf } from '../../src/session/identity.ts'
import type { Hello } from '../../src/wire/messages.ts'
import { ALPHA, hello, incarnation } from '../support/samples.ts'

const isMember = (name: string): boolean => name === 'bravo' || name === 'charlie'

function reason(changes: Partial<Hello>): string | undefined {
  return judgeHello(ALPHA, isMember, hello(changes))?.reason
}

test('S8: the table of Hellos', (t) => {
  const table: [Partial<Hello>, string | undefined][] = [
    [{}, undefined],
    [{ expects: '' }, undefined],
    [{ minVersion: 1, maxVersion: 9 }, undefined],
    [{ minVersion: 2, maxVersion: 9 }, 'version'],
    [{ minVersion: 0, maxVersion: 0 }, 'version'],
    [{ network: 'other' }, 'network'],
    [{ expects: 'charlie' }, 'wrong-node'],
    [{ name: 'alpha' }, 'name-taken'],
    [{ name: 'zulu' }, 'unknown-node'],
    [{ role: 'client', name: 'zulu' }, undefined],
    [{ role: 'client', name: 'alpha' }, 'name-taken'],
    [{ role: 'client', name: 'bravo' }, 'name-taken'],
    [{ role: 'client', name: 'zulu', network: 'other' }, 'network'],
    [{ role: 'client', name: 'zulu', expects: 'bravo' }, 'wrong-node'],
  ]
  for (const [changes, expected] of table) t.is(reason(changes), expected, JSON.stringify(changes))
})

test('S8: of several reasons, the first is told', (t) => {
  const all = { minVersion: 2, maxVersion: 2, network: 'other', expects: 'zulu', name: 'zulu' }
  t.is(reason(all), 'version')
  t.is(reason({ ...all, minVersion: 1 }), 'network')
  t.is(reason({ ...all, minVersion: 1, network: 'test' }), 'wrong-node')
  t.is(reason({ ...all, minVersion: 1, network: 'test', expects: '' }), 'unknown-node')
})

test('S8: each refusal names both sides of the matter', (t) => {
  t.deepEqual(judgeHello(ALPHA, isMember, hello({ network: 'other' })), {
    reason: 'network',
    text: 'This is network "test", not "other"',
  })
  t.regex(
    judgeHello(ALPHA, isMember, hello({ minVersion: 2, maxVersion: 3 }))?.text ?? '',
    /1 to 1, not 2 to 3/,
  )
})

test('S9: Welcome speaks the highest common version, and says who and which window', (t) => {
  const answer = welcomeOf(ALPHA, hello({ minVersion: 1, maxVersion: 7 }), 42)
  t.deepEqual(answer, {
    kind: 'welcome',
    version: 1,
    name: 'alpha',
    incarnation: incarnation(9),
    window: 42,
    capabilities: 1,
    maxBodyBytes: 1000,
    hostToken: '',
    shortcut: '',
  })
})

test('S1: Hello says who dials and whom it expects', (t) => {
  const said = helloOf(ALPHA, 'bravo')
  t.is(said.name, 'alpha')
  t.is(said.expects, 'bravo')
  t.is(said.role, 'node')
  t.deepEqual([said.minVersion, said.maxVersion], [1, 1])
  t.is(said.network, 'test')
})
