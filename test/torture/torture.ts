/**
 * A torture: real processes that ask and answer, on ways with bad weather, killed every few seconds and started again. What
 * they write down is judged when all is over. It decides nothing itself; judge.ts does.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Random, seededRandom } from '../../src/base/random.ts'
import type { PeersConfig } from '../../src/index.ts'
import { cleanEnvironment } from '../support/environment.ts'
import { peersOf, portOf, rerouted, within } from '../support/mesh.ts'
import type { CalleeOrder } from './callee.ts'
import type { CallerOrder } from './caller.ts'
import { Judge, type Judgement, type Run, type Span } from './judge.ts'
import { machineNow, readRecord } from './record.ts'
import { type TroubleKind, Weather } from './weather.ts'

/** What is done to whom. Times in milliseconds. */
export interface TortureOptions {
  readonly seed: number
  /** How long it lasts, without the outage at the end. */
  readonly forMs: number
  /** How long no byte passes at the end; 0 for no outage. */
  readonly outageMs: number
  readonly callers: number
  /** Requests of each caller, in a second. */
  readonly perSecond: number
  /** Between two kills. */
  readonly killEveryMs: readonly [number, number]
  readonly timeoutMs: number
  readonly deadlineMs: number
}

/** What came of it. */
export interface TortureReport extends Judgement {
  readonly kills: number
  readonly troubles: Readonly<Record<TroubleKind, number>>
}

const CALLEES = ['bravo', 'charlie'] as const
const CALLER_NAMES = ['alpha', 'delta', 'echo', 'foxtrot'] as const
/** As the issue of a hostile world wants it: one answer of ten is lost, and one is late. */
const ANSWER_TROUBLE = { lose: 0.1, delay: 0.1, maxDelayMs: 600 } as const
/** One kill of so many is that of a caller. */
const CALLER_KILL_OF = 4
/** How long a killed process stays away. */
const AWAY_MS = [50, 1000] as const
/** How long a process may take to start, or to end in order beyond the deadline of what it asked. */
const START_MS = 30_000
const END_MS = 30_000

/** A process that runs, and the run of it that is judged. */
interface Member {
  readonly child: ChildProcess
  readonly run: { readonly name: string; readonly upAtMs: number; killedAtMs: number }
  readonly recordPath: string
}

