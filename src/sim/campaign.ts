/**
 * The books of a campaign: many seeds over the scenarios, what they did and what they found. Pure counting, so that the
 * summary can be tested without playing ten thousand seeds; scripts/simulate.js plays them.
 */

import { INJECTION_KINDS, type InjectionCounts, Injections } from './injections.ts'
import { replayCommand, type ScenarioName, type Verdict } from './scenarios.ts'

/** Violations that are kept for the summary; further ones are counted only. */
const MAX_KEPT_VIOLATIONS = 50
/** Sentences that are shown for each violation. */
const MAX_SENTENCES = 3

/** What one seed of one scenario came to, as plain data that can go from one process to another. */
export interface SeedResult {
  readonly scenario: ScenarioName
  readonly seed: number
  /** Everything that was wrong. */
  readonly faults: readonly string[]
  readonly virtualMs: number
  readonly operations: number
  /** How many of them were requests, and how often a handler ran. */
  readonly requests: number
  readonly executions: number
  /** Empty when the run was lost. */
  readonly injected: Partial<InjectionCounts>
}

/** A verdict as plain data. */
export function resultOf({ simulation, ...verdict }: Verdict): SeedResult {
  return { ...verdict, virtualMs: simulation.now, injected: simulation.injected }
}

/** The sums of a campaign as plain data, for a program that adds them to others. */
export interface CampaignTotals {
  readonly seeds: number
  readonly failed: number
  readonly operations: number
  readonly requests: number
  readonly executions: number
  readonly virtualMs: number
}

/** The sums over all results so far. */
export class Campaign {
  readonly #violations: SeedResult[] = []
  readonly #injections = new Injections()
  readonly #scenarios = new Map<ScenarioName, number>()
  #seeds = 0
  #failed = 0
  #virtualMs = 0
  #operations = 0
  #requests = 0
  #executions = 0

  /** How many seeds were played. */
  get seeds(): number {
    return this.#seeds
  }

  /** How many of them showed a violation. */
  get failed(): number {
    return this.#failed
  }

  get totals(): CampaignTotals {
    return {
      seeds: this.#seeds,
      failed: this.#failed,
      operations: this.#operations,
      requests: this.#requests,
      executions: this.#executions,
      virtualMs: this.#virtualMs,
    }
  }

  add(result: SeedResult): void {
    const { scenario, faults, virtualMs, operations, requests, executions, injected } = result
    this.#seeds += 1
    this.#virtualMs += virtualMs
    this.#operations += operations
    this.#requests += requests
    this.#executions += executions
    this.#injections.addAll(injected)
    this.#scenarios.set(scenario, (this.#scenarios.get(scenario) ?? 0) + 1)
    if (faults.length === 0) return
    this.#failed += 1
    if (this.#violations.length < MAX_KEPT_VIOLATIONS) this.#violations.push(result)
  }

  /** One line for somebody who waits. */
  progress(wanted: number): string {
    const hours = (this.#virtualMs / 3_600_000).toFixed(1)
    return `${this.#seeds} of ${wanted} seeds, ${hours} virtual hours, ${this.#failed} failed`
  }

  /** The whole summary, which ends with a verdict. `elapsedMs` is real time. */
  summary(elapsedMs: number): string {
    const scenarios = [...this.#scenarios].map(([name, count]) => `${name} ${count}`).toSorted()
    const { counts } = this.#injections
    const ratio = elapsedMs > 0 ? Math.round(this.#virtualMs / elapsedMs) : 0
    const seconds = (elapsedMs / 1000).toFixed(1)
    return [
      `seeds       ${this.#seeds} (${scenarios.join(', ') || 'none'})`,
      `time        ${(this.#virtualMs / 3_600_000).toFixed(1)} virtual hours in ${seconds} s, ${ratio} times real time`,
      `operations  ${this.#operations} (${this.#requests} requests), for which handlers ran ${this.#executions} times`,
      `faults      ${INJECTION_KINDS.map((kind) => `${kind} ${counts[kind]}`).join(', ')}`,
      `violations  ${this.#failed === 0 ? 'none' : `${this.#failed} of ${this.#seeds} seeds`}`,
      ...this.#violations.flatMap(describeViolation),
      ...(this.#failed > this.#violations.length
        ? [`  ... and ${this.#failed - this.#violations.length} more seeds`]
        : []),
    ].join('\n')
  }
}

function describeViolation({ scenario, seed, faults }: SeedResult): string[] {
  const more = faults.length - MAX_SENTENCES
  return [
    `  ${scenario}, seed ${seed}:`,
    ...faults.slice(0, MAX_SENTENCES).map((fault) => `    - ${fault.split('\n')[0]}`),
    ...(more > 0 ? [`    ... and ${more} more`] : []),
    `    ${replayCommand(scenario, seed)} --trace`,
  ]
}
