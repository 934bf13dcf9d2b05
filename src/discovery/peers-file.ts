/**
 * The peers file: who is in the mesh and where to dial each. Two shapes are in use, and both are read:
 *
 *   {"info": {"network"}, "replicas": [{"pid", "name", "address", "host", "ipaddr", "port"}]}
 *   {"tick": "500ms", "log_level": 2, "peers": [{"pid", "name", "ip_address", "port"}]}
 *
 * The file is read whole: all faults come in one answer, each with its path, what was expected and what was found. Fields
 * that are not known are left alone, since the usual files have more of them; but one that looks like a slip of the pen
 * for a known field that is missing is a fault, because it would be ignored in silence. This file reads values that were
 * parsed already; src/node/config.ts reads the disk.
 */

import { NAME_RULE } from '../wire/names.ts'
import { readDuration } from './duration.ts'
import { type AddressResult, dialEndpoint, joinHostAndPort, parseAddress } from './endpoint.ts'
import {
  claim,
  type Fault,
  type Fields,
  INFO_FIELDS,
  isFields,
  PEER_FIELDS,
  type Report,
  readOneName,
  reportMisspelt,
  type Style,
  spellings,
  TOP_FIELDS,
} from './fields.ts'
import { found } from './found.ts'
import { type KeyEntry, readKeyFields } from './key-fields.ts'
import { checkKeys, type Owners, type Parties, readParties } from './parties.ts'

export type { Fault } from './fields.ts'

/** A member, as the file describes it. */
export interface PeerEntry extends KeyEntry {
  readonly name: string
  /** The ZeroMQ endpoint that the others dial. */
  readonly address: string
  /** What its machine calls itself. */
  readonly host?: string
  /** The number or name that other tools give it; the mesh does not use it. */
  readonly pid?: number | string
}

/** What a peers file says. A setting is absent when the file does not mention it. */
export interface PeersFile extends Parties {
  readonly peers: readonly PeerEntry[]
  readonly network?: string
  readonly tickMs?: number
  readonly logLevel?: number
  readonly sameHost?: boolean
}

export type PeersFileResult =
  | { readonly ok: true; readonly config: PeersFile }
  | { readonly ok: false; readonly faults: readonly Fault[] }

/** A full mesh has a socket to each peer on each node; beyond this many, a file of all peers is the wrong tool. */
export const MAX_PEERS = 4096
/** Below this a heartbeat costs more than it tells; above it a dead peer goes unnoticed for minutes. */
export const MIN_TICK_MS = 10
export const MAX_TICK_MS = 60_000
/** What programs write at the top, where it differs from the file. */
const OBJECT_FIELDS: readonly string[] = [
  ...TOP_FIELDS.filter((field) => !['tick', 'log_level', 'same_host'].includes(field)),
  'tickMs',
  'logLevel',
  'sameHost',
]
/** The words for the levels 0 to 3. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const

/** Reads the parsed JSON of a peers file. */
export function parsePeersFile(json: unknown): PeersFileResult {
  return read(json, 'file', (fields, report) => ({
    tickMs: readTick(fields.tick, report),
    logLevel: readLogLevel(fields.log_level, 'log_level', report),
    sameHost: readSameHost(fields.same_host, 'same_host', report),
  }))
}

/** Reads what a program gives in place of a file: a `PeersConfig`, or the JSON of a peers file that it read itself. */
export function parsePeersObject(value: unknown): PeersFileResult {
  return read(value, 'object', (fields, report) => ({
    tickMs: readTickMs(fields.tickMs, 'tickMs', report) ?? readTick(fields.tick, report),
    logLevel:
      readLogLevel(fields.logLevel, 'logLevel', report) ??
      readLogLevel(fields.log_level, 'log_level', report),
    sameHost:
      readSameHost(fields.sameHost, 'sameHost', report) ??
      readSameHost(fields.same_host, 'same_host', report),
  }))
}

/** Checks whether peers on one machine are to talk over ipc, wherever that was said. */
export function readSameHost(value: unknown, path: string, report: Report): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value
  report(path, `expected true or false, ${found(value)}`)
  return undefined
}

