/**
 * Warnings that repeat themselves: the first at once, the others counted.
 */

import test from 'ava'
import { Warnings } from '../../src/node/warnings.ts'

function scene(): { warnings: Warnings; lines: string[] } {
  const lines: string[] = []
  return { warnings: new Warnings((text) => lines.push(text)), lines }
}

test('a warning comes at once, its repetitions are held back for 30 s and then counted', (t) => {
  const { warnings, lines } = scene()
  for (let now = 0; now < 30_000; now += 1000) warnings.warn(now, 'disk', `full at ${now}`)
  t.deepEqual(lines, ['full at 0'])
  warnings.warn(30_000, 'disk', 'full again')
  t.deepEqual(lines.slice(1), ['full again (29 more were held back)'])
  warnings.warn(60_000, 'disk', 'still full')
  t.deepEqual(lines.slice(2), ['still full'])
})

test('warnings with other keys are not held back', (t) => {
  const { warnings, lines } = scene()
  warnings.warn(0, 'bravo', 'bravo is strange')
  warnings.warn(0, 'charlie', 'charlie is strange')
  t.is(lines.length, 2)
})

test('a flood of keys is bounded in lines, and those held back are counted', (t) => {
  const { warnings, lines } = scene()
  for (let key = 0; key < 1000; key += 1) warnings.warn(0, `${key}`, `${key}`)
  t.is(lines.length, 100)
  warnings.warn(30_000, 'new', 'calm again')
  t.deepEqual(lines.slice(100), ['calm again (900 more were held back)'])
})

test('a flood of keys is bounded in memory: the oldest is forgotten and may warn again', (t) => {
  const { warnings, lines } = scene()
  for (let key = 0; key <= 1024; key += 1) warnings.warn(Math.floor(key / 100) * 30_000, `${key}`, `${key}`)
  const now = 300_001
  lines.length = 0
  warnings.warn(now, '1024', 'known')
  t.deepEqual(lines, [])
  warnings.warn(now, '0', 'forgotten')
  t.deepEqual(lines, ['forgotten'])
})
