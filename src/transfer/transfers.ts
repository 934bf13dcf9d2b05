/**
 * Both directions of transfer, and the place where a message becomes one: whoever sends puts his messages through
 * `send`, and those with a large body leave in chunks, where the other end can take them. For the machines above
 * nothing changes: a message arrives when the last of it has.
 *
 * It knows nothing of requests and receipts. Whether an offer is wanted, it asks those who do.
 */

import type { ConnectionId } from '../base/ids.ts'
import { WHOLE_BODY_BYTES } from '../wire/limits.ts'
import type { Chunk, Credit, Freight, Message, Offer, TransferMessage } from '../wire/messages.ts'
import type { Out, UnsentCause } from '../wire/out.ts'
import { type IncomingEvent, IncomingTransfers } from './incoming.ts'
import { type OutgoingEvent, OutgoingTransfers } from './outgoing.ts'
import { checkPace, type Pace } from './pace.ts'
import { WholeBodies } from './whole.ts'

/** What the other end of a connection said of itself. */
export interface Ability {
  readonly takesTransfers: boolean
  readonly maxBodyBytes: number
}

/** The largest body that can be sent to a party that says so of itself. */
export function bodyLimitOf({ takesTransfers, maxBodyBytes }: Ability): number {
  return takesTransfers ? maxBodyBytes : Math.min(maxBodyBytes, WHOLE_BODY_BYTES)
}

/** What transfers tell. */
export type TransferEvent =
  | IncomingEvent
  | OutgoingEvent
  /** A message that was handed over has a body that the other end cannot take. Nothing of it left. */
  | {
      readonly kind: 'transfer-refused'
      readonly now: number
      readonly connection: ConnectionId
      readonly message: Freight
      readonly limitBytes: number
    }

/** What transfers are made from. */
export interface TransfersSettings {
  readonly pace: Pace
  /** The largest body that this party takes. */
  readonly maxBodyBytes: number
  /** The other end of a connection; undefined when nobody has said Hello or Welcome there. */
  readonly abilityOf: (connection: ConnectionId) => Ability | undefined
  /** Answers an offer whose body is above the limit. */
  readonly tooLarge: (now: number, connection: ConnectionId, head: Freight) => void
}

/** All transfers of one node or client. */
export class Transfers {
  readonly incoming: IncomingTransfers
  readonly outgoing: OutgoingTransfers
  readonly #settings: TransfersSettings
  readonly #out: Out<TransferEvent>
  readonly #fromBytes: number
  readonly #whole: WholeBodies
  #refused: { readonly connection: ConnectionId; readonly message: Freight; readonly limitBytes: number }[] =
    []

  constructor(settings: TransfersSettings, out: Out<TransferEvent>) {
    const { pace, maxBodyBytes } = settings
    checkPace(pace)
    this.#settings = settings
    this.#fromBytes = pace.fromBytes
    this.#out = out
    this.#whole = new WholeBodies(pace)
    this.incoming = new IncomingTransfers(pace, maxBodyBytes, out)
    this.outgoing = new OutgoingTransfers(pace, out, maxBodyBytes)
  }

  get deadline(): number {
    return Math.min(this.incoming.deadline, this.outgoing.deadline)
  }

  /** Transfers that are not over, of both directions. */
  get count(): number {
    return this.incoming.count + this.outgoing.count
  }

