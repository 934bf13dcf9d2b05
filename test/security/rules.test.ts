/** The patterns of what a party may use. */

import test from 'ava'
import { rulesOf } from '../../src/security/rules.ts'

test('P10: a verb stands for itself, a beginning with a star for all that begin so, a star for everything', (t) => {
  const table: [readonly string[], string, boolean][] = [
    [['*'], 'anything', true],
    [['*'], 'zmqnet.status', true],
    [[], 'greet', false],
    [['greet'], 'greet', true],
    [['greet'], 'greeting', false],
    [['greet'], 'gree', false],
    [['jobs.*'], 'jobs.run', true],
    [['jobs.*'], 'jobs.', true],
    [['jobs.*'], 'jobs', false],
    [['jobs.*'], 'my.jobs.run', false],
    [['message', 'status', 'jobs.*'], 'status', true],
    [['message', 'status', 'jobs.*'], 'jobs.x', true],
    [['message', 'status', 'jobs.*'], 'note', false],
    // A star that is not at the end is a letter like others.
    [['a*b'], 'a*b', true],
    [['a*b'], 'axb', false],
    [['constructor'], 'toString', false],
  ]
  for (const [allow, verb, expected] of table) t.is(rulesOf(allow)(verb), expected, `${allow} and ${verb}`)
})
