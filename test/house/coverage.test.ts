/**
 * The judge of the gate's coverage: were it blind, a branch that no test reaches would go unseen.
 */

import test from 'ava'

const url = new URL('../../../scripts/coverage.js', import.meta.url).href
const { judge } = (await import(url)) as {
  judge(report: string, textOf: (path: string) => string): string[]
}

/** A file of which `missed` lines were not reached, among 10,000 that were. */
function record(path: string, ...missed: readonly number[]): string {
  const lines = [1, ...missed].map((line) => `DA:${line},${missed.includes(line) ? 0 : 3}`)
  const totals = ['LF:10000', 'LH:9999', 'FNF:1000', 'FNH:1000', 'BRF:1000', 'BRH:1000']
  return [`SF:${path}`, ...lines, ...totals, 'end_of_record', ''].join('\n')
}

const SOURCE = 'one\n} catch {\n  harm()\n  default:\n    unreachable(two)\n  default:\n    three()\n  })\n'

test('where the world is met, each line that no test reaches is named', (t) => {
  const report = record('src/node/driver.ts', 2, 3, 4, 5) + record('src/wire/batch.ts', 2)
  t.deepEqual(
    judge(report, () => SOURCE),
    [
      'src/node/driver.ts:2 is reached by no test: } catch {',
      'src/node/driver.ts:3 is reached by no test: harm()',
    ],
  )
})

test('what stands there for the compiler need not be reached, nor a bracket, but any other default does', (t) => {
  t.deepEqual(
    judge(record('src/transport/probe.ts', 4, 5, 6, 8), () => SOURCE),
    ['src/transport/probe.ts:6 is reached by no test: default:'],
  )
})

test('the shares of the whole have a floor', (t) => {
  const poor = record('src/wire/batch.ts')
    .replace('LH:9999', 'LH:9000')
    .replace('FNH:1000', 'FNH:900')
    .replace('BRH:1000', 'BRH:900')
  const faults = judge(poor, () => SOURCE)
  t.deepEqual(
    faults.map((fault) => fault.replace(/, not [\d.]+ %$/, '')),
    [
      '90.00 % of the lines are reached',
      '90.00 % of the functions are reached',
      '90.00 % of the branches are reached',
    ],
  )
  t.is(judge('', () => SOURCE).length, 3, 'a report of nothing is not a good one')
})

test('a report without a fault is well', (t) => {
  t.deepEqual(
    judge(record('src/node/driver.ts'), () => SOURCE),
    [],
  )
})
