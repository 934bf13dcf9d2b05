/** The pauses between dials: each is checked against its bounds, since chance is in it. */

import test from 'ava'
import { BREATH_MS, Redial } from '../../src/transport/zmq-redial.ts'

const times = { redialMs: 100, redialMaxMs: 2000, refusedMaxMs: 1500 }

/** Whether each pause lies between half and all of what it may be. */
function areWithin(pausesMs: readonly number[], limitsMs: readonly number[]): boolean {
  return pausesMs.every((pauseMs, index) => {
    const limitMs = limitsMs[index] as number
    return pauseMs >= limitMs / 2 && pauseMs <= limitMs
  })
}

test('pauses double up to a limit, which is a lower one where keys were refused', (t) => {
  for (const [isWithoutKey, limitsMs] of [
    [false, [100, 200, 400, 800, 1600, 2000, 2000]],
    [true, [100, 200, 400, 800, 1500, 1500, 1500]],
  ] as const) {
    const redial = new Redial(times, true)
    const pausesMs = limitsMs.map(() => redial.afterFailure(isWithoutKey))
    t.true(areWithin(pausesMs, limitsMs), pausesMs.join(' '))
    redial.forgive()
    t.true(areWithin([redial.afterFailure(isWithoutKey)], [100]))
  }
})

test('a connection that broke as soon as it was up is a failure like any other', (t) => {
  const redial = new Redial(times, false)
  redial.up()
  t.true(redial.afterBreak() > BREATH_MS)
})

test('E8: nobody takes a refusal right after a break for an end, where peers may change their keys', (t) => {
  const [secure, plain] = [new Redial(times, true), new Redial(times, false)]
  t.is(secure.afterRefusal(), undefined, 'nothing broke yet')
  for (const redial of [secure, plain]) redial.afterBreak()
  t.true((secure.afterRefusal() ?? 0) > 0)
  t.is(plain.afterRefusal(), undefined)
})
