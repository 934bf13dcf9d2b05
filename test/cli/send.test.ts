/**
 * `zmqnet send`: what is sent, what is printed, and that success is printed for acks only.
 */

import test from 'ava'
import type { BodyValue, RequestOptions } from '../../src/node/api.ts'
import { type FakeSettings, jsonOf, libraryOf, messageResult, runFake } from './fake-io.ts'

/** Sends and keeps what reached the library. */
async function send(argv: readonly string[], result = messageResult(), settings: FakeSettings = {}) {
  const sent: { body: BodyValue; options: RequestOptions | undefined }[] = []
  const library = libraryOf({
    message: async (body, options) => {
      sent.push({ body, options })
      return result
    },
  })
  return { ...(await runFake(['send', '-n', 'bravo', ...argv], { library, ...settings })), sent }
}

test('words are joined by a blank', async (t) => {
  const { sent, exitCode } = await send(['this', 'is  a', 'test'])
  t.is(exitCode, 0)
  t.is(sent[0]?.body, 'this is  a test')
})

test('a text may start with a dash behind --', async (t) => {
  t.is((await send(['--', '-text-with-dash'])).sent[0]?.body, '-text-with-dash')
  t.is((await send(['--', '-'])).sent[0]?.body, '-')
})

test('a single dash reads standard input without its last newline', async (t) => {
  t.is((await send(['-'], messageResult(), { input: 'two\nlines\n' })).sent[0]?.body, 'two\nlines')
  t.is((await send(['-'], messageResult(), { input: '\n' })).exitCode, 2)
})

test('timeout, retries and the interrupt reach the library, and defaults are its own', async (t) => {
  const { sent, io } = await send(['-t', '750ms', '-r', '0', 'x'])
  t.deepEqual(sent[0]?.options, { signal: io.interrupt, timeout: 750, retries: 0 })
  const plain = await send(['x'])
  t.deepEqual(plain.sent[0]?.options, { signal: plain.io.interrupt })
})

test('the tally is a table with a line for each peer', async (t) => {
  const { out } = await send(['x'])
  t.is(
    out,
    [
      'bravo passed it on to 2 of 2 peers in 13.1 ms',
      '  alpha    acked  1.25 ms',
      '  charlie  acked  12.5 ms',
      '',
    ].join('\n'),
  )
})

const partial = messageResult({
  ok: false,
  acked: [{ peer: 'alpha', reply: undefined, ms: 1.25 }],
  missing: [{ peer: 'charlie', reason: 'timeout', text: 'no answer within 2 s' }],
  ms: 2001,
  attempts: 2,
})

test('a missing peer is named with its reason, and exits with 4', async (t) => {
  const { out, exitCode } = await send(['x'], partial)
  t.is(exitCode, 4)
  t.is(
    out,
    [
      'bravo passed it on to 1 of 2 peers in 2.0 s, at attempt 2',
      '  alpha    acked    1.25 ms',
      '  charlie  missing  timeout: no answer within 2 s',
      '',
    ].join('\n'),
  )
})

test('the JSON has exactly the keys of the contract', async (t) => {
  const whole = await send(['--json', 'x'])
  t.deepEqual(jsonOf(whole.out), {
    ok: true,
    node: 'bravo',
    id: 'client-1/1',
    attempts: 1,
    ms: 13.1,
    acked: [
      { peer: 'alpha', ms: 1.25 },
      { peer: 'charlie', ms: 12.5 },
    ],
    missing: [],
  })
  const part = await send(['--json', 'x'], partial)
  t.is(part.exitCode, 4)
  t.like(jsonOf(part.out), { ok: false, missing: [{ peer: 'charlie', reason: 'timeout' }] })
})

const oneLeft = messageResult({ expected: 1, acked: [{ peer: 'alpha', reply: undefined, ms: 1 }] })

test('a peer that has left is not expected, unless --strict', async (t) => {
  const plain = await send(['x'], oneLeft)
  t.is(plain.exitCode, 0)
  t.regex(plain.out, /to 1 of 1 peer /)
  const strict = await send(['--strict', 'x'], oneLeft)
  t.is(strict.exitCode, 4)
  t.regex(strict.out, /to 1 of 2 peers .*\n.*alpha +acked.*\n +charlie +missing +left: /)
  const json = await send(['--strict', '--json', 'x'], oneLeft)
  t.like(jsonOf(json.out), { ok: false, missing: [{ peer: 'charlie', reason: 'left' }] })
})

test('--strict has nothing to say when all have acked', async (t) => {
  t.is((await send(['--strict', 'x'])).exitCode, 0)
})

test('when all others have left, nobody is said to have it', async (t) => {
  const { out, exitCode } = await send(['x'], messageResult({ expected: 0, acked: [] }))
  t.is(exitCode, 0)
  t.regex(out, /nobody to pass it on to/)
  t.notRegex(out, /acked/)
})

test('a result that is not ok is never a success', async (t) => {
  t.is((await send(['x'], messageResult({ ok: false }))).exitCode, 4)
})

test('the delay comes before the sending', async (t) => {
  const { io, sent, err } = await send(['-d', '2s', 'x'])
  t.deepEqual(io.sleeps, [2000])
  t.is(sent.length, 1)
  t.is(err, 'Sending in 2.0 s\n')
  t.is((await send(['-d', '2s', '--json', 'x'])).err, '')
})

test('an interrupt during the delay sends nothing and exits with 130', async (t) => {
  const { exitCode, sent } = await send(['-d', '2s', 'x'], messageResult(), {
    onSleep: (_ms, io) => io.interruptBy('SIGINT'),
  })
  t.is(exitCode, 130)
  t.is(sent.length, 0)
})

test('a wrong name is found before the delay', async (t) => {
  const { exitCode, io } = await runFake(['send', '-n', 'delta', '-d', '1h', 'x'])
  t.is(exitCode, 2)
  t.deepEqual(io.sleeps, [])
})

test('colours are for terminals only', async (t) => {
  const onTerminal = await send(['x'], messageResult(), { isTTY: true })
  t.true(onTerminal.out.includes('\u001b[32macked\u001b[0m'))
  const piped = await send(['x'])
  t.false(piped.out.includes('\u001b'))
  const noColor = await send(['x'], messageResult(), { isTTY: true, env: { NO_COLOR: '1' } })
  t.false(noColor.out.includes('\u001b'))
})
