/**
 * The world as the driver sees it: connections that carry whole messages of one or two frames. Real sockets stand
 * behind it in zmq.ts, a simulated network in the simulator.
 *
 * A transport gives no promise beyond this: what it reports as `sent` may still be lost, and what it reports as `full`
 * or `gone` was certainly not sent. All calls of the listener come from a fresh turn, never from inside a call of ours.
 */

import type { ConnectionId } from '../base/ids.ts'
import type { KeyPair, PublicKey } from '../base/keys.ts'

/**
 * Why a dialled connection went down or could not be made. `closed`: it was up and ended. `refused`: nobody listens at
 * the address. `silent`: the other process did not answer a probe, or a dial came to nothing: it timed out, there is no
 * way to the address, its name is unknown, what listens there is no ZeroMQ peer, or a key was refused, which proves
 * nothing about the process that was meant: it may be another one that sits at its address. `unreachable`: nobody answered
 * a probe, not even the operating system at the address.
 */
export type DownCause = 'closed' | 'refused' | 'silent' | 'unreachable'

/** `sent`: handed over. `full`: the peer takes no more now; try again later. `gone`: nobody is at the other end. */
export type SendResult = 'sent' | 'full' | 'gone'

/** What a transport tells. */
export interface TransportListener {
  /** A dialled connection is ready for traffic, at first or again. */
  up(connection: ConnectionId): void
  /** A dialled connection went down, or one more attempt to make it failed. The transport goes on dialling. */
  down(connection: ConnectionId, cause: DownCause): void
  /**
   * A message arrived. `connection` is a dialled one, or an inbound one, whose first message makes it known.
   * Usually one or two frames; a hostile peer may send any number, also none.
   */
  receive(connection: ConnectionId, frames: readonly Uint8Array[]): void
  /** Something went wrong that is no message: a sentence for the log. */
  fault(connection: ConnectionId | undefined, text: string): void
  /**
   * Strangers were turned away: they dialled us with a key that nobody here has. `count` of them since the last call,
   * which is a second ago or more; `address` is that of the last one, and `text` a sentence about it for the log. Who
   * does not speak CURVE, or does not know our key, is turned away by libzmq and told by nobody.
   */
  strangers?(address: string, count: number, text: string): void
}

/** What makes a transport secure: every connection is CURVE, with the key of the other end pinned on both sides. */
export interface TransportKeys {
  /** Our pairs in the order in which a dial tries them. Asked at each attempt; never empty. */
  own(): readonly KeyPair[]
  /** The pair that those who dial us must have pinned. `rekey` tells the transport that it changed. */
  serving(): KeyPair
  /** Whether a stranger with this public key may finish its handshake. Asked once for each connection. */
  admits(publicKey: PublicKey): boolean
}

/** Carries messages of frames between processes. */
export interface Transport {
  /**
   * Tells this host from others: a party with the same token can dial a shortcut of this one. Empty when there are no
   * shortcuts here.
   */
  readonly hostToken: string
  /**
   * Makes an endpoint of our own for parties on this host, beside the one that `listen` is called with afterwards; at
   * most once. Gives the endpoint. Rejects when there is none to be had, which does no harm to anything else.
   */
  openShortcut(beside: string): Promise<string>
  /**
   * Starts to accept connections; gives the endpoint that was really bound (a port 0 is filled in). Rejects with an
   * Error that has a `code`, EADDRINUSE when the address stays taken for a second. A secure transport first dials
   * itself as a stranger would, and rejects with EINSECURE unless every such dial is turned away. Nothing is received before the
   * turn of the event loop after the one in which this resolves; what comes before waits.
   */
  listen(endpoint: string): Promise<string>
  /**
   * Opens a connection and keeps dialling, with backoff, until `hangUp`. Throws on an endpoint that can never work.
   * `serverKeys`, in a secure transport only and there always: the keys that the peer may have, asked at each attempt.
   * While there is none, nobody is dialled.
   */
  dial(endpoint: string, serverKeys?: () => readonly PublicKey[]): ConnectionId
  /**
   * The keys changed: listens with `serving()` from here on, and dials again at once whoever was refused or had no key.
   * Resolves when it listens again. A new key to serve costs every inbound connection its end, because libzmq binds a
   * key to a listener and a listener owns its connections; dialled ones live on. Without a new one nothing ends.
   */
  rekey(): Promise<void>
  /**
   * Throws the connection's socket away and dials afresh at once: the reset of the Lazy Pirate. No `down` follows, as
   * the caller knows; a send that is pending is `gone`.
   */
  reset(connection: ConnectionId): void
  /**
   * As `reset`, but dials `endpoint`, a shortcut to the same peer. It is tried once: when nobody answers there within
   * the time for a silent dial, and when the connection to it has ended, the configured address is dialled as always.
   * That it could not be reached is told to nobody, for it says nothing of the peer.
   */
  redirect(connection: ConnectionId, endpoint: string): void
  /**
   * Asks whether the process at the other end of a connection that is up still runs, its event loop aside. Without an
   * answer, and when nothing comes in meanwhile, the connection goes down as `silent` or `unreachable`; else nothing is told.
   * When the other end `isDeaf`, what comes in meanwhile does not keep an unreachable one up. While one such question is open, it begins no other, and for
   * a connection that is not up, it does nothing.
   */
  probe(connection: ConnectionId, isDeaf: boolean): void
  /**
   * Ends a dialled connection for good, or lets go of an inbound one: nothing can be sent on it, unless its other end speaks
   * again. Then it is the same connection, if that is soon; a transport may forget which it was.
   */
  hangUp(connection: ConnectionId): void
  /**
   * Sends one message of one or two frames. At most one send may be pending on a connection; `done` is called exactly
   * once, later than this call returns or inside it. The frames belong to the transport from here on.
   */
  send(connection: ConnectionId, frames: readonly Uint8Array[], done: (result: SendResult) => void): void
  /** The address of the other end where known: "tcp://127.0.0.1:7001", its shortcut while in use, or "inbound 17". */
  describe(connection: ConnectionId): string
  /** Closes everything; pending sends are told `gone`. Nothing is told to the listener afterwards. */
  close(): Promise<void>
}

/** Makes a transport that reports to `listener`, a secure one if there are `keys`. */
export type TransportFactory = (listener: TransportListener, keys?: TransportKeys) => Transport
