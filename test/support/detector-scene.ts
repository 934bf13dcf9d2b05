/**
 * A detector with one peer, bravo, and what it tells: the stage on which the verdicts on a peer are tested. Its tick is
 * 1000 ms, so that the times in the tests are those of the clauses.
 */

import { Detector, type DetectorEvent } from '../../src/liveness/detector.ts'
import { suspicionTimes } from '../../src/liveness/suspicion.ts'
import { Recorder } from './recorder.ts'
import { incarnation } from './samples.ts'

export const START = 10_000

export interface Scene {
  readonly detector: Detector
  /** How late our own loop runs, and what of the silence until this turn is its fault; 0 at first. */
  readonly own: { delayMs: number; stallMs: number }
  readonly out: Recorder<DetectorEvent>
}

/** A detector with a tick of 1000 ms that knows of bravo. */
export function unknown(): Scene {
  const out = new Recorder<DetectorEvent>()
  const own = { delayMs: 0, stallMs: 0 }
  const detector = new Detector(suspicionTimes(1000), out.tell, {
    woke: () => own.stallMs,
    strainMs: () => own.delayMs,
  })
  detector.add(START, 'bravo')
  return { detector, own, out }
}

/** Bravo is alive, its link is up. */
export function alive(): Scene {
  const scene = unknown()
  scene.detector.linkUp(START, 'bravo')
  scene.detector.met(START, 'bravo', incarnation(1))
  scene.out.told()
  return scene
}

/** Wakes the detector at each deadline up to `until`; gives the states that were told, with their times. */
export function run({ detector, out }: Scene, until: number): [number, string][] {
  while (detector.deadline <= until) detector.wake(detector.deadline)
  return states(out)
}

export function states(out: Recorder<DetectorEvent>): [number, string][] {
  return out.toldOf('peer-state').map(({ now, state }) => [now - START, state])
}
