/**
 * What is a name and what is none.
 */

import test from 'ava'
import { isName } from '../../src/wire/names.ts'

test('B13: names of every script are names', (t) => {
  for (const name of [
    'alpha',
    'node-1.example_2',
    'ünïcode',
    '日本',
    '\u{1f600}',
    'a'.repeat(64),
    'ü'.repeat(32),
  ]) {
    t.true(isName(name), name)
  }
})

test('B13: what is empty, too long, white, invisible, half a character or has a slash is no name', (t) => {
  const bad = [
    '',
    'a'.repeat(65),
    'ü'.repeat(33),
    'a b',
    ' a',
    'a\n',
    'a\u0000',
    'a\u007f',
    'a/b',
    'a\u00a0b',
    'a\u200bb',
  ]
  for (const name of [...bad, 'a\u2028', '\ud800', '\u202ea', '\ufeffa'])
    t.false(isName(name), JSON.stringify(name))
})
