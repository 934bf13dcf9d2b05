/**
 * Callers and callees as processes, killed and started again, on ways with bad weather, for some seconds. The long form is
 * `npm run torture`; docs/simulator.md says what is done and what is judged.
 */

import test from 'ava'
import { torture } from './torture.ts'

test('R3, R4, R12, R16: processes under fire never run a request twice, and settle all of them honestly and in time', async (t) => {
  const report = await torture({
    seed: 1,
    forMs: 8000,
    outageMs: 3000,
    callers: 1,
    perSecond: 200,
    killEveryMs: [1200, 2500],
    timeoutMs: 400,
    deadlineMs: 6000,
  })
  const { faults, figures, kills, troubles } = report
  t.log(JSON.stringify({ ...figures, kills, troubles }))
  t.deepEqual(faults, [])
  t.true(kills >= 1, 'somebody was killed')
  t.true(
    Object.values(troubles).some((count) => count > 0),
    'there was bad weather',
  )
  t.true(
    figures.executions > 500 && figures.live > 300,
    `${figures.executions} executions, ${figures.live} live`,
  )
  t.true(figures.lostReplies > 0 && figures.retries > 0, 'answers were lost, and asked for again')
  t.true(figures.worstWireRatio !== undefined, 'an outage was judged')
})
