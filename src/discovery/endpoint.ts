/**
 * Addresses: from what people write ("host:port", or a ZeroMQ endpoint) to the endpoint that peers dial and the one that
 * a node binds, which is not the same: a node can be dialled by its host name, but it can only bind an address of its
 * machine.
 *
 * What is accepted: "10.0.0.7:7001", "alpha.example:7001", "[fd00::7]:7001", "tcp://..." of the same, "ipc:///run/alpha".
 * Names are not resolved here; ZeroMQ does that each time it dials.
 */

import { found } from './found.ts'

/** An address, taken apart. A host is an IPv4 address, an IPv6 address without brackets, a name, or "*". */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'ipc'; readonly path: string }

export type AddressResult =
  | { readonly ok: true; readonly address: Address }
  | { readonly ok: false; readonly message: string }

/** The longest path that fits into a Unix socket's address on Linux, in bytes, with its closing zero left out. */
const MAX_IPC_PATH_BYTES = 107
const EXPECTED = 'expected "host:port" or an endpoint such as "tcp://10.0.0.7:7001"'

/** Reads an address that peers can dial: no wildcard, no port 0. */
export function parseAddress(text: unknown): AddressResult {
  const result = parseBindAddress(text)
  if (!result.ok || result.address.kind === 'ipc') return result
  if (isWildcard(result.address.host)) {
    return refuse(text, 'expected an address that peers can dial, not a wildcard')
  }
  return result.address.port === 0 ? refuse(text, 'expected a port from 1 to 65535') : result
}

/** Reads an address to listen on: also "*:7001", ":7001", "0.0.0.0:7001" for all interfaces, and port 0 for a free one. */
export function parseBindAddress(text: unknown): AddressResult {
  if (typeof text !== 'string' || text === '') return refuse(text, EXPECTED)
  const [, scheme, rest] = /^(?:([a-z]+):\/\/)?(.*)$/s.exec(text) ?? []
  if (rest === undefined) return refuse(text, EXPECTED)
  if (scheme === 'ipc') return parseIpc(text, rest)
  if (scheme !== undefined && scheme !== 'tcp') {
    return refuse(text, `expected "tcp://" or "ipc://", not "${scheme}://"`)
  }
  const parts = /^(?:\[([^\]]*)\]|([^:]*)):([^:]*)$/.exec(rest)
  if (parts === null)
    return refuse(text, looksLikeIpv6(rest) ? 'expected brackets around an IPv6 address' : EXPECTED)
  const [, bracketed, plain, portText = ''] = parts
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : Number.NaN
  if (!(port <= 65535)) return refuse(text, 'expected a port from 1 to 65535')
  if (bracketed !== undefined) {
    return isIpv6(bracketed) ? tcp(bracketed, port) : refuse(text, 'expected an IPv6 address in the brackets')
  }
  if (plain === '' || plain === '*') return tcp('*', port)
  const fault = hostFault(plain)
  return fault === undefined ? tcp(plain as string, port) : refuse(text, fault)
}

/** Reads a host and a port that stand apart. An IPv6 address may come with or without brackets. */
export function joinHostAndPort(host: string, port: number): AddressResult {
  return parseAddress(isIpv6(host) ? `[${host}]:${port}` : `${host}:${port}`)
}

/** The endpoint that peers dial. "localhost" becomes 127.0.0.1, so that both sides mean the same address. */
export function dialEndpoint(address: Address): string {
  if (address.kind === 'ipc') return `ipc://${address.path}`
  const { host, port } = address
  if (host.toLowerCase() === 'localhost') return `tcp://127.0.0.1:${port}`
  return isIpv6(host) ? `tcp://[${host.toLowerCase()}]:${port}` : `tcp://${host.toLowerCase()}:${port}`
}

/**
 * The endpoint that a node binds so that its peers reach it at `address`: loopback stays loopback and an IP address
 * stays itself; a host name becomes all interfaces, because it may resolve to something else on the machine itself.
 */
export function bindEndpoint(address: Address): string {
  if (address.kind === 'tcp' && isHostName(address.host)) return `tcp://*:${address.port}`
  return dialEndpoint(address)
}

/** Whether only this machine reaches an endpoint that a node binds: loopback addresses and ipc. */
export function isLocal(endpoint: string): boolean {
  return endpoint.startsWith('ipc://') || /^tcp:\/\/(?:127\.\d+\.\d+\.\d+|\[::1\]):\d+$/.test(endpoint)
}

function parseIpc(text: string, path: string): AddressResult {
  if (path === '' || path === '*') return refuse(text, 'expected a path after "ipc://"')
  if (new TextEncoder().encode(path).length > MAX_IPC_PATH_BYTES) {
    return refuse(text, `expected an ipc path of at most ${MAX_IPC_PATH_BYTES} bytes`)
  }
  return { ok: true, address: { kind: 'ipc', path } }
}

function tcp(host: string, port: number): AddressResult {
  return { ok: true, address: { kind: 'tcp', host, port } }
}

function refuse(value: unknown, expected: string): AddressResult {
  return { ok: false, message: `${expected}, ${found(value)}` }
}

function isWildcard(host: string): boolean {
  return host === '*' || host === '0.0.0.0' || /^[0:]+$/.test(host)
}

function isHostName(host: string): boolean {
  return host !== '*' && host.toLowerCase() !== 'localhost' && !isIpv4(host) && !isIpv6(host)
}

/** Says what is wrong with a host that is no IPv6 address; undefined when nothing is. */
function hostFault(host: string | undefined): string | undefined {
  if (host === undefined) return EXPECTED
  if (/^[\d.]+$/.test(host))
    return isIpv4(host) ? undefined : 'expected an IPv4 address of four numbers up to 255'
  const named =
    host.length <= 253 && host.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/i.test(label))
  return named ? undefined : 'expected a host name or an IP address before the port'
}

function isIpv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)
}

function looksLikeIpv6(text: string): boolean {
  return /^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text)
}

/** Eight groups, or fewer with one "::"; the last two may be written as an IPv4 address; a zone may follow. */
function isIpv6(text: string): boolean {
  const [bare = '', zone] = text.split('%', 2)
  if (zone !== undefined && !/^[\w.-]+$/.test(zone)) return false
  if (!bare.includes(':')) return false
  const sides = bare.split('::')
  if (sides.length > 2) return false
  const groups = sides.flatMap((side) => (side === '' ? [] : side.split(':')))
  const last = groups.at(-1) ?? ''
  const plain = isIpv4(last) ? groups.slice(0, -1) : groups
  if (!plain.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false
  const count = plain.length + (isIpv4(last) ? 2 : 0)
  return sides.length === 2 ? count <= 7 : count === 8
}
