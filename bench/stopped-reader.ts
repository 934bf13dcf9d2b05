/**
 * What a peer that stops reading costs: the process of bravo is stopped (SIGSTOP) while alpha pours messages at it, and
 * charlie is asked beside it. For each kind of message: how much the resident size of alpha grew, how soon `peer:slow` was
 * told, and alpha's rate of requests to charlie with the stopped reader over the rate before it.
 *
 * Usage: node dist/bench/stopped-reader.js [--rounds N]     (default 3; a round takes half a minute)
 */

import { type ChildProcess, fork } from 'node:child_process'
import { parseArgs } from 'node:util'
import { peersOf } from '../test/support/mesh.ts'
import { median } from './statistics.ts'
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
/** How long the rate of the others is measured, before and beside; a stopped process is given up after about 1.5 s. */
const MEASURE_MS = 600
/** By then everything that has room waits. */
const FILL_MS = 200
/** The first requests beside a full queue meet the garbage of those that filled it. */
const WARM_MS = 300
const ORDER_MS = 30_000
const MIB = 1024 * 1024

/** What one round of one kind showed. */
interface Seen {
  readonly heldMiB: number
  readonly rssMiB: number
  readonly pending: number
  readonly slowAfterMs: number
  readonly share: number
  readonly cpuShare: number
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

async function play(pour: Pour): Promise<Seen> {
  const peers = await peersOf(['alpha', 'bravo', 'charlie'])
  const [alpha, bravo, charlie] = [new Side(), new Side(), new Side()]
  try {
    const names = ['alpha', 'bravo', 'charlie'] as const
    const sides = [alpha, bravo, charlie]
    await Promise.all(
      sides.map((side, at) => side.ask({ kind: 'start', options: { name: names[at] ?? '', peers } })),
    )
    // Two laps: the first warms up.
    const lap = { kind: 'echo', peer: 'charlie', measureMs: MEASURE_MS } as const
    await alpha.ask(lap)
    const before = await alpha.ask(lap)
    const idle = await alpha.ask({ kind: 'usage' })
    let stoppedAt = 0
    if (pour.kind === 'answer') {
      // Bravo asks for much, and is stopped before it can read it all.
      await bravo.ask({ kind: 'pour', peer: 'alpha', pour })
      await pause(50)
      bravo.signal('SIGSTOP')
      stoppedAt = Date.now()
    } else {
      stoppedAt = Date.now()
      bravo.signal('SIGSTOP')
      await alpha.ask({ kind: 'pour', peer: 'bravo', pour })
    }
    await pause(FILL_MS)
    const full = await alpha.ask({ kind: 'usage' })
    await alpha.ask({ ...lap, measureMs: WARM_MS })
    const during = await alpha.ask(lap)
    const end = await alpha.ask({ kind: 'usage' })
    const growth = (pick: (each: SideAnswer) => number | undefined): number =>
      (Math.max(pick(full) ?? 0, pick(end) ?? 0) - (pick(idle) ?? 0)) / MIB
    return {
      heldMiB: growth((each) => each.heldBytes),
      rssMiB: growth((each) => each.rssBytes),
      pending: full.pending ?? 0,
      slowAfterMs: (end.slowAt ?? Number.NaN) - stoppedAt,
      share: (during.perSecond ?? 0) / (before.perSecond ?? Number.NaN),
      cpuShare: (during.perCpuSecond ?? 0) / (before.perCpuSecond ?? Number.NaN),
    }
  } finally {
    for (const side of [alpha, bravo, charlie]) side.signal('SIGKILL')
  }
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } })
const rounds = Math.max(1, Number(values.rounds) || 1)
process.stdout.write(
  '| what is poured | held, MiB | resident, MiB (most) | pending | `peer:slow` after, ms | rate of others | by processor time |\n',
)
process.stdout.write('|---|---:|---:|---:|---:|---:|---:|\n')
for (const [title, pour] of POURS) {
  const seen: Seen[] = []
  for (let round = 0; round < rounds; round += 1) seen.push(await play(pour))
  const mid = (pick: (each: Seen) => number): number => median(seen.map(pick))
  const most = Math.max(...seen.map((each) => each.rssMiB))
  const cells = [
    title,
    mid((each) => each.heldMiB).toFixed(1),
    `${mid((each) => each.rssMiB).toFixed(1)} (${most.toFixed(1)})`,
    mid((each) => each.pending),
    mid((each) => each.slowAfterMs).toFixed(0),
    mid((each) => each.share).toFixed(2),
    mid((each) => each.cpuShare).toFixed(2),
  ]
  process.stdout.write(`| ${cells.join(' | ')} |\n`)
}
