/**
 * Who may finish a handshake with us: the handler of ZAP (ZeroMQ RFC 27), which libzmq asks for each stranger that has
 * shown, by CURVE, that it owns the public key that it names.
 *
 * libzmq lets everybody in when there is nobody to ask, so the handler stands before the first socket listens, and
 * zmq-self-test.ts looks whether it is asked. There is one in each context; hence a context for each secure transport.
 *
 * What waits here is bounded by libzmq: one question for each open handshake, which ends by itself after `handshakeMs`.
 * It proves membership only. Which peer speaks is proven inside the protocol.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { type Context, Router, type SocketOptions } from 'zeromq'
import type { PublicKey } from '../base/keys.ts'
import { encodeZ85 } from '../base/z85.ts'
import { describeError, receiveAll } from './zmq-receive.ts'

/** The name under which our listening sockets ask. Without one, libzmq asks nobody. */
export const ZAP_DOMAIN = 'zmqnet'

const ZAP_ENDPOINT = 'inproc://zeromq.zap.01'
const ZAP_VERSION = '1.0'

/** The length of each key of CURVE. */
export const CURVE_KEY_BYTES = 32

/** Routing id, delimiter, version, request id, domain, address, the server's identity, mechanism, and one credential. */
const CURVE_REQUEST_FRAMES = 9

/** A former owner of the context may still be closing its handler: so long is waited, in such steps. */
const REBIND_MS = 1000
const REBIND_STEP_MS = 2

/** What a request was answered with, and about whom. */
export interface ZapAnswer {
  readonly frames: readonly (string | Uint8Array)[]
  readonly status: '200' | '400' | '500'
  /** The reason, which the stranger does not get to see. */
  readonly text: string
  /** The key that was judged; undefined where there was none to judge. */
  readonly publicKey: PublicKey | undefined
  /** Where the stranger dialled from, as libzmq says. */
  readonly address: string
}

/** Answers one request; undefined when it does not even say where the answer is to go. Does not throw. */
export function answerZap(
  request: readonly Uint8Array[],
  admits: (publicKey: PublicKey) => boolean,
): ZapAnswer | undefined {
  const [routingId, delimiter, version, requestId, domain, address, , mechanism, credential] = request
  if (routingId === undefined || delimiter === undefined || delimiter.length > 0) return undefined
  const answer = (status: ZapAnswer['status'], text: string, publicKey?: PublicKey): ZapAnswer => ({
    frames: [routingId, '', ZAP_VERSION, requestId ?? '', status, text, '', ''],
    status,
    text,
    publicKey,
    address: textOf(address),
  })
  if (textOf(version) !== ZAP_VERSION || requestId === undefined) return answer('500', 'Not ZAP 1.0')
  if (textOf(domain) !== ZAP_DOMAIN) return answer('500', 'Unknown domain')
  if (textOf(mechanism) !== 'CURVE') return answer('400', 'CURVE only')
  if (request.length !== CURVE_REQUEST_FRAMES || credential?.length !== CURVE_KEY_BYTES) {
    return answer('500', 'Not the credentials of CURVE')
  }
  const publicKey = encodeZ85(credential)
  try {
    return admits(publicKey) === true
      ? answer('200', 'OK', publicKey)
      : answer('400', 'Unknown key', publicKey)
  } catch {
    return answer('500', 'The judge failed', publicKey)
  }
}

function textOf(frame: Uint8Array | undefined): string {
  return frame === undefined ? '' : Buffer.from(frame).toString('latin1')
}

/** What a handler needs to know. */
export interface ZapOptions {
  admits(publicKey: PublicKey): boolean
  /** Told of each stranger that was turned away. */
  refused(answer: ZapAnswer): void
  fault(text: string): void
}

function newRouter(options: SocketOptions<Router>): Router {
  return new Router(options)
}

/** The handler of one context. */
export class ZapHandler {
  readonly #socket: Router
  readonly #options: ZapOptions

  private constructor(socket: Router, options: ZapOptions) {
    this.#socket = socket
    this.#options = options
    void receiveAll(
      socket,
      (request) => this.#answer(request),
      (text) => options.fault(text),
    )
  }

  /** Binds in `context`, before anything there may listen. Rejects when there is another one, or no socket. */
  static async open(context: Context, options: ZapOptions, newSocket = newRouter): Promise<ZapHandler> {
    // Its answers never wait: libzmq puts no limit on the pipe of a handshake, and drops what nobody waits for any more.
    const socket = newSocket({ context, linger: 0, sendTimeout: 0 })
    const giveUpAt = performance.now() + REBIND_MS
    for (;;) {
      try {
        socket.bindSync(ZAP_ENDPOINT)
        return new ZapHandler(socket, options)
      } catch (error) {
        if (performance.now() >= giveUpAt) {
          socket.close()
          throw error
        }
        await delay(REBIND_STEP_MS)
      }
    }
  }

  close(): void {
    if (!this.#socket.closed) this.#socket.close()
  }

  #answer(request: readonly Uint8Array[]): void {
    const answer = answerZap(request, (publicKey) => this.#options.admits(publicKey))
    if (answer === undefined) {
      this.#options.fault('A request for authentication was malformed')
      return
    }
    const { frames, status } = answer
    this.#socket.send(frames as (string | Buffer)[]).catch((error: unknown) => {
      this.#options.fault(`Answering a request for authentication failed: ${describeError(error)}`)
    })
    if (status !== '200') this.#options.refused(answer)
  }
}
