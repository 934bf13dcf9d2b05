/** A mesh that does not come together in time says who does not see whom, and what these two know themselves. */

import test from 'ava'
import { TrialError } from '../../../bench/liveness/evidence.ts'
import { FAULTS } from '../../../bench/liveness/faults.ts'
import { runSeries } from '../../../bench/liveness/lanes.ts'
import { Mesh } from '../../../bench/liveness/mesh.ts'
import { type Spawn, spawnZmqnet } from '../../../bench/liveness/party.ts'
import { rowOf } from '../../../bench/liveness/results.ts'

test('who does not see whom is told by events, by tables and by logs', async (t) => {
  const mesh = await Mesh.start(spawnZmqnet, 3, {})
  t.teardown(() => mesh.end())
  // As if this word of node-2 had been lost.
  const [, deaf] = mesh.parties
  deaf?.sights.note({ atMs: 0, kind: 'dead', peer: 'node-3' })
  t.false(mesh.isWhole)
  const error = await t.throwsAsync(
    mesh.until(() => mesh.isWhole, 'it is whole', 0),
    { instanceOf: TrialError },
  )
  const text = 'node-2 does not see node-3: its events say dead, link up; its table says alive, link open'
  t.is(error.message, `Not so within 0 ms: it is whole. ${text}`)
  t.is(error.evidence.filter((line) => / does not see /.test(line)).length, 1)
  t.true(error.evidence.some((line) => /^ {2}by its own table .*"state":"alive"/.test(line)))
  t.true(error.evidence.some((line) => /^node-1 runs as \d+, .*: \{"sent":/.test(line)))
  t.true(error.evidence.some((line) => /^node-2 logged: \d+ ms info peer node-3 is alive/.test(line)))
})

test('a process that ends by itself fails the trial, which is counted and kept', async (t) => {
  const [fault] = FAULTS.filter(({ name }) => name === 'cold')
  if (fault === undefined) throw new Error('There is no cold start')
  const said: string[] = []
  const spawn: Spawn = (place, places) => {
    const party = spawnZmqnet(place, places)
    if (place.name === 'node-2') party.child.kill('SIGTERM')
    return party
  }
  const series = await runSeries({
    fault,
    nodes: 2,
    trials: 1,
    side: 'zmqnet',
    spawn,
    say: (text) => said.push(text),
  })
  t.is(series.trials.length, 0)
  t.regex(
    series.failures[0] ?? '',
    /^node-2: its process ended by itself \(SIGTERM\)\. node-1 does not see node-2/,
  )
  t.true(said.some((line) => /node-2 has ended \(SIGTERM\)/.test(line)))
  const row = rowOf('zmqnet', 'cold', 2, series)
  t.is(row.failures.length, 1)
  t.deepEqual(row.evidence, series.evidence)
  t.true((row.evidence?.[0]?.length ?? 0) > 0)
})
