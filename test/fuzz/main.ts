/**
 * The long fuzz, in a process for each core: npm run fuzz -- --help
 *
 * What is found is saved in the folder fuzz-findings/ and printed with its seed. Exit code: 0 nothing found, 1 a finding, a crash or a
 * hang of a process, 2 wrong usage.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runProgram, wholeNumber } from '../../bench/program.ts'
import { type Finding, Fuzzer } from './fuzzer.ts'

/** So many executions are one task: a fresh corpus, from a seed of its own. */
const TASK = 1_000_000
/** A task takes some ten seconds on a slow machine; one that takes so long hangs. */
const TASK_MS = 600_000
const FOLDER = 'fuzz-findings'

const HELP = `Usage: npm run fuzz -- [--executions N] [--seed N] [--jobs N]

Feeds the codec with bytes that become stranger by what they reach. What is found is saved in the folder ${FOLDER}/.

  --executions N   how many in all (default 1e7; 1e8 takes some minutes)
  --seed N         the first seed (default: by the time of day); each process begins with another one
  --jobs N         processes (default: the cores of this machine)
`

interface Options {
  readonly wanted: number
  readonly first: number
  readonly jobs: number
}

interface Done {
  readonly seed: number
  readonly executions: number
  readonly behaviours: number
  readonly findings: readonly Finding[]
}

if (process.send === undefined) await runProgram({ name: 'fuzz', help: HELP, parse: parseOptions, run: lead })
else process.on('message', (task: { seed: number; executions: number }) => work(task))

function work({ seed, executions }: { seed: number; executions: number }): void {
  const fuzzer = new Fuzzer(seed)
  fuzzer.run(executions)
  const { findings } = fuzzer
  process.send?.({ seed, executions: fuzzer.executions, behaviours: fuzzer.behaviours.size, findings })
}

function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      executions: { type: 'string', default: '1e7' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      jobs: { type: 'string', default: String(availableParallelism()) },
    },
  })
  return {
    wanted: wholeNumber('executions', values.executions, 1e12),
    first: wholeNumber('seed', values.seed, 2 ** 31, 0),
    jobs: wholeNumber('jobs', values.jobs, 64),
  }
}

async function lead({ wanted, first, jobs }: Options): Promise<number> {
  const tasks = Array.from({ length: Math.ceil(wanted / TASK) }, (_, index) => {
    return { seed: first + index, executions: Math.min(TASK, wanted - index * TASK) }
  })
  process.stdout.write(`${wanted} executions, seeds from ${first}, ${jobs} processes\n`)
  const startedAt = performance.now()
  let executions = 0
  let found = 0
  const worker = async (): Promise<void> => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
      const { seed } = task
      try {
        const done = await runIn(fork(fileURLToPath(import.meta.url)), task)
        executions += done.executions
        process.stdout.write(`seed ${seed}: ${done.behaviours} behaviours, ${executions} executions so far\n`)
        for (const finding of done.findings) save(seed, finding)
        found += done.findings.length
      } catch (error) {
        found += 1
        process.stdout.write(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}\n`)
      }
    }
  }
  await Promise.all(Array.from({ length: jobs }, worker))
  const seconds = (performance.now() - startedAt) / 1000
  process.stdout.write(`${executions} executions in ${seconds.toFixed(1)} s: ${found} findings\n`)
  return found === 0 ? 0 : 1
}

function runIn(child: ChildProcess, task: { seed: number; executions: number }): Promise<Done> {
  return new Promise<Done>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it hangs after ${TASK_MS} ms`)), TASK_MS)
    timer.unref()
    child.once('message', (done: Done) => resolve(done))
    child.once('exit', (code, signal) => reject(new Error(`its process ended with ${signal ?? code}`)))
    child.send(task)
  }).finally(() => child.kill('SIGKILL'))
}

function save(seed: number, finding: Finding): void {
  mkdirSync(FOLDER, { recursive: true })
  const path = `${FOLDER}/${seed}-${Math.random().toString(16).slice(2, 10)}.json`
  writeFileSync(path, `${JSON.stringify({ seed, ...finding }, undefined, 2)}\n`)
  process.stdout.write(`seed ${seed}: ${finding.text}\n  saved as ${path}\n`)
}
