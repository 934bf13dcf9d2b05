/**
 * The real world with a tap on its wire: it counts the requests that leave, and can lose answers or hold them back. On a
 * byte stream a proxy cannot do that without breaking the connection, and then everything is asked again at once; here one
 * message is gone and all others pass, which is the harder case.
 *
 * It keeps the promises of a transport: what is reported as sent may be lost, one send is pending at a time, and what is
 * late leaves later than what was sent after it.
 */

import type { ConnectionId } from '../../src/base/ids.ts'
import { realWorld } from '../../src/node/real-world.ts'
import type { World } from '../../src/node/world.ts'
import type { SendResult, Transport } from '../../src/transport/transport.ts'
import { decodeFrames } from '../../src/wire/batch.ts'

/** How answers fare: shares of them, 0 to 1, and how late they are. */
export interface Trouble {
  readonly lose: number
  readonly delay: number
  readonly maxDelayMs: number
}

/** One world and what passed its tap. */
export class Tap {
  requests = 0
  lostReplies = 0
  lateReplies = 0
  readonly world: World
  readonly #trouble: Trouble

  constructor(trouble: Trouble) {
    this.#trouble = trouble
    const real = realWorld()
    this.world = { ...real, transport: (listener) => this.#wrap(real.transport(listener)) }
  }

  #wrap(inner: Transport): Transport {
    const line = new SendLine(inner)
    return {
      hostToken: inner.hostToken,
      openShortcut: (beside) => inner.openShortcut(beside),
      listen: (endpoint) => inner.listen(endpoint),
      dial: (endpoint) => inner.dial(endpoint),
      reset: (connection) => inner.reset(connection),
      redirect: (connection, endpoint) => inner.redirect(connection, endpoint),
      rekey: () => inner.rekey(),
      probe: (connection, isDeaf) => inner.probe(connection, isDeaf),
      hangUp: (connection) => inner.hangUp(connection),
      describe: (connection) => inner.describe(connection),
      close: () => {
        line.close()
        return inner.close()
      },
      send: (connection, frames, done) => this.#send(line, connection, frames, done),
    }
  }

  #send(
    line: SendLine,
    connection: ConnectionId,
    frames: readonly Uint8Array[],
    done: (result: SendResult) => void,
  ): void {
    const { messages } = decodeFrames(frames, 0)
    this.requests += messages.filter(({ kind }) => kind === 'request').length
    const replies = messages.filter(({ kind }) => kind === 'reply').length
    const chance = replies === 0 ? 1 : Math.random()
    const { lose, delay, maxDelayMs } = this.#trouble
    if (chance < lose) {
      this.lostReplies += replies
      setImmediate(() => done('sent'))
    } else if (chance < lose + delay) {
      this.lateReplies += replies
      setTimeout(() => line.send(connection, frames), Math.random() * maxDelayMs)
      setImmediate(() => done('sent'))
    } else line.send(connection, frames, done)
  }
}

interface Sending {
  readonly frames: readonly Uint8Array[]
  readonly done: ((result: SendResult) => void) | undefined
}

/** Sees to it that one send is pending on each connection, whoever wants to send. */
class SendLine {
  readonly #inner: Transport
  readonly #waiting = new Map<ConnectionId, Sending[]>()
  #isClosed = false

  constructor(inner: Transport) {
    this.#inner = inner
  }

  send(connection: ConnectionId, frames: readonly Uint8Array[], done?: (result: SendResult) => void): void {
    const waiting = this.#waiting.get(connection)
    if (waiting !== undefined) waiting.push({ frames, done })
    else if (!this.#isClosed) {
      this.#waiting.set(connection, [])
      this.#sendNow(connection, { frames, done })
    }
  }

  close(): void {
    this.#isClosed = true
  }

  #sendNow(connection: ConnectionId, { frames, done }: Sending): void {
    this.#inner.send(connection, frames, (result) => {
      const next = this.#waiting.get(connection)?.shift()
      if (next === undefined || this.#isClosed) this.#waiting.delete(connection)
      else this.#sendNow(connection, next)
      done?.(result)
    })
  }
}
