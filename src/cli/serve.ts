/**
 * `zmqnet serve`: runs one node of the mesh until it is told to stop, or until its uptime is over. What the node does is
 * the library's business; here are only its name, its log, its events on stdout and its end.
 */

import type { Logger, Node, PeersConfig } from '../index.ts'
import type { Context } from './command.ts'
import { findPeer } from './dial.ts'
import { EXIT } from './exit-code.ts'
import { UsageError } from './faults.ts'
import type { Io } from './io.ts'
import type { serveOptions } from './option-tables.ts'
import type { Output } from './output.ts'

/** How much longer than its drain a close may take before it is given up. */
const CLOSE_GRACE_MS = 500

/** Serves until a signal, the uptime or the loss of stdout; then drains and gives 0. */
export async function run(context: Context<typeof serveOptions>): Promise<number> {
  const { io, out, library, values } = context
  const config = context.loadPeers()
  const { name } = values.name === undefined ? findOwn(config, io) : findPeer(config, values.name, 'serve')
  const { createServeLog, logLevelOf } = await import('./serve-log.ts')
  const level = logLevelOf(values['log-level'], config.logLevel)
  const log = createServeLog(io, name, level, values['log-json'])
  const node = await library.createNode({
    name,
    peers: config,
    log,
    ...(values.bind === undefined ? {} : { bind: values.bind }),
    ...(values.key === undefined ? {} : { key: values.key }),
    ...(values.insecure ? { insecure: true } : {}),
    ...(values['no-same-host'] ? { sameHost: false } : {}),
    ...(values.tick === undefined ? {} : { tick: values.tick }),
  })
  const { endpoint, incarnation } = node
  // Before it says that it is there: whoever reads that may send the signal, which ends who does not wait for it.
  io.onHangup(() => reload(node, log))
  if (values.json) out.json({ event: 'listening', node: name, endpoint, incarnation, pid: io.pid })
  else out.line(`${name} listens on ${endpoint}`)
  const events = values.json ? printEvents(node, out) : Promise.resolve()
  const cause = await waitForEnd(io, values.uptime)
  log.info(`Stopping: ${cause}`)
  await closeInTime(io, node, values.drain)
  await events
  if (values.json) out.json({ event: 'closed', node: name, cause })
  return EXIT.done
}

/** Keys and rules count at once; what is wrong with them is told, and changes nothing. */
function reload(node: Node, log: Logger): void {
  try {
    node.reload()
  } catch (error) {
    log.error(`SIGHUP changes nothing: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The peer of the file whose host is this machine, by its full name or its first label. */
function findOwn(config: PeersConfig, io: Io): { readonly name: string } {
  const labelOf = (host: string) => host.toLowerCase().split('.')[0]
  const hasHost = (host: string | undefined, isSame: (host: string) => boolean) =>
    host !== undefined && isSame(host)
  const exact = config.peers.filter(({ host }) =>
    hasHost(host, (own) => own.toLowerCase() === io.hostname.toLowerCase()),
  )
  const found =
    exact.length > 0
      ? exact
      : config.peers.filter(({ host }) => hasHost(host, (own) => labelOf(own) === labelOf(io.hostname)))
  const [own] = found
  if (own !== undefined && found.length === 1) return own
  const names = (found.length > 1 ? found : config.peers).map((peer) => peer.name).join(', ')
  const count = found.length === 0 ? 'no node' : `${found.length} nodes`
  const reason = `the peers file has ${count} on this machine (${io.hostname})`
  throw new UsageError(`Say which node with -n NAME (${names}): ${reason}`, 'serve')
}

/** One line for each event, until the node is closed. */
async function printEvents(node: Node, out: Output): Promise<void> {
  for await (const { kind, ...rest } of node.events()) out.json({ event: kind, ...rest })
}

async function waitForEnd(io: Io, uptimeMs: number | undefined): Promise<string> {
  if (uptimeMs !== undefined) await io.sleep(uptimeMs, io.interrupt)
  else if (!io.interrupt.aborted) {
    await new Promise((resolve) => io.interrupt.addEventListener('abort', resolve, { once: true }))
  }
  return io.interrupt.aborted ? String(io.interrupt.reason) : 'uptime is over'
}

/** Closes, but never waits longer than the drain and a little: a stop that hangs is a kill that somebody has to do. */
async function closeInTime(io: Io, node: Node, drainMs: number): Promise<void> {
  const closed = new AbortController()
  const closing = node.close({ drain: drainMs }).finally(() => closed.abort())
  await Promise.race([closing, io.sleep(drainMs + CLOSE_GRACE_MS, closed.signal)])
}
