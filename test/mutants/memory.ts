/**
 * Who noticed each mutant last time, kept in memory.json beside this file: a hunt that begins there is short. It decides only
 * what is tried first. What it says may be out of date or missing; then the hunt is as long as one without it.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mutant } from './mutant.ts'

/** Who noticed a mutant: a run of a scenario, or, when no seed did, the tests. */
export type Trail =
  | { readonly by: 'seed'; readonly scenario: string; readonly seed: number }
  | { readonly by: 'test' }

const FILE = join('test', 'mutants', 'memory.json')

/** What is remembered, by the names of mutants. */
export function readMemory(root: string): Map<string, Trail> {
  const path = join(root, FILE)
  if (!existsSync(path)) return new Map()
  const texts = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>
  return new Map(Object.entries(texts).map(([name, text]) => [name, trailOf(text)]))
}

/** Writes down what is known of the mutants that exist, in their order. */
export function writeMemory(
  root: string,
  memory: ReadonlyMap<string, Trail>,
  mutants: readonly Mutant[],
): void {
  const texts = mutants.flatMap(({ name }) => {
    const trail = memory.get(name)
    return trail === undefined ? [] : [[name, textOf(trail)] as const]
  })
  writeFileSync(join(root, FILE), `${JSON.stringify(Object.fromEntries(texts), undefined, 2)}\n`)
}

/** As it stands in the file: "storm 0", or "test". */
export function textOf(trail: Trail): string {
  return trail.by === 'seed' ? `${trail.scenario} ${trail.seed}` : 'test'
}

/** Everything that does not look like a run stands for the tests. */
export function trailOf(text: string): Trail {
  const [, scenario, seed] = /^(\w+) (\d+)$/.exec(text) ?? []
  return scenario === undefined ? { by: 'test' } : { by: 'seed', scenario, seed: Number(seed) }
}
