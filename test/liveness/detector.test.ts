/**
 * The verdicts on peers as a script: what makes a peer alive, busy, suspect, dead, left, and what takes it back.
 */

import test from 'ava'
import { alive, run, START, states, unknown } from '../support/detector-scene.ts'
import { incarnation } from '../support/samples.ts'

test('L6: a peer begins as suspect, and is dead when it was not heard for 3 ticks', (t) => {
  const scene = unknown()
  t.is(scene.detector.get('bravo').state, 'suspect')
  t.deepEqual(run(scene, START + 2999), [])
  t.deepEqual(run(scene, START + 3000), [[3000, 'dead']])
  t.is(scene.detector.deadline, Number.POSITIVE_INFINITY)
})

test('L6: a peer that was never heard does not come alive by a link', (t) => {
  const scene = unknown()
  scene.detector.linkUp(START, 'bravo')
  t.deepEqual(run(scene, START + 100_000), [])
  t.is(scene.detector.get('bravo').state, 'suspect')
  scene.detector.heard(START + 100_000, 'bravo')
  t.deepEqual(states(scene.out), [[100_000, 'alive']])
})

test('L6: a peer that was never met is given its time, though its address refuses', (t) => {
  const scene = unknown()
  scene.detector.linkDown(START + 5, 'bravo', 'refused')
  t.deepEqual(run(scene, START + 2999), [])
})

test('L4: a peer whose link stands and that is quiet is alive and busy, and heard again it is not', (t) => {
  const scene = alive()
  run(scene, START + 2499)
  t.false(scene.detector.get('bravo').busy)
  scene.detector.wake(START + 2500)
  t.deepEqual(scene.out.told(), [{ kind: 'peer-busy', peer: 'bravo', busy: true }])
  t.is(scene.detector.get('bravo').state, 'alive')
  scene.detector.heard(START + 6000, 'bravo')
  t.deepEqual(scene.out.told(), [{ kind: 'peer-busy', peer: 'bravo', busy: false }])
  t.is(scene.detector.deadline, START + 8100)
})

test('L4: a peer whose link is down is suspect after 2.5 ticks and dead after 3', (t) => {
  const scene = alive()
  scene.detector.linkDown(START + 100, 'bravo', 'closed')
  t.deepEqual(run(scene, START + 10_000), [
    [2500, 'suspect'],
    [3000, 'dead'],
  ])
})

test('L4: a busy peer whose link breaks is judged at once', (t) => {
  const scene = alive()
  run(scene, START + 5000)
  scene.out.told()
  scene.detector.linkDown(START + 5000, 'bravo', 'closed')
  t.deepEqual(
    scene.out.told().map((event) => (event.kind === 'peer-state' ? event.state : event.kind)),
    ['peer-busy', 'dead'],
  )
})

test('L5: a peer is busy while it says that its loop lags', (t) => {
  const { detector, out } = alive()
  detector.load(START, 'bravo', 249)
  t.deepEqual(out.told(), [])
  detector.load(START, 'bravo', 250)
  detector.load(START, 'bravo', 900)
  detector.load(START, 'bravo', 10)
  t.deepEqual(
    out.toldOf('peer-busy').map(({ busy }) => busy),
    [true, false],
  )
})

test('L5: what a peer says of its loop within 500 ms of a silence is about that silence, and does not count', (t) => {
  const scene = alive()
  const { detector, out } = scene
  run(scene, START + 3000)
  out.told()
  // It may say so in the very message that ends the silence.
  detector.load(START + 3000, 'bravo', 3000)
  detector.heard(START + 3000, 'bravo')
  detector.load(START + 3001, 'bravo', 3000)
  detector.load(START + 3499, 'bravo', 3000)
  t.deepEqual(out.told(), [{ kind: 'peer-busy', peer: 'bravo', busy: false }])
  detector.load(START + 3500, 'bravo', 3000)
  t.deepEqual(out.told(), [{ kind: 'peer-busy', peer: 'bravo', busy: true }])
})

