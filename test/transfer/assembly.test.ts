/** One body in the making, part by part. */

import test from 'ava'
import { Assembly } from '../../src/transfer/assembly.ts'

const BODY = Buffer.from('abcdefghij')

/** Adds parts given as from and to; gives what each was. */
function add(assembly: Assembly, ...parts: readonly (readonly [number, number])[]): string[] {
  return parts.map(([from, to]) => assembly.add(from, BODY.subarray(from, to)))
}

const TABLE: readonly (readonly [string, readonly (readonly [number, number])[], readonly string[]])[] = [
  [
    'in order',
    [
      [0, 4],
      [4, 8],
      [8, 10],
    ],
    ['grown', 'grown', 'grown'],
  ],
  [
    'twice each',
    [
      [0, 5],
      [0, 5],
      [5, 10],
      [5, 10],
    ],
    ['grown', 'seen', 'grown', 'seen'],
  ],
  [
    'with a gap',
    [
      [0, 4],
      [6, 10],
      [4, 6],
      [6, 10],
    ],
    ['grown', 'early', 'grown', 'grown'],
  ],
  [
    'with other borders',
    [
      [0, 4],
      [2, 7],
      [1, 3],
      [0, 10],
    ],
    ['grown', 'grown', 'seen', 'grown'],
  ],
]

for (const [name, parts, answers] of TABLE) {
  test(`T9: parts that come ${name} give the body`, (t) => {
    const assembly = new Assembly(BODY.length)
    t.deepEqual(add(assembly, ...parts), answers)
    t.true(assembly.isWhole)
    t.deepEqual(assembly.take(), BODY)
  })
}

test('a body is not given before it is whole, and no part reaches beyond it', (t) => {
  const assembly = new Assembly(5)
  assembly.add(0, BODY.subarray(0, 4))
  t.false(assembly.isWhole)
  t.throws(() => assembly.take(), { message: /when all of it has arrived/ })
  t.throws(() => assembly.add(4, BODY.subarray(4, 6)), { message: /ends inside of its body/ })
})
