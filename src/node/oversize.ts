/**
 * What becomes of a message whose body is above the limit and was left out by the decoder (protocol.md, B61): whoever
 * waits for it gets an answer. Pure, as the core is, for whom it stands here.
 */

import type { ConnectionId } from '../base/ids.ts'
import type { Freight } from '../wire/messages.ts'
import type { Out } from '../wire/out.ts'
import type { Outreach } from './outreach.ts'
import type { Reception } from './reception.ts'

/** The message that came in, and how large its body might have been. */
export interface Oversize {
  readonly connection: ConnectionId
  readonly message: Freight
  readonly limitBytes: number
}

/** Answers it, or settles what it answers. */
export function refuseOversize(
  now: number,
  { connection, message, limitBytes }: Oversize,
  { outreach, reception }: { readonly outreach: Outreach; readonly reception: Reception },
  out: Out<{ readonly kind: 'violation'; readonly connection: ConnectionId; readonly text: string }>,
): void {
  const text = `The body is above the limit of ${limitBytes} bytes`
  out.tell({ kind: 'violation', connection, text })
  const { kind, sequence } = message
  const link = outreach.links.get(connection)
  if (link !== undefined && kind === 'reply') {
    // The handler ran, and asking again would bring the same answer.
    const failed = {
      of: 'request',
      reason: 'handler-failed',
      code: '',
      text: `${text}, in its reply`,
    } as const
    outreach.receive(now, link, [{ kind: 'reject', sequence, ...failed }])
  }
  if (kind === 'reply' || !reception.hasSession(connection)) return
  out.send(connection, { kind: 'reject', of: kind, sequence, reason: 'too-large', code: '', text })
}