test('L5: what a peer that is not alive says of its loop does not count', (t) => {
  const { detector, out } = unknown()
  detector.load(START, 'bravo', 900)
  t.deepEqual(out.told(), [])
})

test('L6: a dead peer comes alive by being heard, not by a link, and it is told how long it was lost', (t) => {
  const scene = alive()
  scene.detector.linkDown(START, 'bravo', 'closed')
  run(scene, START + 5000)
  scene.detector.linkUp(START + 6000, 'bravo')
  t.deepEqual(states(scene.out), [])
  scene.detector.heard(START + 6001, 'bravo')
  const [back] = scene.out.toldOf('peer-state')
  t.is(back?.state, 'alive')
  t.is(back?.lostMs, 3501, 'lost since it was suspect')
  t.is(scene.detector.deadline, START + 8101)
})

test('L6: a suspect peer comes alive when the link to it comes up', (t) => {
  const scene = alive()
  scene.detector.linkDown(START, 'bravo', 'closed')
  t.deepEqual(run(scene, START + 2600), [[2500, 'suspect']])
  scene.detector.linkUp(START + 2700, 'bravo')
  t.deepEqual(states(scene.out), [[2700, 'alive']])
  t.true(scene.detector.get('bravo').busy)
})

test('L7: a refused dial after the link broke is death at once', (t) => {
  const { detector, out } = alive()
  detector.heard(START + 100, 'bravo')
  detector.linkDown(START + 100, 'bravo', 'closed')
  t.deepEqual(states(out), [])
  detector.linkDown(START + 110, 'bravo', 'refused')
  t.deepEqual(states(out), [[110, 'dead']])
})

test('L7: last words do not help, but what is heard later than 50 ms after the break does', (t) => {
  for (const [heardAfterMs, expected] of [
    [50, 'dead'],
    [51, 'alive'],
  ] as const) {
    const { detector } = alive()
    detector.linkDown(START + 100, 'bravo', 'closed')
    detector.heard(START + 100 + heardAfterMs, 'bravo')
    detector.linkDown(START + 200, 'bravo', 'refused')
    t.is(detector.get('bravo').state, expected, `${heardAfterMs}`)
  }
})

test('L7: a refusal does not count against a peer that is heard and whose link was never up', (t) => {
  const { detector } = unknown()
  detector.met(START + 10, 'bravo', incarnation(1))
  detector.linkDown(START + 20, 'bravo', 'refused')
  t.is(detector.get('bravo').state, 'alive')
})

test('L7: being heard, and a link that comes up, take a refusal back', (t) => {
  for (const how of ['heard', 'linkUp'] as const) {
    const scene = alive()
    scene.detector.linkDown(START, 'bravo', 'closed')
    scene.detector.linkDown(START + 10, 'bravo', 'refused')
    scene.detector[how](START + 500, 'bravo')
    scene.detector.heard(START + 500, 'bravo')
    t.is(scene.detector.get('bravo').state, 'alive', how)
  }
})

test('L8: another incarnation is a restart, the same one is not', (t) => {
  const { detector, out } = alive()
  detector.met(START + 10, 'bravo', incarnation(1))
  t.deepEqual(out.told(), [])
  detector.load(START, 'bravo', 900)
  out.told()
  detector.met(START + 20, 'bravo', incarnation(2))
  t.deepEqual(out.told(), [
    { kind: 'peer-busy', peer: 'bravo', busy: false },
    { kind: 'peer-restarted', peer: 'bravo', incarnation: incarnation(2) },
  ])
})

