/**
 * The reader behind the house rules: were it blind for something, the rules would be too.
 */

import test from 'ava'
import { blank, readSources, sourceFile } from './source-file.ts'

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: the samples are program texts
for (const [what, text, code] of [
  ['a line comment', 'a // Date.now()\nb', 'a              \nb'],
  ['a block comment', 'a /* x\ny */ b', 'a     \n     b'],
  ['a string', "f('Date', \"it's\")", 'f(\'    \', "    ")'],
  ['an escaped quote', "f('\\'', x)", "f('  ', x)"],
  ['a comment sign in a string', "f('//', x)", "f('  ', x)"],
  ['a quote in a comment', "// don't\nx", '        \nx'],
  ['a template', '`a ${b} c`', '`  ${b}  `'],
  ['a template in a template', '`a ${f(`x ${y} z`)} c` + d', '`  ${f(`  ${y}  `)}  ` + d'],
  ['an object in a template', '`a ${{ b: 1 }.b} c` + d', '`  ${{ b: 1 }.b}  ` + d'],
  ['a regular expression', 'x.replace(/[\'"`/*]/g, y)', 'x.replace(/        g, y)'],
  ['a division', 'a / b / c // d', 'a / b / c     '],
] as const) {
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: the samples end here
  test(`the reader blanks ${what} and nothing else`, (t) => {
    const blanked = blank(text)
    t.is(blanked.length, text.length)
    t.is(blanked, code)
  })
}

test('the reader finds every way to import, with its line and whether it is of types only', (t) => {
  const text = [
    "import { a, b } from './a.ts'",
    "import type { C } from '../wire/c.ts'",
    "import { type D, type E } from 'zeromq'",
    "import {\n  type F,\n  g,\n} from 'winston'",
    "import * as fs from 'node:fs'",
    "import h from 'h'",
    "import './i.ts'",
    "export { j } from './j.ts'",
    "export type { K } from './k.ts'",
    "const l = await import('./l.ts')",
    'const m = await import(path)',
    "// import { n } from './n.ts'",
    'const o = "import p from \'p\'"',
    "export const q = 1\nexport const r = f('from')",
  ].join('\n')
  const { imports } = sourceFile('src/rpc/x.ts', text)
  t.deepEqual(
    imports.map((one) => [one.specifier, one.target, one.typeOnly, one.line]),
    [
      ['./a.ts', 'src/rpc/a.ts', false, 1],
      ['../wire/c.ts', 'src/wire/c.ts', true, 2],
      ['zeromq', undefined, true, 3],
      ['winston', undefined, false, 7],
      ['node:fs', undefined, false, 8],
      ['h', undefined, false, 9],
      ['./j.ts', 'src/rpc/j.ts', false, 11],
      ['./k.ts', 'src/rpc/k.ts', true, 12],
      ['./i.ts', 'src/rpc/i.ts', false, 10],
      ['./l.ts', 'src/rpc/l.ts', false, 13],
      [undefined, undefined, false, 14],
    ],
  )
})

test('the reader sees the project: it finds its files and that each import means a file', (t) => {
  const sources = readSources('src')
  const paths = new Set(sources.map((source) => source.path))
  t.true(paths.has('src/errors.ts'))
  const lost = sources.flatMap(({ path, imports }) =>
    imports.flatMap(({ target }) =>
      target === undefined || paths.has(target) ? [] : [`${path} -> ${target}`],
    ),
  )
  t.deepEqual(lost, [])
})
