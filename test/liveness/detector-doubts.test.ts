/**
 * What a detector does about doubts: whether the process of a quiet peer runs, whether it hangs, whether it hears us, and when
 * two silences are as good as a refusal.
 */

import test from 'ava'
import type { Detector } from '../../src/liveness/detector.ts'
import { alive, run, type Scene, START, states, unknown } from '../support/detector-scene.ts'
import { incarnation } from '../support/samples.ts'

test('L14: a peer that is busy by silence for 20 ticks hangs: told once, still alive, and over when it is heard', (t) => {
  const scene = alive()
  const { detector, out } = scene
  run(scene, START + 19_999)
  t.false(detector.get('bravo').isHung)
  out.told()
  detector.wake(START + 20_000)
  t.deepEqual(out.toldOf('peer-hung'), [{ kind: 'peer-hung', peer: 'bravo', quietMs: 20_000 }])
  t.like(detector.get('bravo'), { state: 'alive', busy: true, isHung: true })
  detector.heard(START + 100_000, 'bravo')
  t.deepEqual(out.told(), [{ kind: 'peer-busy', peer: 'bravo', busy: false }])
  t.false(detector.get('bravo').isHung)
})

test('L14: a peer that hangs is dead when its process is', (t) => {
  const scene = alive()
  run(scene, START + 50_000)
  scene.out.told()
  scene.detector.linkDown(START + 50_000, 'bravo', 'closed')
  t.deepEqual(states(scene.out), [[50_000, 'dead']])
  t.like(scene.detector.get('bravo'), { busy: false, isHung: false })
})

test('R15: a link may be reset while its peer is heard otherwise, not while it is busy, and again when it hangs', (t) => {
  const scene = alive()
  const { detector } = scene
  t.true(detector.mayReset(START + 2499, 'bravo'))
  t.false(detector.mayReset(START + 2500, 'bravo'), 'busy, though nobody has looked yet')
  run(scene, START + 19_999)
  t.false(detector.mayReset(START + 19_999, 'bravo'))
  run(scene, START + 20_000)
  t.true(detector.mayReset(START + 20_000, 'bravo'))
})

test('L15: a peer whose address does not answer the dial after its link fell silent is dead', (t) => {
  const scene = alive()
  const { detector } = scene
  detector.heard(START + 300, 'bravo')
  detector.linkDown(START + 1000, 'bravo', 'silent')
  t.deepEqual(run(scene, START + 1500), [], 'one silence is not enough')
  detector.linkDown(START + 1510, 'bravo', 'silent')
  t.deepEqual(states(scene.out), [[1510, 'dead']])
})

test('L15: a peer that is heard after its link broke has its time, and so has one that was never met', (t) => {
  const scene = alive()
  const { detector } = scene
  detector.linkDown(START + 1000, 'bravo', 'silent')
  // The answer to the question of L16, in the same millisecond.
  detector.heard(START + 1000, 'bravo')
  // A dial that comes to nothing is no news of a peer that is heard on its own link.
  detector.linkDown(START + 1510, 'bravo', 'silent')
  t.deepEqual(run(scene, START + 10_000), [
    [3500, 'suspect'],
    [4000, 'dead'],
  ])
  const stranger = unknown()
  for (const atMs of [500, 1000]) stranger.detector.linkDown(START + atMs, 'bravo', 'silent')
  t.deepEqual(run(stranger, START + 10_000), [[3000, 'dead']])
})

test('L17: whether the process of a quiet peer runs is asked while its link stands, and only then', (t) => {
  const scene = alive()
  const asked: number[] = []
  const wakeUntil = (until: number): void => {
    while (scene.detector.deadline <= until) {
      const now = scene.detector.deadline
      scene.detector.wake(now)
      for (const _ of scene.out.toldOf('probe-peer')) asked.push(now - START)
    }
  }
  wakeUntil(START + 4500)
  t.deepEqual(asked, [2100, 3100, 4100])
  scene.detector.heard(START + 4600, 'bravo')
  wakeUntil(START + 6699)
  t.is(asked.length, 3)
  wakeUntil(START + 6700)
  t.is(asked.length, 4)
  scene.detector.linkDown(START + 6900, 'bravo', 'closed')
  scene.out.told()
  wakeUntil(START + 100_000)
  t.is(asked.length, 4)
})

