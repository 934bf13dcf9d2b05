/**
 * What travels: one type for each kind of envelope. docs/protocol.md gives the bytes; this file gives the meaning.
 *
 * Times here are local: `deadlineAt` is a moment of this node's own clock. On the wire it becomes the milliseconds that
 * remain, and the receiver turns it back into a moment of its clock, so that clocks need not agree.
 */

import type { Incarnation } from '../base/ids.ts'

/** How the bytes of a body are to be read. The mesh itself never looks inside. */
export type BodyType = 'none' | 'msgpack' | 'raw'

/** A body as it travels: its type and its bytes. */
export interface Body {
  readonly type: BodyType
  readonly bytes: Uint8Array
}

/** What a party is: a member of the mesh, or a client that only talks to one node. */
export type Role = 'node' | 'client'

/** The first envelope on every link: who dials, and whom it expects. */
export interface Hello {
  readonly kind: 'hello'
  /** The lowest and highest protocol version that the sender speaks. */
  readonly minVersion: number
  readonly maxVersion: number
  readonly role: Role
  readonly name: string
  readonly incarnation: Incarnation
  /** The mesh that the sender belongs to; meshes with different names never mix. */
  readonly network: string
  /** The name that the sender expects at this address; empty when it takes any. */
  readonly expects: string
  /** Bit set of optional abilities; unknown bits are ignored. */
  readonly capabilities: number
  /** The largest body that the sender accepts, in bytes. */
  readonly maxBodyBytes: number
  /** That the sender is who it says; in secure mode, once it has been asked for it. */
  readonly proof?: HelloProof | undefined
}

/** What proves a Hello, each of PROOF_BYTES: the chance of both sides, and what only the owners of two keys can make of it. */
export interface HelloProof {
  /** Chance of the one who dials. */
  readonly nonce: Uint8Array
  /** Chance of the one who is dialled: what its Challenge said. */
  readonly challenge: Uint8Array
  readonly mac: Uint8Array
}

/** "Prove who you are": the answer to a Hello without a proof, in secure mode. */
export interface Challenge {
  readonly kind: 'challenge'
  /** PROOF_BYTES of chance. */
  readonly nonce: Uint8Array
}

/** The answer to a Hello that is accepted. */
export interface Welcome {
  readonly kind: 'welcome'
  /** The protocol version that both will speak. */
  readonly version: number
  readonly name: string
  readonly incarnation: Incarnation
  /**
   * The dedupe window that the callee keeps for this caller. A caller that meets another number than at its first
   * attempt knows that the callee has forgotten its requests.
   */
  readonly window: number
  readonly capabilities: number
  readonly maxBodyBytes: number
  /** Tells the host of the sender from others; empty when it offers no shortcut. */
  readonly hostToken: string
  /** An ipc endpoint of the sender for parties on the same host; empty when it offers none. */
  readonly shortcut: string
  /** That the sender is who it says, of PROOF_BYTES; in secure mode. */
  readonly proof?: Uint8Array | undefined
}

export const REFUSE_REASONS = [
  'version',
  'network',
  'wrong-node',
  'unknown-node',
  'name-taken',
  'too-many-sessions',
  'closing',
  'malformed',
  'not-proven',
] as const
/** Why a Hello was refused. */
export type RefuseReason = (typeof REFUSE_REASONS)[number]

/** The answer to a Hello that is not accepted. */
export interface Refuse {
  readonly kind: 'refuse'
  readonly reason: RefuseReason
  /** A sentence for people. */
  readonly text: string
}

/** "I do not know you": the answer to traffic on a connection that has not said Hello. */
export interface SayHello {
  readonly kind: 'say-hello'
}

/** A sign of life from the event loop of the sender. */
export interface Beat {
  readonly kind: 'beat'
  readonly number: number
  /** Whether the receiver is to answer with an Echo on the same connection. */
  readonly wantsEcho: boolean
  /** Whether the sender has heard nothing of the receiver for so long that it doubts whether it is there. */
  readonly hearsNothing: boolean
  /** How late the sender's event loop ran lately, in milliseconds. */
  readonly loopDelayMs: number
  /** Bytes that wait in the sender's queues. */
  readonly queuedBytes: number
}

/** The answer to a Beat that wanted one. */
export interface Echo {
  readonly kind: 'echo'
  readonly number: number
  readonly loopDelayMs: number
  readonly queuedBytes: number
}

/** "I am leaving": no new work, please; answers may still follow. */
export interface Goodbye {
  readonly kind: 'goodbye'
}

