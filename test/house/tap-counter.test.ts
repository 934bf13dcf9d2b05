/**
 * The counter behind the last line of `npm test`: were it wrong, a failure could look like a success.
 */

import test from 'ava'

interface Counter {
  readonly passed: number
  readonly failed: number
  push(text: string): void
  end(): void
}
type CounterClass = new (write: (text: string) => void) => Counter

const url = new URL('../../../scripts/tap-counter.js', import.meta.url).href
const { TapCounter } = (await import(url)) as { TapCounter: CounterClass }

const STREAM = `TAP version 13
ok 1 - a › works
#   a log line
not ok 2 - a › fails
  ---
    name: AssertionError
    at: 'a.test.ts:7'
  ...
ok 3 - a › left out # SKIP
not ok 4 - a › later # TODO
ok 5 - a › speaks of a # SKIPPER
not ok 6 - b.test.js exited due to SIGKILL

1..6
# tests 6
`

function count(pieces: readonly string[]): { passed: number; failed: number; written: string } {
  let written = ''
  const counter = new TapCounter((text) => {
    written += text
  })
  for (const piece of pieces) counter.push(piece)
  counter.end()
  return { passed: counter.passed, failed: counter.failed, written }
}

test('results are counted, and only failures are written, with their details', (t) => {
  t.deepEqual(count([STREAM]), {
    passed: 2,
    failed: 2,
    written: [
      'not ok 2 - a › fails',
      '  ---',
      '    name: AssertionError',
      "    at: 'a.test.ts:7'",
      '  ...',
      'not ok 6 - b.test.js exited due to SIGKILL',
      '',
      '',
    ].join('\n'),
  })
})

test('it does not matter how the stream is cut into pieces', (t) => {
  const whole = count([STREAM])
  for (const size of [1, 7, 64]) {
    const pieces = STREAM.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? []
    t.deepEqual(count(pieces), whole)
  }
})

test('a stream that breaks off counts what it had, its last line included', (t) => {
  t.deepEqual(count(['ok 1 - a\nnot ok 2 - b']), { passed: 1, failed: 1, written: 'not ok 2 - b\n' })
  t.deepEqual(count([]), { passed: 0, failed: 0, written: '' })
})
