/**
 * What a failed handshake says, in words for a log. libzmq tells little of it: a stranger is told that its key was
 * refused, and nothing when the key that it pinned is not the one of whom it dialled. No key stands in these words.
 */

import { describeError, type MonitorEvent } from './zmq-receive.ts'

/** The reason in a monitor's `handshake:error:*`; undefined when it is plain silence, which is told elsewhere. */
export function handshakeFault({ type, error }: MonitorEvent, isSecure: boolean): string | undefined {
  const code = error !== undefined && 'code' in error ? error.code : undefined
  // The handshake's own timeout.
  if (code === 'EAGAIN') return undefined
  if (type === 'handshake:error:auth') return 'our key is not accepted there'
  if (code === 'ERR_ZMTP_MECHANISM_MISMATCH') {
    return isSecure ? 'it does not speak CURVE' : 'it speaks only to those that have keys'
  }
  const text = describeError(error)
  if (code !== 'EPIPE' && code !== 'ECONNRESET') return text
  return isSecure
    ? `it hung up: it has another key than the one known for it, runs without keys, or was too busy; ${text}`
    : `it hung up: it speaks only to those that have keys, or is no ZeroMQ peer; ${text}`
}
