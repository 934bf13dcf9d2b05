/**
 * One trial of each fault: the fault, everybody knows, healing, everybody is alive again. What comes out are times in
 * milliseconds, and what should not have happened.
 */

import type { FaultName } from './faults.ts'
import type { Mesh } from './mesh.ts'
import type { Party } from './party.ts'
import { sharedNowMs } from './sights.ts'

/** Who does not know by then never will. serf takes its time. */
const KNOW_MS = 60_000
const STALL_MS = 3000

/** When the first and the last of those who should know knew. */
export interface Known {
  readonly firstMs: number
  readonly allMs: number
}

export interface Trial {
  /** By the key of a line (faults.ts). */
  readonly lines: Readonly<Record<string, Known>>
  /** Words of death about processes that lived and could be reached, and runs that were mixed up: one sentence each. */
  readonly wrong: readonly string[]
}

/** What is tried on a mesh that is whole, with one of its processes. */
export type Attempt = (mesh: Mesh, victim: Party) => Promise<Trial>

/** Cold starts and calm have no victim: they are in cold.ts and calm.ts. */
export const ATTEMPTS: Readonly<Record<Exclude<FaultName, 'cold' | 'calm'>, Attempt>> = {
  kill,
  stop,
  drop: (mesh, victim) => cutOff(mesh, victim, ['from', 'to']),
  'oneway-from': (mesh, victim) => cutOff(mesh, victim, ['from']),
  'oneway-to': (mesh, victim) => cutOff(mesh, victim, ['to']),
  stall,
  restart,
}

async function kill(mesh: Mesh, victim: Party): Promise<Trial> {
  const fromMs = sharedNowMs()
  victim.child.kill('SIGKILL')
  const known = await untilDead(mesh, victim, fromMs)
  await victim.ended
  const wrong = wrongDeaths(mesh, fromMs, (party, peer) => party !== victim && peer === victim.name)
  mesh.spawn(victim.name)
  await mesh.untilWhole()
  return { lines: { known }, wrong }
}

async function stop(mesh: Mesh, victim: Party): Promise<Trial> {
  const fromMs = sharedNowMs()
  victim.child.kill('SIGSTOP')
  const known = await untilDead(mesh, victim, fromMs)
  victim.child.kill('SIGCONT')
  await mesh.untilWhole()
  const wrong = wrongDeaths(mesh, fromMs, (party, peer) => party !== victim && peer === victim.name)
  return { lines: { known }, wrong }
}

async function cutOff(mesh: Mesh, victim: Party, ways: readonly ('from' | 'to')[]): Promise<Trial> {
  const cuts = ways.map((way) => ({ [way]: victim.name }))
  const fromMs = sharedNowMs()
  mesh.network.cut(...cuts)
  let known: Known
  let own: Known
  try {
    known = await untilDead(mesh, victim, fromMs)
    own = await untilKnown(mesh, mesh.others(victim.name), fromMs, (other) =>
      victim.sights.firstAfter(fromMs, 'dead', other.name),
    )
  } finally {
    mesh.network.mend(...cuts)
  }
  await mesh.untilWhole()
  const wrong = wrongDeaths(mesh, fromMs, (party, peer) => party === victim || peer === victim.name)
  return { lines: { known, victim: own }, wrong }
}

async function stall(mesh: Mesh, victim: Party): Promise<Trial> {
  const orderedAtMs = sharedNowMs()
  const others = mesh.others(victim.name)
  victim.block(STALL_MS)
  await mesh.until(() => victim.blocked !== undefined, 'the stall is over', KNOW_MS)
  const { fromMs, untilMs } = victim.blocked as { fromMs: number; untilMs: number }
  const busy = await untilKnown(mesh, others, fromMs, (party) =>
    party.sights.firstAfter(fromMs, 'busy', victim.name),
  )
  await mesh.untilWhole()
  // Whole is: nobody says busy any more. The last word of each counts, should it have said so twice.
  const back = others.map((party) => {
    const free = party.sights.since(untilMs).filter(({ kind, peer }) => {
      return kind === 'free' && peer === victim.name
    })
    return (free.at(-1)?.atMs ?? untilMs) - untilMs
  })
  const lines = { busy, back: { firstMs: Math.min(...back), allMs: Math.max(...back) } }
  return { lines, wrong: wrongDeaths(mesh, orderedAtMs, () => false) }
}

async function restart(mesh: Mesh, victim: Party): Promise<Trial> {
  const startMs = sharedNowMs()
  const old = victim.incarnation
  await victim.kill()
  const again = mesh.spawn(victim.name)
  const others = mesh.others(victim.name)
  await mesh.until(() => again.incarnation !== undefined, 'the new run listens', KNOW_MS)
  const seenAt = (party: Party): number | undefined => {
    const view = party.sights.view(victim.name)
    return view.state === 'alive' && view.incarnation === again.incarnation ? view.changedAtMs : undefined
  }
  const { listeningAtMs, spawnedAtMs } = again
  // It may be seen before it can say itself that it listens.
  const known = await untilKnown(mesh, others, listeningAtMs, seenAt)
  const spawned = await untilKnown(mesh, others, spawnedAtMs, seenAt)
  await mesh.untilWhole()
  const mixedUp = others.flatMap((party) => {
    const late = party.sights
      .since(listeningAtMs)
      .filter((sight) => sight.peer === victim.name && sight.incarnation === old)
    return late.length > 0 ? [`${party.name} saw the old run of ${victim.name} after the new one`] : []
  })
  const wrong = wrongDeaths(mesh, startMs, (party, peer) => party !== again && peer === victim.name)
  return { lines: { known, spawned }, wrong: [...mixedUp, ...wrong] }
}

function untilDead(mesh: Mesh, victim: Party, fromMs: number): Promise<Known> {
  return untilKnown(mesh, mesh.others(victim.name), fromMs, (party) =>
    party.sights.firstAfter(fromMs, 'dead', victim.name),
  )
}

/** Waits until there is a time for each, and gives the first and the last, counted from `fromMs`. */
async function untilKnown(
  mesh: Mesh,
  parties: readonly Party[],
  fromMs: number,
  timeOf: (party: Party) => number | undefined,
): Promise<Known> {
  const times = (): readonly (number | undefined)[] => parties.map(timeOf)
  await mesh.until(() => times().every((time) => time !== undefined), 'everybody knows', KNOW_MS)
  const ages = times().map((time) => Math.max(0, (time ?? Number.NaN) - fromMs))
  return { firstMs: Math.min(...ages), allMs: Math.max(...ages) }
}

/** Words of death since `fromMs` that nothing justifies. */
function wrongDeaths(
  mesh: Mesh,
  fromMs: number,
  isRight: (party: Party, peer: string) => boolean,
): readonly string[] {
  return mesh.parties.flatMap((party) =>
    party.sights
      .since(fromMs)
      .filter(({ kind, peer }) => kind === 'dead' && !isRight(party, peer))
      .map(({ peer, atMs }) => {
        return `${party.name} called ${peer} dead after ${Math.round(atMs - fromMs)} ms, which it was not`
      }),
  )
}
