/** The judge of order and gaps acquits what is no fault of a node, and convicts what is. */

import test from 'ava'
import { linksAreFifo } from '../../src/sim/check-order.ts'
import type { Asked, Handled, History, HistoryEntry } from '../../src/sim/history.ts'

const send = (id: string, atMs: number): Asked => ({
  kind: 'asked',
  atMs,
  id,
  operation: 'send',
  caller: 'alpha',
  callees: ['bravo'],
  deadlineMs: 5000,
  idempotent: false,
})
const taken = (id: string, atMs: number, incarnation = 1): Handled => ({
  kind: 'handled',
  atMs,
  id,
  callee: 'bravo',
  incarnation,
  caller: 'alpha',
})
const receipt = (id: string): HistoryEntry => ({
  kind: 'settled',
  atMs: 900,
  id,
  settlement: { kind: 'receipt' },
})
const link = (atMs: number, name = 'alpha', peer = 'bravo'): HistoryEntry => ({
  kind: 'link',
  atMs,
  name,
  peer,
})

const SENT = [send('one', 100), send('two', 110), send('three', 120)]
const SWAPPED = [taken('two', 130), taken('one', 140)]

function judge(entries: readonly HistoryEntry[], more: Partial<History> = {}): string[] {
  return linksAreFifo({ names: ['alpha', 'bravo'], incidents: [], endMs: 10_000, entries, ...more })
}

test('messages in their order are acquitted, also when some are missing and their sender was not told otherwise', (t) => {
  t.deepEqual(judge([...SENT, taken('one', 130), taken('two', 130), taken('three', 131)]), [])
  t.deepEqual(judge([...SENT, taken('one', 130), taken('three', 131)]), [])
  t.deepEqual(judge(SENT), [])
})

test('a message that was taken before an earlier one is convicted', (t) => {
  t.deepEqual(judge([...SENT, ...SWAPPED]), [
    'alpha to bravo: two was taken at 130 ms, before one, which was sent first',
  ])
  t.is(judge([...SENT, taken('three', 125), ...SWAPPED]).length, 2)
})

test('a silent gap is convicted: a receipt for a message that was never taken, among others that were', (t) => {
  const gap = [...SENT, taken('one', 130), taken('three', 131), receipt('two')]
  t.deepEqual(judge(gap), ['alpha to bravo: two has a receipt and was never taken; three was'])
  const overACrash = [...SENT, taken('one', 130), taken('three', 131, 2), receipt('two')]
  t.deepEqual(judge(overACrash), [])
})

test('messages that travelled on two links have no common order', (t) => {
  t.deepEqual(judge([...SENT, link(120), ...SWAPPED]), [])
  t.is(judge([...SENT, link(99), ...SWAPPED]).length, 1, 'the link changed before both')
  t.is(judge([...SENT, ...SWAPPED, link(141)]).length, 1, 'the link changed after both')
  t.is(judge([...SENT, link(120, 'alpha', 'charlie'), ...SWAPPED]).length, 1, 'another link changed')
})

test('the runs of two processes, and a network that shuffles, are no fault of a node', (t) => {
  t.deepEqual(judge([...SENT, taken('two', 130, 1), taken('one', 140, 2)]), [])
  const crash = { kind: 'crash', name: 'alpha', atMs: 115 } as const
  t.deepEqual(judge([...SENT, ...SWAPPED], { incidents: [crash] }), [])
  t.deepEqual(judge([...SENT, ...SWAPPED], { disorders: [{ fromMs: 90, untilMs: 105 }] }), [])
  t.is(judge([...SENT, ...SWAPPED], { disorders: [{ fromMs: 90, untilMs: 99 }] }).length, 1)
})

test('requests have no order', (t) => {
  const requests = SENT.map((one) => ({ ...one, operation: 'request' as const }))
  t.deepEqual(judge([...requests, ...SWAPPED]), [])
})

test('a large body may be overtaken, and overtakes nothing itself', (t) => {
  const [one, two] = [send('one', 100), send('two', 110)]
  t.deepEqual(judge([{ ...one, isLarge: true }, two, ...SWAPPED]), [])
  t.is(judge([one, { ...two, isLarge: true }, ...SWAPPED]).length, 1)
})
