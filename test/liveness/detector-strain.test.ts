/**
 * What a detector makes of silence on a machine that gives turns late, to this node or to its peer: a peer that is starved of
 * processor time is not dead, and one that is gone is found out all the same.
 */

import test from 'ava'
import { alive, run, type Scene, START, states } from '../support/detector-scene.ts'

/** Bravo is alive, and its link broke at the start. */
function linkless(): Scene {
  const scene = alive()
  scene.detector.linkDown(START, 'bravo', 'closed')
  return scene
}

test('L21: while our own turns come late, a peer has more time before it is suspect and dead', (t) => {
  const scene = linkless()
  scene.own.delayMs = 400
  t.deepEqual(run(scene, START + 3299), [], 'without the delay it would be dead at 3000')
  t.deepEqual(run(scene, START + 10_000), [
    [3300, 'suspect'],
    [3800, 'dead'],
  ])
})

test('L21: a peer that is heard within its grace was never anything but alive', (t) => {
  const scene = linkless()
  scene.own.delayMs = 400
  run(scene, START + 3250)
  scene.detector.heard(START + 3250, 'bravo')
  scene.own.delayMs = 0
  t.deepEqual(run(scene, START + 5749), [])
  t.is(scene.detector.get('bravo').state, 'alive')
})

test('L21: when our turns come in time again, no more time is given than is left of the grace, within a fifth of a tick', (t) => {
  for (const overAt of [2000, 2730, 3001, 3255]) {
    const scene = linkless()
    scene.own.delayMs = 700
    t.deepEqual(run(scene, START + overAt), [])
    scene.own.delayMs = 0
    const [[at, state] = []] = run(scene, START + 4000)
    t.is(state, overAt < 3000 ? 'suspect' : 'dead')
    const dueAt = Math.max(overAt, 2500)
    t.true(at !== undefined && at >= dueAt && at <= dueAt + 200, `${at} is not soon after ${dueAt}`)
  }
})

test('L21: a peer that would not be suspect without any grace is not looked at more often for having some', (t) => {
  const looksAt = (delayMs: number): number[] => {
    const { detector, own } = alive()
    own.delayMs = delayMs
    const looks: number[] = []
    for (let at = START; at < START + 2500; at = detector.deadline) {
      detector.wake(at)
      looks.push(at - START)
    }
    return looks
  }
  t.deepEqual(looksAt(400), looksAt(0))
})

test('L21: however late turns come, a peer that is silent is dead 3000 ms later at the latest', (t) => {
  const scene = linkless()
  scene.own.delayMs = 60_000
  t.deepEqual(run(scene, START + 100_000), [
    [5500, 'suspect'],
    [6000, 'dead'],
  ])
})

test('L21: a peer that said that its own turns come late has more time, which fades', (t) => {
  const scene = linkless()
  scene.detector.load(START + 1500, 'bravo', 700)
  // Of these 700 ms a half is left at 2500, and nothing at 3500.
  t.deepEqual(run(scene, START + 2500), [])
  const changes = run(scene, START + 10_000)
  t.deepEqual(changes.map(([, state]) => state).at(-1), 'dead')
  t.true((changes[0]?.[0] ?? 0) > 2500)
  t.true((changes.at(-1)?.[0] ?? 0) <= 4000)
})

test('L21: late turns make a peer on a link that stands busy later, too', (t) => {
  const scene = alive()
  scene.own.delayMs = 400
  run(scene, START + 3299)
  t.false(scene.detector.get('bravo').busy)
  run(scene, START + 3300)
  t.true(scene.detector.get('bravo').busy)
})

test('L15, L21: two silences are not enough while turns come late; time decides', (t) => {
  const scene = alive()
  const { detector } = scene
  scene.own.delayMs = 400
  detector.linkDown(START + 1000, 'bravo', 'silent')
  detector.linkDown(START + 1510, 'bravo', 'silent')
  t.deepEqual(run(scene, START + 3299), [])
  t.deepEqual(run(scene, START + 10_000), [
    [3300, 'suspect'],
    [3800, 'dead'],
  ])
})

test('L7, L20, L21: what the operating system of a peer says counts at once, however late turns come', (t) => {
  const refused = linkless()
  refused.own.delayMs = 60_000
  refused.detector.linkDown(START + 20, 'bravo', 'refused')
  t.deepEqual(states(refused.out), [[20, 'dead']])
  const deaf = alive()
  deaf.own.delayMs = 60_000
  deaf.detector.heard(START + 500, 'bravo')
  deaf.detector.hears(START + 500, 'bravo', false)
  deaf.detector.linkDown(START + 900, 'bravo', 'unreachable')
  t.deepEqual(states(deaf.out), [[900, 'dead']])
})
