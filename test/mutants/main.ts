/**
 * `npm run mutants`: plants one fault after the other and shows who notices it. docs/mutants.md says what it is good for.
 *
 * It ends with code 1 when the tree is not green without a mutant, and when fewer than 95 of 100 mutants are caught;
 * one that was not reached before the limit is not caught.
 */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runProgram, wholeNumber } from '../../bench/program.ts'
import { parseDuration } from '../../src/discovery/duration.ts'
import { Cage } from './cage.ts'
import { compileMutants } from './compile.ts'
import { type HuntOrder, hunt, type Quarry } from './hunt.ts'
import { MUTANTS } from './list.ts'
import { readMemory, type Trail, writeMemory } from './memory.ts'
import { type Mutant, testsOf } from './mutant.ts'

const HELP = `Usage: npm run mutants -- [--only TEXT] [--jobs N] [--limit 10m] [--seeds N] [--keep]

Plants ${MUTANTS.length} faults, one at a time, and hunts each with the seeds of the simulator and the tests of its room.

  --only TEXT   only mutants with this text in their name
  --jobs N      so many hunts side by side (default: one for each core)
  --limit TIME  gives up after this time (default: 10m)
  --seeds N     runs each scenario with the seeds 0 to N - 1 (default: 2); 0 leaves the seeds out
  --afresh      does not try first what noticed each mutant last time
  --remember    writes down who noticed each mutant, for the next time
  --keep        leaves the copies with the mutants in place, to replay a seed there
`

const ENOUGH_PERCENT = 95
/** The top of the checkout; this file runs as dist/test/mutants/main.js. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

interface Options {
  readonly mutants: readonly Mutant[]
  readonly jobs: number
  readonly limitMs: number
  readonly seeds: number
  readonly afresh: boolean
  readonly remember: boolean
  readonly keep: boolean
}

interface Result {
  readonly mutant: Mutant
  readonly quarry: Quarry
}

await runProgram({ name: 'mutants', help: HELP, endsItself: true, parse: parseOptions, run: main })

async function main(options: Options): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'zmqnet-mutants-'))
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), options.limitMs)
  const stop = (): void => limit.abort()
  process.once('SIGINT', stop)
  try {
    return await huntAll(options, folder, limit.signal)
  } finally {
    clearTimeout(timer)
    process.off('SIGINT', stop)
    if (options.keep) say(`The copies stay in ${folder}\n`)
    else rmSync(folder, { recursive: true, force: true })
  }
}

function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: '' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      limit: { type: 'string', default: '10m' },
      seeds: { type: 'string', default: '2' },
      afresh: { type: 'boolean', default: false },
      remember: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  })
  const { only, limit, afresh, remember, keep } = values
  const mutants = MUTANTS.filter(({ name }) => name.includes(only))
  if (mutants.length === 0) throw new Error(`No mutant has ${JSON.stringify(only)} in its name`)
  const jobs = wholeNumber('jobs', values.jobs, 64)
  const seeds = wholeNumber('seeds', values.seeds, 1000, 0)
  return { mutants, jobs, limitMs: parseDuration(limit), seeds, afresh, remember, keep }
}

async function huntAll(options: Options, folder: string, signal: AbortSignal): Promise<number> {
  const { mutants, jobs, seeds, afresh, remember } = options
  const memory = readMemory(ROOT)
  const since = performance.now()
  const compiled = compileMutants(ROOT, folder, mutants)
  const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' }).toSorted()
  const order = (cage: Cage, tests: HuntOrder['tests'], trail?: Trail): HuntOrder => ({
    root: ROOT,
    folder: cage.folder,
    seeds,
    trail,
    tests,
    signal,
  })
  const first = new Cage(ROOT, join(folder, 'cage-0'))
  const without = await hunt(
    order(first, [[...new Set(mutants.flatMap((mutant) => testsOf(mutant, files).flat()))]]),
  )
  if (without.kind !== 'survived') {
    say(`Without a mutant the tree is not green: ${describe(without)}\n`)
    return 1
  }
  say(`Green without a mutant, in ${seconds(since)} s\n`)
  const results: Result[] = []
  const waiting = [...mutants]
  const work = async (cage: Cage): Promise<void> => {
    // A mutant stays where it is until the next one: with --keep the last one is to be found there.
    let planted: string | undefined
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const startedAt = performance.now()
      if (planted !== undefined) cage.restore(planted)
      planted = mutant.file
      cage.put(mutant.file, compiled.get(mutant) ?? '')
      const trail = afresh ? undefined : memory.get(mutant.name)
      const quarry = await hunt(order(cage, testsOf(mutant, files), trail))
      results.push({ mutant, quarry })
      say(`${lineOf(mutant, quarry, seconds(startedAt))}\n`)
    }
  }
  const cages = Array.from({ length: Math.min(jobs, mutants.length) }, (_, index) =>
    index === 0 ? first : new Cage(ROOT, join(folder, `cage-${index}`)),
  )
  await Promise.all(cages.map(work))
  if (remember) for (const { mutant, quarry } of results) learn(memory, mutant, quarry)
  if (remember) writeMemory(ROOT, memory, MUTANTS)
  return sum(results, seconds(since))
}

/** Keeps who noticed it; a hunt that came to no end teaches nothing. */
function learn(memory: Map<string, Trail>, { name }: Mutant, quarry: Quarry): void {
  if (quarry.kind === 'survived') memory.delete(name)
  if (quarry.kind !== 'caught') return
  const trail: Trail | undefined = quarry.catch.by === 'seed' ? quarry.catch.trail : { by: 'test' }
  if (trail !== undefined) memory.set(name, trail)
}

function lineOf({ name, clause }: Mutant, quarry: Quarry, took: string): string {
  const head = `${clause.padEnd(4)} ${name.padEnd(62)} ${took.padStart(5)} s  ${describe(quarry)}`
  if (quarry.kind !== 'caught' || quarry.catch.by !== 'seed') return head
  return `${head}\n       ${quarry.catch.fault.slice(0, 200)}\n       ${quarry.catch.replay}`
}

function describe(quarry: Quarry): string {
  if (quarry.kind === 'caught') return `${quarry.catch.by === 'test' ? 'test: ' : ''}${quarry.catch.what}`
  return quarry.kind === 'survived' ? 'SURVIVED' : 'not reached'
}

/** The end of the report; gives the exit code. */
function sum(results: readonly Result[], took: string): number {
  const of = (by: string): Result[] =>
    results.filter(({ quarry }) => (quarry.kind === 'caught' ? quarry.catch.by : quarry.kind) === by)
  const caught = of('seed').length + of('test').length
  const percent = (100 * caught) / results.length
  list('Only tests notice, no seed', of('test'))
  list('Not reached', of('unfinished'))
  list('Survivors', of('survived'))
  say(`\n${caught} of ${results.length} caught (${percent.toFixed(1)} %): ${of('seed').length} by a seed, `)
  say(`${of('test').length} by a test alone, in ${took} s\n`)
  return percent >= ENOUGH_PERCENT ? 0 : 1
}

function list(title: string, results: readonly Result[]): void {
  if (results.length === 0) return
  say(`\n${title}:\n`)
  for (const { mutant } of results) say(`  ${mutant.clause.padEnd(4)} ${mutant.name} (${mutant.file})\n`)
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1)
}

function say(text: string): void {
  process.stdout.write(text)
}
