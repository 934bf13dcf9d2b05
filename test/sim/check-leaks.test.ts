/** The judges of what nodes hold: each acquits what is under way, and convicts a planted leak. */

import test from 'ava'
import { MAX_PENDING_PER_PEER, nothingRemains, staysBounded } from '../../src/sim/check-leaks.ts'
import type { History, HistoryEntry } from '../../src/sim/history.ts'
import { broadcast, request } from './asked.ts'

const settled: HistoryEntry = { kind: 'settled', atMs: 200, id: 'alpha-1', settlement: { kind: 'receipt' } }
const run = { id: 'alpha-1', callee: 'bravo', incarnation: 1 }
const handled: HistoryEntry = { kind: 'handled', atMs: 150, ...run, caller: 'alpha' }
const finished: HistoryEntry = { kind: 'finished', atMs: 180, ...run }
const counted = (name: string, atMs: number, pending: number): HistoryEntry => ({
  kind: 'counted',
  atMs,
  name,
  pending,
})

function judge(entries: readonly HistoryEntry[], more: Partial<History> = {}): string[] {
  return staysBounded({
    names: ['alpha', 'bravo', 'charlie'],
    incidents: [],
    endMs: 10_000,
    entries,
    ...more,
  })
}

test('what is under way may be held: operations that did not settle and handlers that run', (t) => {
  t.deepEqual(judge([request, counted('alpha', 110, 2)]), [])
  t.deepEqual(judge([broadcast, counted('alpha', 110, 3)]), [])
  t.deepEqual(judge([request, handled, counted('bravo', 160, 1)]), [])
})

test('a call may wait at its callee until a handler runs for it or its time is over, and again in the next run', (t) => {
  t.deepEqual(judge([request, counted('bravo', 110, 1)]), [])
  t.is(judge([request, counted('bravo', 110, 2)]).length, 1)
  t.is(judge([request, counted('charlie', 110, 1)]).length, 1, 'it was not asked')
  const dueMs = request.atMs + request.deadlineMs
  t.is(judge([request, counted('bravo', dueMs + 100, 1)]).length, 1)
  const crash = { kind: 'crash', name: 'bravo', atMs: 190 } as const
  const run1 = [request, handled, finished] as const
  t.is(judge([...run1, counted('bravo', 200, 1)]).length, 1)
  t.deepEqual(judge([...run1, counted('bravo', 200, 1)], { incidents: [crash] }), [])
  t.is(judge([...run1, counted('bravo', 200, 2)], { incidents: [crash] }).length, 1)
})

test('what is held after its end is a leak', (t) => {
  t.deepEqual(judge([request, settled, counted('alpha', 300, 1)]), [
    'alpha holds 1 at 300 ms, while 0 are under way',
  ])
  t.deepEqual(judge([request, handled, finished, counted('bravo', 300, 1)]), [
    'bravo holds 1 at 300 ms, while 0 are under way',
  ])
})

test('a broadcast that waits for nobody any more may hold its legs until its deadline, and no longer', (t) => {
  t.deepEqual(judge([broadcast, settled, counted('alpha', 500, 2)]), [])
  t.is(judge([broadcast, settled, counted('alpha', 600, 1)]).length, 1)
  const aborted = { ...broadcast, deadlineMs: 50, wholeMs: 400 }
  t.deepEqual(judge([aborted, settled, counted('alpha', 500, 2)]), [])
})

test('what a run had under way ends with its crash', (t) => {
  const crash = { kind: 'crash', name: 'alpha', atMs: 150 } as const
  t.is(judge([request, counted('alpha', 200, 1)], { incidents: [crash] }).length, 1)
  t.deepEqual(judge([request, counted('alpha', 200, 1)], { incidents: [{ ...crash, name: 'bravo' }] }), [])
})

test('a node that holds more than it may for all its peers is convicted, however much is under way', (t) => {
  const many = 2 * MAX_PENDING_PER_PEER + 1
  const crowd = { ...request, callees: Array.from({ length: many }, () => 'bravo') }
  t.deepEqual(judge([crowd, counted('alpha', 110, many - 1)]), [])
  t.deepEqual(judge([crowd, counted('alpha', 110, many)]), [
    `alpha holds ${many} at 110 ms, more than ${many - 1}`,
  ])
})

test('a closed node may hold nothing: no operation, no alarm, no socket', (t) => {
  const clean = { atMs: 500, name: 'alpha', incarnation: 1, pending: 0, hasAlarm: false, sockets: 0 }
  const history: History = { names: ['alpha'], incidents: [], endMs: 1000, entries: [] }
  t.deepEqual(nothingRemains({ ...history, remains: [clean] }), [])
  t.deepEqual(nothingRemains(history), [])
  t.deepEqual(
    nothingRemains({ ...history, remains: [clean, { ...clean, pending: 2, hasAlarm: true, sockets: 1 }] }),
    ['alpha closed at 500 ms and left 2 pending, an alarm, open sockets'],
  )
})

test('handlers that run on when their node has closed are none of what it holds, as many as they are', (t) => {
  const handled = { kind: 'handled', callee: 'alpha', incarnation: 1, caller: 'bravo' } as const
  const entries = [
    { ...handled, atMs: 100, id: 'ended' },
    { ...handled, atMs: 110, id: 'runs' },
    { ...handled, atMs: 110, id: 'of another run', incarnation: 2 },
    { ...handled, atMs: 110, id: 'of another node', callee: 'bravo' },
    { ...handled, kind: 'finished', atMs: 120, id: 'ended' },
    { ...handled, atMs: 501, id: 'later' },
  ] as const
  const remains = { atMs: 500, name: 'alpha', incarnation: 1, pending: 1, hasAlarm: false, sockets: 0 }
  const history: History = { names: ['alpha', 'bravo'], incidents: [], endMs: 1000, entries }
  t.deepEqual(nothingRemains({ ...history, remains: [remains] }), [])
  t.deepEqual(nothingRemains({ ...history, remains: [{ ...remains, pending: 2 }] }), [
    'alpha closed at 500 ms and left 1 pending',
  ])
})
