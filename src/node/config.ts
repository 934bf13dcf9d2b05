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
import { bindEndpoint, isLocal, parseAddress, parseBindAddress } from '../discovery/endpoint.ts'
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
import { isSecure } from '../discovery/trust.ts'
import type { SecuritySettings } from '../security/policy.ts'
import { DEFAULT_MAX_BODY_BYTES, HIGHEST_MAX_BODY_BYTES, LOWEST_MAX_BODY_BYTES } from '../wire/limits.ts'
import type { ConnectOptions, NodeOptions, PeerConfig, PeersConfig } from './api.ts'
import { capital, configError, describeFaults, MAX_FAULTS_SHOWN } from './config-error.ts'
import { rereadingOf } from './rereading.ts'
import { resolveClient, resolveSecurity } from './security-config.ts'
import type { NodeSettings } from './world.ts'

/** The environment variables that are looked at: PEERS_PATH and ZMQNET_KEY. */
export type Environment = Readonly<Record<string, string | undefined>>

export const DEFAULT_PEERS_PATH = './peers.json'
export const DEFAULT_NETWORK = 'zmqnet'
export const DEFAULT_TICK_MS = 500
export const DEFAULT_STATUS_EVERY_MS = 180_000
export const DEFAULT_SAME_HOST = true

/**
 * Reads who is in the mesh. `source` is a path, or the list itself; without it, the path in PEERS_PATH, else
 * ./peers.json. In the answer, every address is a ZeroMQ endpoint and every setting is checked. Throws a ZmqnetError of
 * code CONFIG that lists all faults.
 */
export function loadPeers(source?: string | PeersConfig, env: Environment = process.env): PeersConfig {
  if (source !== undefined && typeof source !== 'string')
    return withPath(accept('the peers option', parsePeersObject(source)), source.path)
  const { path, origin } = whichFile(source, env)
  const title = `the peers file ${JSON.stringify(path)}${origin}`
  return withPath(accept(title, parsePeersFile(parseJson(readText(path, origin, title), title))), path)
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
  const isOpen = !isSecure(config) && bind !== '' && !isLocal(bind)
  if (isOpen && options.insecure !== true) report('bind', notWithoutKeys(bind))
  const tickMs = readTickMs(options.tick, 'tick', report) ?? config.tickMs ?? DEFAULT_TICK_MS
  const statusEveryMs = options.statusEvery ?? DEFAULT_STATUS_EVERY_MS
  if (!(statusEveryMs >= 1000))
    report('statusEvery', `expected at least 1000 milliseconds, ${found(statusEveryMs)}`)
  const sameHost = readSameHost(options.sameHost, 'sameHost', report) ?? config.sameHost ?? DEFAULT_SAME_HOST
  const maxBodyBytes = readMaxBody(options.maxBody, report)
  const maxPeerBytes = readMaxPerPeer(options.maxPerPeer, report)
  if (faults.length > 0) throw configError(describeFaults('the node options', faults))
  const security = resolveSecurity(options.name, 'node', config, options.key, env)
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
    isOpen,
    security,
    rereading: security && rereadingOf(options, config, env, (path) => loadPeers(path, env)),
    log: undefined,
  }
}

/** What a client needs to know of its options; a name and keys in secure mode. */
interface ClientConfigured {
  readonly sameHost: boolean
  readonly maxBodyBytes: number
  readonly maxPeerBytes: number
  readonly name: string | undefined
  readonly security: SecuritySettings | undefined
}

/** What the options of a client and its peers list come to. Throws a ZmqnetError of code CONFIG with every fault. */
export function resolveClientOptions(
  options: ConnectOptions,
  config: PeersConfig,
  env: Environment = process.env,
): ClientConfigured {
  const faults: Fault[] = []
  const report = (path: string, message: string): unknown => faults.push({ path, message })
  const sameHost = readSameHost(options.sameHost, 'sameHost', report) ?? config.sameHost ?? DEFAULT_SAME_HOST
  const maxBodyBytes = readMaxBody(options.maxBody, report)
  const maxPeerBytes = readMaxPerPeer(options.maxPerPeer, report)
  if (faults.length > 0) throw configError(describeFaults('the client options', faults))
  const party = resolveClient(config, options.key, env)
  return { sameHost, maxBodyBytes, maxPeerBytes, name: party?.name, security: party?.security }
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

function notWithoutKeys(bind: string): string {
  return (
    `listening on ${bind} without keys lets in everybody who reaches it; give all members keys ` +
    '(zmqnet keys new, zmqnet keys trust), listen on 127.0.0.1, or allow it with insecure: true (serve --insecure)'
  )
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

function withPath(config: PeersConfig, path: unknown): PeersConfig {
  return typeof path === 'string' ? { ...config, path } : config
}

function accept(title: string, result: PeersFileResult): PeersConfig {
  if (!result.ok) throw configError(describeFaults(title, result.faults))
  return result.config
}
