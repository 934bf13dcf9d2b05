/**
 * The teams that take turns in one group of figures: started together, asked one at a time, ended together. A side that says no
 * stays; one whose process ends or hangs is started afresh a few times, so that one bad figure does not take the others along.
 */

import { textOf } from './program.ts'
import type { Side } from './side-list.ts'
import type { TeamName } from './sides.ts'
import { Team } from './team.ts'
import { faultOf, RefusedError } from './worker-process.ts'

const MAX_RESTARTS = 3

/** What a side did, or the reason why it did not. */
export type Outcome<T> = { readonly value: T } | { readonly fault: string }

export class Stage {
  readonly #servers: number
  readonly #execArgv: readonly string[]
  readonly #teams = new Map<TeamName, Outcome<Team>>()
  #restarts = 0

  private constructor(servers: number, execArgv: readonly string[]) {
    this.#servers = servers
    this.#execArgv = execArgv
  }

  static async open(sides: readonly Side[], servers: number, execArgv: readonly string[]): Promise<Stage> {
    const stage = new Stage(servers, execArgv)
    await Promise.all([...new Set(sides.map(({ team }) => team))].map((team) => stage.#start(team)))
    return stage
  }

  /** A second try where a worker said no: a port that was free may have been taken since. */
  async #start(team: TeamName): Promise<void> {
    const start = () => Team.start(team, this.#servers, this.#execArgv)
    try {
      const value = await start().catch((error: unknown) => {
        if (error instanceof RefusedError) return start()
        throw error
      })
      this.#teams.set(team, { value })
    } catch (error) {
      this.#teams.set(team, { fault: `failed: did not start: ${textOf(error)}` })
    }
  }

  /** Never throws: the others go on. */
  async use<T>({ team }: Side, work: (team: Team) => Promise<T>): Promise<Outcome<T>> {
    const found = this.#teams.get(team) ?? { fault: 'never started' }
    if ('fault' in found) return found
    try {
      return { value: await work(found.value) }
    } catch (error) {
      const dead = await found.value.checkAll().then(
        () => undefined,
        (reason: unknown) => reason,
      )
      // A side that says no while all its processes are well means what it says.
      if (error instanceof RefusedError && dead === undefined) return { fault: faultOf(error) }
      const fault = faultOf(error instanceof RefusedError ? dead : error)
      await found.value.end()
      this.#restarts += 1
      if (this.#restarts <= MAX_RESTARTS) await this.#start(team)
      else this.#teams.set(team, { fault })
      return { fault }
    }
  }

  async end(): Promise<void> {
    await Promise.all(
      [...this.#teams.values()].map((found) => ('value' in found ? found.value.end() : undefined)),
    )
  }
}

/** The sides in the order of a round: each comes first in its turn. */
export function inTurn<T>(sides: readonly T[], round: number): readonly T[] {
  const first = sides.length === 0 ? 0 : Math.max(0, round) % sides.length
  return [...sides.slice(first), ...sides.slice(0, first)]
}