/** Bravo is alive, its link is up, and at 500 it says that it does not hear us. */
function deaf(): Scene {
  const scene = alive()
  scene.detector.heard(START + 500, 'bravo')
  scene.detector.hears(START + 500, 'bravo', false)
  return scene
}

test('L20: about a peer that says that it does not hear us is asked at once, and again only after a tick', (t) => {
  const scene = deaf()
  const probe = { kind: 'probe-peer', peer: 'bravo', why: 'deaf' } as const
  t.deepEqual(scene.out.told(), [{ ...probe, now: START + 500 }])
  scene.detector.hears(START + 1499, 'bravo', false)
  t.deepEqual(scene.out.told(), [])
  scene.detector.hears(START + 1500, 'bravo', false)
  t.deepEqual(scene.out.told(), [{ ...probe, now: START + 1500 }])
  scene.detector.linkDown(START + 1600, 'bravo', 'closed')
  scene.detector.hears(START + 3000, 'bravo', false)
  t.deepEqual(scene.out.toldOf('probe-peer'), [], 'there is no connection to ask about')
  t.false(scene.detector.hearsNothing(START + 2599, 'bravo'))
  t.true(scene.detector.hearsNothing(START + 2600, 'bravo'))
})

test('L20: who goes down in silence is told that nothing is heard of it, sooner than who is quiet on a link that stands', (t) => {
  for (const [quietMs, cause, isTold] of [
    [999, 'silent', false],
    [1000, 'silent', true],
    [1000, 'unreachable', true],
    [1000, 'closed', false],
    [5000, 'refused', false],
  ] as const) {
    const { detector } = alive()
    t.is(detector.linkDown(START + quietMs, 'bravo', cause), isTold, `${cause} after ${quietMs} ms`)
  }
})

test('L20: a peer that does not hear us and whose host does not answer is dead at once, though it is heard', (t) => {
  const scene = deaf()
  const { detector, out } = scene
  detector.linkDown(START + 900, 'bravo', 'unreachable')
  t.like(out.toldOf('peer-state')[0], {
    now: START + 900,
    state: 'dead',
    text: 'it does not hear us, and its address does not answer',
  })
  detector.heard(START + 910, 'bravo')
  detector.hears(START + 910, 'bravo', false)
  detector.heard(START + 920, 'bravo')
  t.deepEqual(run(scene, START + 20_000), [])
  detector.heard(START + 20_000, 'bravo')
  t.deepEqual(states(out), [[20_000, 'alive']], 'what it said is long ago')
})

test('L20: that a peer hears us again, a link that comes up and an introduction take it back', (t) => {
  const backs: Readonly<Record<string, (detector: Detector, now: number) => void>> = {
    'it hears us': (detector, now) => detector.hears(now, 'bravo', true),
    'its link is up': (detector, now) => {
      detector.linkUp(now, 'bravo')
      detector.heard(now, 'bravo')
    },
    'it said hello': (detector, now) => detector.met(now, 'bravo', incarnation(1)),
  }
  for (const [name, back] of Object.entries(backs)) {
    const { detector, out } = deaf()
    detector.linkDown(START + 900, 'bravo', 'unreachable')
    detector.heard(START + 950, 'bravo')
    back(detector, START + 950)
    t.deepEqual(
      states(out),
      [
        [900, 'dead'],
        [950, 'alive'],
      ],
      name,
    )
  }
})

test('L20: what a peer said 2 ticks ago does not count, nor does a link whose end the host of the peer told', (t) => {
  for (const [at, cause] of [
    [START + 2500, 'unreachable'],
    [START + 900, 'closed'],
    [START + 900, 'silent'],
  ] as const) {
    const { detector, out } = deaf()
    detector.heard(at - 1, 'bravo')
    detector.linkDown(at, 'bravo', cause)
    t.deepEqual(states(out), [], cause)
  }
})
