/**
 * Broadcasts as a script: legs, acks, deaths, stop rules, and that each ends once.
 */

import test from 'ava'
import { Caster, type CasterEvent, type CastOrder, type Leg } from '../../src/broadcast/caster.ts'
import { Recorder } from '../support/recorder.ts'
import { NO_BODY } from '../support/samples.ts'

function scene(): { caster: Caster; out: Recorder<CasterEvent> } {
  const out = new Recorder<CasterEvent>()
  return { caster: new Caster(out.tell), out }
}

function order(names: readonly string[], changes: Partial<CastOrder> = {}): CastOrder {
  return {
    peers: names.map((name) => ({ name, isDead: false })),
    until: 'all',
    ticket: undefined,
    ...changes,
  }
}

function legs(out: Recorder<CasterEvent>): Leg[] {
  return out.toldOf('leg').map((event) => event.leg)
}

/** The one result that was told: who acked, who is missing and why, whether the rule was met. */
function result(out: Recorder<CasterEvent>): { acked: string[]; missing: string[]; ok: boolean } | undefined {
  const done = out.toldOf('cast-done')
  if (done.length > 1) throw new Error('told more than once')
  const tally = done[0]?.cast.tally
  if (tally === undefined) return undefined
  return {
    acked: tally.acked.map(({ peer }) => peer),
    missing: tally.missing.map(({ peer, reason }) => `${peer} ${reason}`),
    ok: tally.isMet,
  }
}

test('C1: there is a leg for each peer, and the result comes when all have acked', (t) => {
  const { caster, out } = scene()
  const ticket = {}
  caster.cast(100, order(['bravo', 'charlie'], { ticket }))
  const [bravo, charlie] = legs(out)
  if (bravo === undefined || charlie === undefined) throw new Error('no legs')
  caster.acked(103, charlie, NO_BODY)
  t.deepEqual(out.told(), [])
  caster.acked(107, bravo, NO_BODY)
  const [done] = out.toldOf('cast-done')
  t.is(done?.cast.ticket, ticket)
  t.deepEqual(
    done?.cast.tally.acked.map(({ peer, ms }) => [peer, ms]),
    [
      ['charlie', 3],
      ['bravo', 7],
    ],
  )
  t.is(caster.pendingCount, 0)
})

test('C2: a peer that is dead at the start is missing and has no leg', (t) => {
  const { caster, out } = scene()
  caster.cast(0, {
    ...order([]),
    peers: [
      { name: 'bravo', isDead: true },
      { name: 'charlie', isDead: false },
    ],
  })
  const [leg, ...others] = legs(out)
  t.is(leg?.peer, 'charlie')
  t.deepEqual(others, [])
  if (leg !== undefined) caster.acked(1, leg, NO_BODY)
  t.deepEqual(result(out), { acked: ['charlie'], missing: ['bravo dead'], ok: false })
})

test('C2: when all are dead, or nobody is expected, the result comes at once', (t) => {
  const { caster, out } = scene()
  caster.cast(0, { ...order([]), peers: [{ name: 'bravo', isDead: true }] })
  t.deepEqual(result(out), { acked: [], missing: ['bravo dead'], ok: false })
  caster.cast(0, order([]))
  t.deepEqual(result(out), { acked: [], missing: [], ok: true })
  t.is(caster.pendingCount, 0)
})

test('C3: a peer that dies is missing in every broadcast that waits for it, and in no other', (t) => {
  const { caster, out } = scene()
  caster.cast(0, order(['bravo']))
  caster.cast(0, order(['bravo', 'charlie']))
  caster.cast(0, order(['charlie']))
  const [, second] = legs(out)
  if (second !== undefined) caster.acked(1, second, NO_BODY)
  caster.peerDied(2, 'bravo', 'gone')
  t.deepEqual(result(out), { acked: [], missing: ['bravo dead'], ok: false })
  t.is(caster.pendingCount, 2)
})

test('C4: what a leg reports after its peer died, or after the end, does not count', (t) => {
  const { caster, out } = scene()
  const cast = caster.cast(0, order(['bravo', 'charlie']))
  const [bravo, charlie] = legs(out)
  if (bravo === undefined || charlie === undefined) throw new Error('no legs')
  caster.peerDied(1, 'bravo', 'gone')
  caster.acked(2, bravo, NO_BODY)
  caster.missed(2, bravo, 'timeout', 'late')
  caster.missed(3, charlie, 'refused', 'no')
  t.deepEqual(result(out), { acked: [], missing: ['bravo dead', 'charlie refused'], ok: false })
  caster.acked(4, charlie, NO_BODY)
  caster.peerDied(4, 'charlie', 'gone')
  caster.cancel(4, cast, 'late')
  t.deepEqual(out.told(), [])
})

test('C6: when the rule is met early, the others are not awaited', (t) => {
  const { caster, out } = scene()
  caster.cast(0, order(['bravo', 'charlie', 'delta'], { until: 'majority' }))
  const [bravo, charlie, delta] = legs(out)
  if (bravo === undefined || charlie === undefined || delta === undefined) throw new Error('no legs')
  caster.acked(1, delta, NO_BODY)
  caster.acked(2, bravo, NO_BODY)
  t.deepEqual(result(out), { acked: ['delta', 'bravo'], missing: ['charlie not-awaited'], ok: true })
})

test('C5: a number that can never be met waits for everybody', (t) => {
  const { caster, out } = scene()
  caster.cast(0, order(['bravo', 'charlie'], { until: 5 }))
  const [bravo, charlie] = legs(out)
  if (bravo === undefined || charlie === undefined) throw new Error('no legs')
  caster.acked(1, bravo, NO_BODY)
  caster.acked(1, charlie, NO_BODY)
  t.deepEqual(result(out), { acked: ['bravo', 'charlie'], missing: [], ok: false })
})

test('C8: two broadcasts to the same peers end each by their own acks', (t) => {
  const { caster, out } = scene()
  caster.cast(0, order(['bravo', 'charlie']))
  const first = legs(out)
  caster.cast(0, order(['bravo', 'charlie']))
  const second = legs(out)
  for (const leg of second) caster.acked(1, leg, NO_BODY)
  t.deepEqual(result(out)?.acked, ['bravo', 'charlie'])
  t.is(caster.pendingCount, 1)
  for (const leg of first) caster.acked(2, leg, NO_BODY)
  t.deepEqual(result(out)?.acked, ['bravo', 'charlie'])
})

test('X4: at the end each broadcast that waits has its result, once', (t) => {
  const { caster, out } = scene()
  caster.cast(0, order(['bravo']))
  caster.cast(0, order(['charlie']))
  out.told()
  caster.close(5)
  caster.close(6)
  t.is(out.toldOf('cast-done').length, 2)
  t.is(caster.pendingCount, 0)
})
