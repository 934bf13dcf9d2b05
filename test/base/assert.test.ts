/**
 * Assertions: silent when they hold, loud and clear when they do not.
 */

import test from 'ava'
import { assert, unreachable } from '../../src/base/assert.ts'

test('an assertion that holds is silent, one that fails throws its sentence', (t) => {
  t.notThrows(() => assert(true, 'never said'))
  t.throws(() => assert(false, 'two is three'), { message: 'Assertion failed: two is three' })
})

test('a case that should not exist throws and names the value', (t) => {
  t.throws(() => unreachable('odd' as never), { message: 'Assertion failed: unreachable case "odd"' })
})
