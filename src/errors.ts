/**
 * The one error class of zmqnet. A `code` is stable and made for programs, the message is a sentence made for people,
 * and `safeToRetry` answers the question that everybody asks next.
 */

/**
 * How an operation ended. `not-sent`: no byte of it left this process. `unknown`: it may or may not have happened.
 * `delivered`: the peer's node has it. `handled`: a handler ran to its end. `rejected`: the peer refused it and ran
 * nothing.
 */
export type Outcome = 'not-sent' | 'unknown' | 'delivered' | 'handled' | 'rejected'

/** The stable codes. docs/errors.md says for each what it means and what to do. */
export type ErrorCode =
  | 'CONFIG' // the peers file or an option is wrong; the message lists every fault
  | 'INVALID_ARGUMENT' // a call that can never work: an unknown peer, a body that cannot be encoded
  | 'NOT_SENT' // the peer could not be reached in time, and nothing left this process
  | 'QUEUE_FULL' // too much waits for this peer already; nothing was sent
  | 'TIMEOUT' // sent, but no answer came by the deadline
  | 'PEER_RESTARTED' // sent, and the peer restarted or forgot before it answered
  | 'UNKNOWN_VERB' // the peer has no handler for the verb
  | 'HANDLER_FAILED' // the handler threw; `remote` has its code
  | 'OVERLOADED' // the peer runs as many handlers as it may
  | 'EXPIRED' // the deadline passed before the peer started the handler
  | 'FORGOTTEN' // the peer saw this request before and has let its reply go
  | 'NOT_ALLOWED' // the peer does not let this node or client use the verb
  | 'REJECTED' // the peer refused for a reason that the message names
  | 'ABORTED' // the caller's signal aborted
  | 'TOO_LARGE' // a body above the limit
  | 'ADDRESS_IN_USE' // the address that the node would bind is taken
  | 'REFUSED' // the peer refused this node's Hello
  | 'CLOSED' // the node is closing or closed

/** What `ZmqnetError` is made of. */
export interface ErrorDetails {
  readonly code: ErrorCode
  /** A sentence in sentence case, without a final period, that names the action and the current value. */
  readonly message: string
  /** How the operation ended; `not-sent` unless said otherwise. */
  readonly outcome?: Outcome
  /** Whether the same call may be made again without the risk that its handler runs twice. */
  readonly safeToRetry?: boolean
  /** The peer that it is about. */
  readonly peer?: string
  /** The code of the error that a remote handler threw. */
  readonly remoteCode?: string
  readonly cause?: unknown
}

/** Every error that zmqnet reports on purpose. */
export class ZmqnetError extends Error {
  override readonly name = 'ZmqnetError'
  /** The stable code, for programs. */
  readonly code: ErrorCode
  /** How the operation ended. */
  readonly outcome: Outcome
  /** Whether the same call may be made again without the risk that its handler runs twice. */
  readonly safeToRetry: boolean
  /** The peer that it is about, where there is one. */
  readonly peer: string | undefined
  /** The code of the error that a remote handler threw, where it had one. */
  readonly remoteCode: string | undefined

  constructor(details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = details.code
    this.outcome = details.outcome ?? 'not-sent'
    this.safeToRetry = details.safeToRetry ?? (this.outcome === 'not-sent' || this.outcome === 'rejected')
    this.peer = details.peer
    this.remoteCode = details.remoteCode
  }
}
