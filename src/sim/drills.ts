/**
 * Exercises on a calm network after the fire, with exact expectations. Under fire almost every answer may be the honest
 * one; here only one is: whoever is asked answers at the first attempt, who stalls is busy and not dead, who crashes is
 * dead, who stops has left, and both are back with a new run.
 *
 * They are the same for all seeds, but for who is the victim. What they find are faults that only make a mesh slow, deaf or
 * forgetful, which the judges of a history cannot tell from bad luck. They look at the nodes as a user does.
 */

import type { Handler, Node } from '../node/api.ts'
import type { Simulation } from './simulate.ts'

const VERB = 'drill'
/** What is asked of one who never answers: longer than any drill. Whoever is named in the body of a drill does not. */
const SLOW_MS = 60_000
/** A mesh of three to five nodes has found back together by then. */
const REUNION_MS = 5000
/** A stall that is twice as long as the silence that makes a peer busy. */
const STALL_MS = 2500
/** What is left of the stall, the half second in which a loop delay fades (L11), and two ticks until the next beat tells it. */
const FADE_MS = 500 + 500 + 1000
/** A refused dial tells a crash at once; where only silence does, it takes 3 ticks. */
const DEATH_MS = 1600
/** What is asked of a callee that is silent, and the retries that clause R14 allows for so much. */
const OFFERED = 30
const ALLOWED_RETRIES = 6

/** Lets a mesh on a calm network do all exercises; gives the sentences that say what went wrong. */
export async function drill(simulation: Simulation): Promise<string[]> {
  const drills = new Drills(simulation)
  await drills.rollCall('after the fire')
  await drills.answers()
  await drills.stall()
  await drills.silence()
  await drills.crash()
  await drills.blink()
  await drills.stop()
  // Once for all, because the trace is long and made into text when it is read.
  const { trace } = simulation
  return [...drills.faults, ...drills.faultsInEvents(trace), ...brokenProtocol(trace)]
}

/** What nodes told of others that broke the protocol. Only strangers may: their Hello may have been lost. */
export function brokenProtocol(trace: readonly string[]): string[] {
  return trace
    .filter((line) => /event violation .*it broke the protocol/.test(line) && !line.includes('before Hello'))
    .map((line) => `nobody breaks the protocol: ${line.trim()}`)
}

/** From when until when, in virtual milliseconds. */
interface Span {
  readonly fromMs: number
  readonly untilMs: number
}

class Drills {
  readonly faults: string[] = []
  readonly #simulation: Simulation
  readonly #ready = new Set<Node>()
  readonly #met = new Set<string>()
  readonly #runs = new Map<string, number>()
  #aborts = 0
  #stall = { fromMs: 0, untilMs: 0 }
  readonly #restarts: (Span & { readonly name: string; readonly victim: string })[] = []

  constructor(simulation: Simulation) {
    this.#simulation = simulation
  }

