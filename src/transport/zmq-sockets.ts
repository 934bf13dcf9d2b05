/**
 * Makes the sockets of one transport, plain or secure, with all of their options. What each option is for stands here and
 * nowhere else; what is done with a socket is the business of its owner.
 *
 * A secure transport makes no socket without CURVE: the ROUTER is its server, with a domain that libzmq must ask about
 * each stranger (zmq-zap.ts), and each DEALER has the key of its peer pinned. It has a context to itself, because the
 * one who is asked is found by context.
 */

import { Context, Dealer, Router } from 'zeromq'
import { assert } from '../base/assert.ts'
import type { KeyPair } from '../base/keys.ts'
import { decodeZ85 } from '../base/z85.ts'
import type { CurveKeys } from './zmq-dial-keys.ts'
import type { ZmqOptions } from './zmq-options.ts'
import { CURVE_KEY_BYTES, ZAP_DOMAIN } from './zmq-zap.ts'

/**
 * High-water marks count messages, not bytes. A message is at most two frames, 64 KiB + 1 MiB = 1.06 MiB, so that 8 in
 * each direction bound what libzmq holds for one connection at 8.5 MiB each way. Under load a message is a full batch
 * of 64 KiB, and 8 of them keep the I/O thread busy: 2 and 4 cost throughput, 16 and more gained little.
 */
const HIGH_WATER_MARK = 8

/** A link takes three sockets (its own and the two ends of its monitor), and closed ones go with a delay. */
const MAX_SOCKETS = 16_384

/**
 * Kernel probes free the inbound connections of machines that vanished: 5 s idle, then 3 probes at 2 s. Unlike the
 * user timeout of TCP they do not take a blocked process, whose window is closed, for a dead one.
 */
const KEEPALIVE = {
  tcpKeepalive: 1,
  tcpKeepaliveIdle: 5,
  tcpKeepaliveInterval: 2,
  tcpKeepaliveCount: 3,
} as const

/** What CURVE adds to a frame: the name of a command, a nonce, a tag and the flags. libzmq limits what it has to read. */
const CURVE_FRAME_BYTES = 8 + 8 + 16 + 1

/** An hour: the link has closed the socket long before. */
const NEVER_RECONNECT_MS = 3_600_000

/**
 * Contexts of closed transports, for the next ones. zeromq.js ends a context only with the process, so that each would
 * leave two threads and five file descriptors behind. There are never more than transports that were open at once.
 * Plain ones and secure ones are kept apart, so that no plain socket ever stands where strangers are judged.
 */
const idleContexts = { plain: [] as Context[], secure: [] as Context[] }

export class ZmqSockets {
  readonly context: Context
  readonly #settings: Required<ZmqOptions>
  readonly #isSecure: boolean

  constructor(settings: Required<ZmqOptions>, isSecure: boolean) {
    this.#settings = settings
    this.#isSecure = isSecure
    this.context = this.#idle.pop() ?? new Context({ blocky: false, ioThreads: 1, maxSockets: MAX_SOCKETS })
  }

  /** Gives the context to the next transport. All sockets are closed. */
  release(): void {
    this.#idle.push(this.context)
  }

  /** The socket that listens. `serving`: the pair that strangers must have pinned, in a secure transport. */
  router(isIpv6: boolean, serving: KeyPair | undefined): Router {
    assert(this.#isSecure === (serving !== undefined), 'a secure transport listens with a key')
    checkKeys(serving?.secretKey)
    return new Router({
      ...this.#common(isIpv6),
      // Without `mandatory` a ROUTER drops in silence; with it, but without a timeout of 0, one full peer holds up all.
      mandatory: true,
      sendTimeout: 0,
      handshakeInterval: this.#isSecure ? this.#settings.handshakeMs : this.#settings.dialTimeoutMs,
      ...(serving && {
        curveServer: true,
        curveSecretKey: serving.secretKey,
        // Both, or libzmq lets in whoever has any key at all when it finds nobody to ask.
        zapDomain: ZAP_DOMAIN,
        zapEnforceDomain: true,
      }),
    })
  }

  /** The socket of a dial. */
  dealer(isIpv6: boolean, keys: CurveKeys | undefined): Dealer {
    // Without `immediate`: with it, libzmq drops what was received and not yet read when the connection ends, and that
    // is the answer for which a closing peer has waited. The link sends only while it is up, so nothing is queued for a
    // peer that is not there.
    return new Dealer(this.#dialOptions(isIpv6, keys))
  }

  #dialOptions(isIpv6: boolean, keys: CurveKeys | undefined) {
    assert(this.#isSecure === (keys !== undefined), 'a secure transport dials with keys')
    checkKeys(keys?.curveServerKey, keys?.curvePublicKey, keys?.curveSecretKey)
    return {
      ...this.#common(isIpv6),
      ...keys,
      // A socket lives as long as its connection; see zmq-link.ts. Far away rather than off: when libzmq knows that it
      // will not reconnect, it drops what was received and not yet read.
      reconnectInterval: NEVER_RECONNECT_MS,
      // The link gives up first, so that every `close` before that is an answer. In secure mode the same goes for every
      // end of a handshake: the other side's patience is shorter than ours.
      connectTimeout: this.#settings.dialTimeoutMs * 2,
      handshakeInterval: this.#settings.dialTimeoutMs * (this.#isSecure ? 2 : 1),
    }
  }

  /** What all sockets share. No ZMTP heartbeats: they fail behind a full queue; see probe.ts. */
  #common(isIpv6: boolean) {
    const { lingerMs, maxFrameBytes } = this.#settings
    return {
      context: this.context,
      ipv6: isIpv6,
      linger: lingerMs,
      maxMessageSize: maxFrameBytes + (this.#isSecure ? CURVE_FRAME_BYTES : 0),
      sendHighWaterMark: HIGH_WATER_MARK,
      receiveHighWaterMark: HIGH_WATER_MARK,
      ...KEEPALIVE,
    }
  }

  get #idle(): Context[] {
    return this.#isSecure ? idleContexts.secure : idleContexts.plain
  }
}

/**
 * Throws when one of these is no key, without saying what it is. zeromq.js must never see one that libzmq refuses: a
 * socket whose constructor threw crashes the process when that ends.
 */
function checkKeys(...keys: readonly (string | undefined)[]): void {
  if (keys.every((key) => key === undefined || decodeZ85(key)?.length === CURVE_KEY_BYTES)) return
  throw Object.assign(new Error('a key is not 40 characters of Z85'), { code: 'EKEY' })
}