/** Checks a tick in milliseconds, wherever it was given. */
export function readTickMs(value: unknown, path: string, report: Report): number | undefined {
  if (value === undefined || isTick(value)) return value
  report(
    path,
    `expected a whole number of milliseconds from ${MIN_TICK_MS} to ${MAX_TICK_MS}, ${found(value)}`,
  )
  return undefined
}

type Settings = {
  readonly tickMs: number | undefined
  readonly logLevel: number | undefined
  readonly sameHost: boolean | undefined
}

function read(
  json: unknown,
  style: Style,
  readSettings: (fields: Fields, report: Report) => Settings,
): PeersFileResult {
  const faults: Fault[] = []
  const report: Report = (path, message) => faults.push({ path, message })
  if (!isFields(json)) {
    report('', `expected an object with a list "replicas" or "peers", ${found(json)}`)
    return { ok: false, faults }
  }
  const known = style === 'file' ? TOP_FIELDS : OBJECT_FIELDS
  // Where one of the two lists is there, nothing can be meant for the other.
  const hasList = json.replicas !== undefined || json.peers !== undefined
  const candidates = hasList ? known.filter((name) => name !== 'replicas' && name !== 'peers') : known
  reportMisspelt(json, candidates, '', report)
  const network = readNetwork(json, report)
  const { tickMs, logLevel, sameHost } = readSettings(json, report)
  const owners = { names: new Map(), keys: new Map(), addresses: new Map() }
  const peers = readPeers(json, style, owners, report)
  const parties = readParties(json, style, owners, report)
  if (faults.length === 0)
    checkKeys({ peers, ...parties }, json.replicas === undefined ? 'peers' : 'replicas', style, report)
  if (faults.length > 0) return { ok: false, faults }
  const config = {
    peers,
    ...parties,
    ...(network === undefined ? {} : { network }),
    ...(tickMs === undefined ? {} : { tickMs }),
    ...(logLevel === undefined ? {} : { logLevel }),
    ...(sameHost === undefined ? {} : { sameHost }),
  }
  return { ok: true, config }
}

function readNetwork(fields: Fields, report: Report): string | undefined {
  const { info } = fields
  if (info !== undefined && !isFields(info)) report('info', `expected an object, ${found(info)}`)
  const inner = isFields(info) ? info : {}
  reportMisspelt(inner, INFO_FIELDS, 'info.', report)
  const outer = readOneName(fields.network, 'network', report)
  const nested = readOneName(inner.network, 'info.network', report)
  if (outer !== undefined && nested !== undefined && outer !== nested) {
    report('network', `expected the same as info.network (${JSON.stringify(nested)}), ${found(outer)}`)
  }
  return outer ?? nested
}

function readTick(value: unknown, report: Report): number | undefined {
  if (value === undefined) return undefined
  const duration = readDuration(value)
  if (!duration.ok) report('tick', duration.message)
  else if (isTick(duration.ms)) return duration.ms
  else report('tick', `expected ${MIN_TICK_MS}ms to ${MAX_TICK_MS / 1000}s, ${found(value)}`)
  return undefined
}

function isTick(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= MIN_TICK_MS && Number(value) <= MAX_TICK_MS
}

function readLogLevel(value: unknown, path: string, report: Report): number | undefined {
  if (value === undefined) return undefined
  const level = typeof value === 'string' ? LOG_LEVELS.indexOf(value as (typeof LOG_LEVELS)[number]) : value
  if (typeof level === 'number' && LOG_LEVELS[level] !== undefined) return level
  report(path, `expected 0 to 3, or one of ${LOG_LEVELS.join(', ')}, ${found(value)}`)
  return undefined
}

function readPeers(fields: Fields, style: Style, owners: Places, report: Report): readonly PeerEntry[] {
  const { replicas, peers } = fields
  if (replicas !== undefined && peers !== undefined) {
    report('', 'expected one list, "replicas" or "peers", found both')
    return []
  }
  const listName = replicas === undefined ? 'peers' : 'replicas'
  const list = replicas ?? peers
  if (!Array.isArray(list) || list.length === 0) {
    const where = list === undefined ? '' : listName
    report(where, `expected a list "replicas" or "peers" with at least one entry, ${found(list)}`)
    return []
  }
  if (list.length > MAX_PEERS) {
    report(listName, `expected at most ${MAX_PEERS} entries, found ${list.length}`)
    return []
  }
  return list.flatMap((value, index) => {
    const path = `${listName}[${index}]`
    if (isFields(value)) return readPeer(value, path, style, owners, report)
    report(path, `expected an object, ${found(value)}`)
    return []
  })
}

