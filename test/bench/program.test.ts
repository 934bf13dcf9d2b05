/** The programs for developers, as somebody meets them who does not know them: asked for help, and with an option mistyped. */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { someMinutes, wholeNumber } from '../../bench/program.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const PROGRAMS = [
  'dist/bench/main.js',
  'dist/bench/liveness/main.js',
  'dist/bench/security.js',
  'dist/bench/idle.js',
  'dist/bench/overload.js',
  'dist/bench/without-sockets.js',
  'dist/bench/stopped-reader.js',
  'dist/bench/beside-strangers.js',
  'dist/test/fuzz/main.js',
  'dist/test/soak/main.js',
  'dist/test/torture/main.js',
  'dist/test/mutants/main.js',
  'scripts/simulate.js',
]

function run(program: string, option: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [program, option], { cwd: ROOT, encoding: 'utf8' })
}

for (const program of PROGRAMS) {
  test(`${program} explains itself, and begins nothing with a wrong option`, (t) => {
    const help = run(program, '--help')
    t.is(help.status, 0)
    t.regex(help.stdout, /^Usage: (npm run|node) /)
    t.is(help.stderr, '')
    const wrong = run(program, '--no-such-option')
    t.is(wrong.status, 2)
    t.is(wrong.stdout, '')
    t.regex(wrong.stderr, /^[a-z-]+(:[a-z]+)?: [^\n]*--no-such-option[^\n]*\n$/)
  })
}

test('numbers are whole and in their range', (t) => {
  t.is(wholeNumber('laps', '1e3', 1000), 1000)
  t.is(wholeNumber('seed', '0', 9, 0), 0)
  for (const text of ['', '0', '1001', '1.5', 'x', '-1', 'Infinity']) {
    t.throws(() => wholeNumber('laps', text, 1000), {
      message: `--laps is a whole number from 1 to 1000, not ${JSON.stringify(text)}`,
    })
  }
})

test('minutes may have a fraction, and end within a day', (t) => {
  t.is(someMinutes('0.2'), 0.2)
  for (const text of ['', '0', '-1', '1441', 'x'])
    t.throws(() => someMinutes(text), { message: /^--minutes / })
})