test('L9: a peer that left stays so, whatever comes, until another run of it is met', (t) => {
  const scene = alive()
  const { detector, out } = scene
  detector.left(START + 10, 'bravo')
  detector.left(START + 11, 'bravo')
  t.deepEqual(states(out), [[10, 'left']])
  t.is(detector.deadline, Number.POSITIVE_INFINITY)
  detector.heard(START + 20, 'bravo')
  detector.linkDown(START + 30, 'bravo', 'refused')
  detector.linkUp(START + 40, 'bravo')
  detector.met(START + 50, 'bravo', incarnation(1))
  detector.forgive(START + 60, 10)
  t.deepEqual([out.told(), run(scene, START + 100_000)], [[], []])
  detector.met(START + 200_000, 'bravo', incarnation(2))
  const [restart, back] = out.told()
  t.is(restart?.kind, 'peer-restarted')
  t.like(back, { kind: 'peer-state', state: 'alive', lostMs: 199_990 })
})

test('L10: silence that is our own fault is forgiven', (t) => {
  const scene = alive()
  scene.detector.linkDown(START, 'bravo', 'closed')
  scene.detector.forgive(START + 2400, 2000)
  t.deepEqual(run(scene, START + 4499), [])
  t.deepEqual(run(scene, START + 5000), [
    [4500, 'suspect'],
    [5000, 'dead'],
  ])
})

test('L10: a turn that comes too late takes its delay off the silence before anything is judged', (t) => {
  const scene = alive()
  scene.detector.linkDown(START, 'bravo', 'closed')
  const now = START + 10_000
  scene.own.stallMs = 9000
  scene.detector.turned(now, START + 1000)
  scene.own.stallMs = 0
  t.deepEqual(run(scene, now), [])
  t.deepEqual(run(scene, now + 2000), [
    [11_500, 'suspect'],
    [12_000, 'dead'],
  ])
})

test('L10: silence is forgiven up to now, not into the future', (t) => {
  const scene = alive()
  scene.detector.forgive(START + 100, 5000)
  t.is(scene.detector.get('bravo').quietSince, START + 100)
})

test('L10: what is forgiven makes neither a suspect nor a dead peer alive', (t) => {
  const scene = alive()
  scene.detector.linkDown(START, 'bravo', 'closed')
  run(scene, START + 2600)
  scene.detector.forgive(START + 2600, 2600)
  t.deepEqual(run(scene, START + 10_000), [[5600, 'dead']])
  scene.detector.forgive(START + 10_000, 100_000)
  scene.detector.linkUp(START + 10_000, 'bravo')
  t.deepEqual(run(scene, START + 20_000), [])
  t.is(scene.detector.get('bravo').state, 'dead')
})

test('no verdict flaps: with beats every 2 ticks a peer stays alive and is never reported', (t) => {
  const scene = alive()
  for (let now = START; now < START + 100_000; now += 2000) {
    scene.detector.heard(now, 'bravo')
    run(scene, now + 1999)
  }
  t.deepEqual(scene.out.told(), [])
})

test('a wake before its time does nothing', (t) => {
  const { detector, out } = alive()
  detector.wake(START + 2099)
  t.deepEqual(out.told(), [])
  t.is(detector.deadline, START + 2100)
})

test('L4, L8: a peer that restarts while it is silent is watched as before', (t) => {
  const scene = alive()
  t.deepEqual(run(scene, START + 4000), [])
  t.true(scene.detector.get('bravo').isSilent)
  scene.detector.met(START + 4000, 'bravo', incarnation(2))
  t.false(scene.detector.get('bravo').busy)
  t.deepEqual(run(scene, START + 6499), [])
  t.false(scene.detector.get('bravo').isSilent)
  run(scene, START + 6500)
  t.true(scene.detector.get('bravo').isSilent)
})

test('a peer that is heard in time is hardly ever looked at because its time is over', (t) => {
  const { detector } = alive()
  let looks = 0
  for (let now = START; now <= START + 60_000; now += 1000) {
    for (; detector.deadline < now; looks += 1) detector.wake(detector.deadline)
    detector.heard(now, 'bravo')
  }
  t.is(looks, 0)
})
