/**
 * What is known of a mesh that did not become what it should: who does not see whom, by the words that the main process has
 * heard and by what each process says of itself when it is asked. It is told and kept with the results (results.ts), because
 * such a trial is rare and does not come twice.
 *
 * It draws no conclusion.
 */

import type { Mesh } from './mesh.ts'
import type { Party } from './party.ts'
import { sharedNowMs } from './sights.ts'

/** A process that does not answer by then does not turn. */
const TELL_MS = 2000
/** Pairs of which all is told: of a mesh that fell apart, the first ones say enough. */
const MAX_PAIRS = 20
/** Of these, the ones whose logs are told. */
const MAX_LOGGED_PAIRS = 3
/** What is told of each pair: its last events. */
const MAX_SIGHTS = 20

/** A trial that failed, with what is known about it: lines of text. */
export class TrialError extends Error {
  readonly evidence: readonly string[]

  constructor(message: string, evidence: readonly string[]) {
    super(message)
    this.evidence = evidence
  }
}

/** Somebody who does not see somebody. */
interface Pair {
  readonly party: Party
  readonly other: Party
}

/** Asks all processes what they know, puts it beside what they said before, and gives an error with both. */
export async function failureOf(what: string, mesh: Mesh): Promise<TrialError> {
  const { parties } = mesh
  await Promise.all(parties.map((party) => party.askToTell(TELL_MS)))
  const pairs = parties.flatMap((party) =>
    mesh
      .others(party.name)
      .filter((other) => !mesh.sees(party, other))
      .map((other) => ({ party, other })),
  )
  const logged = new Set(pairs.slice(0, MAX_LOGGED_PAIRS).flatMap(({ party, other }) => [party, other]))
  return new TrialError(`${what}${summaryOf(pairs)}`, [
    ...pairs.slice(0, MAX_PAIRS).flatMap(pairLines),
    ...parties.map(partyLine),
    ...[...logged].flatMap(({ name, told }) => (told?.log ?? []).map((line) => `${name} logged: ${line}`)),
  ])
}

function summaryOf(pairs: readonly Pair[]): string {
  const [first] = pairs
  if (first === undefined) return ''
  const { party, other } = first
  const { state, isLinked } = party.sights.view(other.name)
  const own = ownView(first)
  const table = own === undefined ? '' : `; its table says ${own.state}, link ${own.link}`
  const more = pairs.length === 1 ? '' : ` (and ${pairs.length - 1} more)`
  const events = `${state}, link ${isLinked ? 'up' : 'down'}`
  return `. ${party.name} does not see ${other.name}: its events say ${events}${table}${more}`
}

function ownView({ party, other }: Pair) {
  return party.told?.status.peers.find(({ name }) => name === other.name)
}

function pairLines(pair: Pair): string[] {
  const { party, other } = pair
  const view = party.sights.view(other.name)
  const words = party.sights.all.filter(({ peer }) => peer === other.name).slice(-MAX_SIGHTS)
  const sayings = words.map(({ kind, atMs }) => `${kind} ${Math.round(atMs - party.spawnedAtMs)} ms`)
  return [
    `${party.name} does not see ${other.name}: by its events ${JSON.stringify(view)}`,
    `  by its own table ${JSON.stringify(ownView(pair)) ?? 'nothing'}`,
    `  its events since it was spawned: ${sayings.join(', ') || 'none'}`,
  ]
}

function partyLine({ name, child, told, spawnedAtMs, listeningAtMs, incarnation }: Party): string {
  const end = child.exitCode ?? child.signalCode
  const process = end === null ? `runs as ${child.pid}` : `has ended (${end})`
  const listens = `listened ${Math.round(listeningAtMs - spawnedAtMs)} ms after it was spawned`
  const age = `spawned ${Math.round(sharedNowMs() - spawnedAtMs)} ms ago`
  const counters = told === undefined ? 'it does not answer' : JSON.stringify(told.status.counters)
  return `${name} ${process}, ${age}, ${listens}, is run ${incarnation}: ${counters}`
}
