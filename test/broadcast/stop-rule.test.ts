/**
 * When a broadcast is enough.
 */

import test from 'ava'
import { acksNeeded } from '../../src/broadcast/stop-rule.ts'

test('C5: the table of rules', (t) => {
  const expected = [0, 1, 2, 3, 4, 5]
  t.deepEqual(
    expected.map((count) => acksNeeded('all', count)),
    [0, 1, 2, 3, 4, 5],
  )
  t.deepEqual(
    expected.map((count) => acksNeeded('majority', count)),
    [0, 1, 2, 2, 3, 3],
  )
  t.deepEqual(
    expected.map((count) => acksNeeded(2, count)),
    [2, 2, 2, 2, 2, 2],
  )
})
