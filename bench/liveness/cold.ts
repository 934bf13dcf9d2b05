/**
 * A cold start: all processes are spawned at once, and each says when it listens and when it sees whom.
 */

import type { SeriesOrder } from './lanes.ts'
import { Mesh } from './mesh.ts'
import type { Known, Trial } from './trials.ts'

export async function coldStart({ nodes, side, spawn }: SeriesOrder): Promise<Trial> {
  const mesh = await Mesh.start(spawn, nodes, { tellsRuns: side === 'zmqnet' })
  try {
    const { parties } = mesh
    // For each process: when it saw the last of the others.
    const times = parties.map((party) =>
      Math.max(...mesh.others(party.name).map((other) => party.sights.view(other.name).changedAtMs)),
    )
    const since = (fromMs: number): Known => {
      const ages = times.map((time) => Math.max(0, time - fromMs))
      return { firstMs: Math.min(...ages), allMs: Math.max(...ages) }
    }
    const known = since(Math.max(...parties.map((party) => party.listeningAtMs)))
    const spawned = since(Math.min(...parties.map((party) => party.spawnedAtMs)))
    const listeningAt = new Map(parties.map(({ name, listeningAtMs }) => [name, listeningAtMs]))
    // Whoever has not started yet may be called dead.
    const dead = parties.flatMap(({ name, sights }) =>
      sights.all
        .map(({ kind, peer, atMs }) => ({ kind, peer, ageMs: atMs - (listeningAt.get(peer) ?? 0) }))
        .filter(({ kind, ageMs }) => kind === 'dead' && ageMs > 0)
        .map(({ peer, ageMs }) => `${name} called ${peer} dead ${Math.round(ageMs)} ms after it listened`),
    )
    return { lines: { known, spawned }, wrong: dead }
  } finally {
    await mesh.end()
  }
}