  /** What the nodes should have told during the drills and did not, or told and should not have. */
  faultsInEvents(trace: readonly string[]): string[] {
    const during = ({ fromMs, untilMs }: Span): string[] =>
      trace.filter((line) => Number.parseInt(line, 10) >= fromMs && Number.parseInt(line, 10) <= untilMs)
    const suspected = during(this.#stall).filter((line) => /event peer:(dead|suspect)/.test(line))
    const untold = this.#restarts.filter((restart) => {
      const event = new RegExp(` ${restart.name} +event peer:restarted peer=${restart.victim} `)
      return !during(restart).some((line) => event.test(line))
    })
    return [
      ...suspected.map((line) => `drill: nobody is suspected for a stall: ${line.trim()}`),
      ...untold.map(({ name, victim }) => `drill: ${name} did not tell that ${victim} restarted`),
    ]
  }

  /** Everybody asks, tells and calls everybody once. */
  async rollCall(when: string): Promise<void> {
    const { names } = this.#simulation
    this.#prepare()
    const calls = names.flatMap((name) => [
      ...this.#others(name).flatMap((peer) => [
        this.#expect(
          `${name} asks ${peer} ${when}`,
          this.#node(name).request(peer, VERB, '', { timeout: 1000, retries: 0 }),
        ),
        this.#expect(
          `${name} tells ${peer} ${when}`,
          this.#node(name).send(peer, VERB, '', { timeout: 1000 }),
        ),
      ]),
      this.#expect(`${name} calls all ${when}`, this.#callAll(name, names.length - 1)),
    ])
    await this.#simulation.settle(Promise.all(calls))
  }

  /** A lost answer is given again, a refusal is told at once, and who gives up or has no time left is heard. */
  async answers(): Promise<void> {
    const simulation = this.#simulation
    const callee = this.#pick(4)
    const asker = this.#others(callee)[0] as string
    const node = this.#node(asker)
    const back = { from: callee, to: asker }
    simulation.setFaults({ loss: 1 }, back)
    const lost = this.#expect(
      `${asker} asks ${callee}, whose first answer is lost`,
      node.request(callee, VERB, 'lost', { timeout: 300, retries: 3 }),
    )
    await simulation.run(100)
    simulation.setFaults({ loss: 0 }, back)
    await simulation.settle(lost)
    this.#check(this.#runs.get('lost') === 1, `what ${callee} answered twice ran once`)
    for (const ask of [
      () => node.request(callee, `no-${VERB}`, '', { timeout: 5000, retries: 0 }),
      () => node.send(callee, `no-${VERB}`, '', { timeout: 5000 }),
    ]) {
      const told = ask().then(String, (error) => String(error.code))
      const code = await simulation.settle(told, 500).catch(() => 'nothing in time')
      this.#check(
        code === 'UNKNOWN_VERB',
        `${asker} hears of ${callee} that it does not know a verb, not ${code}`,
      )
    }
    const one = this.#expect('a broadcast that waits for one ends with it', async () => {
      const { ok, missing } = await node.broadcast(VERB, callee, { timeout: 500, retries: 0, until: 1 })
      const lines = missing.map(({ peer, reason }) => `${peer} ${reason}`)
      if (!ok || !lines.includes(`${callee} not-awaited`)) throw new Error(`missing were [${lines}]`)
    })
    await this.#settleWithin(one, 200, 'a broadcast that waits for one does not end with it')
    const abort = new AbortController()
    const { signal } = abort
    node.request(callee, VERB, callee, { timeout: SLOW_MS, retries: 0, signal }).catch(() => undefined)
    await simulation.run(600)
    this.#check(this.#aborts === 1, `the signal of a handler at ${callee} aborts when no time is left`)
    abort.abort()
    await simulation.run(100)
    this.#check(this.#aborts === 2, `the signal of a handler at ${callee} aborts when its caller gives up`)
  }

  /** Whose loop stalls is busy meanwhile, and nobody is dead, for the stalled one neither. */
  async stall(): Promise<void> {
    const victim = this.#pick(0)
    const fromMs = this.#simulation.now
    this.#simulation.stall(victim, STALL_MS)
    await this.#simulation.run(STALL_MS - 500)
    for (const name of this.#others(victim)) {
      const view = this.#node(name)
        .peers()
        .find((peer) => peer.name === victim)
      this.#check(view?.busy === true, `${name} sees ${victim} as busy while it stalls`)
    }
    await this.#simulation.run(FADE_MS)
    this.#stall = { fromMs, untilMs: this.#simulation.now }
    for (const name of this.#simulation.names) {
      const busy = this.#node(name)
        .peers()
        .filter((peer) => peer.busy)
      this.#check(busy.length === 0, `for ${name} nobody is busy so long after a stall`)
    }
  }

  /** A callee that is silent gets hardly more requests than were made. */
  async silence(): Promise<void> {
    const victim = this.#pick(1)
    const asker = this.#others(victim)[0] as string
    const node = this.#node(asker)
    const before = node.status().counters.retries
    this.#simulation.pause(victim)
    for (let count = 0; count < OFFERED; count += 1) {
      node.request(victim, VERB, '', { timeout: 50, retries: 3 }).catch(() => undefined)
      await this.#simulation.run(10)
    }
    await this.#simulation.run(500)
    const retries = node.status().counters.retries - before
    this.#check(retries <= ALLOWED_RETRIES, `${OFFERED} requests to a silent callee cost ${retries} retries`)
    this.#simulation.resume(victim)
    await this.#reunite('after a pause')
  }

  /** Who crashes is dead at once and costs a broadcast nothing; what is idempotent is answered by its next run. */
  async crash(): Promise<void> {
    const victim = this.#pick(2)
    const others = this.#others(victim)
    const asker = others[0] as string
    this.#prepare()
    const told = this.#castWithout(asker, victim)
    const options = { timeout: 2000, retries: 5, idempotent: true }
    const again = this.#expect(
      `${asker} asks ${victim}, who crashes, for what is idempotent`,
      this.#node(asker).request(victim, VERB, `${victim} once`, options),
    )
    await this.#simulation.run(100)
    const fromMs = this.#simulation.now
    this.#simulation.crash(victim)
    await this.#simulation.run(DEATH_MS)
    await this.#settleWithin(told, 0, `a broadcast that waits for ${victim}, who crashed, does not end`)
    for (const name of others) this.#checkState(name, victim, 'dead')
    await this.#simulation.restart(victim)
    this.#prepare()
    await this.#reunite('after a crash')
    await this.#settleWithin(again, 5000, `what is idempotent is not asked again of ${victim}`)
    for (const name of others) {
      this.#restarts.push({ name, victim, fromMs, untilMs: this.#simulation.now })
    }
    await this.rollCall('after a crash')
  }

  /** Who is back before anybody missed it has forgotten what it was asked: the outcome is unknown, and known at once. */
  async blink(): Promise<void> {
    const victim = this.#pick(5)
    const asker = this.#others(victim)[0] as string
    const told = this.#castWithout(asker, victim)
    const options = { timeout: SLOW_MS, retries: 0 }
    const code = this.#node(asker)
      .request(victim, VERB, victim, options)
      .then(String, (error) => String(error.code))
    const asked = this.#expect(`${asker} hears of the restart of ${victim}`, async () => {
      if ((await code) !== 'PEER_RESTARTED') throw new Error(`it was told ${await code}`)
    })
    await this.#simulation.run(100)
    this.#simulation.crash(victim)
    await this.#simulation.restart(victim)
    this.#prepare()
    await this.#reunite('after a restart')
    await this.#settleWithin(told, 500, `a broadcast that waits for ${victim}, who restarted, does not end`)
    await this.#settleWithin(asked, 500, `a request to ${victim}, who restarted, does not end`)
  }

  /** Who stops has left for all others, and is not expected by a broadcast until it is back. */
  async stop(): Promise<void> {
    const victim = this.#pick(3)
    const others = this.#others(victim)
    await this.#simulation.stop(victim)
    await this.#simulation.run(100)
    for (const name of others) this.#checkState(name, victim, 'left')
    const asker = others[0] as string
    await this.#simulation.settle(
      this.#expect(`${asker} calls those who have not left`, this.#callAll(asker, others.length - 1)),
    )
    await this.#simulation.restart(victim)
    await this.#reunite('after a stop')
    await this.rollCall('after a stop')
  }

  /** A broadcast that all but the victim answer. */
  #castWithout(asker: string, victim: string): Promise<void> {
    return this.#expect(`a broadcast goes on without ${victim}`, async () => {
      const options = { timeout: SLOW_MS, retries: 0 }
      const { missing } = await this.#node(asker).broadcast(VERB, victim, options)
      const lines = missing.map(({ peer, reason }) => `${peer} ${reason}`)
      if (lines.join() !== `${victim} dead`) throw new Error(`missing were [${lines}]`)
    })
  }

  async #callAll(name: string, expected: number): Promise<void> {
    const result = await this.#node(name).broadcast(VERB, '', { timeout: 1000, retries: 0 })
    if (result.expected !== expected || result.acked.length !== expected) {
      throw new Error(`${result.acked.length} of ${result.expected} acked, wanted were ${expected}`)
    }
  }

  /** All see all others alive, over links that are open, within a bounded time. */
  async #reunite(when: string): Promise<void> {
    const { names } = this.#simulation
    const isWhole = (): boolean =>
      names.every((name) =>
        this.#node(name)
          .peers()
          .every((peer) => peer.state === 'alive' && peer.link === 'open'),
      )
    await this.#simulation
      .runUntil(isWhole, REUNION_MS)
      .catch(() => this.faults.push(`drill: not all see all others ${when} within ${REUNION_MS} ms`))
    await this.#simulation.run(200)
  }

  async #settleWithin(promise: Promise<void>, limitMs: number, fault: string): Promise<void> {
    await this.#simulation.settle(promise, limitMs).catch(() => this.faults.push(`drill: ${fault}`))
  }

  /** Never rejects: what fails is a fault. */
  async #expect(what: string, outcome: Promise<unknown> | (() => Promise<unknown>)): Promise<void> {
    try {
      await (typeof outcome === 'function' ? outcome() : outcome)
    } catch (error) {
      this.faults.push(`drill: ${what}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #check(isRight: boolean, what: string): void {
    if (!isRight) this.faults.push(`drill: ${what}: it is not so`)
  }

  #checkState(name: string, peer: string, state: string): void {
    const view = this.#node(name)
      .peers()
      .find((one) => one.name === peer)
    this.#check(view?.state === state, `${name} sees ${peer} as ${state}, not as ${view?.state}`)
  }

  async #untilAborted(signal: AbortSignal): Promise<void> {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    this.#aborts += 1
  }

  /** Sets the handler on each node that does not have it. */
  #prepare(): void {
    for (const name of this.#simulation.names) {
      const node = this.#node(name)
      if (this.#ready.has(node)) continue
      this.#ready.add(node)
      const isFirst = !this.#met.has(name)
      this.#met.add(name)
      const handler: Handler = async (body: string, { signal }) => {
        this.#runs.set(body, (this.#runs.get(body) ?? 0) + 1)
        if (body === name || (isFirst && body === `${name} once`)) await this.#untilAborted(signal)
        return name
      }
      node.handle(VERB, handler)
    }
  }

  #node(name: string): Node {
    return this.#simulation.node(name)
  }

  #others(name: string): string[] {
    return this.#simulation.names.filter((other) => other !== name)
  }

  #pick(offset: number): string {
    const { names, seed } = this.#simulation
    return names[(seed + offset) % names.length] as string
  }
}
