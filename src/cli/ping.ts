/**
 * `zmqnet ping`: round trips to the event loop of one node, in the manner of ping(8), or of all nodes of the file. It
 * measures the answer of the application, not of the network: a node whose loop stalls shows here.
 */

import type { Client, PeerConfig, PeersConfig } from '../index.ts'
import type { Context } from './command.ts'
import { findPeer, withClient } from './dial.ts'
import { EXIT } from './exit-code.ts'
import { codeAndMessageOf } from './faults.ts'
import type { pingOptions } from './option-tables.ts'
import { cell, formatMs, layOut, numberCell } from './output.ts'
import { type RoundTripSummary, RoundTrips } from './round-trips.ts'

type PingContext = Context<typeof pingOptions>

const DEFAULT_COUNT = 4
const DEFAULT_COUNT_OF_ALL = 1

/** Pings one node or all. Gives 0 when all pings were answered, 3 when none was, 4 otherwise. */
export async function run(context: PingContext): Promise<number> {
  const config = context.loadPeers()
  const { values } = context
  if (values.name === undefined) return await pingAll(context, config)
  return await pingOne(context, config, findPeer(config, values.name, 'ping'))
}

/** What one ping brought. */
type Pong = { readonly seq: number; readonly ms: number } | { readonly seq: number; readonly error: unknown }

/**
 * Pings at fixed intervals until the count is reached or the user stops it. The first answer includes the greeting of a
 * new connection, which is no round trip: so an answered first ping is asked once more before it counts.
 */
async function* pings({ io, values }: PingContext, client: Client, count: number): AsyncGenerator<Pong> {
  const options = { timeout: values.timeout, retries: 0, signal: io.interrupt, idempotent: true }
  for (let seq = 1; (count === 0 || seq <= count) && !io.interrupt.aborted; seq++) {
    const begin = io.nowMs()
    let pong: Pong
    try {
      if (seq === 1) await client.ping(options)
      pong = { seq, ms: await client.ping(options) }
    } catch (error) {
      if (io.interrupt.aborted) return
      pong = { seq, error }
    }
    yield pong
    if (seq !== count) await io.sleep(Math.max(0, values.interval - (io.nowMs() - begin)), io.interrupt)
  }
}

async function pingOne(
  context: PingContext,
  config: PeersConfig,
  { name, address }: PeerConfig,
): Promise<number> {
  const { io, out, values } = context
  const roundTrips = new RoundTrips()
  const begin = io.nowMs()
  let transport: Client['transport']
  if (!values.json) out.line(`PING ${name} (${address})`)
  const work = async (client: Client): Promise<void> => {
    for await (const pong of pings(context, client, values.count ?? DEFAULT_COUNT)) {
      const { seq } = pong
      if ('ms' in pong) {
        transport = client.transport ?? transport
        roundTrips.addAnswer(pong.ms)
        if (values.json) out.json({ node: name, seq, ms: pong.ms, transport: client.transport })
        else out.line(`${name}: seq=${seq} time=${formatMs(pong.ms)}`)
      } else {
        roundTrips.addLoss()
        const error = codeAndMessageOf(pong.error)
        if (values.json) out.json({ node: name, seq, error })
        else out.line(`${name}: seq=${seq} ${out.paint('red', error.message)}`)
      }
    }
  }
  await withClient(context, config, name, work, 'measuring')
  const summary = roundTrips.summarize()
  if (values.json) out.json({ summary: { node: name, transport, ...summary } })
  else printSummary(context, { name, transport }, summary, io.nowMs() - begin)
  return exitCodeFor([summary])
}

function printSummary(
  { out }: PingContext,
  { name, transport }: { readonly name: string; readonly transport: Client['transport'] },
  summary: RoundTripSummary,
  elapsedMs: number,
): void {
  const { sent, answered, lossPercent } = summary
  out.line()
  out.line(`--- ${name} ping statistics ---`)
  out.line(`${sent} sent, ${answered} answered, ${lossPercent} % lost, time ${formatMs(elapsedMs)}`)
  if (answered === 0) return
  const times = [summary.minMs, summary.avgMs, summary.maxMs, summary.mdevMs].map((ms) =>
    (ms ?? 0).toFixed(3),
  )
  out.line(`rtt min/avg/max/mdev = ${times.join('/')} ms${overOf(transport)}`)
}

/** " over ipc", where it is known: a figure of ipc is none of tcp. */
function overOf(transport: Client['transport']): string {
  return transport === undefined ? '' : ` over ${transport}`
}

interface Row {
  readonly peer: PeerConfig
  readonly transport: Client['transport']
  readonly summary: RoundTripSummary
  readonly lastError: { readonly code: string; readonly message: string } | undefined
}

async function pingAll(context: PingContext, config: PeersConfig): Promise<number> {
  const { out, values } = context
  const rows = await Promise.all(config.peers.map((peer) => pingQuietly(context, config, peer)))
  if (values.json) {
    for (const { peer, transport, summary, lastError: error } of rows) {
      out.json({
        summary: { node: peer.name, transport, ...summary },
        ...(error === undefined ? {} : { error }),
      })
    }
  } else {
    const lines = rows.map(({ peer, transport, summary, lastError }) => [
      cell(peer.name),
      cell(peer.address, 'dim'),
      summary.avgMs === undefined ? cell('no answer', 'red') : numberCell(formatMs(summary.avgMs), 'green'),
      cell(transport ?? '', 'dim'),
      cell(summary.sent > 1 ? `${summary.answered} of ${summary.sent} answered` : ''),
      cell(lastError?.message ?? ''),
    ])
    for (const line of layOut(lines, out.paint)) out.line(line)
  }
  return exitCodeFor(rows.map((row) => row.summary))
}

async function pingQuietly(context: PingContext, config: PeersConfig, peer: PeerConfig): Promise<Row> {
  const roundTrips = new RoundTrips()
  let lastError: Row['lastError']
  let transport: Row['transport']
  const work = async (client: Client): Promise<void> => {
    for await (const pong of pings(context, client, context.values.count ?? DEFAULT_COUNT_OF_ALL)) {
      if ('ms' in pong) {
        transport = client.transport ?? transport
        roundTrips.addAnswer(pong.ms)
      } else {
        roundTrips.addLoss()
        lastError = codeAndMessageOf(pong.error)
      }
    }
  }
  await withClient(context, config, peer.name, work, 'measuring')
  return { peer, transport, summary: roundTrips.summarize(), lastError }
}

/** Interrupted before the first answer counts as unreachable: nothing is known to be there. */
function exitCodeFor(summaries: readonly RoundTripSummary[]): number {
  if (summaries.every((summary) => summary.answered === 0)) return EXIT.unreachable
  return summaries.every((summary) => summary.answered === summary.sent && summary.sent > 0)
    ? EXIT.done
    : EXIT.partial
}
