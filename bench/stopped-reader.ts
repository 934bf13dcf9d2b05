/**
 * What a peer that stops reading costs: the process of bravo is stopped (SIGSTOP) while alpha pours messages at it, and
 * charlie is asked beside it. For each kind of message: how much alpha holds and how much larger it is, how soon `peer:slow` was
 * told, and alpha's rate of requests to charlie with the stopped reader over the rate without.
 *
 * There are two such meshes, and both rates are measured at the same time, so that both meet the same noise: in one mesh bravo is
 * stopped, all that may wait for it waits, and those who pour are refused and try again; in the other bravo runs, and nothing is
 * poured at it. Then they change places; a ratio is the geometric mean of two such laps. How long the pouring itself takes its share
 * of alpha is left out: it is as much when bravo reads.
 *
 * Usage: node dist/bench/stopped-reader.js --help
 */

import { type ChildProcess, fork } from 'node:child_process'
import { parseArgs } from 'node:util'
import { peersOf } from '../test/support/mesh.ts'
import { runProgram, wholeNumber } from './program.ts'
import { median, spreadOf } from './statistics.ts'
import type { Pour, SideAnswer, SideOrder } from './stopped-reader-side.ts'

const POURS: readonly (readonly [string, Pour])[] = [
  ['send 64 B', { kind: 'send', bodyBytes: 64 }],
  ['send 4 KiB', { kind: 'send', bodyBytes: 4096 }],
  ['send 256 KiB', { kind: 'send', bodyBytes: 256 * 1024 }],
  ['request 64 B', { kind: 'request', bodyBytes: 64 }],
  ['request 4 KiB', { kind: 'request', bodyBytes: 4096 }],
  ['request 256 KiB', { kind: 'request', bodyBytes: 256 * 1024 }],
  ['answer 4 KiB', { kind: 'answer', bodyBytes: 4096 }],
  ['answer 256 KiB', { kind: 'answer', bodyBytes: 256 * 1024 }],
]
/** How long the rate of the others is measured in a lap. */
const MEASURE_MS = 1500
/** So that the stopped process is given up 6 s after it was heard last, not 1. Being slow does not depend on it. */
const TICK_MS = 3000
/** How long the one that is to stop is asked, so that it was heard. */
const HEARD_MS = 20
/** How long is waited for `peer:slow`, which is there before the lap begins. */
const FILL_MS = 1000
/** The first requests beside a full queue meet the garbage of those that filled it. */
const WARM_MS = 300
const ORDER_MS = 30_000
const MIB = 1024 * 1024

/** What one lap beside a stopped reader showed: held since just before it, resident since before the first one. */
interface Seen {
  readonly heldMiB: number
  readonly rssMiB: number
  readonly unusedMiB: number
  readonly pending: number
  readonly slowAfterMs: number
}

/** The rates of one lap. */
interface Rates {
  readonly perSecond: number
  readonly perCpuSecond: number
}

/** Whatever way this process ends, the others end with it. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

class Side {
  readonly #child: ChildProcess
  #last = 0

  constructor() {
    const env = { ...process.env }
    delete env.NODE_EXTRA_CA_CERTS
    this.#child = fork(new URL('./stopped-reader-side.js', import.meta.url), {
      env,
      execArgv: ['--expose-gc'],
    })
    running.add(this.#child)
    this.#child.once('exit', () => running.delete(this.#child))
  }

  ask(order: SideOrder): Promise<SideAnswer> {
    this.#last += 1
    const number = this.#last
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to "${order.kind}"`)), ORDER_MS)
      const hear = (message: { number: number; answer: SideAnswer }): void => {
        if (message.number !== number) return
        clearTimeout(timer)
        this.#child.off('message', hear)
        if (message.answer.fault === undefined) resolve(message.answer)
        else reject(new Error(message.answer.fault))
      }
      this.#child.on('message', hear)
      this.#child.send({ number, order })
    })
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }
}

function pause(waitMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, waitMs))
}

/** Three nodes, of which one stops at times. */
class Team {
  readonly seen: Seen[] = []
  readonly #pour: Pour
  readonly #alpha = new Side()
  readonly #bravo = new Side()
  readonly #charlie = new Side()
  /** What alpha had before bravo ever stopped, and what it had before it did so last. */
  #first: SideAnswer = {}
  #idle: SideAnswer = {}

  constructor(pour: Pour) {
    this.#pour = pour
  }