  /**
   * Sends a message: whole, or as a transfer that begins with the next `begin`; gives whether it was taken. A function of
   * its own rather than a method, because each message of a node goes through it and it is handed on as it is.
   */
  readonly send = (connection: ConnectionId, message: Message): boolean => {
    const { kind } = message
    const isFreight = kind === 'request' || kind === 'reply' || kind === 'send'
    if (isFreight) {
      if (message.body.bytes.length >= this.#fromBytes) return this.#sendLarge(connection, message)
      this.#whole.disturbed(connection)
    }
    return this.#out.send(connection, message)
  }

  /** The end of a turn: begins what was handed over in it. */
  begin(now: number): void {
    this.outgoing.begin(now)
    if (this.#refused.length === 0) return
    const refused = this.#refused
    this.#refused = []
    for (const each of refused) this.#out.tell({ kind: 'transfer-refused', now, ...each })
  }

  /**
   * Something of a transfer came in. Gives the message of which it was the last part. `isWanted` is asked before
   * anything of an offered body is taken; whoever says no has answered.
   */
  receive(
    now: number,
    connection: ConnectionId,
    message: TransferMessage,
    isWanted: (head: Freight, totalBytes: number) => boolean,
  ): Freight | undefined {
    switch (message.kind) {
      case 'chunk':
        return this.incoming.chunk(now, connection, message)
      case 'offer':
        this.#offer(now, connection, message, isWanted)
        return undefined
      case 'credit':
        this.#credit(now, connection, message)
        return undefined
      case 'decline':
        this.outgoing.decline(connection, message.transfer)
        return undefined
      case 'withdraw':
        this.incoming.withdraw(now, connection, message.transfer)
        return undefined
    }
  }

  unsent(connection: ConnectionId, message: Offer | Chunk, _cause: UnsentCause): void {
    this.outgoing.unsent(connection, message)
  }

  /** Whether nothing that was sent needs to be told that nobody waits for it any more. */
  get isUnused(): boolean {
    return this.outgoing.isEmpty && this.#whole.awayCount === 0
  }

  /** Nobody waits for the message any more. Gives of how many of its copies it is certain that they did not arrive. */
  settled(connection: ConnectionId, kind: Freight['kind'], sequence: number): number {
    this.#whole.settled(connection, kind, sequence)
    return this.outgoing.withdraw(connection, kind, sequence)
  }

  /** A request says below which number its caller has all answers. */
  answeredBelow(connection: ConnectionId, floor: number): void {
    if (this.#whole.awayCount > 0) this.#whole.answeredBelow(connection, floor)
  }

  /** The connection is gone, with all that was on its way on it. */
  drop(now: number, connection: ConnectionId): void {
    this.#whole.drop(connection)
    this.incoming.drop(now, connection)
    this.outgoing.drop(connection)
  }

  wake(now: number): void {
    this.incoming.wake(now)
    this.outgoing.wake(now)
  }

  #sendLarge(connection: ConnectionId, message: Freight): boolean {
    const ability = this.#settings.abilityOf(connection)
    // Nobody is there any more: what is sent into the void is asked for again, or waits for a link.
    if (ability === undefined) return false
    const limitBytes = bodyLimitOf(ability)
    const sizeBytes = message.body.bytes.length
    if (sizeBytes <= limitBytes) {
      const isCut = ability.takesTransfers && !this.#goesWhole(connection, message)
      return isCut ? this.outgoing.add(connection, message) : this.#out.send(connection, message)
    }
    if (message.kind === 'reply')
      return this.#refuseReply(connection, message.sequence, sizeBytes, limitBytes)
    this.#refused.push({ connection, message, limitBytes })
    return true
  }

  /** What is sent again is cut: it joins what is on its way still, and a quick connection would not have asked for it. */
  #goesWhole(connection: ConnectionId, message: Freight): boolean {
    const isAgain = message.kind === 'request' && message.attempt > 1
    if (isAgain) this.#whole.disturbed(connection)
    if (isAgain || this.outgoing.has(connection, message)) return false
    return this.#whole.take(connection, message, this.outgoing.countOn(connection))
  }

  #credit(now: number, connection: ConnectionId, credit: Credit): void {
    const ended = this.outgoing.credit(now, connection, credit)
    if (ended !== undefined) this.#whole.arrived(connection, ended.totalBytes, now - ended.openedAt)
  }

  #refuseReply(connection: ConnectionId, sequence: number, sizeBytes: number, limitBytes: number): boolean {
    const text = `Its reply has ${sizeBytes} bytes, the limit of its caller is ${limitBytes}`
    const reason = 'handler-failed'
    return this.#out.send(connection, { kind: 'reject', of: 'request', sequence, reason, code: '', text })
  }

  #offer(
    now: number,
    connection: ConnectionId,
    offer: Offer,
    isWanted: (head: Freight, totalBytes: number) => boolean,
  ): void {
    if (this.incoming.repeat(now, connection, offer)) return
    const { head, totalBytes, transfer } = offer
    if (totalBytes > this.#settings.maxBodyBytes) {
      this.#settings.tooLarge(now, connection, head)
    } else if (isWanted(head, totalBytes)) {
      if (!this.incoming.isFull(connection)) {
        this.incoming.accept(now, connection, offer)
        return
      }
      this.#overloaded(connection, head)
    }
    // Behind the reason, in the same lane: whoever hears it knows why.
    this.#out.send(connection, { kind: 'decline', transfer })
  }

  /** Only what was not seen before comes here, so that it is true that nothing ran. */
  #overloaded(connection: ConnectionId, { kind, sequence }: Freight): void {
    if (kind === 'reply') return
    const text = 'Too many large bodies are on their way already'
    this.#out.send(connection, { kind: 'reject', of: kind, sequence, reason: 'overloaded', code: '', text })
  }
}
