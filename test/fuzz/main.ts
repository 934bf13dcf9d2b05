/**
 * The long fuzz, in a process for each core: npm run fuzz
 *
 *   --executions N   how many in all (default 1e7; 1e8 takes some minutes)
 *   --seed N         the first seed (default: by the time of day); each process begins with another one
 *   --jobs N         processes (default: the cores of this machine)
 *
 * What is found is saved in the folder fuzz-findings/ and printed with its seed. Exit code: 0 nothing found, 1 a finding, a crash or a
 * hang of a process.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Finding, Fuzzer } from './fuzzer.ts'

/** So many executions are one task: a fresh corpus, from a seed of its own. */
const TASK = 1_000_000
/** A task takes some ten seconds on a slow machine; one that takes so long hangs. */
const TASK_MS = 600_000
const FOLDER = 'fuzz-findings'

interface Done {
  readonly seed: number
  readonly executions: number
  readonly behaviours: number
  readonly findings: readonly Finding[]
}

if (process.send === undefined) await lead()
else process.on('message', (task: { seed: number; executions: number }) => work(task))

function work({ seed, executions }: { seed: number; executions: number }): void {
  const fuzzer = new Fuzzer(seed)
  fuzzer.run(executions)
  const { findings } = fuzzer
  process.send?.({ seed, executions: fuzzer.executions, behaviours: fuzzer.behaviours.size, findings })
}

async function lead(): Promise<void> {
  const { values } = parseArgs({
    options: { executions: { type: 'string' }, seed: { type: 'string' }, jobs: { type: 'string' } },
  })
  const wanted = Math.max(1, Number(values.executions ?? 1e7))
  const first = Number(values.seed ?? Date.now() % 1_000_000_000)
  const jobs = Math.max(1, Number(values.jobs ?? availableParallelism()))
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
  process.exitCode = found === 0 ? 0 : 1
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
