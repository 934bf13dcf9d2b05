/**
 * Many trials of one fault on meshes of one size: some meshes side by side where the trials mostly wait, a random pause before
 * each trial, a new mesh when one broke, and an end in any case.
 */

import { coldStart } from './cold.ts'
import { TrialError } from './evidence.ts'
import type { Fault } from './faults.ts'
import { Mesh, pause } from './mesh.ts'
import type { Spawn } from './party.ts'
import { ATTEMPTS, type Trial } from './trials.ts'

/** The heartbeats of the transport come every 500 ms, ours as they happen to: a trial begins anywhere in between. */
const SETTLE_MS = { patient: 500, quick: 250 }
/** After so many failures in a row nothing more is to be learnt. */
const MAX_FAILURES = 3

/** What a series of trials brought. */
export interface Series {
  readonly trials: readonly Trial[]
  /** Trials that did not come to an end, in words. */
  readonly failures: readonly string[]
  /** What is known about them: lines of text for each, where there are any. */
  readonly evidence: readonly (readonly string[])[]
}

export interface SeriesOrder {
  readonly fault: Fault
  readonly nodes: number
  readonly trials: number
  readonly side: 'zmqnet' | 'serf'
  readonly spawn: Spawn
  readonly say: (text: string) => void
}

/** How many meshes run side by side: what they need when idle stays below half of two cores. */
export function lanesOf({ fault, nodes, side }: Pick<SeriesOrder, 'fault' | 'nodes' | 'side'>): number {
  // serf takes seconds for everything, whatever else the machine does.
  if (!fault.isPatient && side === 'zmqnet') return 1
  return nodes <= 4 ? 8 : nodes <= 8 ? 5 : 3
}

export async function runSeries(order: SeriesOrder): Promise<Series> {
  const { fault } = order
  const trials: Trial[] = []
  const failures: string[] = []
  const evidence: (readonly string[])[] = []
  const progress = new Progress(order)
  let begun = 0
  const next = (): number | undefined => {
    if (begun >= order.trials || failures.length >= MAX_FAILURES) return undefined
    begun += 1
    return begun
  }
  const lane = async (): Promise<void> => {
    for (let number = next(); number !== undefined; ) {
      let mesh: Mesh | undefined
      try {
        if (fault.name === 'cold') {
          trials.push(await coldStart(order))
          progress.done(trials.length)
          number = next()
          continue
        }
        mesh = await startMesh(order)
        for (let turn = 0; number !== undefined; number = next(), turn += 1) {
          await pause(Math.random() * (order.fault.isPatient ? SETTLE_MS.patient : SETTLE_MS.quick))
          const attempt = ATTEMPTS[fault.name as keyof typeof ATTEMPTS]
          trials.push(await attempt(mesh, mesh.at(turn)))
          progress.done(trials.length)
        }
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error))
        order.say(`  a trial failed: ${failures.at(-1)}`)
        if (error instanceof TrialError) {
          evidence.push(error.evidence)
          for (const line of error.evidence) order.say(`    ${line}`)
        }
        number = next()
      } finally {
        await mesh?.end()
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(order.trials, lanesOf(order)) }, lane))
  return { trials, failures, evidence }
}

function startMesh({ fault, nodes, side, spawn }: SeriesOrder): Promise<Mesh> {
  return Mesh.start(spawn, nodes, { isCuttable: fault.isCuttable, tellsRuns: side === 'zmqnet' })
}

/** A line now and then. */
class Progress {
  readonly #order: SeriesOrder
  readonly #startedAt = performance.now()
  #saidAt = performance.now()

  constructor(order: SeriesOrder) {
    this.#order = order
  }

  done(count: number): void {
    const now = performance.now()
    const { fault, nodes, side, trials, say } = this.#order
    if (now - this.#saidAt < 10_000 && count < trials) return
    this.#saidAt = now
    say(
      `${side} ${fault.name} ${nodes}: ${count}/${trials}, ${((now - this.#startedAt) / 1000).toFixed(0)} s`,
    )
  }
}
