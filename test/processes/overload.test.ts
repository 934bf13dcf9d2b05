/**
 * A callee that is asked for several times what it can do: it answers what it can, begins nothing that nobody waits for, and
 * is as it was when the load is gone. How fast is for bench/overload.ts to say; here is counted.
 */

import test from 'ava'
import { OverloadRig } from '../support/overload.ts'

/** A handler may begin so long after the deadline of its caller: the time of a message on its way, on a machine that is busy. */
const WAY_MS = 50

test('R7b, R12: under five times its capacity a callee begins nothing too late, answers the newest in time, and all settle', async (t) => {
  const rig = await OverloadRig.start()
  t.teardown(() => rig.close())
  // A handler of 2 ms gives at most 500 in a second, on any machine.
  const load = { perSecond: 2500, forMs: 2500, busyMs: 2, deadlineMs: 500, retries: 1 }
  const { begun, latestMs, offered, replies, errors } = await rig.offer(load)
  t.log(JSON.stringify({ begun, latestMs, offered, replies, errors }))
  t.is(
    Object.values(errors).reduce((sum, count) => sum + count, replies),
    offered,
    'each settled',
  )
  t.true(begun < offered / 2, 'it was overloaded')
  t.true(latestMs <= WAY_MS, `a handler began ${latestMs} ms after its deadline`)
  t.true(begun >= replies)
  t.true(replies >= begun / 2, `of ${begun} that began, ${replies} were answered in time`)
  t.deepEqual(
    Object.keys(errors).filter((code) => !['TIMEOUT', 'EXPIRED', 'NOT_SENT'].includes(code)),
    [],
  )
  const after = await rig.offer({ ...load, perSecond: 50, forMs: 1000, deadlineMs: 5000 })
  t.is(after.replies, after.offered, 'and afterwards each is answered')
})
