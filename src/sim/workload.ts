/**
 * Users of a simulated mesh: at random moments each node asks, tells or broadcasts something, and what was asked, run
 * and answered is written down for the checkers. The id of each operation travels in its body.
 */

import type { Random } from '../base/random.ts'
import { ZmqnetError } from '../errors.ts'
import type { BodyValue, BroadcastResult, HandlerContext, Node } from '../node/api.ts'
import type { Asked, History, HistoryEntry, OperationKind, Settlement } from './history.ts'
import { randomFor } from './seeds.ts'
import type { Simulation } from './simulate.ts'

/** The verb that the workload handles and asks for. */
const VERB = 'work'

/** How often the nodes are asked what is not over. */
const COUNT_EVERY_MS = 1000

/** How much is asked for. */
export interface WorkloadOptions {
  readonly seed: number
  /** The mean pause between two operations of one node, in milliseconds. Default 200. */
  readonly everyMs?: number
  /** The timeout of each attempt, in milliseconds. Default 400: short, so that there are many retries. */
  readonly timeoutMs?: number
  /** Attempts after the first. Default 3. */
  readonly retries?: number
  /** The longest that a handler takes, in milliseconds. Default 600: some attempts time out while it runs. */
  readonly maxTakeMs?: number
  /** The share of requests and broadcasts that are aborted by their caller, 0 to 1. Default 0.05. */
  readonly aborts?: number
  /** The share of requests whose handler asks a third node before it answers, 0 to 1. Default 0.1. */
  readonly chains?: number
  /** The share of operations with a large body, 0 to 1. Default 0.05. */
  readonly larges?: number
  /** The largest body, in bytes. Default 50,000: it travels in a frame of its own. */
  readonly maxBodyBytes?: number
  /** How many requests a node makes at once, where it makes one. Default 1. */
  readonly burst?: number
  /** The largest answer, in bytes. Default 0: it carries the id of its operation and nothing else. */
  readonly maxAnswerBytes?: number
}

const DEFAULTS = {
  everyMs: 200,
  timeoutMs: 400,
  retries: 3,
  maxTakeMs: 600,
  aborts: 0.05,
  chains: 0.1,
  larges: 0.05,
  maxBodyBytes: 50_000,
  burst: 1,
  maxAnswerBytes: 0,
}

/** What travels in the body of an operation. */
interface Task {
  readonly id: string
  readonly takeMs: number
  readonly fails: boolean
  /** Whom the handler asks before it answers. */
  readonly via?: string
  readonly ballast?: Uint8Array
  /** How large the answer is to be. */
  readonly answerBytes?: number
}

/** One planned operation. */
interface Plan extends Omit<Task, 'id'> {
  readonly operation: OperationKind
  readonly callees: readonly string[]
  readonly idempotent: boolean
  /** When its caller aborts it, in milliseconds after the start; Infinity for never. */
  readonly abortAfterMs: number
}

/** What asks: a node, or the context of a handler, whose deadline travels on. */
type Asker = Pick<Node, 'request' | 'broadcast'>

/** Random users and their notes. Give `setup` to `simulate`, then call `start`. */
export class Workload {
  readonly #random: Random
  readonly #options: Required<WorkloadOptions>
  readonly #entries: HistoryEntry[] = []
  #simulation: Simulation | undefined
  #untilMs = 0
  #lastId = 0

  constructor(options: WorkloadOptions) {
    this.#options = { ...DEFAULTS, ...options }
    this.#random = randomFor(options.seed, 'workload')
  }

  /** Sets the handler of the workload; for the option of that name. */
  readonly setup = (node: Node, name: string): void => {
    const { incarnation } = node
    node.handle(VERB, async (task: Task, context) => {
      const { id } = task
      const run = { id, callee: name, incarnation }
      this.#entries.push({ kind: 'handled', atMs: this.#now, ...run, caller: context.from })
      try {
        return await this.#work(task, context, name)
      } finally {
        this.#entries.push({ kind: 'finished', atMs: this.#now, ...run })
      }
    })
    void this.#followLinks(node, name)
  }

