/**
 * `zmqnet bench`: puts a load on a running node, through the same client that any user has, and prints throughput and
 * latencies. It measures this machine and this network with everything in between; figures from two machines do not
 * compare.
 */

import type { Client, MessageResult } from '../index.ts'
import { Load, type LoadResult, type Operation } from './bench-load.ts'
import type { Context } from './command.ts'
import { findPeer, withClient } from './dial.ts'
import { EXIT } from './exit-code.ts'
import type { Io } from './io.ts'
import type { benchOptions } from './option-tables.ts'
import { cell, formatCount, formatMs, layOut, numberCell, type Output, plural, stringify } from './output.ts'

type BenchContext = Context<typeof benchOptions>

const MODES = ['echo', 'oneway', 'broadcast'] as const

type Mode = (typeof MODES)[number]

/** A tenth of the time, and at most this, runs before it counts. */
const WARM_UP_MS = 1000

const PROGRESS_EVERY_MS = 1000

/** What is printed as JSON and written to the file of -o. */
interface Report {
  readonly settings: Readonly<Record<string, unknown>>
  readonly versions: { readonly zmqnet: string; readonly node: string; readonly platform: string }
  /** What carried the link to the node. */
  readonly transport: Client['transport']
  readonly interrupted: boolean
  readonly results: readonly ({ readonly mode: Mode } & LoadResult)[]
}

/** Runs the modes one after the other. Gives 0, 4 when operations failed, 3 when none succeeded. */
export async function run(context: BenchContext): Promise<number> {
  const { io, out, values } = context
  const config = context.loadPeers()
  const { name } = findPeer(config, values.name ?? config.peers[0]?.name, 'bench')
  const modes = values.mode === 'all' ? MODES : MODES.filter((mode) => mode === values.mode)
  const warmUpMs = Math.min(WARM_UP_MS, values.duration / 10)
  const results: Report['results'][number][] = []
  let transport: Client['transport']
  const work = async (client: Client): Promise<void> => {
    // A node that is not there is an error of the command, and no thousand errors of its operations.
    await client.ping({ timeout: values.timeout, retries: 0, signal: io.interrupt })
    transport = client.transport
    for (const mode of modes) {
      if (io.interrupt.aborted) break
      const operation = operationFor(mode, client, values.size, values.timeout)
      const load = new Load(io, operation, {
        concurrency: values.concurrency,
        durationMs: values.duration,
        warmUpMs,
      })
      results.push({ mode, ...(await withProgress(io, mode, values.duration, load)) })
    }
  }
  await withClient(context, config, name, work, 'measuring')
  const { mode, duration: durationMs, concurrency, size: sizeBytes, timeout: timeoutMs } = values
  const report: Report = {
    settings: { node: name, mode, durationMs, warmUpMs, concurrency, sizeBytes, timeoutMs },
    versions: { zmqnet: io.version, node: process.version, platform: `${process.platform} ${process.arch}` },
    transport,
    interrupted: io.interrupt.aborted,
    results,
  }
  if (values.output !== undefined) await io.writeFile(values.output, `${stringify(report, 2)}\n`)
  if (values.json) out.json(report)
  else printReport(out, report, values.output)
  return exitCodeFor(results)
}

function operationFor(mode: Mode, client: Client, sizeBytes: number, timeoutMs: number): Operation {
  const body = Buffer.alloc(sizeBytes, 'zmqnet')
  const options = { timeout: timeoutMs, retries: 0 }
  switch (mode) {
    case 'echo':
      return async () => {
        const reply = await client.request('zmqnet.echo', body, options)
        return reply instanceof Uint8Array && reply.byteLength === sizeBytes ? undefined : 'WRONG_REPLY'
      }
    case 'oneway':
      return async () => {
        await client.send('zmqnet.sink', body, { timeout: timeoutMs })
        return undefined
      }
    case 'broadcast':
      return async () => {
        const tally = (await client.request('zmqnet.cast', body, options)) as MessageResult
        return tally.ok ? undefined : 'PARTIAL'
      }
  }
}

/** Tells each second how the load goes, on stderr: one line that is rewritten on a terminal, a new one elsewhere. */
async function withProgress(io: Io, mode: Mode, durationMs: number, load: Load): Promise<LoadResult> {
  const done = new AbortController()
  const show = async () => {
    while (!done.signal.aborted) {
      await io.sleep(PROGRESS_EVERY_MS, done.signal)
      if (done.signal.aborted) break
      const { count, errors, elapsedMs, perSecond, latency } = load.result()
      const failed = Object.values(errors).reduce((sum, number) => sum + number, 0)
      const rate = count === 0 ? 'warming up' : `${formatCount(perSecond)}/s, p50 ${formatMs(latency.p50Ms)}`
      const text = `${mode}: ${formatMs(elapsedMs)} of ${formatMs(durationMs)}, ${rate}, ${plural(failed, 'error')}`
      io.stderr.write(io.stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`)
    }
    if (io.stderr.isTTY) io.stderr.write('\r\u001b[K')
  }
  const showing = show()
  try {
    return await load.run()
  } finally {
    done.abort()
    await showing
  }
}

function printReport(
  out: Output,
  { settings, versions, transport, interrupted, results }: Report,
  file: string | undefined,
): void {
  out.line(
    `${settings.node}: ${settings.concurrency} in flight, bodies of ${settings.sizeBytes} bytes, ` +
      `${transport === undefined ? '' : `over ${transport}, `}` +
      `zmqnet ${versions.zmqnet}, Node.js ${versions.node}${interrupted ? ', interrupted' : ''}`,
  )
  const titles = ['MODE', 'PER SECOND', 'COUNT', 'MEAN', 'P50', 'P90', 'P99', 'P99.9', 'MAX', 'ERRORS']
  const head = titles.map((title, index) => (index === 0 ? cell(title, 'dim') : numberCell(title, 'dim')))
  const rows = results.map(({ mode, count, errors, perSecond, latency }) => {
    const { meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs } = latency
    const times = [meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs].map((ms) =>
      numberCell(count === 0 ? '-' : formatMs(ms)),
    )
    const faults = Object.entries(errors).map(([code, number]) => `${formatCount(number)} ${code}`)
    const last = numberCell(faults.join(', ') || '0', faults.length > 0 ? 'red' : undefined)
    return [
      cell(mode, 'bold'),
      numberCell(formatCount(perSecond)),
      numberCell(formatCount(count)),
      ...times,
      last,
    ]
  })
  for (const line of layOut([head, ...rows], out.paint)) out.line(line)
  if (file !== undefined) out.line(`Results are in ${file}`)
}

function exitCodeFor(results: Report['results']): number {
  const hasErrors = results.some(({ errors }) => Object.keys(errors).length > 0)
  if (!hasErrors) return EXIT.done
  return results.every(({ count }) => count === 0) ? EXIT.unreachable : EXIT.partial
}
