/**
 * Tables, times, numbers, colours and JSON.
 */

import test from 'ava'
import {
  cell,
  formatCount,
  formatMs,
  formatWholeMs,
  layOut,
  numberCell,
  plural,
  stringify,
  usesColor,
} from '../../src/cli/output.ts'

const plain = (_style: string, text: string) => text

test('times are short and never misleading', (t) => {
  const table: readonly (readonly [number, string])[] = [
    [0, '0.00 ms'],
    [0.4242, '0.42 ms'],
    [9.994, '9.99 ms'],
    [9.996, '10.0 ms'],
    [12.34, '12.3 ms'],
    [99.96, '100 ms'],
    [250.4, '250 ms'],
    [999.6, '1.0 s'],
    [1000, '1.0 s'],
    [59_949, '59.9 s'],
    [59_960, '1 min 0 s'],
    [200_000, '3 min 20 s'],
    [3_599_900, '59 min 59 s'],
    [3_600_000, '1 h 0 min'],
    [100_000_000, '27 h 46 min'],
  ]
  for (const [ms, text] of table) t.is(formatMs(ms), text)
})

test('whole milliseconds get no decimals that nobody measured', (t) => {
  t.is(formatWholeMs(0), '<1 ms')
  t.is(formatWholeMs(7), '7 ms')
  t.is(formatWholeMs(1.25), '1.25 ms')
  t.is(formatWholeMs(2001), '2.0 s')
})

test('numbers have groups of three, and words their plural', (t) => {
  t.is(formatCount(0), '0')
  t.is(formatCount(999), '999')
  t.is(formatCount(1000), '1,000')
  t.is(formatCount(1234567.4), '1,234,567')
  t.is(plural(1, 'peer'), '1 peer')
  t.is(plural(0, 'peer'), '0 peers')
})

test('columns are aligned, numbers to the right, and no line ends in blanks', (t) => {
  const rows = [
    [cell('a'), numberCell('1'), cell('long text')],
    [cell('bbb'), numberCell('100'), cell('')],
    [cell(''), numberCell('10'), cell('x')],
  ]
  t.deepEqual(layOut(rows, plain), ['a      1  long text', 'bbb  100', '      10  x'])
})

test('a style does not count for the width', (t) => {
  const paint = (_style: string, text: string) => `<${text}>`
  t.deepEqual(
    layOut(
      [
        [cell('a', 'red'), cell('b')],
        [cell('ccc'), cell('d')],
      ],
      paint,
    ),
    ['<a>    b', 'ccc  d'],
  )
})

test('NO_COLOR wins, FORCE_COLOR turns on, otherwise the terminal decides', (t) => {
  const sink = (isTTY: boolean) => ({ isTTY, columns: 80, write: () => {} })
  t.true(usesColor(sink(true), {}))
  t.false(usesColor(sink(false), {}))
  t.false(usesColor(sink(true), { NO_COLOR: '1' }))
  t.true(usesColor(sink(true), { NO_COLOR: '' }))
  t.true(usesColor(sink(false), { FORCE_COLOR: '1' }))
  t.false(usesColor(sink(true), { FORCE_COLOR: '0' }))
  t.false(usesColor(sink(true), { FORCE_COLOR: '1', NO_COLOR: '1' }))
  t.false(usesColor(sink(true), { TERM: 'dumb' }))
})

test('JSON carries everything that a body may be', (t) => {
  t.is(
    stringify({ a: undefined, b: 1n, c: Buffer.from('hi'), d: new Map([['k', new Set([1])]]) }),
    '{"a":null,"b":"1","c":{"base64":"aGk="},"d":{"k":[1]}}',
  )
  t.is(stringify(undefined), 'null')
  t.is(stringify(new Date(0)), '"1970-01-01T00:00:00.000Z"')
})
