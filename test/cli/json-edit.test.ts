/**
 * Edits of a JSON text: what is meant changes, and every other character stays.
 */

import test from 'ava'
import fc from 'fast-check'
import { appendItem, removeMember, setMember } from '../../src/cli/json-edit.ts'

const FILE = `{
  "network": "plant",
  "peers": [
    { "name": "alpha",   "address": "10.0.0.1:7000" },
    {
      "name": "bravo",
      "address": "10.0.0.2:7000"
    }
  ]
}
`

test('a member is added behind the others, on its line or on a line of its own as they are', (t) => {
  const one = setMember(FILE, ['peers', 0], 'public_key', 'K"1')
  t.is(one, FILE.replace('7000" },', '7000", "public_key": "K\\"1" },'))
  const two = setMember(FILE, ['peers', 1], 'former_key', { key: 'K2', until: 'then' })
  t.is(two, FILE.replace('7000"\n', '7000",\n      "former_key": { "key": "K2", "until": "then" }\n'))
})

test('a member that is there is replaced where it stands', (t) => {
  t.is(setMember(FILE, ['peers', 0], 'name', 'a'), FILE.replace('"alpha"', '"a"'))
  t.is(setMember(FILE, [], 'network', 7), FILE.replace('"plant"', '7'))
})

test('of a member that is there twice the last one counts, as it does for JSON.parse', (t) => {
  t.is(setMember('{"a":1,"a":2}', [], 'a', 3), '{"a":1,"a":3}')
})

test('a list of objects gets a line for each', (t) => {
  const text = setMember(FILE, [], 'clients', [{ name: 'ops', allow: ['a', 'b'] }])
  const lines = '  ],\n  "clients": [\n    { "name": "ops", "allow": ["a", "b"] }\n  ]\n}\n'
  t.is(text, FILE.replace(/ {2}\]\n\}\n$/, lines))
  t.is(
    appendItem(text, ['clients'], { name: 'dev' }),
    text.replace('["a", "b"] }', '["a", "b"] },\n    { "name": "dev" }'),
  )
})

test('a text on one line stays on one line', (t) => {
  t.is(
    setMember('{"peers":[{"name":"a"}]}', ['peers', 0], 'k', { x: 1 }),
    '{"peers":[{"name":"a","k":{"x":1}}]}',
  )
  t.is(appendItem('{"l":[]}', ['l'], { x: 1 }), '{"l":[{"x":1}]}')
  t.is(setMember('{}', [], 'k', [{ x: 1 }]), '{"k":[{"x":1}]}')
})

test('tabs, carriage returns and a byte order mark are kept', (t) => {
  const text = '\uFEFF{\r\n\t"a": 1\r\n}\r\n'
  t.is(setMember(text, [], 'b', 2), '\uFEFF{\r\n\t"a": 1,\r\n\t"b": 2\r\n}\r\n')
})

test('a member is taken away with its comma, wherever it stands', (t) => {
  t.is(removeMember(FILE, [], 'network'), FILE.replace('"network": "plant",\n  ', ''))
  t.is(removeMember(FILE, ['peers', 0], 'address'), FILE.replace(',   "address": "10.0.0.1:7000"', ''))
  t.is(removeMember('{"a":1}', [], 'a'), '{}')
  t.is(removeMember(FILE, [], 'nothing'), FILE)
})

test('a place that is not there is a fault of who asks for it', (t) => {
  t.throws(() => setMember(FILE, ['peers', 2], 'a', 1), { message: /nothing at peers\.2/ })
})

test('whatever the text, an edit parses to what an edit of its value gives', (t) => {
  const objects = fc.dictionary(fc.string({ maxLength: 6 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 5 })
  const edits = fc.record({
    object: objects,
    key: fc.string({ maxLength: 4 }),
    value: fc.jsonValue({ maxDepth: 2 }),
    indent: fc.constantFrom(0, 1, 2, '\t'),
    isPresent: fc.boolean(),
    pick: fc.nat(4),
  })
  const property = fc.property(edits, ({ object, key, value, indent, isPresent, pick }) => {
    const own = Object.keys(object)
    const name = (isPresent ? own[pick % Math.max(1, own.length)] : undefined) ?? key
    if (name === '__proto__') return
    const text = JSON.stringify({ outer: [object] }, undefined, indent)
    const set = JSON.parse(setMember(text, ['outer', 0], name, value))
    t.deepEqual(set, JSON.parse(JSON.stringify({ outer: [{ ...object, [name]: value }] })))
    const { [name]: _gone, ...rest } = object
    t.deepEqual(
      JSON.parse(removeMember(text, ['outer', 0], name)),
      JSON.parse(JSON.stringify({ outer: [rest] })),
    )
    const appended = JSON.parse(appendItem(text, ['outer'], value))
    t.deepEqual(appended, JSON.parse(JSON.stringify({ outer: [object, value] })))
  })
  fc.assert(property, { seed: 17, numRuns: 500 })
})
