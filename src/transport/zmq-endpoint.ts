/**
 * The addresses that can be dialled: tcp with a host and a port, or the path of a Unix socket. It looks up names, because
 * libzmq would do it in its only I/O thread, where a slow name server would silence every other connection.
 */

import { isIP } from 'node:net'

const TCP_ENDPOINT = /^tcp:\/\/(.+):(\d{1,5})$/

/** Throws on an endpoint that no attempt could ever dial. */
export function checkEndpoint(endpoint: string): void {
  const port = Number(TCP_ENDPOINT.exec(endpoint)?.[2] ?? Number.NaN)
  if ((port >= 1 && port <= 65535) || /^ipc:\/\/.+/.test(endpoint)) return
  throw new Error(`Cannot dial "${endpoint}": expected tcp://host:port or ipc://path`)
}

/** Replaces the name of a host by its address, IPv4 where it has one. */
export async function resolveEndpoint(endpoint: string, lookup = lookUp): Promise<string> {
  const host = TCP_ENDPOINT.exec(endpoint)?.[1]
  if (host === undefined || host.startsWith('[') || isIP(host) !== 0) return endpoint
  const { address, family } = await lookup(host)
  const port = TCP_ENDPOINT.exec(endpoint)?.[2]
  return family === 6 ? `tcp://[${address}]:${port}` : `tcp://${address}:${port}`
}

/** Most addresses are numbers, and need neither this nor the millisecond that its module takes to load. */
async function lookUp(host: string): Promise<{ readonly address: string; readonly family: number }> {
  const { lookup } = await import('node:dns/promises')
  return lookup(host, { verbatim: false })
}

/** Where a socket that listens on `bound` can be dialled from its own machine. */
export function localEndpointOf(bound: string): string {
  return bound.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
}
