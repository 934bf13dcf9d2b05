/**
 * A listener for tests: it writes down what a transport tells, and lets a test wait for something with a deadline
 * instead of sleeping.
 */

import type { Server } from 'node:net'
import type { ExecutionContext } from 'ava'
import { Context } from 'zeromq'
import type { ConnectionId } from '../../src/base/ids.ts'
import type {
  DownCause,
  SendResult,
  Transport,
  TransportKeys,
  TransportListener,
} from '../../src/transport/transport.ts'
import { type ZmqOptions, zmqTransport } from '../../src/transport/zmq.ts'

/** One thing that was told, and when. */
export type Seen = { readonly atMs: number; readonly connection: ConnectionId | undefined } & (
  | { readonly kind: 'up' }
  | { readonly kind: 'down'; readonly cause: DownCause }
  | { readonly kind: 'receive'; readonly frames: readonly Uint8Array[] }
  | { readonly kind: 'fault'; readonly text: string }
  | { readonly kind: 'strangers'; readonly address: string; readonly count: number; readonly text: string }
)

export class Recorder implements TransportListener {
  readonly seen: Seen[] = []
  /** Called with each message after it was written down; a test may throw from it or answer. */
  onReceive: ((connection: ConnectionId, frames: readonly Uint8Array[]) => void) | undefined
  readonly #waiting = new Set<() => void>()

  up(connection: ConnectionId): void {
    this.#add({ atMs: performance.now(), connection, kind: 'up' })
  }

  down(connection: ConnectionId, cause: DownCause): void {
    this.#add({ atMs: performance.now(), connection, kind: 'down', cause })
  }

  receive(connection: ConnectionId, frames: readonly Uint8Array[]): void {
    this.seen.push({ atMs: performance.now(), connection, kind: 'receive', frames })
    try {
      this.onReceive?.(connection, frames)
    } finally {
      this.#checkAll()
    }
  }

  fault(connection: ConnectionId | undefined, text: string): void {
    this.#add({ atMs: performance.now(), connection, kind: 'fault', text })
  }

  strangers(address: string, count: number, text: string): void {
    this.#add({ atMs: performance.now(), connection: undefined, kind: 'strangers', address, count, text })
  }

  /** The messages so far, each frame as text. */
  get texts(): string[][] {
    return this.seen.flatMap((each) =>
      each.kind === 'receive' ? [each.frames.map((frame) => Buffer.from(frame).toString())] : [],
    )
  }

  /** The causes of the downs so far. */
  get downs(): DownCause[] {
    return this.seen.flatMap((each) => (each.kind === 'down' ? [each.cause] : []))
  }

  /** How many strangers were told of so far. */
  get strangerCount(): number {
    return this.seen.reduce((sum, each) => sum + (each.kind === 'strangers' ? each.count : 0), 0)
  }

  get faults(): string[] {
    return this.seen.flatMap((each) => (each.kind === 'fault' ? [each.text] : []))
  }

  count(kind: Seen['kind']): number {
    return this.seen.filter((each) => each.kind === kind).length
  }

  /** The first thing from number `from` on that fits, when it comes. */
  async first(fits: (seen: Seen) => boolean, from = 0, deadlineMs = 5000): Promise<Seen> {
    await this.until(() => this.seen.slice(from).some(fits), deadlineMs)
    return this.seen.slice(from).find(fits) as Seen
  }

  /** Waits until `isTrue` after one of the next events, or rejects with what was seen instead. */
  until(isTrue: () => boolean, deadlineMs = 5000): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (isTrue()) finish(resolve)
      }
      const timer = setTimeout(() => {
        const tail = this.seen.slice(-8).map((each) => JSON.stringify({ ...each, frames: undefined }))
        finish(() => reject(new Error(`Not seen within ${deadlineMs} ms; the last: ${tail.join(' ')}`)))
      }, deadlineMs)
      const finish = (settle: () => void): void => {
        clearTimeout(timer)
        this.#waiting.delete(check)
        settle()
      }
      this.#waiting.add(check)
      check()
    })
  }

  #add(seen: Seen): void {
    this.seen.push(seen)
    this.#checkAll()
  }

  #checkAll(): void {
    for (const check of [...this.#waiting]) check()
  }
}

/** A transport with its listener, closed when the test ends. */
export interface Opened {
  readonly transport: Transport
  readonly recorder: Recorder
}

export function open(t: ExecutionContext, options: ZmqOptions = {}, keys?: TransportKeys): Opened {
  const recorder = new Recorder()
  const transport = zmqTransport(options)(recorder, keys)
  t.teardown(() => transport.close())
  return { transport, recorder }
}

const contexts: Context[] = []

/**
 * A context for raw sockets. It is kept: the monitor of a socket whose context was collected never comes to its end, and
 * whoever reads it keeps the process from ending.
 */
export function newContext(): Context {
  const context = new Context({ blocky: false })
  contexts.push(context)
  return context
}

/** Sends and gives the result, with a deadline. */
export function send(
  transport: Transport,
  connection: ConnectionId,
  frames: readonly (string | Uint8Array)[],
  deadlineMs = 5000,
): Promise<SendResult> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`The send was not settled in ${deadlineMs} ms`)),
      deadlineMs,
    )
    let calls = 0
    const bytes = frames.map((frame) => (typeof frame === 'string' ? Buffer.from(frame) : frame))
    transport.send(connection, bytes, (result) => {
      clearTimeout(timer)
      calls += 1
      // A second call would be a broken promise to the caller: it must not go unnoticed.
      if (calls > 1) throw new Error('A send was settled twice')
      resolve(result)
    })
  })
}

/** Lets a server listen on a free port of the loopback; gives the endpoint. */
export function tcpEndpoint(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(`tcp://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`)
    })
  })
}
