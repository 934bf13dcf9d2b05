/**
 * Bare ZeroMQ sockets for tests of bad manners: a dealer that says whatever it is told to a node, and a router that a
 * node takes for a peer. What they get is decoded, so that a test can wait for an answer by its kind.
 */

import type { ExecutionContext } from 'ava'
import { Dealer, Router } from 'zeromq'
import type { Incarnation } from '../../src/base/ids.ts'
import { decodeFrames } from '../../src/wire/batch.ts'
import type { Hello, Message, Welcome } from '../../src/wire/messages.ts'
import { encodeBatch } from './encode-batch.ts'
import { until } from './mesh.ts'

const FOREVER = Number.POSITIVE_INFINITY

/** A Hello that a node of this network takes, unless `changes` make it worse. */
export function hello(changes: Partial<Hello> = {}): Hello {
  return {
    kind: 'hello',
    minVersion: 1,
    maxVersion: 1,
    role: 'client',
    name: `guest-${Math.random().toString(16).slice(2)}`,
    incarnation: 4711 as Incarnation,
    network: 'zmqnet',
    expects: '',
    capabilities: 0,
    maxBodyBytes: 1024 * 1024,
    ...changes,
  }
}

export function request(sequence: number, verb: string, changes: Partial<Message> = {}): Message {
  return {
    kind: 'request',
    sequence,
    floor: 1,
    attempt: 1,
    requestKind: 'request',
    deadlineAt: 10_000,
    expiresAt: FOREVER,
    verb,
    body: { type: 'none', bytes: new Uint8Array() },
    ...changes,
  } as Message
}

/** The frames of one ZeroMQ message with these envelopes. */
export function framesOf(...messages: readonly Message[]): Buffer[] {
  const packed = encodeBatch(messages, 0)
  return (packed[0] ?? []).map((frame) => Buffer.from(frame))
}

/** A dealer that is connected to a node. */
export class RawDealer {
  readonly heard: Message[] = []
  readonly #socket: Dealer
  #sending: Promise<void> = Promise.resolve()

  constructor(t: ExecutionContext, endpoint: string, { reads = true } = {}) {
    // One that does not read must not let ZeroMQ read a thousand messages in its place.
    this.#socket = new Dealer({ linger: 0, receiveHighWaterMark: reads ? 1000 : 1 })
    this.#socket.connect(endpoint)
    t.teardown(() => this.close())
    if (reads) void this.#read()
  }

  /** Sends one ZeroMQ message of any frames, after those before. */
  send(...frames: readonly Uint8Array[]): Promise<void> {
    this.#sending = this.#sending.then(() => this.#socket.send(frames as Buffer[]))
    return this.#sending
  }

  say(...messages: readonly Message[]): Promise<void> {
    return this.send(...framesOf(...messages))
  }

  /** The first message of a kind that came, when it comes. */
  first<K extends Message['kind']>(kind: K, from = 0): Promise<Extract<Message, { kind: K }>> {
    const isIt = (message: Message): message is Extract<Message, { kind: K }> => message.kind === kind
    return until(() => this.heard.slice(from).find(isIt), `a ${kind}`)
  }

  close(): void {
    if (!this.#socket.closed) this.#socket.close()
  }

  async #read(): Promise<void> {
    try {
      for await (const frames of this.#socket) this.heard.push(...decodeFrames(frames, 0).messages)
    } catch {
      // Closing rejects the receive that is pending.
    }
  }
}

/** What a false peer does with each message that a node sends it; `answer` sends on the same connection. */
export type FalseManners = (message: Message, answer: (...frames: readonly Uint8Array[]) => void) => void

/** A router that stands where a peer should be. */
export class FalsePeer {
  readonly heard: Message[] = []
  readonly #socket = new Router({ linger: 0 })
  readonly #manners: FalseManners
  #sending: Promise<void> = Promise.resolve()

  private constructor(manners: FalseManners) {
    this.#manners = manners
  }

  static async start(t: ExecutionContext, endpoint: string, manners: FalseManners): Promise<FalsePeer> {
    const peer = new FalsePeer(manners)
    await peer.#socket.bind(endpoint)
    t.teardown(() => peer.#socket.close())
    void peer.#read()
    return peer
  }

  count(kind: Message['kind']): number {
    return this.heard.filter((message) => message.kind === kind).length
  }

  async #read(): Promise<void> {
    try {
      for await (const [id, ...frames] of this.#socket) {
        const answer = (...answers: readonly Uint8Array[]): void => {
          this.#sending = this.#sending.then(() => this.#send([id as Buffer, ...(answers as Buffer[])]))
        }
        for (const message of decodeFrames(frames, 0).messages) {
          this.heard.push(message)
          this.#manners(message, answer)
        }
      }
    } catch {
      // Closing rejects the receive that is pending.
    }
  }

  async #send(frames: Buffer[]): Promise<void> {
    try {
      await this.#socket.send(frames)
    } catch {
      // A node that has gone away, or a socket that is closed: a false peer does not care.
    }
  }
}

/** The Welcome that the node wants to hear, unless `changes` make it another one. */
export function welcome(changes: Partial<Welcome> = {}): Welcome {
  return {
    kind: 'welcome',
    version: 1,
    name: 'bravo',
    incarnation: 4712 as Incarnation,
    window: 1,
    capabilities: 0,
    maxBodyBytes: 1024 * 1024,
    hostToken: '',
    shortcut: '',
    ...changes,
  }
}
