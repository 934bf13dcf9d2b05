/**
 * A mesh of processes under test: started, waited for, and ended as a whole; a killed one can be started again. It stands on
 * the loopback, or each process in a network namespace of its own, where packets can be dropped.
 */

import { freePorts } from '../../test/support/mesh.ts'
import { Namespaces } from '../../test/support/namespaces.ts'
import { failureOf } from './evidence.ts'
import type { Party, Place, Spawn } from './party.ts'
import { sharedNowMs } from './sights.ts'

/** A mesh that is not whole after this long will not be. */
const WHOLE_MS = 60_000
/** How often is looked whether something has become so. What is measured are the times that the processes say. */
const POLL_MS = 3
const PORT = 7000
const CONTROL_PORT = 7373
/** How long a process may look for the others by itself before it is nudged, and again each time. */
const NUDGE_MS = 3000

export class Mesh {
  readonly #spawn: Spawn
  readonly #places: readonly Place[]
  readonly #parties = new Map<string, Party>()
  readonly #network: Namespaces | undefined
  /** Whether parties say which run of a peer they see, and whether their link to it is open. */
  readonly #tellsRuns: boolean

  private constructor(
    spawn: Spawn,
    places: readonly Place[],
    network: Namespaces | undefined,
    tellsRuns: boolean,
  ) {
    this.#spawn = spawn
    this.#places = places
    this.#network = network
    this.#tellsRuns = tellsRuns
  }

  /** Spawns all processes at once and waits until each sees all others. */
  static async start(spawn: Spawn, nodes: number, { isCuttable = false, tellsRuns = true }): Promise<Mesh> {
    const names = Array.from({ length: nodes }, (_, index) => `node-${index + 1}`)
    const network = isCuttable ? Namespaces.open(names) : undefined
    const ports = network === undefined ? await freePorts(2 * nodes) : []
    const places = names.map((name, index) => ({
      name,
      host: network?.addressOf(name) ?? '127.0.0.1',
      port: ports[2 * index] ?? PORT,
      controlPort: ports[2 * index + 1] ?? CONTROL_PORT,
      prefix: network?.prefixOf(name) ?? [],
    }))
    const mesh = new Mesh(spawn, places, network, tellsRuns)
    try {
      for (const { name } of places) mesh.spawn(name)
      await mesh.untilWhole()
      return mesh
    } catch (error) {
      await mesh.end()
      throw error
    }
  }

  get parties(): readonly Party[] {
    return [...this.#parties.values()]
  }

  get network(): Namespaces {
    if (this.#network === undefined) throw new Error('This mesh stands on the loopback')
    return this.#network
  }

  /** The party at this place, counted round and round. */
  at(index: number): Party {
    const { parties } = this
    return parties[index % parties.length] as Party
  }

  others(name: string): readonly Party[] {
    return this.parties.filter((party) => party.name !== name)
  }

  /** Starts a process of this name; a former one must have ended. */
  spawn(name: string): Party {
    const place = this.#places.find((candidate) => candidate.name === name)
    if (place === undefined) throw new Error(`No party is called ${name}`)
    const party = this.#spawn(place, this.#places)
    this.#parties.set(name, party)
    return party
  }

  /** Whether `party` sees `other` alive, in the run that it is in, and on an open link. */
  sees(party: Party, other: Party): boolean {
    const { state, isLinked, isBusy, incarnation } = party.sights.view(other.name)
    if (state !== 'alive') return false
    if (!this.#tellsRuns) return true
    return isLinked && !isBusy && incarnation !== undefined && incarnation === other.incarnation
  }

  /** Whether everybody sees everybody alive, in the run that it is in, and on an open link. */
  get isWhole(): boolean {
    return this.parties.every((party) => this.others(party.name).every((other) => this.sees(party, other)))
  }

  untilWhole(): Promise<void> {
    let nudgeAt = sharedNowMs() + NUDGE_MS
    const condition = (): boolean => {
      if (this.isWhole) return true
      if (sharedNowMs() > nudgeAt) {
        nudgeAt += NUDGE_MS
        for (const { nudge } of this.parties) nudge?.()
      }
      return false
    }
    return this.until(condition, 'everybody sees everybody', WHOLE_MS)
  }

  /** Throws when it is not so in time, or when a process failed. */
  async until(condition: () => boolean, what: string, deadlineMs: number): Promise<void> {
    const giveUpAt = sharedNowMs() + deadlineMs
    while (!condition()) {
      const broken = this.parties.find(({ fault }) => fault !== undefined)
      if (broken !== undefined) throw await failureOf(`${broken.name}: ${broken.fault}`, this)
      if (sharedNowMs() > giveUpAt) throw await failureOf(`Not so within ${deadlineMs} ms: ${what}`, this)
      await pause(POLL_MS)
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.parties.map((party) => party.kill()))
    this.#network?.end()
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