  /** Lets all nodes ask for things during `forMs` of virtual time. */
  start(simulation: Simulation, forMs: number): void {
    this.#simulation = simulation
    this.#untilMs = simulation.now + forMs
    for (const name of simulation.names) this.#askLater(simulation, name)
    this.#countLater(simulation)
  }

  /** Writes down how each node that is up sees itself and the others now, and how much is not over. */
  look(simulation: Simulation): void {
    this.#count(simulation)
    for (const name of simulation.names.filter((member) => simulation.isUp(member))) {
      const node = simulation.node(name)
      const peers = node
        .peers()
        .map(({ name: peer, state, incarnation }) => ({ name: peer, state, incarnation }))
      const { incarnation } = node
      const { transfers } = node.status()
      this.#entries.push({ kind: 'saw', atMs: simulation.now, name, incarnation, peers, transfers })
    }
  }

  /** Everything so far, for the checkers. */
  history(simulation: Simulation): History {
    const { names, incidents, disorders, remains, now } = simulation
    return { names, incidents, disorders, remains, entries: this.#entries, endMs: now }
  }

  get #now(): number {
    return this.#simulation?.now ?? 0
  }

  /** What a handler does. */
  async #work(task: Task, context: HandlerContext, name: string): Promise<BodyValue> {
    const { id, takeMs, fails, via, answerBytes } = task
    if (takeMs > 0) await this.#simulation?.sleep(takeMs, name)
    if (via !== undefined) await this.#askOn(context, name, via, id)
    if (fails) throw new Error('this work fails')
    if (answerBytes !== undefined) return { id, by: name, ballast: new Uint8Array(answerBytes) }
    return { id, by: name }
  }

  /** Writes down when links change: what is sent on two links has no common order. */
  async #followLinks(node: Node, name: string): Promise<void> {
    for await (const event of node.events()) {
      if (event.kind.startsWith('link:') && 'peer' in event) {
        this.#entries.push({ kind: 'link', atMs: this.#now, name, peer: event.peer })
      }
    }
  }

  #countLater(simulation: Simulation): void {
    if (simulation.now > this.#untilMs) return
    this.#count(simulation)
    simulation.after(COUNT_EVERY_MS, () => this.#countLater(simulation))
  }

  #count(simulation: Simulation): void {
    for (const name of simulation.names.filter((member) => simulation.isUp(member))) {
      const { pending } = simulation.node(name).status()
      this.#entries.push({ kind: 'counted', atMs: simulation.now, name, pending })
    }
  }

  #askLater(simulation: Simulation, name: string): void {
    const pauseMs = this.#random.below(2 * this.#options.everyMs + 1)
    if (simulation.now + pauseMs > this.#untilMs) return
    simulation.after(pauseMs, () => {
      const plan = this.#plan(simulation.names.filter((other) => other !== name))
      // A user's code takes its turn in the process of its node: not while that is frozen, and never when it is dead.
      for (let count = plan.operation === 'request' ? this.#options.burst : 1; count > 0; count -= 1)
        if (simulation.isUp(name)) simulation.after(0, () => void this.#perform(simulation, name, plan), name)
      this.#askLater(simulation, name)
    })
  }

  #plan(others: readonly string[]): Plan {
    const random = this.#random
    const { maxTakeMs, aborts, chains, larges, maxBodyBytes, maxAnswerBytes } = this.#options
    const one = others[random.below(others.length)] as string
    const another = others[random.below(others.length)] as string
    const kind = random.below(10)
    const operation = kind < 6 ? 'request' : kind < 8 ? 'send' : 'broadcast'
    return {
      operation,
      callees: operation === 'broadcast' ? others : [one],
      idempotent: operation === 'request' && random.below(4) === 0,
      abortAfterMs:
        random.next() < aborts && operation !== 'send' ? random.below(500) : Number.POSITIVE_INFINITY,
      takeMs: random.below(3) === 0 ? random.below(maxTakeMs + 1) : 0,
      fails: random.below(10) === 0,
      ...(random.next() < larges ? { ballast: new Uint8Array(random.below(maxBodyBytes)) } : {}),
      ...(maxAnswerBytes > 0 ? { answerBytes: random.below(maxAnswerBytes) } : {}),
      ...(random.next() < chains && operation === 'request' && one !== another ? { via: another } : {}),
    }
  }

  async #perform(simulation: Simulation, caller: string, plan: Plan): Promise<void> {
    if (!simulation.isUp(caller)) return
    const { operation, callees, idempotent, abortAfterMs, ...task } = plan
    const { timeoutMs, retries } = this.#options
    const wholeMs = operation === 'send' ? timeoutMs * 4 : timeoutMs * (retries + 1)
    this.#lastId += 1
    const id = `${caller}-${this.#lastId}`
    const node = simulation.node(caller)
    const deadlineMs = Math.min(wholeMs, abortAfterMs)
    const isLarge = task.ballast !== undefined
    const asked = { id, operation, caller, callees, idempotent, deadlineMs, wholeMs, isLarge }
    const abort = new AbortController()
    if (abortAfterMs < wholeMs) simulation.after(abortAfterMs, () => abort.abort(), caller)
    await this.#note(asked, () =>
      operation === 'send'
        ? sendOne(node, asked, { id, ...task }, wholeMs)
        : this.#ask(node, asked, { id, ...task }, abort.signal),
    )
  }

  /** A handler asks a third node: in the time that its own caller left it, at most. */
  async #askOn(context: HandlerContext, caller: string, via: string, id: string): Promise<void> {
    const { timeoutMs, retries } = this.#options
    // The handler of an idempotent request may run twice, and each run is an asker of its own.
    this.#lastId += 1
    const task = { id: `${id}-on-${this.#lastId}`, takeMs: 0, fails: false }
    const deadlineMs = Math.min(timeoutMs * (retries + 1), context.remainingMs)
    const order = {
      id: task.id,
      operation: 'request',
      caller,
      callees: [via],
      idempotent: false,
      deadlineMs,
    } as const
    await this.#note(order, () => this.#ask(context, order, task, undefined))
  }

  /** Writes down that something was asked, and how it settled. */
  async #note(order: Omit<Asked, 'kind' | 'atMs'>, call: () => Promise<Settlement>): Promise<void> {
    this.#entries.push({ kind: 'asked', atMs: this.#now, ...order })
    const settlement = await call().catch(settlementOfError)
    this.#entries.push({ kind: 'settled', atMs: this.#now, id: order.id, settlement })
  }

  async #ask(
    asker: Asker,
    order: Pick<Asked, 'operation' | 'callees' | 'idempotent'>,
    task: Task,
    signal: AbortSignal | undefined,
  ): Promise<Settlement> {
    const { timeoutMs: timeout, retries } = this.#options
    const options = { timeout, retries, ...(signal === undefined ? {} : { signal }) }
    if (order.operation === 'broadcast') return tallyOf(await asker.broadcast(VERB, task, options))
    const { callees, idempotent } = order
    const reply: BodyValue = await asker.request(callees[0] ?? '', VERB, task, { ...options, idempotent })
    return { kind: 'reply', id: reply.id, by: reply.by }
  }
}

async function sendOne(
  node: Node,
  { callees }: Pick<Asked, 'callees'>,
  task: Task,
  timeout: number,
): Promise<Settlement> {
  await node.send(callees[0] ?? '', VERB, task, { timeout })
  return { kind: 'receipt' }
}

function tallyOf({ ok, expected, acked, missing }: BroadcastResult): Settlement {
  return {
    kind: 'tally',
    ok,
    expected,
    acked: acked.map(({ peer, reply }) => ({ peer, id: reply.id })),
    missing: missing.map(({ peer, reason }) => ({ peer, reason })),
  }
}

function settlementOfError(error: unknown): Settlement {
  if (!(error instanceof ZmqnetError)) {
    return {
      kind: 'error',
      code: 'UNKNOWN_ERROR',
      outcome: 'unknown',
      safeToRetry: false,
      text: String(error),
    }
  }
  const { code, outcome, safeToRetry, message } = error
  return { kind: 'error', code, outcome, safeToRetry, text: message }
}
