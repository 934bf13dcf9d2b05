/**
 * Two ends of one connection with a clock that a test moves by hand, and a way between them that loses, repeats and
 * reorders what the test says. Everything is small: chunks of 10 bytes, a window of 40, 20 of them free.
 */

import type { Pace } from '../../src/transfer/pace.ts'
import { type Ability, type TransferEvent, Transfers } from '../../src/transfer/transfers.ts'
import type { Freight, Message, TransferMessage } from '../../src/wire/messages.ts'
import { connection } from '../support/samples.ts'

export const PACE: Pace = {
  fromBytes: 25,
  chunkBytes: 10,
  windowBytes: 40,
  freeBytes: 20,
  againMs: 500,
  stalledMs: 10_000,
  wholeBytes: 50,
  quickBodies: 2,
  quickMs: 100,
}

export const MAX_BODY_BYTES = 10_000
export const LINE = connection(1)

/** One party. */
export class End {
  readonly transfers: Transfers
  /** What it sent and nobody has received yet. */
  sent: Message[] = []
  events: TransferEvent[] = []
  /** Messages that arrived whole. */
  arrived: Freight[] = []
  /** Heads that were offered and judged. */
  judged: Freight[] = []
  tooLarge: Freight[] = []
  wants: (head: Freight) => boolean = () => true
  ability: Ability | undefined = { takesTransfers: true, maxBodyBytes: MAX_BODY_BYTES }

  constructor(maxBodyBytes = MAX_BODY_BYTES, pace = PACE) {
    const settings = {
      pace,
      maxBodyBytes,
      abilityOf: () => this.ability,
      tooLarge: (_now: number, _to: unknown, head: Freight) => {
        this.tooLarge.push(head)
      },
    }
    this.transfers = new Transfers(settings, {
      send: (_to, message) => this.sent.push(message) > 0,
      tell: (event) => this.events.push(event),
    })
  }

  receive(now: number, messages: readonly Message[], from = LINE): void {
    for (const message of messages) {
      if (!isTransfer(message)) continue
      const whole = this.transfers.receive(now, from, message, (head) => {
        this.judged.push(head)
        return this.wants(head)
      })
      if (whole !== undefined) this.arrived.push(whole)
    }
    this.transfers.begin(now)
  }

  /** Hands over a message and begins. */
  send(now: number, message: Freight, to = LINE): void {
    this.transfers.send(to, message)
    this.transfers.begin(now)
  }

  take(): Message[] {
    const sent = this.sent
    this.sent = []
    return sent
  }

  takeOf<K extends Message['kind']>(kind: K): Extract<Message, { kind: K }>[] {
    return this.take().filter((message): message is Extract<Message, { kind: K }> => message.kind === kind)
  }

  /** How many transfers it has, of both directions. */
  get count(): number {
    return this.transfers.count
  }
}

function isTransfer(message: Message): message is TransferMessage {
  return ['offer', 'chunk', 'credit', 'decline', 'withdraw'].includes(message.kind)
}

/** Carries messages between two ends until nothing moves; each at once. */
export function settle(now: number, left: End, right: End): void {
  for (let round = 0; round < 10_000; round += 1) {
    const [toRight, toLeft] = [left.take(), right.take()]
    if (toRight.length === 0 && toLeft.length === 0) return
    right.receive(now, toRight)
    left.receive(now, toLeft)
  }
  throw new Error('The two do not come to rest')
}

/** What a message is, in a word: "chunk 10-20", "credit 10/40", "credit 10/40 back". */
export function wordOf(message: Message): string {
  switch (message.kind) {
    case 'offer':
      return `offer ${message.transfer}${message.isRepeat ? ' again' : ''}`
    case 'chunk':
      return `chunk ${message.offset}-${message.offset + message.body.bytes.length}`
    case 'credit':
      return `credit ${message.receivedBytes}/${message.limitBytes}${message.goBack ? ' back' : ''}`
    case 'decline':
    case 'withdraw':
      return `${message.kind} ${message.transfer}`
    default:
      return message.kind
  }
}

/** A body whose every byte tells where it stands. */
export function bodyOfBytes(sizeBytes: number): { readonly type: 'raw'; readonly bytes: Uint8Array } {
  return { type: 'raw', bytes: Uint8Array.from({ length: sizeBytes }, (_, index) => (index * 7) % 251) }
}
