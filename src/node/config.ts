/**
 * Where settings come from: the peers file on disk, the environment, the options of a program. What is given wins over
 * PEERS_PATH, which wins over ./peers.json. Everything that is wrong is told in one error of code CONFIG, whose message
 * lists every fault with its path.
 *
 * The rules of the file itself are in src/discovery/, which touches no disk. Nothing is read twice or watched here.
 */

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { DEFAULT_PEER_BYTES, HIGHEST_PEER_BYTES, LOWEST_PEER_BYTES } from '../base/peer-total.ts'
import { bindEndpoint, parseAddress, parseBindAddress } from '../discovery/endpoint.ts'
import { found } from '../discovery/found.ts'
import { jsonFault } from '../discovery/json-fault.ts'
import {
  type Fault,
  type PeersFileResult,
  parsePeersFile,
  parsePeersObject,
  readSameHost,
  readTickMs,
} from '../discovery/peers-file.ts'
import { misspelt } from '../discovery/spelling.ts'
import { ZmqnetError } from '../errors.ts'
import { DEFAULT_MAX_BODY_BYTES, HIGHEST_MAX_BODY_BYTES, LOWEST_MAX_BODY_BYTES } from '../wire/limits.ts'
import type { ConnectOptions, NodeOptions, PeerConfig, PeersConfig } from './api.ts'
import type { NodeSettings } from './world.ts'

/** The environment variables that are looked at: PEERS_PATH. */
export type Environment = Readonly<Record<string, string | undefined>>

export const DEFAULT_PEERS_PATH = './peers.json'
export const DEFAULT_NETWORK = 'zmqnet'
export const DEFAULT_TICK_MS = 500
export const DEFAULT_STATUS_EVERY_MS = 180_000
export const DEFAULT_SAME_HOST = true

/** Nobody reads more; the rest is counted. */
const MAX_FAULTS_SHOWN = 20

/**
 * Reads who is in the mesh. `source` is a path, or the list itself; without it, the path in PEERS_PATH, else
 * ./peers.json. In the answer, every address is a ZeroMQ endpoint and every setting is checked. Throws a ZmqnetError of
 * code CONFIG that lists all faults.
 */
export function loadPeers(source?: string | PeersConfig, env: Environment = process.env): PeersConfig {
  if (source !== undefined && typeof source !== 'string')
    return accept('the peers option', parsePeersObject(source))
  const { path, origin } = whichFile(source, env)
  const title = `the peers file ${JSON.stringify(path)}${origin}`
  return accept(title, parsePeersFile(parseJson(readText(path, origin, title), title)))
}

/** Finds a peer by name. Throws a ZmqnetError of code CONFIG that lists the known names. */
export function findPeer(config: PeersConfig, name: string): PeerConfig {
  const peer = config.peers.find((candidate) => candidate.name === name)
  if (peer === undefined) throw configError(unknownName(config, name))
  return peer
}

/**
 * What a node needs to know, from its options, the environment and the defaults. `log` stays undefined: making a logger
 * is the caller's part. Throws a ZmqnetError of code CONFIG that lists all faults.
 */
export function resolveNodeSettings(options: NodeOptions, env: Environment = process.env): NodeSettings {
  const config = loadPeers(options.peers, env)
  const faults: Fault[] = []
  const report = (path: string, message: string) => faults.push({ path, message })
  const self = config.peers.find((peer) => peer.name === options.name)
  if (self === undefined) report('name', unknownName(config, options.name))
  const bind = chooseBind(options.bind, self, report)
  const tickMs = readTickMs(options.tick, 'tick', report) ?? config.tickMs ?? DEFAULT_TICK_MS
  const statusEveryMs = options.statusEvery ?? DEFAULT_STATUS_EVERY_MS
  if (!(statusEveryMs >= 1000))
    report('statusEvery', `expected at least 1000 milliseconds, ${found(statusEveryMs)}`)
  const sameHost = readSameHost(options.sameHost, 'sameHost', report) ?? config.sameHost ?? DEFAULT_SAME_HOST
  const maxBodyBytes = readMaxBody(options.maxBody, report)
  const maxPeerBytes = readMaxPerPeer(options.maxPerPeer, report)
  if (faults.length > 0) throw configError(describe('the node options', faults))
  return {
    name: options.name,
    network: config.network ?? DEFAULT_NETWORK,
    peers: config.peers,
    bind,
    tickMs,
    statusEveryMs,
    sameHost,
    maxBodyBytes,
    maxPeerBytes,
    log: undefined,
  }
}

/** What the options of a client and its peers list come to. Throws a ZmqnetError of code CONFIG with every fault. */
export function resolveClientOptions(
  options: ConnectOptions,
  config: PeersConfig,
): { readonly sameHost: boolean; readonly maxBodyBytes: number; readonly maxPeerBytes: number } {
  const faults: Fault[] = []
  const report = (path: string, message: string): unknown => faults.push({ path, message })
  const sameHost = readSameHost(options.sameHost, 'sameHost', report) ?? config.sameHost ?? DEFAULT_SAME_HOST
  const maxBodyBytes = readMaxBody(options.maxBody, report)
  const maxPeerBytes = readMaxPerPeer(options.maxPerPeer, report)
  if (faults.length > 0) throw configError(describe('the client options', faults))
  return { sameHost, maxBodyBytes, maxPeerBytes }
}

