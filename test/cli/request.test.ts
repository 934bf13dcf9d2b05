/**
 * `zmqnet request`: what becomes the body, and how replies look.
 */

import test from 'ava'
import type { BodyValue, RequestOptions } from '../../src/node/api.ts'
import { type FakeSettings, jsonOf, libraryOf, runFake } from './fake-io.ts'

async function request(argv: readonly string[], reply: BodyValue = undefined, settings: FakeSettings = {}) {
  const asked: { verb: string; body: BodyValue; options: RequestOptions | undefined }[] = []
  const library = libraryOf({
    request: async (verb, body, options) => {
      asked.push({ verb, body, options })
      return reply
    },
  })
  return { ...(await runFake(['request', '-n', 'bravo', ...argv], { library, ...settings })), asked }
}

const bodies: readonly (readonly [string, readonly string[], BodyValue])[] = [
  ['JSON', ['{"name":"x","n":[1,2]}'], { name: 'x', n: [1, 2] }],
  ['a number', ['7'], 7],
  ['a negative number', ['-7'], -7],
  ['null', ['null'], null],
  ['a JSON string', ['"7"'], '7'],
  ['a text that is no JSON', ['hello world'], 'hello world'],
  ['broken JSON', ['{"a'], '{"a'],
  ['nothing', [], undefined],
  ['an empty text', [''], ''],
  ['JSON as text with --raw', ['--raw', '{"a":1}'], '{"a":1}'],
  ['a dash behind --', ['--', '-'], '-'],
]

for (const [name, words, body] of bodies) {
  test(`${name} as body`, async (t) => {
    const { asked, exitCode } = await request(['greet', ...words])
    t.is(exitCode, 0)
    t.is(asked[0]?.verb, 'greet')
    t.deepEqual(asked[0]?.body, body)
  })
}

test('a dash reads the body from standard input', async (t) => {
  t.deepEqual((await request(['greet', '-'], undefined, { input: '{"a":1}\n' })).asked[0]?.body, { a: 1 })
  t.is((await request(['greet', '-', '--raw'], undefined, { input: '{"a":1}\n' })).asked[0]?.body, '{"a":1}')
})

test('a verb that starts with a dash goes behind --', async (t) => {
  t.is((await request(['--', '-odd', '1'])).asked[0]?.verb, '-odd')
})

const replies: readonly (readonly [string, BodyValue, string])[] = [
  ['a text is printed as it is', 'hello x', 'hello x\n'],
  ['an object is printed as JSON', { a: [1] }, '{\n  "a": [\n    1\n  ]\n}\n'],
  ['null is printed', null, 'null\n'],
  ['nothing prints nothing', undefined, ''],
  ['bytes are printed in base64', Buffer.from('hi'), '{\n  "base64": "aGk="\n}\n'],
  ['a big integer is printed as text', 2n ** 70n, '"1180591620717411303424"\n'],
  ['a map is printed as an object', new Map([['a', 1]]), '{\n  "a": 1\n}\n'],
]

for (const [name, reply, printed] of replies) {
  test(`reply: ${name}`, async (t) => {
    t.is((await request(['greet'], reply)).out, printed)
  })
}

test('with --json the reply stands in an object with stable keys', async (t) => {
  const { out } = await request(['greet', '--json'], { a: Buffer.from('hi'), b: undefined })
  t.deepEqual(jsonOf(out), {
    ok: true,
    node: 'bravo',
    verb: 'greet',
    reply: { a: { base64: 'aGk=' }, b: null },
    ms: 0,
  })
  t.is(jsonOf((await request(['greet', '--json'])).out).reply, null)
})

test('options reach the library', async (t) => {
  const { asked, io } = await request(['greet', '-t', '1s', '-r', '5', '--idempotent'])
  t.deepEqual(asked[0]?.options, { signal: io.interrupt, idempotent: true, timeout: 1000, retries: 5 })
})

test('an unreachable node exits with 3', async (t) => {
  const { exitCode, err } = await runFake(['request', '-n', 'bravo', 'greet'])
  t.is(exitCode, 3)
  t.is(err, 'Cannot reach "bravo": nobody answers\n')
})
