/** Many seeds for a user's own test: what a failure says, and that exactly this run can be had again. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { forEachSeed, type SeedRun } from '../../src/sim/index.ts'

const NODES = ['alpha', 'bravo']

/** Fails for the first seed whose draw is below a tenth. */
async function unlucky({ random, simulate }: SeedRun): Promise<void> {
  const sim = await simulate({ nodes: NODES })
  await sim.run(1000)
  if (random.below(10) === 0) throw new Error('bad luck')
}

/** The failure, with what was reported. */
async function failureOf(
  promise: (report: (text: string) => void) => Promise<unknown>,
): Promise<{ readonly message: string; readonly reported: readonly string[]; readonly cause: unknown }> {
  const reported: string[] = []
  try {
    await promise((text) => reported.push(text))
  } catch (error) {
    if (error instanceof Error) return { message: error.message, reported, cause: error.cause }
  }
  throw new Error('It did not fail')
}

/** Sets a variable of the environment until the end of the test. */
function setEnvironment(name: string, value: string): () => void {
  process.env[name] = value
  return () => {
    delete process.env[name]
  }
}

test.serial('all seeds are played, each with its own chance, and what is open is closed', async (t) => {
  const draws: number[] = []
  const summary = await forEachSeed({ from: 3, count: 5 }, async ({ seed, random, simulate }) => {
    const sim = await simulate({ nodes: NODES })
    t.is(sim.seed, seed)
    draws.push(random.below(1_000_000))
    await sim.run(500)
    t.true(sim.isUp('alpha'))
  })
  t.is(summary.seeds, 5)
  t.true(summary.virtualMs >= 2500)
  t.is(new Set(draws).size, 5)
})

test.serial('a failure names the seed, the command and the end of the trace', async (t) => {
  const { message, reported, cause } = await failureOf((report) =>
    forEachSeed({ command: 'npm test', traceLines: 3, report }, unlucky),
  )
  const [first = '', second, third, ...trace] = message.split('\n')
  const seed = /^Seed (\d+) failed: bad luck$/.exec(first)?.[1]
  t.truthy(seed, first)
  t.is(second, `Replay it: ZMQNET_SEED=${seed} npm test`)
  t.is(third, 'The last 3 lines of its trace (ZMQNET_TRACE=trace.txt writes all):')
  t.is(trace.length, 3)
  for (const line of trace) t.regex(line, /^ +\d+ (alpha|bravo|\*) /)
  t.deepEqual(reported, [message])
  t.is((cause as Error).message, 'bad luck')
})

test.serial('ZMQNET_SEED plays exactly that run again, and ZMQNET_TRACE keeps its trace', async (t) => {
  const first = await failureOf((report) => forEachSeed({ command: 'x', report }, unlucky))
  const seed = /^Seed (\d+)/.exec(first.message)?.[1] as string
  const folder = mkdtempSync(join(tmpdir(), 'zmqnet-seed-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'trace.txt')
  t.teardown(setEnvironment('ZMQNET_SEED', seed))
  t.teardown(setEnvironment('ZMQNET_TRACE', path))
  let played = 0
  const again = await failureOf((report) =>
    forEachSeed({ command: 'x', report }, async (run) => {
      played += 1
      await unlucky(run)
    }),
  )
  t.is(played, 1)
  t.is(again.message, first.message)
  const kept = readFileSync(path, 'utf8')
  t.true(kept.endsWith(`${first.message.split('\n').at(-1)}\n`))
  t.regex(kept, /^ +0 \* +start alpha$/m)
})

test.serial('without a command the line says how this process was started', async (t) => {
  const before = process.env.npm_lifecycle_event
  t.teardown(() => {
    if (before === undefined) delete process.env.npm_lifecycle_event
    else process.env.npm_lifecycle_event = before
  })
  process.env.npm_lifecycle_event = 'check'
  const byScript = await failureOf((report) => forEachSeed({ report }, unlucky))
  t.regex(byScript.message, /^Replay it: ZMQNET_SEED=\d+ npm run check$/m)
  process.env.npm_lifecycle_event = 'test'
  const byTest = await failureOf((report) => forEachSeed({ report }, unlucky))
  t.regex(byTest.message, /^Replay it: ZMQNET_SEED=\d+ npm test$/m)
  delete process.env.npm_lifecycle_event
  const byRunner = await failureOf((report) => forEachSeed({ report }, unlucky))
  t.regex(byRunner.message, /^Replay it: ZMQNET_SEED=\d+ \(the same command\)$/m)
})

test.serial('a scenario that fails before it simulates, or throws no error, is told too', async (t) => {
  const { message } = await failureOf(() =>
    forEachSeed({ command: 'x' }, () => Promise.reject('not even an error')),
  )
  t.is(message, 'Seed 0 failed: not even an error\nReplay it: ZMQNET_SEED=0 x')
})

test.serial('wrong options and a wrong variable are told together', async (t) => {
  t.teardown(setEnvironment('ZMQNET_SEED', 'seven'))
  await t.throwsAsync(forEachSeed({ from: -1, count: 0 }, unlucky), {
    code: 'INVALID_ARGUMENT',
    message:
      'Cannot play the seeds: from is a whole number from 0, not -1; count is a whole number from 1, not 0; ' +
      'ZMQNET_SEED is a whole number, not "seven"',
  })
})