function readMaxPerPeer(
  option: number | undefined,
  report: (path: string, message: string) => unknown,
): number {
  const bytes = option ?? DEFAULT_PEER_BYTES
  if (Number.isInteger(bytes) && bytes >= LOWEST_PEER_BYTES && bytes <= HIGHEST_PEER_BYTES) return bytes
  const range = `${LOWEST_PEER_BYTES} to ${HIGHEST_PEER_BYTES}`
  report('maxPerPeer', `expected a whole number of bytes from ${range}, ${found(bytes)}`)
  return DEFAULT_PEER_BYTES
}

function readMaxBody(option: number | undefined, report: (path: string, message: string) => unknown): number {
  const bytes = option ?? DEFAULT_MAX_BODY_BYTES
  const isFit = Number.isInteger(bytes) && bytes >= LOWEST_MAX_BODY_BYTES && bytes <= HIGHEST_MAX_BODY_BYTES
  if (isFit) return bytes
  const range = `${LOWEST_MAX_BODY_BYTES} to ${HIGHEST_MAX_BODY_BYTES}`
  report('maxBody', `expected a whole number of bytes from ${range}, ${found(bytes)}`)
  return DEFAULT_MAX_BODY_BYTES
}

/** A node binds what its peers dial, unless it is told otherwise. */
function chooseBind(
  option: string | undefined,
  self: PeerConfig | undefined,
  report: (path: string, message: string) => void,
): string {
  const result =
    option === undefined ? parseAddress(self?.address ?? '127.0.0.1:1') : parseBindAddress(option)
  if (result.ok) return bindEndpoint(result.address)
  report('bind', result.message)
  return ''
}

function unknownName(config: PeersConfig, name: unknown): string {
  const names = config.peers.map((peer) => peer.name)
  const meant = typeof name === 'string' ? misspelt(name, names) : undefined
  const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`
  const listed = names.slice(0, MAX_FAULTS_SHOWN).join(', ')
  const more = names.length > MAX_FAULTS_SHOWN ? `, and ${names.length - MAX_FAULTS_SHOWN} more` : ''
  return `No peer is called ${typeof name === 'string' ? JSON.stringify(name) : found(name)}; the peers are ${listed}${more}${hint}`
}

function whichFile(source: string | undefined, env: Environment): { path: string; origin: string } {
  if (source !== undefined) return { path: source, origin: '' }
  const fromEnv = env.PEERS_PATH
  if (fromEnv !== undefined && fromEnv !== '') return { path: fromEnv, origin: ' (from PEERS_PATH)' }
  return { path: DEFAULT_PEERS_PATH, origin: ' (the default)' }
}

function readText(path: string, origin: string, title: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause)
    const wanted = origin === ' (the default)' ? '; name one with -p PATH or PEERS_PATH=PATH' : ''
    const place = resolve(path) === path ? '' : `; looked in ${process.cwd()}`
    if (code === 'ENOENT') throw configError(`${capital(title)} does not exist${place}${wanted}`, cause)
    if (code === 'EISDIR') throw configError(`${capital(title)} is a directory; name the file in it`, cause)
    if (code === 'EACCES') throw configError(`${capital(title)} cannot be read: permission denied`, cause)
    throw configError(`${capital(title)} cannot be read: ${code}`, cause)
  }
}

function parseJson(text: string, title: string): unknown {
  // Some editors put a byte order mark in front, which is no part of JSON.
  const clean = text.startsWith('\uFEFF') ? text.slice(1) : text
  if (clean.trim() === '') throw configError(`${capital(title)} is empty`)
  try {
    return JSON.parse(clean)
  } catch (cause) {
    const fault = jsonFault(clean)
    const where =
      fault === undefined ? String(cause) : `line ${fault.line}, column ${fault.column}: ${fault.message}`
    throw configError(`${capital(title)} is not JSON: ${where}`, cause)
  }
}

function accept(title: string, result: PeersFileResult): PeersConfig {
  if (!result.ok) throw configError(describe(title, result.faults))
  return result.config
}

/** One fault stands on the line of the title; several stand below it, one on each line. */
function describe(title: string, faults: readonly Fault[]): string {
  const lines = faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
  if (lines.length === 1) return `Fault in ${title}: ${lines[0]}`
  const shown = lines.slice(0, MAX_FAULTS_SHOWN)
  const more = lines.length > shown.length ? [`and ${lines.length - shown.length} more`] : []
  return [`${lines.length} faults in ${title}:`, ...shown, ...more].join('\n  ')
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}

function configError(message: string, cause?: unknown): ZmqnetError {
  return new ZmqnetError({ code: 'CONFIG', message, safeToRetry: false, cause })
}
