/**
 * The loop that reads one ZeroMQ socket to its end and hands every message on.
 *
 * Receiving resolves without a turn of the event loop while messages are there, so that a fast producer would starve
 * timers and handlers: after a budget of messages or of time the loop lets the event loop turn once. It does not
 * interpret what it reads, and it survives a throw in the code that does.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'

/** What the loop needs of a socket; zeromq.js has it. */
export interface ReceivingSocket {
  readonly closed: boolean
  receive(): Promise<Buffer[]>
}

/** What the monitor of a socket tells. */
export interface MonitorEvent {
  readonly type: string
  readonly error?: Error
}

/** What can be dialled and watched; a Dealer of zeromq.js can. */
export interface MonitoredSocket {
  readonly closed: boolean
  /** The monitor, to be asked for the first time before `connect`, or the first events are missed. */
  readonly events: { receive(): Promise<MonitorEvent | undefined> }
  connect(endpoint: string): void
  close(): void
}

/**
 * The budget of one turn: 8 ms of handling, so that a timer is at most about that late because of us, and at most 256
 * messages, which are a few milliseconds where each one is small.
 */
const TURN_MESSAGES = 256
const TURN_MS = 8

/** Reads until the socket is closed. `deliver` gets each message, `fault` a sentence for what went wrong. */
export async function receiveAll(
  socket: ReceivingSocket,
  deliver: (frames: Buffer[]) => void,
  fault: (text: string) => void,
): Promise<void> {
  let messages = 0
  let spentMs = 0
  while (!socket.closed) {
    let frames: Buffer[]
    try {
      frames = await socket.receive()
    } catch (error) {
      // Closing the socket rejects the receive that is pending: that is the regular end.
      if (socket.closed) return
      fault(`Receiving failed: ${describeError(error)}`)
      await nextTurn()
      continue
    }
    const startedAt = performance.now()
    try {
      deliver(frames)
    } catch (error) {
      fault(`The listener threw on a message: ${describeError(error)}`)
    }
    messages += 1
    spentMs += performance.now() - startedAt
    if (messages < TURN_MESSAGES && spentMs < TURN_MS) continue
    messages = 0
    spentMs = 0
    await nextTurn()
  }
}

/** An error in words, for a log: with its stack if it is not an answer of the system, because then it is a bug. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? `${error.message} (${String(error.code)})` : (error.stack ?? error.message)
}
