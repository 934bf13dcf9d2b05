/**
 * `zmqnet request`: one question to one node. The body is read as JSON where it is JSON, and the reply is printed as
 * JSON, so that the two can be piped.
 */

import type { BodyValue } from '../index.ts'
import type { Context } from './command.ts'
import { findPeer, withClient } from './dial.ts'
import { EXIT } from './exit-code.ts'
import { UsageError } from './faults.ts'
import { readInputText } from './input.ts'
import type { requestOptions } from './option-tables.ts'
import { stringify } from './output.ts'

/** Asks and prints the reply. Errors of the node or its handler leave as errors. */
export async function run(context: Context<typeof requestOptions>): Promise<number> {
  const { io, out, values, words } = context
  const config = context.loadPeers()
  const { name } = findPeer(config, values.name, 'request')
  const [verb = ''] = words
  if (verb === '') throw new UsageError('The verb is empty', 'request')
  const body = await readBody(context)
  const begin = io.nowMs()
  const reply = await withClient(context, config, name, (client) =>
    client.request(verb, body, {
      signal: io.interrupt,
      idempotent: values.idempotent,
      ...(values.timeout === undefined ? {} : { timeout: values.timeout }),
      ...(values.retries === undefined ? {} : { retries: values.retries }),
    }),
  )
  if (values.json) {
    out.json({ ok: true, node: name, verb, reply: reply ?? null, ms: roundMs(io.nowMs() - begin) })
  } else if (reply !== undefined) {
    out.line(typeof reply === 'string' ? reply : stringify(reply, 2))
  }
  return EXIT.done
}

/** JSON when it is, else the text itself. A wrong quote should not be a puzzle, hence no error for text like "{a". */
async function readBody({ io, values, words, literals }: Context<typeof requestOptions>): Promise<BodyValue> {
  const written = words[1]
  const isInput = written === '-' && literals.length === 0
  const text = isInput ? await readInputText(io) : written
  if (text === undefined || values.raw) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function roundMs(durationMs: number): number {
  return Math.round(durationMs * 1000) / 1000
}
