/** How targets are judged: by medians of ratios, against the best peer, and never without a value. */

import test from 'ava'
import { Figures } from '../../bench/figures.ts'
import { scenarios } from '../../bench/scenarios.ts'
import { judge, type Target, TITLES, targets } from '../../bench/targets.ts'

const OVER_PEER: Target = {
  title: 'x',
  figure: 'echo',
  over: { side: 'best peer' },
  bound: 5,
  is: 'at least',
}
const OVER_RAW: Target = {
  title: 'x',
  figure: 'delay',
  over: { side: 'raw-awaited' },
  bound: 1.1,
  is: 'at most',
}

test('a ratio to the best peer names the peer and is met at the bound', (t) => {
  const figures = new Figures()
  for (const value of [500, 600, 50]) figures.add('echo', '/s', 'zmqnet-tcp', value)
  for (const value of [100, 100, 100]) figures.add('echo', '/s', 'cote', value)
  for (const value of [99, 99, 99]) figures.add('echo', '/s', 'nats', value)
  // Raw zeromq.js is faster, and is no peer.
  for (const value of [900, 900, 900]) figures.add('echo', '/s', 'raw-awaited', value)
  const verdict = judge(OVER_PEER, figures.all)
  t.deepEqual(verdict.measured, { median: 5, lowest: 0.5, highest: 6 })
  t.is(verdict.against, 'cote')
  t.true(verdict.met)
  t.false(judge({ ...OVER_PEER, bound: 5.01 }, figures.all).met)
})

test('a cost is met when it is small enough, and the same host stands beside it', (t) => {
  const figures = new Figures()
  figures.add('delay', 'ms', 'zmqnet-tcp', 12)
  figures.add('delay', 'ms', 'zmqnet-same-host', 5)
  figures.add('delay', 'ms', 'raw-awaited', 10)
  const verdict = judge(OVER_RAW, figures.all)
  t.is(verdict.measured?.median, 1.2)
  t.false(verdict.met)
  t.is(verdict.sameHost?.median, 0.5)
  const sameHost = judge({ ...OVER_RAW, side: 'zmqnet-same-host' }, figures.all)
  t.is(sameHost.measured?.median, 0.5)
  t.true(sameHost.met)
  t.is(sameHost.sameHost, undefined)
})

test('a figure may be judged by another figure of the same side, or as it is', (t) => {
  const figures = new Figures()
  figures.add('busy', 'ms', 'zmqnet-tcp', 3)
  figures.add('idle', 'ms', 'zmqnet-tcp', 2)
  const target: Target = { title: 'x', figure: 'busy', over: { figure: 'idle' }, bound: 2, is: 'at most' }
  t.is(judge(target, figures.all).measured?.median, 1.5)
  t.true(judge(target, figures.all).met)
  t.false(judge({ title: 'x', figure: 'busy', bound: 2, is: 'at most' }, figures.all).met)
})

test('what was not measured is neither met nor missed', (t) => {
  const figures = new Figures()
  for (const target of targets) t.is(judge(target, figures.all).met, undefined)
  figures.add('echo', '/s', 'zmqnet-tcp', 1)
  t.is(judge(OVER_PEER, figures.all).met, undefined)
  figures.add('echo', '/s', 'nats', 1)
  figures.fail('echo', '/s', 'nats', 'failed: gone')
  t.is(judge(OVER_PEER, figures.all).met, undefined)
})

test('each target is about a figure that the benchmark takes', (t) => {
  const echoes = scenarios.filter(
    ({ kind, unit, inFlight }) => kind === 'echo' && unit === '/s' && inFlight === 1,
  )
  const delays = echoes.flatMap(({ title }) => [`${title}, p50`, `${title}, p99`])
  const known: readonly string[] = [
    ...scenarios.map(({ title }) => title),
    ...delays,
    ...Object.values(TITLES),
  ]
  for (const { figure, over } of targets) {
    t.true(known.includes(figure), figure)
    if (over !== undefined && 'figure' in over) t.true(known.includes(over.figure), over.figure)
  }
  t.is(targets.length, 13)
})
