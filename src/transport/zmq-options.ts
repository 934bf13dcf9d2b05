/**
 * How the transport over ZeroMQ is tuned, and what fits a mesh in one data centre and on one machine. It opens no socket
 * and decides nothing: zmq-sockets.ts turns these numbers into options of libzmq, the link keeps its own times by them.
 */

import { type Descriptors, descriptorLimit, nextDescriptor } from './zmq-descriptors.ts'
import { type ShortcutForm, shortcutForm } from './zmq-shortcut.ts'

/** All have defaults. */
export interface ZmqOptions {
  /** The largest frame that is accepted, in bytes; a peer that sends more is disconnected. Default 1 MiB + 64 KiB. */
  readonly maxFrameBytes?: number
  /** How long a dial may take before it is reported as silent, in milliseconds; it goes on. Default 500. */
  readonly silentAfterMs?: number
  /** How long a dial or a handshake may take before it is given up, in milliseconds. Default 2000. */
  readonly dialTimeoutMs?: number
  /**
   * How long a stranger may take for its handshake with a secure transport, in milliseconds. Default 1000. Longer lets
   * strangers hold more file descriptors for nothing; shorter turns away those who come while the event loop is blocked.
   */
  readonly handshakeMs?: number
  /** The pause after a failed dial, in milliseconds; doubles up to `redialMaxMs`, with jitter. Default 100. */
  readonly redialMs?: number
  /** The longest pause between two dials, in milliseconds. Default 2000. */
  readonly redialMaxMs?: number
  /**
   * The longest pause after a dial whose keys were refused, in milliseconds. Default 1500: with one more handshake, a
   * peer that is allowed again is back within 2 seconds.
   */
  readonly refusedMaxMs?: number
  /** How long the last queued messages may take to leave after closing, in milliseconds. Default 150. */
  readonly lingerMs?: number
  /** How long `listen` waits for an address that is still taken, in milliseconds. Default 1000. */
  readonly rebindMs?: number
  /** How many inbound connections are remembered. Default 16384, about 5 MiB. */
  readonly maxInbound?: number
  /** What shortcuts are made of. Default: what fits the platform. */
  readonly shortcutForm?: ShortcutForm
  /** Where file descriptors are counted. Default: in this process. */
  readonly descriptors?: Descriptors
}

export const ZMQ_DEFAULTS: Required<ZmqOptions> = {
  maxFrameBytes: 1024 * 1024 + 64 * 1024,
  silentAfterMs: 500,
  dialTimeoutMs: 2000,
  handshakeMs: 1000,
  redialMs: 100,
  redialMaxMs: 2000,
  refusedMaxMs: 1500,
  lingerMs: 150,
  rebindMs: 1000,
  maxInbound: 16_384,
  shortcutForm: shortcutForm(process.platform),
  descriptors: { limit: descriptorLimit, next: nextDescriptor },
}
