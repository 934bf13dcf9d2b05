/** The judge of views convicts a node that takes a run for present which is over. */

import test from 'ava'
import { allAlive } from '../../src/sim/checkers.ts'
import type { History, Saw } from '../../src/sim/history.ts'

const NAMES = ['alpha', 'bravo', 'charlie']
const RUN = 8

/** A node of run 8 sees all others alive, with the runs given. */
function saw(name: string, runs: { readonly [peer: string]: number | undefined }): Saw {
  const peers = NAMES.filter((peer) => peer !== name)
  return {
    kind: 'saw',
    atMs: 9000,
    name,
    transfers: 0,
    incarnation: RUN,
    peers: peers.map((peer) => ({ name: peer, state: 'alive', incarnation: runs[peer] })),
  }
}

function history(...entries: Saw[]): History {
  return { names: NAMES, entries, incidents: [], endMs: 10_000 }
}

const PRESENT = { alpha: RUN, bravo: RUN, charlie: RUN }

test('views of the present runs are acquitted', (t) => {
  t.deepEqual(allAlive(history(...NAMES.map((name) => saw(name, PRESENT)))), [])
})

test('allAlive convicts a view of a run that is over, and of none', (t) => {
  const views = [
    saw('alpha', { ...PRESENT, bravo: undefined }),
    saw('bravo', PRESENT),
    saw('charlie', { ...PRESENT, bravo: 7 }),
  ]
  t.deepEqual(allAlive(history(...views)), [
    'alpha sees run undefined of bravo at 9000 ms, and it is run 8',
    'charlie sees run 7 of bravo at 9000 ms, and it is run 8',
  ])
})
