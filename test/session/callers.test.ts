/**
 * The memories of those who call: who returns in time is known, and the number of memories is bounded.
 */

import test from 'ava'
import { CALLER_KEPT_MS, Callers, MAX_CALLERS } from '../../src/session/callers.ts'
import { hello, incarnation } from '../support/samples.ts'

function callers(): Callers<object> {
  return new Callers(() => ({}))
}

test('S15: the same run that returns in time meets its memory and its number', (t) => {
  const known = callers()
  const first = known.enter(hello())
  known.leave(1000, first)
  const second = known.enter(hello())
  t.is(second.memory, first.memory)
  t.is(second.window, first.window)
})

test('S15: another run, role or name has another memory and number', (t) => {
  const known = callers()
  const windows = [
    known.enter(hello()),
    known.enter(hello({ incarnation: incarnation(2) })),
    known.enter(hello({ role: 'client' })),
    known.enter(hello({ name: 'charlie' })),
  ].map(({ window }) => window)
  t.is(new Set(windows).size, 4)
})

test('S15: a memory is forgotten when its time is over, and its number never returns', (t) => {
  const known = callers()
  const first = known.enter(hello())
  known.leave(0, first)
  const other = known.enter(hello({ name: 'charlie' }))
  known.leave(CALLER_KEPT_MS - 1, other)
  t.is(known.size, 2, 'not yet')
  known.leave(CALLER_KEPT_MS, known.enter(hello({ name: 'charlie' })))
  t.is(known.size, 1)
  t.true(known.enter(hello()).window > other.window)
})

test('S15: a caller that stays keeps its memory, and keeps nobody else from being forgotten', (t) => {
  const known = callers()
  known.leave(0, known.enter(hello({ name: 'charlie' })))
  const member = known.enter(hello({ name: 'charlie' }))
  for (let count = 1; count <= 10; count += 1) {
    known.leave(count * CALLER_KEPT_MS, known.enter(hello({ role: 'client', name: `client-${count}` })))
  }
  t.is(known.size, 2, 'the member and the last client')
  t.is(known.enter(hello({ name: 'charlie' })), member)
})

test('S15: above the bound those that left first are forgotten, never one that is here', (t) => {
  const known = callers()
  const here = known.enter(hello({ name: 'charlie' }))
  for (let count = 1; count <= MAX_CALLERS + 50; count += 1) {
    known.leave(count, known.enter(hello({ role: 'client', name: `client-${count}` })))
  }
  t.is(known.size, MAX_CALLERS)
  const names = new Set([...known.all()].map(({ key }) => key))
  t.true(names.has(here.key))
  t.false(names.has('client/client-51/1'))
  t.true(names.has('client/client-52/1'))
})

test('S15: a memory with two sessions is left when both have ended', (t) => {
  const known = callers()
  const first = known.enter(hello())
  known.enter(hello())
  known.leave(0, first)
  known.leave(CALLER_KEPT_MS, known.enter(hello({ name: 'charlie' })))
  t.is(known.enter(hello()).window, first.window)
})

test('R6b: those without a session stand first, in the order in which they left', (t) => {
  const known = callers()
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => known.enter(hello({ name })))
  for (const left of [c, a]) if (left !== undefined) known.leave(10, left)
  t.deepEqual([...known.leftFirst()], [c, a, b, d])
})

test('S15: its owner hears of each memory that is forgotten, once', (t) => {
  const forgotten: object[] = []
  const known = new Callers<object>(
    ({ name }) => ({ name }),
    (memory) => forgotten.push(memory),
  )
  known.leave(0, known.enter(hello({ name: 'charlie' })))
  known.leave(CALLER_KEPT_MS - 1, known.enter(hello()))
  t.deepEqual(forgotten, [])
  known.leave(CALLER_KEPT_MS, known.enter(hello()))
  t.deepEqual(forgotten, [{ name: 'charlie' }])
})