  async start(): Promise<void> {
    const sides = { alpha: this.#alpha, bravo: this.#bravo, charlie: this.#charlie }
    const peers = await peersOf(Object.keys(sides))
    await Promise.all(
      Object.entries(sides).map(([name, side]) =>
        side.ask({ kind: 'start', options: { name, peers, tick: TICK_MS } }),
      ),
    )
    await this.measure()
    this.#first = await this.#alpha.ask({ kind: 'usage' })
    this.#idle = this.#first
  }

  end(): void {
    for (const side of [this.#alpha, this.#bravo, this.#charlie]) side.signal('SIGKILL')
  }

  async measure(): Promise<Rates> {
    const lap = { kind: 'echo', peer: 'charlie' } as const
    await this.#alpha.ask({ ...lap, measureMs: WARM_MS })
    const { perSecond, perCpuSecond } = await this.#alpha.ask({ ...lap, measureMs: MEASURE_MS })
    return { perSecond: perSecond ?? Number.NaN, perCpuSecond: perCpuSecond ?? Number.NaN }
  }

  /** Stops bravo and has everything filled that waits for it; gives when it stopped. */
  async stop(): Promise<number> {
    const [alpha, bravo] = [this.#alpha, this.#bravo]
    const { kind, bodyBytes } = this.#pour
    await alpha.ask({ kind: 'echo', peer: 'bravo', measureMs: HEARD_MS })
    if (kind === 'answer') await bravo.ask({ kind: 'ask-and-stop', peer: 'alpha', bodyBytes })
    else bravo.signal('SIGSTOP')
    const stoppedAt = Date.now()
    if (kind !== 'answer') await alpha.ask({ kind: 'pour', peer: 'bravo', pour: this.#pour })
    await pause(FILL_MS)
    return stoppedAt
  }

  /** Notes what is held, has bravo go on, and waits until nothing waits for it. */
  async resume(stoppedAt: number): Promise<void> {
    const [alpha, bravo] = [this.#alpha, this.#bravo]
    await alpha.ask({ kind: 'stop-pouring' })
    this.#note(await alpha.ask({ kind: 'usage' }), stoppedAt)
    bravo.signal('SIGCONT')
    await Promise.all([alpha.ask({ kind: 'settled' }), bravo.ask({ kind: 'settled' })])
    this.#idle = await alpha.ask({ kind: 'usage' })
  }

  #note(full: SideAnswer, stoppedAt: number): void {
    const since = (before: SideAnswer, pick: (each: SideAnswer) => number | undefined): number =>
      ((pick(full) ?? 0) - (pick(before) ?? 0)) / MIB
    this.seen.push({
      heldMiB: since(this.#idle, (each) => each.heldBytes),
      rssMiB: since(this.#first, (each) => each.rssBytes),
      unusedMiB: since(this.#first, (each) => each.unusedBytes),
      pending: full.pending ?? 0,
      slowAfterMs: (full.slowAt ?? Number.NaN) - stoppedAt,
    })
  }
}

/** What all laps of one kind of message showed. */
interface Played {
  readonly seen: readonly Seen[]
  /** For each pair of laps, the rate with a stopped reader over that without: by the clock, and by processor time. */
  readonly ratios: readonly number[]
  readonly cpuRatios: readonly number[]
}

async function play(pour: Pour, pairs: number): Promise<Played> {
  const [one, other] = [new Team(pour), new Team(pour)]
  const lap = async (stopped: Team, running: Team): Promise<[number, number]> => {
    const stoppedAt = await stopped.stop()
    const [beside, without] = await Promise.all([stopped.measure(), running.measure()])
    await stopped.resume(stoppedAt)
    return [beside.perSecond / without.perSecond, beside.perCpuSecond / without.perCpuSecond]
  }
  try {
    await Promise.all([one.start(), other.start()])
    // What is poured first meets code that is not compiled yet.
    await lap(one, other)
    await lap(other, one)
    const [ratios, cpuRatios]: [number[], number[]] = [[], []]
    for (let count = 0; count < pairs; count += 1) {
      const [rate, cpuRate] = await lap(one, other)
      const [otherRate, otherCpuRate] = await lap(other, one)
      ratios.push(Math.sqrt(rate * otherRate))
      cpuRatios.push(Math.sqrt(cpuRate * otherCpuRate))
    }
    return { seen: [...one.seen, ...other.seen], ratios, cpuRatios }
  } finally {
    one.end()
    other.end()
  }
}

function rowOf(title: string, { seen, ratios, cpuRatios }: Played): string {
  const most = (pick: (each: Seen) => number, digits: number): string => {
    const all = seen.map(pick)
    return `${median(all).toFixed(digits)} (${Math.max(...all).toFixed(digits)})`
  }
  const ratio = (all: readonly number[]): string => {
    const spread = spreadOf(all)
    return `${spread.median.toFixed(2)} (${spread.lowest.toFixed(2)} to ${spread.highest.toFixed(2)})`
  }
  const cells = [
    title,
    most((each) => each.heldMiB, 1),
    most((each) => each.rssMiB, 1),
    most((each) => each.unusedMiB, 1),
    Math.round(median(seen.map((each) => each.pending))),
    most((each) => each.slowAfterMs, 0),
    ratio(ratios),
    ratio(cpuRatios),
  ]
  return `| ${cells.join(' | ')} |`
}

const HELP = `Usage: node dist/bench/stopped-reader.js [--laps N] [--only TEXT]

Stops the process of one peer while messages are poured at it, and measures what it costs the sender and the others.

  --laps N      pairs of laps for each row (default 8, which take a minute)
  --only TEXT   only rows whose title contains this
`

await runProgram({
  name: 'stopped-reader',
  help: HELP,
  parse: (args) => {
    const { values } = parseArgs({
      args: [...args],
      options: { laps: { type: 'string', default: '8' }, only: { type: 'string', default: '' } },
    })
    return { laps: wholeNumber('laps', values.laps, 1000), only: values.only }
  },
  run: async ({ laps, only }) => {
    process.stdout.write(
      '| what is poured | held, MiB | resident, MiB | of it unused heap | pending | `peer:slow` after, ms | rate of others | by processor time |\n',
    )
    process.stdout.write('|---|---:|---:|---:|---:|---:|---:|---:|\n')
    for (const [title, pour] of POURS) {
      if (title.includes(only)) process.stdout.write(`${rowOf(title, await play(pour, laps))}\n`)
    }
  },
})
