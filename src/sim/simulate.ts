/**
 * A whole mesh in one process, on virtual time: production nodes over a simulated network, driven by a test that can
 * partition, crash, restart, pause and stall them. Equal options and equal calls give equal runs, byte for byte.
 *
 * Time stands still unless `run`, `runUntil` or `settle` move it. This file only puts the parts together: time is in
 * scheduler.ts and turns.ts, the network in network.ts, a process's life in member.ts.
 */

import { assert } from '../base/assert.ts'
import type { Client, Logger, Node } from '../node/api.ts'
import { startClient } from '../node/client.ts'
import { startNode } from '../node/node.ts'
import type { NodeSettings } from '../node/world.ts'
import { Chronicle } from './chronicle.ts'
import { type ClockSkew, skewFaults } from './clock.ts'
import type { Direction, LinkFaults } from './conditions.ts'
import { CALM } from './conditions.ts'
import type { Disorder, Incident, Remains } from './history.ts'
import type { InjectionCounts } from './injections.ts'
import { CLIENT_NAME } from './keys.ts'
import { Member } from './member.ts'
import { DEFAULT_QUEUE_BYTES, Network } from './network.ts'
import { followEvents, type Note, notingLogger, observedNode } from './observed.ts'
import { checkOptions, machineOf, refuse, type SimOptions, sharedSettings, wholeFaults } from './options.ts'
import { Scheduler } from './scheduler.ts'
import { randomFor } from './seeds.ts'
import { Trace } from './trace.ts'
import { Turns } from './turns.ts'

/** A simulated mesh. */
export class Simulation implements AsyncDisposable {
  readonly seed: number
  readonly #options: SimOptions
  readonly #scheduler = new Scheduler()
  readonly #turns = new Turns(this.#scheduler)
  readonly #trace = new Trace()
  readonly #network: Network
  readonly #members = new Map<string, Member>()
  readonly #nodes = new Map<string, Node>()
  readonly #chronicle = new Chronicle()
  #clients = 0

