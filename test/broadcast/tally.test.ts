/**
 * The count of one broadcast: everybody once.
 */

import test from 'ava'
import fc from 'fast-check'
import { Tally } from '../../src/broadcast/tally.ts'
import { NO_BODY } from '../support/samples.ts'

const TEXT = 'for a reason'

test('C4: each expected peer is counted once, and twice is a mistake of ours', (t) => {
  const tally = new Tally(['bravo', 'charlie'], 'all')
  tally.ack({ peer: 'bravo', body: NO_BODY, ms: 1 })
  t.false(tally.isOpen('bravo'))
  t.throws(() => tally.ack({ peer: 'bravo', body: NO_BODY, ms: 2 }), { message: /counted once/ })
  t.throws(() => tally.miss({ peer: 'zulu', reason: 'dead', text: TEXT }), { message: /"zulu" is expected/ })
  t.is(tally.acked.length, 1)
})

test('C5: it is over when its rule is met, or when nobody is left', (t) => {
  const tally = new Tally(['bravo', 'charlie', 'delta'], 'majority')
  tally.ack({ peer: 'bravo', body: NO_BODY, ms: 1 })
  t.false(tally.isOver)
  tally.ack({ peer: 'charlie', body: NO_BODY, ms: 1 })
  t.true(tally.isMet && tally.isOver)

  const failed = new Tally(['bravo', 'charlie'], 'all')
  failed.miss({ peer: 'bravo', reason: 'dead', text: TEXT })
  t.false(failed.isOver, 'it can no longer be met, but acks are worth knowing')
  failed.ack({ peer: 'charlie', body: NO_BODY, ms: 1 })
  t.true(failed.isOver)
  t.false(failed.isMet)
})

test('C5: with nobody expected, all and majority are met, and a number is not', (t) => {
  t.true(new Tally([], 'all').isMet)
  t.true(new Tally([], 'majority').isMet)
  t.false(new Tally([], 1).isMet)
  t.true(new Tally([], 1).isOver)
})

test('C6: closing counts whoever is open as missing', (t) => {
  const tally = new Tally(['bravo', 'charlie'], 1)
  tally.ack({ peer: 'charlie', body: NO_BODY, ms: 1 })
  t.deepEqual(tally.close('not-awaited', TEXT), ['bravo'])
  t.deepEqual(tally.missing, [{ peer: 'bravo', reason: 'not-awaited', text: TEXT }])
  t.deepEqual(tally.close('not-awaited', TEXT), [])
})

test('C4: whatever happens, acked, missing and open add up to expected', (t) => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const move = fc.record({ peer: fc.constantFrom(...names), isAck: fc.boolean() })
  fc.assert(
    fc.property(fc.array(move), fc.constantFrom('all' as const, 'majority' as const, 3), (moves, rule) => {
      const tally = new Tally(names, rule)
      for (const { peer, isAck } of moves) {
        if (!tally.isOpen(peer)) continue
        if (isAck) tally.ack({ peer, body: NO_BODY, ms: 0 })
        else tally.miss({ peer, reason: 'timeout', text: TEXT })
      }
      tally.close('not-awaited', TEXT)
      const counted = [...tally.acked, ...tally.missing].map(({ peer }) => peer).sort()
      return counted.join() === names.join() && tally.expected === names.length
    }),
    { seed: 13, numRuns: 300 },
  )
  t.pass()
})
