/** The bookkeeping of the benchmark: values in the order of the rounds, faults, and who was best. */

import test from 'ava'
import { bestOf, Figures, ratioBetween, valuesOf } from '../../bench/figures.ts'

test('figures stand in the order in which they were opened, and keep the order of the rounds', (t) => {
  const figures = new Figures()
  figures.open('second', '/s')
  figures.add('third', 'ms', 'nats', 1)
  figures.add('second', '/s', 'nats', 7)
  figures.add('second', '/s', 'nats', 5)
  t.deepEqual(
    figures.all.map(({ title, unit }) => [title, unit]),
    [
      ['second', '/s'],
      ['third', 'ms'],
    ],
  )
  t.deepEqual(valuesOf(figures.all[0], 'nats'), [7, 5])
  t.is(valuesOf(figures.all[0], 'cote'), undefined)
  t.is(valuesOf(undefined, 'cote'), undefined)
})

test('a side that failed in one round has no value, and its first fault is kept', (t) => {
  const figures = new Figures()
  figures.add('echo', '/s', 'nats', 7)
  t.false(figures.hasFailed('echo', 'nats'))
  figures.fail('echo', '/s', 'nats', 'refused: too large')
  figures.fail('echo', '/s', 'nats', 'failed: gone')
  t.true(figures.hasFailed('echo', 'nats'))
  t.is(valuesOf(figures.all[0], 'nats'), undefined)
  t.is(figures.all[0]?.sides.nats?.fault, 'refused: too large')
})

test('the best is the fastest, or the one that costs least', (t) => {
  const figures = new Figures()
  for (const [unit, title] of [
    ['/s', 'rate'],
    ['ms', 'delay'],
  ] as const) {
    for (const value of [1, 5, 100]) figures.add(title, unit, 'nats', value)
    for (const value of [6, 6, 6]) figures.add(title, unit, 'cote', value)
    figures.add(title, unit, 'moleculer', 50)
    figures.fail(title, unit, 'moleculer', 'failed: gone')
  }
  const [rate, delay] = figures.all
  t.is(bestOf(rate!, ['nats', 'cote', 'moleculer', 'grpc-unary']), 'cote')
  t.is(bestOf(delay!, ['cote', 'nats', 'moleculer']), 'nats')
  t.is(bestOf(rate!, ['grpc-unary']), undefined)
  t.deepEqual(ratioBetween(rate!, 'cote', 'nats'), { median: 1.2, lowest: 0.06, highest: 6 })
  t.is(ratioBetween(rate!, 'cote', 'moleculer'), undefined)
})
