/**
 * `zmqnet send`: hands a text to a node, which broadcasts it to all others, and prints the tally. Success is printed for
 * those peers only that acked; everything else is said to be missing, with the reason.
 */

import type { MessageResult, PeersConfig } from '../index.ts'
import type { Context } from './command.ts'
import { findPeer, withClient } from './dial.ts'
import { EXIT } from './exit-code.ts'
import { stopIfInterrupted, UsageError } from './faults.ts'
import { readInputText } from './input.ts'
import type { sendOptions } from './option-tables.ts'
import { type Cell, cell, formatWholeMs, layOut, type Output, plural } from './output.ts'

interface Missing {
  readonly peer: string
  readonly reason: string
  readonly text: string
}

/** Sends the text and gives the exit code: 0, or 4 when a peer is missing. */
export async function run(context: Context<typeof sendOptions>): Promise<number> {
  const { io, out, values } = context
  const config = context.loadPeers()
  const { name } = findPeer(config, values.name, 'send')
  const text = await readText(context)
  if (values.delay !== undefined) {
    if (!values.json) io.stderr.write(`Sending in ${formatWholeMs(values.delay)}\n`)
    await io.sleep(values.delay, io.interrupt)
  }
  stopIfInterrupted(io)
  const result = await withClient(context, config, name, (client) =>
    client.message(text, {
      signal: io.interrupt,
      ...(values.timeout === undefined ? {} : { timeout: values.timeout }),
      ...(values.retries === undefined ? {} : { retries: values.retries }),
    }),
  )
  const missing = [...result.missing, ...(values.strict ? findLeft(result, config) : [])]
  const isOk = missing.length === 0 && result.ok
  if (values.json) out.json(toJson(result, missing, isOk))
  else printTally(out, result, missing)
  return isOk ? EXIT.done : EXIT.partial
}

/** The words joined by a blank; "-" alone stands for standard input, unless it is meant literally. */
async function readText({ io, words, literals }: Context<typeof sendOptions>): Promise<string> {
  const isInput = words.length === 1 && words[0] === '-' && literals.length === 0
  const text = isInput ? await readInputText(io) : words.join(' ')
  if (text.trim() === '') throw new UsageError('The text is empty', 'send')
  return text
}

/** The peers that the node did not expect, because they have left. */
function findLeft(result: MessageResult, config: PeersConfig): Missing[] {
  const counted = new Set([result.node, ...[...result.acked, ...result.missing].map(({ peer }) => peer)])
  return config.peers
    .filter(({ name }) => !counted.has(name))
    .map(({ name }) => ({ peer: name, reason: 'left', text: 'has left the mesh, and was not asked' }))
}

function toJson(result: MessageResult, missing: readonly Missing[], ok: boolean) {
  return {
    ok,
    node: result.node,
    id: result.id,
    attempts: result.attempts,
    ms: result.ms,
    acked: result.acked.map(({ peer, ms }) => ({ peer, ms })),
    missing: missing.map(({ peer, reason }) => ({ peer, reason })),
  }
}

function printTally(out: Output, result: MessageResult, missing: readonly Missing[]): void {
  const count = result.acked.length
  const total = count + missing.length
  const tries = result.attempts > 1 ? `, at attempt ${result.attempts}` : ''
  const time = `in ${formatWholeMs(result.ms)}${tries}`
  if (total === 0) {
    out.line(`${result.node} took it ${time}, but there is nobody to pass it on to: all others have left`)
    return
  }
  const heading = `${result.node} passed it on to ${count} of ${plural(total, 'peer')} ${time}`
  out.line(missing.length === 0 ? heading : out.paint('bold', heading))
  const times = result.acked.map(({ ms }) => formatWholeMs(ms))
  const width = Math.max(0, ...times.map((time) => time.length))
  const rows: Cell[][] = [
    ...result.acked.map(({ peer, ms }) => [
      cell(`  ${peer}`),
      cell('acked', 'green'),
      cell(formatWholeMs(ms).padStart(width)),
    ]),
    ...missing.map(({ peer, reason, text }) => [
      cell(`  ${peer}`),
      cell('missing', 'red'),
      cell(text === '' || text === reason ? reason : `${reason}: ${text}`),
    ]),
  ]
  for (const line of layOut(rows, out.paint)) out.line(line)
}
