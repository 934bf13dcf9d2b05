/** The tables of the benchmark: what a reader sees of values, ratios, refusals and targets. */

import test from 'ava'
import { Figures } from '../../bench/figures.ts'
import { numberText, reportOf, withReport } from '../../bench/report.ts'
import { completeResults, type Results } from '../../bench/results.ts'

function sample(): Results {
  const figures = new Figures()
  const title = 'echo 64 B, 100 in flight'
  for (const value of [5000, 6000, 7000]) figures.add(title, '/s', 'zmqnet-tcp', value)
  for (const value of [1000, 1000, 1000]) figures.add(title, '/s', 'raw-awaited', value)
  for (const value of [2000, 2000, 2000]) figures.add(title, '/s', 'nats', value)
  figures.fail(title, '/s', 'cote', 'refused: no')
  figures.fail(title, '/s', 'moleculer', 'failed: gone')
  figures.add(`${title}, p50`, 'ms', 'zmqnet-tcp', 0.5)
  figures.add('memory for each idle peer', 'KiB', 'zmqnet-tcp', 80)
  return {
    date: '2026-01-02T03:04:05.000Z',
    machine: { cpu: 'A chip', cores: 2, memoryBytes: 8 * 1024 ** 3, platform: 'linux x64', node: 'v20.0.0' },
    versions: { zmqnet: '1.2.3' },
    settings: { rounds: 3, figures: '' },
    sides: { 'zmqnet-tcp': 'defaults' },
    skipped: { 'grpc-unary': 'skipped: not here' },
    figures: figures.all,
  }
}

test('the report names the machine, the versions and the settings', (t) => {
  const [first] = reportOf(sample()).split('\n')
  t.is(
    first,
    '2026-01-02: 2 x A chip, 8 GiB, linux x64, Node.js v20.0.0; zmqnet 1.2.3. Settings: rounds 3, figures all.',
  )
})

test('a row has the median of each side, refusals, and the ratios to raw and to the best peer', (t) => {
  const lines = reportOf(sample()).split('\n')
  const head = lines.find((line) => line.startsWith('|  | zmqnet | raw'))
  t.is(
    head,
    '|  | zmqnet | raw zeromq.js | Moleculer TCP | cote | NATS | zmqnet / raw | zmqnet / best peer |',
  )
  t.true(
    lines.includes(
      '| echo 64 B, 100 in flight | 6,000 | 1,000 | failed | refused | 2,000 ' +
        '| **6.00** (5.00 to 7.00) | **3.00** (2.50 to 3.50) NATS |',
    ),
  )
})

test('faults and absent sides are listed with their reasons', (t) => {
  const lines = reportOf(sample()).split('\n')
  t.true(lines.includes('- gRPC unary skipped: not here'))
  t.true(lines.includes('- cote refused: no (echo 64 B, 100 in flight)'))
  t.true(lines.includes('- Moleculer TCP failed: gone (echo 64 B, 100 in flight)'))
})

test('the table of targets says met, not met, and not measured', (t) => {
  const lines = reportOf(sample()).split('\n')
  const line = (begin: string) => lines.find((one) => one.startsWith(`| ${begin}`))
  t.is(
    line('echo, 64 B, 100 in flight, over the best peer'),
    '| echo, 64 B, 100 in flight, over the best peer | at least 5 | **3.00** (2.50 to 3.50) NATS |  | **not met** |',
  )
  t.is(
    line('memory per idle peer'),
    '| memory per idle peer, KiB | at most 100 | **80.0** (80.0 to 80.0) |  | met |',
  )
  t.regex(line('1 MiB bodies') ?? '', /\| not measured \|$/)
})

test('the results as JSON hold the rounds, the ratios and the verdicts, and give the same report again', (t) => {
  const results = sample()
  const text = JSON.stringify(completeResults(results))
  const read = JSON.parse(text) as ReturnType<typeof completeResults>
  t.deepEqual(read.figures[0]?.sides['zmqnet-tcp']?.values, [5000, 6000, 7000])
  t.is(read.summary[0]?.toRaw['zmqnet-tcp']?.median, 6)
  t.is(read.summary[0]?.bestPeer, 'nats')
  t.deepEqual(
    read.targets.filter(({ met }) => met === true).map(({ target }) => target.title),
    ['echo, 64 B, 100 in flight, over raw zeromq.js', 'memory per idle peer, KiB'],
  )
  t.is(reportOf(read), reportOf(results))
})

test('numbers have about three digits', (t) => {
  t.deepEqual([12_345.6, 123.4, 12.34, 1.234, 0.1234, 0.01234, 0].map(numberText), [
    '12,346',
    '123',
    '12.3',
    '1.23',
    '0.12',
    '0.012',
    '0.00',
  ])
})

test('the report goes between its marks and nowhere else', (t) => {
  const before = '# Title\n\n<!-- figures -->\n\nold\n\n<!-- end of figures -->\n\nrest\n'
  const after = '# Title\n\n<!-- figures -->\n\nnew\n\n<!-- end of figures -->\n\nrest\n'
  t.is(withReport(before, 'new'), after)
  t.is(withReport(after, 'new'), after)
  t.throws(() => withReport('# Title', 'new'), { message: /no <!-- figures -->/ })
})
