/**
 * The place and the words for a text that is not JSON, and that the finder and JSON.parse agree on what is JSON.
 */

import test from 'ava'
import fc from 'fast-check'
import { jsonFault } from '../../src/discovery/json-fault.ts'

const FAULTS: readonly (readonly [string, string])[] = [
  ['', '1:1 expected a value, found the end of the file'],
  ['{', '1:2 expected a field name in double quotes, found the end of the file'],
  ['{"a": 1,}', '1:9 expected a field name in double quotes, found "}"'],
  ['{"a": 1\n "b": 2}', '2:2 expected a comma or the end of an object, found "\\""'],
  ['[1, 2,\n]', '2:1 expected a value, found "]"'],
  ['[1 2]', '1:4 expected a comma or the end of a list, found "2"'],
  ["{'a': 1}", '1:2 expected a field name in double quotes, found "\'"'],
  ['{a: 1}', '1:2 expected a field name in double quotes, found "a"'],
  ['{"a" 1}', '1:6 expected a colon after the field name, found "1"'],
  ['{"a": True}', '1:7 expected a value, found "True"'],
  ['{"a": "b\n"}', '1:7 expected a complete text without line breaks, found "\\""'],
  ['{"a": "\\x"}', '1:7 expected a complete text without line breaks, found "\\""'],
  ['{} {}', '1:4 expected the end of the file, found "{"'],
  [
    '{\n  // note\n}',
    '2:3 expected a field name in double quotes, found a comment, which JSON does not have',
  ],
  ['peers: []', '1:1 expected a value, found "peers"'],
  ['['.repeat(100), '1:66 expected at most 64 levels, found "["'],
]

for (const [text, expected] of FAULTS) {
  test(`${JSON.stringify(text).slice(0, 40)} is wrong at ${expected.slice(0, 40)}`, (t) => {
    const fault = jsonFault(text)
    t.is(fault && `${fault.line}:${fault.column} ${fault.message}`, expected)
    t.throws(() => JSON.parse(text) as unknown)
  })
}

test('a value that JSON.stringify wrote has no fault', (t) => {
  const values = fc.json({ maxDepth: 5 })
  fc.assert(
    fc.property(values, fc.constantFrom(undefined, 2), (json, indent) => {
      return jsonFault(JSON.stringify(JSON.parse(json), undefined, indent)) === undefined
    }),
    { seed: 2, numRuns: 500 },
  )
  t.pass()
})

test('a text with one character changed has a fault exactly when JSON.parse refuses it', (t) => {
  const text = '{"a": [1, -2.5e3, "x\\n\\u00e9"], "b": {"c": null, "d": true}}'
  let refused = 0
  for (let at = 0; at < text.length; at += 1) {
    for (const character of ['', ' ', '"', ',', '}', ']', '0', 'x', '\\', '\n', '-', '.', '\u007f']) {
      const changed = text.slice(0, at) + character + text.slice(at + 1)
      const isWrong = !parses(changed)
      if (isWrong) refused += 1
      t.is(jsonFault(changed) !== undefined, isWrong, changed)
    }
  }
  t.true(refused > 300)
})

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