/** Whether a request asks one peer or is one leg of a broadcast. The handler is told. */
export type RequestKind = 'request' | 'broadcast'

/** A question. (caller, incarnation, sequence) names it; a retry keeps all three. */
export interface Request {
  readonly kind: 'request'
  readonly sequence: number
  /** Every sequence below this one is settled at the caller: its reply need not be kept. At most `sequence`. */
  readonly floor: number
  /** 1 for the first attempt. */
  readonly attempt: number
  readonly requestKind: RequestKind
  /** When the whole question is no longer wanted, on the local clock. */
  readonly deadlineAt: number
  /** When this attempt is over, so that it is not worth sending any more. Local: not on the wire, decoded as Infinity. */
  readonly expiresAt: number
  readonly verb: string
  readonly body: Body
}

/** The answer of a handler. */
export interface Reply {
  readonly kind: 'reply'
  readonly sequence: number
  readonly body: Body
}

export const REJECT_REASONS = [
  'unknown-verb',
  'handler-failed',
  'expired',
  'overloaded',
  'forgotten',
  'cancelled',
  'closing',
  'bad-body',
  'too-large',
  'not-allowed',
] as const
/** Why a request or a one-way message was not handled. Only `handler-failed` means that the handler ran to its end. */
export type RejectReason = (typeof REJECT_REASONS)[number]

/** The answer to a request that got no reply, or to a one-way message that nobody takes. */
export interface Reject {
  readonly kind: 'reject'
  /** Which sequence space `sequence` is of. */
  readonly of: 'request' | 'send'
  readonly sequence: number
  readonly reason: RejectReason
  /** The `code` of the error that the handler threw; empty when it had none. */
  readonly code: string
  /** The message of that error, or a sentence for people. */
  readonly text: string
}

/** "I no longer want the answer": aborts the handler's signal. */
export interface Cancel {
  readonly kind: 'cancel'
  readonly sequence: number
}

/** A one-way message; its receipt is an Ack. */
export interface Send {
  readonly kind: 'send'
  /** Counts the one-way messages of this caller to this callee, from 1. */
  readonly sequence: number
  /** When it is not worth sending any more. Local: not on the wire, decoded as Infinity. */
  readonly expiresAt: number
  readonly verb: string
  readonly body: Body
}

/** Receipts for one-way messages: inclusive ranges of sequences, ascending, disjoint. */
export interface Ack {
  readonly kind: 'ack'
  readonly ranges: readonly { readonly first: number; readonly last: number }[]
}

/** A message whose body may be too large to travel whole. */
export type Freight = Request | Reply | Send

/** "There is a body to come": the head of a message whose body travels in chunks. Meaningful in both directions. */
export interface Offer {
  readonly kind: 'offer'
  /** Names the transfer on this connection and in this direction; never used twice there. */
  readonly transfer: number
  /** The bytes of the body. */
  readonly totalBytes: number
  /** The message itself; its body has its type and no bytes. */
  readonly head: Freight
  /** Whether it was made before, and asks what has arrived. A repeat leaves behind the chunks. */
  readonly isRepeat: boolean
}

/** A part of the body of an offered message. */
export interface Chunk {
  readonly kind: 'chunk'
  readonly transfer: number
  /** Where the part stands in the body. */
  readonly offset: number
  /** Raw, never empty. */
  readonly body: Body
}

/** "So much has arrived, and so far you may go": what lets a transfer go on. */
export interface Credit {
  readonly kind: 'credit'
  readonly transfer: number
  /** Every byte below this one has arrived. */
  readonly receivedBytes: number
  /** Bytes below this one may be sent. At least `receivedBytes`. */
  readonly limitBytes: number
  /** Whether something was lost, so that the sender is to begin again at `receivedBytes`. */
  readonly goBack: boolean
}

/** The receiver does not want a transfer, or does not want it any more. */
export interface Decline {
  readonly kind: 'decline'
  readonly transfer: number
}

/** The sender gives a transfer up. */
export interface Withdraw {
  readonly kind: 'withdraw'
  readonly transfer: number
}

/** What a transfer is made of. */
export type TransferMessage = Offer | Chunk | Credit | Decline | Withdraw

export type Message =
  | Hello
  | Challenge
  | Welcome
  | Refuse
  | SayHello
  | Beat
  | Echo
  | Goodbye
  | Request
  | Reply
  | Reject
  | Cancel
  | Send
  | Ack
  | TransferMessage