/** Plays a torture and judges it. */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const folder = mkdtempSync(join(tmpdir(), 'zmqnet-torture-'))
  const scene = new Scene(options, folder)
  try {
    await scene.play()
    return await scene.judge()
  } finally {
    await scene.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

class Scene {
  readonly #options: TortureOptions
  readonly #folder: string
  readonly #random: Random
  readonly #weather: Weather
  readonly #callers: readonly string[]
  /** Who runs now, by name. */
  readonly #members = new Map<string, Member>()
  /** All runs of all processes. */
  readonly #all: Member[] = []
  readonly #outages: Span[] = []
  #peers: PeersConfig = { peers: [] }
  /** The peers as each caller sees them: through ways of its own. */
  readonly #views = new Map<string, PeersConfig>()
  #kills = 0

  constructor(options: TortureOptions, folder: string) {
    this.#options = options
    this.#folder = folder
    this.#random = seededRandom(options.seed)
    this.#weather = new Weather(this.#random)
    this.#callers = CALLER_NAMES.slice(0, options.callers)
  }

  async play(): Promise<void> {
    const { forMs, outageMs, killEveryMs } = this.#options
    this.#peers = await peersOf([...CALLEES, ...this.#callers], { sameHost: false })
    for (const caller of this.#callers) {
      const addresses: Record<string, string> = {}
      for (const callee of CALLEES)
        addresses[callee] = await this.#weather.open(caller, callee, portOf(this.#peers, callee))
      this.#views.set(caller, rerouted(this.#peers, addresses))
    }
    await Promise.all(CALLEES.map((name) => this.#start(name)))
    await Promise.all(this.#callers.map((name) => this.#start(name)))
    this.#weather.begin()
    const untilMs = machineNow() + forMs
    while (machineNow() < untilMs) {
      await pause(Math.min(this.#between(killEveryMs), Math.max(0, untilMs - machineNow())))
      if (machineNow() < untilMs) await this.#killOne()
    }
    if (outageMs > 0) await this.#outage(outageMs)
    this.#weather.clear()
    await Promise.all(this.#callers.map((name) => this.#end(name)))
    await Promise.all(CALLEES.map((name) => this.#end(name)))
  }

  async judge(): Promise<TortureReport> {
    const judge = new Judge()
    const isCaller = ({ run }: Member): boolean => this.#callers.includes(run.name)
    const callers = this.#all.filter(isCaller)
    const callees = this.#all.filter((member) => !isCaller(member))
    for (const { run, recordPath } of [...callers, ...callees])
      for await (const line of readRecord(recordPath)) judge.read(run, line)
    const judgement = judge.judge(
      callees.map(({ run }): Run => run),
      { outages: this.#outages, stalls: this.#weather.stalls },
    )
    return { ...judgement, kills: this.#kills, troubles: this.#weather.counts }
  }

  async close(): Promise<void> {
    for (const { child } of this.#members.values()) child.kill('SIGKILL')
    await this.#weather.close()
  }

  async #start(name: string): Promise<void> {
    const isCaller = this.#callers.includes(name)
    const number = this.#all.filter(({ run }) => run.name === name).length + 1
    const recordPath = join(this.#folder, `${name}-${number}.jsonl`)
    const order = isCaller
      ? this.#callerOrder(name, number, recordPath)
      : ({ name, peers: this.#peers, recordPath, trouble: ANSWER_TROUBLE } satisfies CalleeOrder)
    const script = fileURLToPath(new URL(isCaller ? './caller.js' : './callee.js', import.meta.url))
    const child = fork(script, [JSON.stringify(order)], { env: cleanEnvironment() })
    await within(
      START_MS,
      new Promise<void>((resolve, reject) => {
        child.once('message', () => resolve())
        child.once('exit', (code) => reject(new Error(`${name} ended with ${code} when it was started`)))
      }),
      `the start of ${name}`,
    )
    const run = { name, upAtMs: machineNow(), killedAtMs: Number.POSITIVE_INFINITY }
    const member = { child, run, recordPath }
    this.#members.set(name, member)
    this.#all.push(member)
  }

  #callerOrder(name: string, run: number, recordPath: string): CallerOrder {
    const { perSecond, timeoutMs, deadlineMs } = this.#options
    const peers = this.#views.get(name) ?? this.#peers
    return { name, run, callees: CALLEES, peers, recordPath, perSecond, timeoutMs, deadlineMs }
  }

  /** Kills one process and starts it again after a while. */
  async #killOne(): Promise<void> {
    this.#kills += 1
    const names = this.#kills % CALLER_KILL_OF === 0 ? this.#callers : CALLEES
    const name = names[this.#random.below(names.length)] ?? ''
    const member = this.#members.get(name)
    if (member === undefined) return
    const exited = new Promise((resolve) => member.child.once('exit', resolve))
    // From here on nothing of it is certain.
    member.run.killedAtMs = machineNow()
    member.child.kill('SIGKILL')
    await exited
    await pause(this.#between(AWAY_MS))
    await this.#start(name)
  }

  async #outage(outageMs: number): Promise<void> {
    this.#weather.blackOut()
    const fromMs = machineNow()
    await pause(outageMs)
    this.#outages.push({ fromMs, untilMs: machineNow() })
  }

  /** Lets a process end in order. */
  async #end(name: string): Promise<void> {
    const member = this.#members.get(name)
    if (member === undefined) return
    const exited = new Promise<number | null>((resolve) => member.child.once('exit', (code) => resolve(code)))
    member.child.send({ kind: 'end' })
    const code = await within(END_MS + this.#options.deadlineMs, exited, `the end of ${name}`)
    if (code !== 0) throw new Error(`${name} ended with ${code}`)
    this.#members.delete(name)
  }

  #between([least, most]: readonly [number, number]): number {
    return least + this.#random.below(most - least + 1)
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
