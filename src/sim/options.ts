/**
 * How a simulation is made, and the check of it: all faults are told together, in one sentence each, before anything
 * starts. A typing error in a test would otherwise look like a mesh that survives everything.
 */

import { ZmqnetError } from '../errors.ts'
import type { Node } from '../node/api.ts'
import type { NodeSettings, World } from '../node/world.ts'
import { DEFAULT_MAX_BODY_BYTES } from '../wire/limits.ts'
import { type ClockSkew, skewFaults } from './clock.ts'
import { type LinkFaults, linkFaultsFaults } from './conditions.ts'
import { securityOf } from './keys.ts'

/** Members of one simulation. Each keeps links to all others, so that the work grows with the square. */
const MAX_NODES = 256
/** With less between two heartbeats a simulation is all heartbeats. */
const MIN_TICK_MS = 10

const DEFAULT_TICK_MS = 500
/** The name of every simulated mesh. */
const NETWORK_NAME = 'sim'

/** How a simulation is made. */
export interface SimOptions {
  /** Fixes everything that chance decides. An integer; counts modulo 2^32. */
  readonly seed: number
  /** The names of the members, in lower case: letters, digits and hyphens. 1 to 256 of them. */
  readonly nodes: readonly string[]
  /** How the network behaves at first. Default: 1 to 10 ms, nothing lost, repeated or reordered. */
  readonly network?: Partial<LinkFaults>
  /** How the clocks of some nodes go at first, by name. Default: all right. */
  readonly clocks?: { readonly [name: string]: ClockSkew }
  /** The shortest time between two heartbeats of a node, in milliseconds. Default 500. */
  readonly tickMs?: number
  /**
   * Nodes that share a machine, by its name: their links take shortcuts. Default: each node has a machine of its own.
   * Cuts go between nodes, not machines: they separate two nodes of one machine, too.
   */
  readonly machines?: Readonly<Record<string, readonly string[]>>
  /** How large bodies are cut. Default: as in the real world, from half a MiB on. */
  readonly pace?: NodeSettings['pace']
  /** Bytes that may be in flight in one direction of a connection before its sender is held up. Default 8 MiB. */
  readonly queueBytes?: number
  /**
   * Whether nodes and clients prove who they are, with keys from the seed. Default false. Nothing is encrypted. Clients
   * are then all called "client".
   */
  readonly secure?: boolean
  /** Called for each node when it has started, and again after each restart: sets its handlers. */
  readonly setup?: (node: Node, name: string) => void
  /** What starts a node. Default: the production node. */
  readonly startNode?: (settings: NodeSettings, world: World) => Promise<Node>
}

const KNOWN: readonly string[] = [
  'seed',
  'nodes',
  'network',
  'clocks',
  'tickMs',
  'machines',
  'pace',
  'queueBytes',
  'secure',
  'setup',
  'startNode',
] satisfies (keyof SimOptions)[]

/** Throws INVALID_ARGUMENT with everything that is wrong with the options. */
export function checkOptions(options: SimOptions): void {
  refuse('make this simulation', [
    ...Object.keys(options).flatMap((key) => (KNOWN.includes(key) ? [] : [`"${key}" is no option`])),
    ...(Number.isSafeInteger(options.seed) ? [] : [`seed is a whole number, not ${options.seed}`]),
    ...nodesFaults(options.nodes),
    ...linkFaultsFaults(options.network ?? {}),
    ...clocksFaults(options),
    ...machinesFaults(options),
    ...wholeFaults('tickMs', options.tickMs ?? MIN_TICK_MS, MIN_TICK_MS),
    ...wholeFaults('queueBytes', options.queueBytes ?? 1, 1),
    ...(typeof (options.secure ?? false) === 'boolean' ? [] : ['secure is true or false']),
    ...(['setup', 'startNode'] as const).flatMap((key) =>
      options[key] === undefined || typeof options[key] === 'function' ? [] : [`${key} is a function`],
    ),
  ])
}

/** What all nodes and clients of a simulation have in common, and the keys of this one. */
export function sharedSettings(
  { tickMs = DEFAULT_TICK_MS, pace, seed, nodes, secure }: SimOptions,
  name: string,
) {
  const security = secure === true ? securityOf(seed, nodes, name) : undefined
  return {
    network: NETWORK_NAME,
    tickMs,
    sameHost: true,
    maxBodyBytes: DEFAULT_MAX_BODY_BYTES,
    pace,
    security,
  }
}

/** The machine that a node shares with others; empty when it has its own. */
export function machineOf({ machines = {} }: SimOptions, name: string): string {
  return Object.keys(machines).find((machine) => machines[machine]?.includes(name)) ?? ''
}

/** Throws INVALID_ARGUMENT when there are faults: "Cannot ACTION: ...; ...". */
export function refuse(action: string, faults: readonly string[]): void {
  if (faults.length > 0) {
    throw new ZmqnetError({ code: 'INVALID_ARGUMENT', message: `Cannot ${action}: ${faults.join('; ')}` })
  }
}

/** Nothing, or the sentence that says that this is no whole number from `least` on. */
export function wholeFaults(name: string, value: number, least = 0): string[] {
  return Number.isSafeInteger(value) && value >= least
    ? []
    : [`${name} is a whole number from ${least}, not ${value}`]
}

function nodesFaults(nodes: readonly string[]): string[] {
  if (!Array.isArray(nodes) || nodes.length === 0 || nodes.length > MAX_NODES) {
    return [`nodes is a list of 1 to ${MAX_NODES} names`]
  }
  return nodes.flatMap((name, index) => {
    if (!/^[a-z0-9][a-z0-9-]*$/.test(name))
      return [`"${name}" is no name for a simulated node: use lower case`]
    return nodes.indexOf(name) === index ? [] : [`two simulated nodes are called "${name}"`]
  })
}

function machinesFaults({ machines = {}, nodes }: SimOptions): string[] {
  return Object.values(machines)
    .flat()
    .flatMap((name) => (nodes.includes(name) ? [] : [`machines names "${name}", which is no node`]))
}

function clocksFaults({ clocks = {}, nodes }: SimOptions): string[] {
  return Object.entries(clocks).flatMap(([name, skew]) =>
    nodes.includes(name)
      ? skewFaults(skew).map((fault) => `clocks.${name}.${fault}`)
      : [`clocks has "${name}", and no node is called so`],
  )
}