/** Which entry has a name, a key or an address already, by its path. */
type Places = Owners & { readonly addresses: Map<string, string> }

function readPeer(
  fields: Fields,
  path: string,
  style: Style,
  owners: Places,
  report: Report,
): readonly PeerEntry[] {
  const known = PEER_FIELDS.flatMap((field) => spellings(field, style))
  reportMisspelt(fields, known, `${path}.`, report)
  const name = readOneName(fields.name, `${path}.name`, report)
  if (fields.name === undefined) report(`${path}.name`, `expected ${NAME_RULE}, found nothing`)
  if (name !== undefined) claim(owners.names, name, path, `${path}.name`, report)
  const host = readText(fields, 'host', path, report)
  const pid = readPid(fields.pid, path, report)
  const dial = readDial(fields, path, report)
  if (dial !== undefined) claim(owners.addresses, dial.endpoint, path, dial.path, report)
  const keys = readKeyFields(fields, path, style, owners.keys, report)
  if (name === undefined || dial === undefined) return []
  const entry = { name, address: dial.endpoint, ...keys }
  return [{ ...entry, ...(host === undefined ? {} : { host }), ...(pid === undefined ? {} : { pid }) }]
}

/** Where a peer is dialled: `address`; else `ipaddr` or `ip_address` with `port`; else `host` with `port`. */
function readDial(
  fields: Fields,
  path: string,
  report: Report,
): { readonly endpoint: string; readonly path: string } | undefined {
  const address = readText(fields, 'address', path, report)
  const ip = readText(fields, 'ipaddr', path, report) ?? readText(fields, 'ip_address', path, report)
  const port = readPort(fields, path, report)
  const host = ip ?? (typeof fields.host === 'string' && fields.host !== '' ? fields.host : undefined)
  if (address !== undefined) return finish(readAddress(address, port), `${path}.address`, report)
  // A field that is there with a wrong type was reported already; a second complaint would only confuse.
  if (!isTextOrAbsent(fields.address)) return undefined
  if (host === undefined) {
    if ([fields.ipaddr, fields.ip_address, fields.host].every(isTextOrAbsent)) {
      report(
        `${path}.address`,
        'expected "host:port" (or "ipaddr" and "port", or "host" and "port"), found nothing',
      )
    }
    return undefined
  }
  if (port === undefined) {
    if (fields.port === undefined) report(`${path}.port`, 'expected a port from 1 to 65535, found nothing')
    return undefined
  }
  const field = ip === undefined ? 'host' : fields.ipaddr === ip ? 'ipaddr' : 'ip_address'
  const joined = joinHostAndPort(host, port)
  return finish(joined, joined.ok ? `${path}.port` : `${path}.${field}`, report)
}

/** An address without a port takes it from `port`; one with a port does not care what `port` says. */
function readAddress(address: string, port: number | undefined): AddressResult {
  const result = parseAddress(address)
  if (result.ok || port === undefined) return result
  const joined = joinHostAndPort(address, port)
  return joined.ok ? joined : result
}

function finish(
  result: AddressResult,
  path: string,
  report: Report,
): { readonly endpoint: string; readonly path: string } | undefined {
  if (result.ok) return { endpoint: dialEndpoint(result.address), path }
  report(path, result.message)
  return undefined
}

/** A text that is optional; an empty one, which some tools write for "none", counts as absent. */
function readText(fields: Fields, name: string, path: string, report: Report): string | undefined {
  const value = fields[name]
  if (value === undefined || value === '') return undefined
  if (typeof value === 'string') return value
  report(`${path}.${name}`, `expected a text, ${found(value)}`)
  return undefined
}

function readPort(fields: Fields, path: string, report: Report): number | undefined {
  const { port } = fields
  if (port === undefined) return undefined
  if (typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65535) return port
  report(`${path}.port`, `expected a port from 1 to 65535, ${found(port)}`)
  return undefined
}

function readPid(value: unknown, path: string, report: Report): number | string | undefined {
  if (value === undefined || typeof value === 'string') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  report(`${path}.pid`, `expected a whole number or a text, ${found(value)}`)
  return undefined
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}
