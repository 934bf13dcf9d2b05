/**
 * Files keep their shape: small, with a header, without what the house does without. Each rule is tried on a sample.
 */

import { existsSync } from 'node:fs'
import test from 'ava'
import { checkShape, checkTests } from './shape.ts'
import { linesOf, readSources, type SourceFile, sourceFile, type Violation } from './source-file.ts'

const HEADER = '/**\n * A sample.\n */\n'

/** Everything that is written in TypeScript, but for a benchmark or an example that does not exist yet. */
function all(): readonly SourceFile[] {
  return ['src', 'test', 'bench', 'examples'].filter((folder) => existsSync(folder)).flatMap(readSources)
}

function messagesOf(violations: readonly Violation[]): readonly string[] {
  return violations.map(({ message }) => message)
}

function shapeOf(text: string, path = 'src/rpc/a.ts'): readonly string[] {
  return messagesOf(checkShape([sourceFile(path, text)]))
}

test('every file of the project keeps to the shape', (t) => {
  t.deepEqual(linesOf(checkShape(all())), [])
})

test('every test of the project runs, and none sleeps', (t) => {
  t.deepEqual(linesOf(checkTests(readSources('test'))), [])
})

test('a file in good shape has no violation', (t) => {
  const method = 'class A {\n  #x = 1\n  get(a: number): { b: number } {\n    return { b: a }\n  }\n}\n'
  t.deepEqual(shapeOf(`${HEADER}${method}export function f() {\n  return 1\n}\n`), [])
})

test('a file that is too long is caught, core.ts earlier', (t) => {
  const ofLines = (count: number) => HEADER + 'x()\n'.repeat(count - 3)
  t.deepEqual(shapeOf(ofLines(400)), [])
  t.deepEqual(shapeOf(ofLines(401)), ['The file has 401 lines, more than 400'])
  t.deepEqual(shapeOf(ofLines(300), 'src/node/core.ts'), [])
  t.deepEqual(shapeOf(ofLines(301), 'src/node/core.ts'), ['The file has 301 lines, more than 300'])
})

test('a file without a header, and one with a header of one line or of very many, is caught', (t) => {
  t.deepEqual(shapeOf('const x = 1\n'), ['The file does not start with a comment that says what it is'])
  t.deepEqual(shapeOf('// a note\nconst x = 1\n'), [
    'The file does not start with a comment that says what it is',
  ])
  t.deepEqual(shapeOf('/** One line. */\n'), ['The header has 1 lines; wanted are 3 to 20'])
  t.deepEqual(shapeOf(`/**\n${' * x\n'.repeat(19)} */\n`), ['The header has 21 lines; wanted are 3 to 20'])
})

test('a name that says nothing, and one in capitals, is caught', (t) => {
  t.deepEqual(shapeOf(HEADER, 'src/rpc/utils.ts'), [
    'The name utils.ts says nothing; name the file after its idea',
  ])
  t.deepEqual(shapeOf(HEADER, 'src/rpc/types.ts'), [
    'The name types.ts says nothing; name the file after its idea',
  ])
  t.deepEqual(shapeOf(HEADER, 'src/rpc/Caller.ts'), ['The name Caller.ts is not in lower case with hyphens'])
  t.deepEqual(shapeOf(HEADER, 'test/rpc/retry-budget.test.ts'), [])
})

for (const [text, message] of [
  ["export * from './a.ts'", 'Public names are listed one by one; no export *: export *'],
  ['export default 1', 'Exports have names; no export default: export default'],
  ['enum Color { red }', 'A union of texts instead of an enum: enum Color {'],
  ['namespace a { }', 'A module instead of a namespace: namespace a {'],
] as const) {
  test(`the rule of shape catches: ${text}`, (t) => {
    t.deepEqual(shapeOf(`${HEADER}${text}\n`), [message])
  })
}

test('a function and a method of more than sixty lines are caught, with the line where they start', (t) => {
  const body = (count: number) => '    x()\n'.repeat(count)
  const long = `${HEADER}export function f(\n  a: { b: number },\n): { c: number } {\n${body(57)}}\n`
  t.deepEqual(linesOf(checkShape([sourceFile('src/rpc/a.ts', long)])), [
    'src/rpc/a.ts:4: The function has 61 lines, more than 60',
  ])
  const method = (count: number) =>
    `${HEADER}class A {\n  async #go(a: number): Promise<void> {\n${body(count)}  }\n}\n`
  t.deepEqual(shapeOf(method(58)), [])
  t.deepEqual(linesOf(checkShape([sourceFile('src/rpc/a.ts', method(59))])), [
    'src/rpc/a.ts:5: The function has 61 lines, more than 60',
  ])
})

for (const text of [
  "test.only('x', f)",
  "test.skip('x', f)",
  "test.serial.only('x', f)",
  "test.failing('x', f)",
]) {
  test(`the rule of tests catches: ${text}`, (t) => {
    t.is(checkTests([sourceFile('test/a.test.ts', text)]).length, 1)
  })
}

test('the rule of tests catches a sleep', (t) => {
  t.is(checkTests([sourceFile('test/a.test.ts', 'await sleep(100)')]).length, 1)
  t.is(checkTests([sourceFile('test/a.test.ts', 'await eventually(condition, 100)')]).length, 0)
})
