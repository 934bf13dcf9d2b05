/**
 * The verbs that every node answers by itself: the message of a client, which goes to all others, and what the command
 * line needs to look at a node. All but `message` begin with "zmqnet." and cannot be replaced.
 */

import {
  CAST_VERB,
  ECHO_VERB,
  MESSAGE_VERB,
  RELAY_VERB,
  SINK_VERB,
  STATUS_VERB,
} from '../wire/built-in-verbs.ts'
import type { BodyValue, BroadcastResult, Handler, NodeStatus } from './api.ts'
import type { Context } from './handlers.ts'

/** How long the fan-out of one message may take, in milliseconds, when the client leaves more time. */
const FAN_OUT_MS = 2000
/** What must remain of the client's time for the tally to travel back: a fifth, 20 ms at least. */
const WAY_BACK = 0.2
const WAY_BACK_MIN_MS = 20

/** The tally as it travels to a client. */
export type TallyBody = Pick<BroadcastResult, 'ok' | 'expected' | 'acked' | 'missing' | 'ms'>

/** What the built-in verbs need of their node. */
export interface BuiltInSettings {
  readonly status: () => NodeStatus
  readonly log: (text: string) => void
  /** The handler that stands for `message` at present. */
  readonly messageHandler: () => Handler | undefined
}

/** The built-in handlers by verb. */
export function builtInVerbs(settings: BuiltInSettings): Map<string, Handler> {
  return new Map<string, Handler>([
    [MESSAGE_VERB, (body, { from }) => settings.log(`message from ${from}: ${shorten(body)}`)],
    [RELAY_VERB, (body, context) => relay(settings, body, context as Context)],
    [ECHO_VERB, (body) => body],
    [SINK_VERB, () => undefined],
    [CAST_VERB, (body, context) => fanOut(context as Context, ECHO_VERB, body)],
    [STATUS_VERB, () => settings.status()],
  ])
}

/** The node takes the message as its own, and passes it on to all others. */
async function relay(settings: BuiltInSettings, body: BodyValue, context: Context): Promise<TallyBody> {
  const tally = fanOut(context, MESSAGE_VERB, body)
  try {
    await settings.messageHandler()?.(body, context.as(MESSAGE_VERB, 'message'))
  } catch (error) {
    // The tally counts the others. What this node makes of the message is told in its own log.
    settings.log(`the handler of "${MESSAGE_VERB}" failed here: ${String(error)}`)
  }
  return tally
}

async function fanOut(context: Context, verb: string, body: BodyValue): Promise<TallyBody> {
  const reserveMs = Math.max(WAY_BACK_MIN_MS, context.remainingMs * WAY_BACK)
  const timeout = Math.max(1, Math.min(FAN_OUT_MS, context.remainingMs - reserveMs))
  return context.broadcast(verb, body, { timeout, deadline: timeout })
}

/** A body in a log line: at most one short line. */
function shorten(body: BodyValue): string {
  const text = typeof body === 'string' ? body : (JSON.stringify(body) ?? 'nothing')
  // A body may be many MiB: no more of it is looked at than is shown.
  const line = text.slice(0, 1000).replaceAll(/\s+/g, ' ')
  return line.length <= 200 ? line : `${line.slice(0, 200)}…`
}