  /** Makes the members; `start` starts them. Use `simulate`, which does both. */
  constructor(options: SimOptions) {
    checkOptions(options)
    this.#options = options
    this.seed = options.seed
    this.#network = new Network({
      scheduler: this.#scheduler,
      random: randomFor(options.seed, 'network'),
      trace: this.#trace,
      faults: { ...CALM, ...options.network },
      queueBytes: options.queueBytes ?? DEFAULT_QUEUE_BYTES,
    })
    this.#chronicle.order(this.now, this.#network.conditions.reorders)
    for (const name of options.nodes) {
      const skew = options.clocks?.[name] ?? {}
      const machine = machineOf(options, name)
      this.#members.set(name, new Member(this.#network, options.seed, name, skew, machine))
      if (skew.rate !== undefined)
        this.#chronicle.incidents.push({ atMs: 0, kind: 'skew', name, rate: skew.rate })
    }
  }

  /** Starts all nodes at the present time. */
  async start(): Promise<void> {
    await this.settle(Promise.all(this.names.map((name) => this.#begin(name))))
  }

  /** Virtual milliseconds since the simulation began. */
  get now(): number {
    return this.#scheduler.nowMs
  }

  /** The names of all nodes. */
  get names(): readonly string[] {
    return this.#options.nodes
  }

  /** What happened so far, line by line: milliseconds, node, what. */
  get trace(): readonly string[] {
    return this.#trace.lines()
  }

  /** What the nodes logged as errors; empty when all is well. */
  get errors(): readonly string[] {
    return this.#chronicle.errors
  }

  /** What was done to the nodes so far. */
  get incidents(): readonly Incident[] {
    return this.#chronicle.incidents
  }

  /** When the network changed the order of messages. */
  get disorders(): readonly Disorder[] {
    return this.#chronicle.disorders
  }

  /** What each node still held when it had closed, by `stop` or `close`: nothing, if all is well. */
  get remains(): readonly Remains[] {
    return this.#chronicle.remains
  }

  /** How often each kind of trouble was made so far. */
  get injected(): InjectionCounts {
    return this.#network.injections.counts
  }

  /** How much was simulated: events, and the turns of the real event loop that they took. */
  get work(): { readonly events: number; readonly turns: number } {
    return { events: this.#scheduler.runs, turns: this.#turns.turns }
  }

  /** The SHA-256 of the trace. */
  traceHash(): string {
    return this.#trace.hash()
  }

  /** The public API of a node that is up. */
  node(name: string): Node {
    const node = this.#nodes.get(name)
    assert(node !== undefined, `node "${name}" is not up at ${this.now} ms`)
    return node
  }

  /** Whether the node has started, and neither crashed nor been stopped. */
  isUp(name: string): boolean {
    return this.#nodes.has(name)
  }

  /** Starts a client of a node on a host of its own, "client-1" and so on, which can be cut off like a node. */
  async client(nodeName: string): Promise<Client> {
    this.#clients += 1
    const member = new Member(this.#network, this.seed, `client-${this.#clients}`)
    this.#members.set(member.name, member)
    const { world, note } = member.boot()
    const target = { name: nodeName, address: endpointOf(nodeName) }
    const log = this.#logger(member.name, note)
    const shared = sharedSettings(this.#options, CLIENT_NAME)
    const name = shared.security && CLIENT_NAME
    return await startClient({ ...shared, name, target, log, timeoutMs: 0 }, world)
  }

  /** Lets `ms` of virtual time pass. Rejects with what a node threw. */
  async run(ms: number): Promise<void> {
    refuse('run the simulation', wholeFaults('the time', ms))
    await this.#go(this.now + ms)
  }

  /** Runs until the condition holds; rejects with the seed and the time when it does not within `maxMs`. */
  async runUntil(condition: () => boolean, maxMs: number): Promise<void> {
    if (await this.#go(this.now + maxMs, condition)) return
    throw new Error(`Not reached within ${maxMs} ms of virtual time (${this.#where()}): ${condition}`)
  }

  /** Runs until the promise settles, and gives its value. */
  async settle<T>(promise: Promise<T>, maxMs = 60_000): Promise<T> {
    let settled = false
    const settle = (): void => {
      settled = true
    }
    promise.then(settle, settle)
    // In a run that is going on already, for instance in a handler, the promise settles by itself.
    if (!this.#turns.busy && !(await this.#go(this.now + maxMs, () => settled))) {
      throw new Error(`A promise did not settle within ${maxMs} ms of virtual time (${this.#where()})`)
    }
    return await promise
  }

  /** Runs `task` after `ms` of virtual time. With a name, in a turn of that process, or never if it has died by then. */
  after(ms: number, task: () => void, name?: string): void {
    const process = name === undefined ? undefined : this.#member(name).process
    this.#scheduler.at(this.now + ms, () => (process === undefined ? task() : process.runTurn(task)))
  }

  /** Resolves after `ms` of virtual time; for handlers that take a while. With a name, as `after`. */
  sleep(ms: number, name?: string): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve, name))
  }

  /** Cuts all directions between two groups of nodes. */
  partition(some: readonly string[], others: readonly string[]): void {
    this.#network.injections.add('partition')
    for (const one of some) {
      for (const other of others) {
        this.#cut(one, other)
        this.#cut(other, one)
      }
    }
  }

  /** Cuts the direction from one node to another; the way back stays open. */
  cut(from: string, to: string): void {
    this.#network.injections.add('cut')
    this.#cut(from, to)
  }

  #cut(from: string, to: string): void {
    this.#note(`cut ${from} -> ${to}`)
    this.#network.conditions.cut(this.#member(from).name, this.#member(to).name)
  }

  /** Takes away one cut of that direction. */
  mend(from: string, to: string): void {
    this.#note(`mend ${from} -> ${to}`)
    this.#network.conditions.mend(from, to)
  }

  /** Takes one cut away between each two of these groups, as `partition` made them. */
  unite(some: readonly string[], others: readonly string[]): void {
    for (const one of some) {
      for (const other of others) {
        this.mend(one, other)
        this.mend(other, one)
      }
    }
  }

  /** Takes all cuts away. */
  heal(): void {
    this.#note('heal')
    this.#network.conditions.heal()
  }

  /** Changes how the network behaves, everywhere or in one direction. */
  setFaults(faults: Partial<LinkFaults>, direction: Direction = {}): void {
    this.#note(`faults ${JSON.stringify(faults)} ${JSON.stringify(direction)}`)
    this.#network.conditions.set(faults, direction)
    this.#network.injections.add('faults')
    this.#chronicle.order(this.now, this.#network.conditions.reorders)
  }

  /** Changes the clocks of a node from now on: their pace, the wall clock, the monotonic clock. Outlives a restart. */
  skew(name: string, change: ClockSkew): void {
    refuse(`skew the clocks of "${name}"`, skewFaults(change))
    this.#member(name).skew(change)
    this.#incident({ kind: 'skew', name, ...(change.rate === undefined ? {} : { rate: change.rate }) })
    this.#note(`clocks of ${name} ${JSON.stringify(change)}`)
  }

  /** Kills a process: no goodbye, and no promise of it ever settles. */
  crash(name: string): void {
    const member = this.#member(name)
    this.#incident({ kind: 'crash', name })
    this.#nodes.delete(name)
    member.kill()
  }

  /** Starts a node again that has crashed or stopped: a new incarnation. */
  async restart(name: string): Promise<void> {
    await this.settle(this.#begin(name))
  }

  /** As `restart`, for events of the simulation: does not wait. A start that fails fails the run. */
  launch(name: string): void {
    this.#begin(name).catch((error: unknown) => {
      this.after(0, () => {
        throw error
      })
    })
  }

  /** Starts a node without running the simulation; resolves when it is up, and never if it dies before. */
  async #begin(name: string): Promise<void> {
    const member = this.#member(name)
    assert(!member.alive, `node "${name}" is running already`)
    this.#note(`start ${name}`)
    const { process, world, note } = member.boot()
    const start = this.#options.startNode ?? startNode
    const node = await start(this.#settings(name, note), world)
    if (!process.alive) return
    this.#chronicle.incidents.push({ atMs: this.now, kind: 'up', name })
    note(`up as incarnation ${node.incarnation} at ${node.endpoint}`)
    const observed = observedNode(node, note)
    this.#nodes.set(name, observed)
    this.#options.setup?.(observed, name)
    void followEvents(node, note)
  }

  /** Closes a node as its user would, with a goodbye; it does not count as up from here on. Resolves when it is closed. */
  async stop(name: string): Promise<void> {
    const node = this.node(name)
    const member = this.#member(name)
    const { process } = member
    this.#incident({ kind: 'stop', name })
    this.#nodes.delete(name)
    // The call is the process's own: one that is frozen closes when it thaws.
    const closed = new Promise<void>((resolve, reject) => {
      process.turn(() => void node.close().then(resolve, reject))
    })
    await this.settle(closed)
    if (process.alive) this.#bury(member, node)
  }

  /** Stops a process as SIGSTOP does, its I/O thread included. */
  pause(name: string): void {
    this.#incident({ kind: 'pause', name })
    this.#member(name).process.pause()
  }

  /** Lets a paused process go on. */
  resume(name: string): void {
    this.#incident({ kind: 'resume', name })
    this.#member(name).process.resume()
  }

  /** Blocks the event loop of a process for `ms`; its sockets stay alive. */
  stall(name: string, ms: number): void {
    refuse(`stall "${name}"`, wholeFaults('the time', ms))
    const untilMs = this.now + ms
    this.#incident({ kind: 'stall', name, untilMs })
    this.#member(name).process.stall(untilMs)
  }

  /** Closes all nodes that are up, and ends the simulation. */
  async close(): Promise<void> {
    for (const member of this.#members.values()) member.process.resume()
    const closing = [...this.#nodes.values()].map((node) => node.close())
    await this.settle(Promise.all(closing))
    for (const [name, node] of this.#nodes) this.#bury(this.#member(name), node)
    for (const member of this.#members.values()) member.kill()
    this.#nodes.clear()
  }

  /** Ends the process of a node that has closed, and notes what it still held. */
  #bury(member: Member, node: Node): void {
    const { name, remains } = member
    const { incarnation } = node
    const { pending } = node.status()
    this.#chronicle.remains.push({ atMs: this.now, name, incarnation, pending, ...remains })
    member.kill()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #go(limitMs: number, condition?: () => boolean): Promise<boolean> {
    try {
      return await this.#turns.run({ limitMs, condition })
    } catch (error) {
      throw new Error(`Simulation failed (${this.#where()}): ${error}`, { cause: error })
    }
  }

  #settings(name: string, note: Note): NodeSettings {
    return {
      ...sharedSettings(this.#options, name),
      name,
      peers: this.names.map((peer) => ({ name: peer, address: endpointOf(peer) })),
      bind: endpointOf(name),
      statusEveryMs: 180_000,
      log: this.#logger(name, note),
    }
  }

  #logger(name: string, note: Note): Logger {
    return notingLogger(note, (message) => this.#chronicle.errors.push(`${this.now} ms ${name}: ${message}`))
  }

  #member(name: string): Member {
    const member = this.#members.get(name)
    assert(member !== undefined, `nobody in this simulation is called "${name}"`)
    return member
  }

  #incident(incident: Omit<Incident, 'atMs'>): void {
    const { kind, name, untilMs } = incident
    if (kind !== 'up' && kind !== 'resume') this.#network.injections.add(kind)
    this.#chronicle.incidents.push({ atMs: this.now, ...incident })
    this.#note(`${kind} ${name}${untilMs === undefined ? '' : ` until ${untilMs}`}`)
  }

  #note(what: string): void {
    this.#trace.add(this.now, '*', what)
  }

  #where(): string {
    return `seed ${this.seed}, at ${this.now} ms`
  }
}

/** Makes a mesh and starts all of its nodes, at virtual time 0. They have not met yet when this resolves. */
export async function simulate(options: SimOptions): Promise<Simulation> {
  const simulation = new Simulation(options)
  await simulation.start()
  return simulation
}

function endpointOf(name: string): string {
  return `tcp://${name}:7000`
}
