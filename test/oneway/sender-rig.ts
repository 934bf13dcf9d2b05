/**
 * A sender with one peer, and what it did in short words: for the tests of the sending side.
 */

import { Sender, type SenderEvent, type SendOrder } from '../../src/oneway/sender.ts'
import type { Send } from '../../src/wire/messages.ts'
import { Recorder } from '../support/recorder.ts'
import { connection, incarnation, NO_BODY } from '../support/samples.ts'

export const SESSION = { incarnation: incarnation(1), window: 1 }

export function order(changes: Partial<SendOrder> = {}): SendOrder {
  return { verb: 'note', body: NO_BODY, deadlineAt: 5000, ticket: undefined, ...changes }
}

export function closed(): { sender: Sender; out: Recorder<SenderEvent> } {
  const out = new Recorder<SenderEvent>()
  // Large bodies have a bound of their own, of twice the largest: here it is the 4 MiB that the small ones have.
  const sender = new Sender(out, 2 * 1024 * 1024)
  sender.addPeer('bravo', connection(1))
  return { sender, out }
}

export function open(): { sender: Sender; out: Recorder<SenderEvent> } {
  const made = closed()
  made.sender.linkOpened(0, 'bravo', SESSION)
  return made
}

export function ack(...ranges: [number, number][]) {
  return { kind: 'ack', ranges: ranges.map(([first, last]) => ({ first, last })) } as const
}

/** The numbers of what was sent since the last call. */
export function numbers(out: Recorder<SenderEvent>): number[] {
  return out.sentOf('send').map(({ sequence }) => sequence)
}

/** What was told: the number, 0 for what never got one, with "delivered" or the kind of failure. */
export function outcomes(out: Recorder<SenderEvent>): [number, string][] {
  return out.told().map((event) => {
    const outcome = event.kind === 'send-delivered' ? 'delivered' : event.failure.kind
    return [event.parcel.sequence, outcome]
  })
}

export function onlySend(out: Recorder<SenderEvent>): Send {
  const sent = out.sentOf('send')
  if (sent.length !== 1 || sent[0] === undefined) throw new Error(`${sent.length} messages were sent`)
  return sent[0]
}
