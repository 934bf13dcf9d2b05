/** The tables of bench:liveness: medians and percentiles beside the targets, and what went wrong. */

import test from 'ava'
import { chooseFaults, FAULTS } from '../../../bench/liveness/faults.ts'
import { parseOptions } from '../../../bench/liveness/options.ts'
import { reportOf } from '../../../bench/liveness/report.ts'
import type { Results, Row } from '../../../bench/liveness/results.ts'
import { readSerfLine } from '../../../bench/liveness/serf-party.ts'
import { Sights } from '../../../bench/liveness/sights.ts'

function results(changes: Partial<Row>, calm: Results['calm'] = []): Results {
  const times = { first: [10, 20, 60], all: [100, 110, 400] }
  return {
    date: '2026-01-02T03:04:05.000Z',
    machine: { cpu: 'A chip', cores: 2, memoryBytes: 8 * 1024 ** 3, platform: 'linux x64', node: 'v20.0.0' },
    versions: { zmqnet: '1.2.3' },
    rows: [
      {
        side: 'zmqnet',
        fault: 'kill',
        nodes: 3,
        trials: 3,
        lines: { known: times },
        wrong: [],
        failures: [],
        ...changes,
      },
    ],
    calm,
    skipped: ['serf was skipped: it is not there.'],
  }
}

function linesOf(changes: Partial<Row>, calm: Results['calm'] = []): string[] {
  return reportOf(results(changes, calm)).split('\n')
}

test('a row has median, p99 and the largest time, the target and whether it is met', (t) => {
  const row = '| kill -9 | 3 | 3 | 20 / 60 / 60 | 110 / 400 / 400 | first 50, all 150 | met |'
  t.true(linesOf({}).includes(row))
})

test('a target that is missed is named', (t) => {
  const known = { first: [51, 51, 51], all: [100, 100, 3001] }
  t.regex(linesOf({ lines: { known } }).join('\n'), /\| kill -9 .*\*\*not met\*\*: first 50 \|/)
  const stop = linesOf({ fault: 'stop', lines: { known } }).join('\n')
  t.regex(stop, /\| SIGSTOP .*\*\*not met\*\*: all 3000 \(p99\) \|/)
})

test('a target for one size does not judge the others', (t) => {
  const cold = (nodes: number) =>
    linesOf({ fault: 'cold', nodes, lines: { known: { first: [900], all: [2000] } } }).join('\n')
  t.regex(cold(16), /\| 16 .*not met/)
  t.notRegex(cold(8), /met/)
})

test('words that were wrong, trials that did not end and what was left out are told', (t) => {
  const lines = linesOf({ wrong: ['a called b dead', 'again'], failures: ['Not so'] })
  t.true(lines.includes('- zmqnet kill 3: 2 words that were wrong, the first: a called b dead'))
  t.true(lines.includes('- zmqnet kill 3: 1 trials that did not end, the first: Not so'))
  t.true(lines.includes('- serf was skipped: it is not there.'))
  t.true(lines.some((line) => /^\| kill -9 \| 3 \| 3 of 4 .*\*\*not met\*\*: 1 did not end \|$/.test(line)))
  t.false(lines.some((line) => line.includes('nobody who lived')))
  t.true(linesOf({}).some((line) => line.includes('nobody who lived was called dead')))
})

test('a death in a calm mesh misses the target', (t) => {
  const calm = { side: 'zmqnet', nodes: 5, seconds: 4, hogs: 2, suspect: 1, busy: 0, linkDown: 0 } as const
  t.regex(linesOf({}, [{ ...calm, dead: 0 }]).join('\n'), /\| zmqnet \| 5 \| 4 s .* \| met \|/)
  t.regex(linesOf({}, [{ ...calm, dead: 1 }]).join('\n'), /\| zmqnet \| 5 \| 4 s .*not met/)
})

test('faults are chosen by their names, one way means both ways, and a wrong name is told', (t) => {
  t.deepEqual(chooseFaults('kill, oneway,oneway-to'), ['kill', 'oneway-from', 'oneway-to'])
  t.throws(() => chooseFaults('kill,fire'), { message: /^--faults knows kill, .*, oneway, not "fire"$/ })
  t.deepEqual(
    FAULTS.filter(({ name }) => !parseOptions([]).faults.includes(name)),
    [],
  )
})

test('options that make no sense are refused with a sentence', (t) => {
  t.like(parseOptions(['--nodes', '3, 5', '--trials', '7']), { nodes: [3, 5], trials: 7, minutes: 10 })
  t.throws(() => parseOptions(['--nodes', '1']), {
    message: '--nodes is a whole number from 2 to 100, not "1"',
  })
  t.throws(() => parseOptions(['--trials', '']), { message: /--trials is/ })
  t.throws(() => parseOptions(['--minutes', 'x']), { message: /--minutes is a number/ })
})

test('what serf writes is understood', (t) => {
  const head = '    2026/01/02 03:04:05 [INFO] '
  t.deepEqual(readSerfLine(`${head}serf: EventMemberJoin: node-1 127.0.0.1`), {
    kind: 'alive',
    peer: 'node-1',
  })
  t.deepEqual(readSerfLine(`${head}serf: EventMemberFailed: node-2 10.0.0.1`), {
    kind: 'dead',
    peer: 'node-2',
  })
  t.deepEqual(readSerfLine(`${head}memberlist: Suspect node-3 has failed, no acks received`), {
    kind: 'suspect',
    peer: 'node-3',
  })
  t.is(readSerfLine(`${head}agent: Received event: member-join`), undefined)
})

test('sights come to a view, and are found again by their time', (t) => {
  const sights = new Sights()
  const peer = 'bravo'
  sights.note({ atMs: 1, kind: 'link-up', peer })
  sights.note({ atMs: 2, kind: 'alive', peer, incarnation: 5 })
  sights.note({ atMs: 3, kind: 'busy', peer })
  t.deepEqual(sights.view(peer), {
    state: 'alive',
    incarnation: 5,
    isLinked: true,
    isBusy: true,
    changedAtMs: 2,
  })
  sights.note({ atMs: 4, kind: 'restarted', peer, incarnation: 6 })
  sights.note({ atMs: 5, kind: 'dead', peer })
  sights.note({ atMs: 9, kind: 'dead', peer })
  t.like(sights.view(peer), { state: 'dead', incarnation: 6, changedAtMs: 9 })
  t.is(sights.firstAfter(2, 'dead', peer), 5)
  t.is(sights.firstAfter(6, 'dead', peer), 9)
  t.is(sights.firstAfter(10, 'dead', peer), undefined)
  t.deepEqual(
    sights.since(4).map(({ atMs }) => atMs),
    [4, 5, 9],
  )
})
