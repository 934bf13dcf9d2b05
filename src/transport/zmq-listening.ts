/**
 * The side of the transport that listens: one ROUTER, its shortcut, those who came to it, and in a secure transport the
 * guard before it (zmq-zap.ts).
 *
 * The ROUTER has no monitor on purpose. libzmq writes monitor events from its I/O thread and waits for room when about
 * 2000 are unread: 767 strangers that connected while the event loop was blocked stopped all traffic of the process.
 *
 * Another key to serve takes another ROUTER on the same address. libzmq gives a listener its key when it binds, and a
 * listener that is unbound takes its connections along; so they end either way, and a new socket is never used by two
 * threads at once, as one that unbinds is in zeromq.js. Who was connected dials again.
 */

import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import type { Router } from 'zeromq'
import { assert } from '../base/assert.ts'
import type { ConnectionId } from '../base/ids.ts'
import type { PublicKey } from '../base/keys.ts'
import type { SendResult, TransportKeys, TransportListener } from './transport.ts'
import { DescriptorWatch, MIN_DESCRIPTORS_FOR_IPC } from './zmq-descriptors.ts'
import { localEndpointOf } from './zmq-endpoint.ts'
import { type Inbound, InboundTable } from './zmq-inbound.ts'
import type { ZmqOptions } from './zmq-options.ts'
import { describeError, receiveAll } from './zmq-receive.ts'
import { testStrangers } from './zmq-self-test.ts'
import { newShortcutPlace, type ShortcutPlace } from './zmq-shortcut.ts'
import type { ZmqSockets } from './zmq-sockets.ts'
import { StrangerTally } from './zmq-strangers.ts'
import { type ZapAnswer, ZapHandler } from './zmq-zap.ts'

/** What it needs to know. */
export interface ListeningOptions {
  readonly settings: Required<ZmqOptions>
  readonly sockets: ZmqSockets
  readonly listener: TransportListener
  readonly keys: TransportKeys | undefined
  newConnection(): ConnectionId
}

/** How an address is bound again. */
interface Rebinding {
  isWanted(): boolean
  /** It was tried for `rebindMs`; told once. */
  late(error: unknown): void
}

const REBIND_STEP_MS = 50

/**
 * The former listener lets go of its address within 5 ms, and until then whoever dials is refused: so long the address is
 * asked for without giving anybody else a turn.
 */
const REBIND_SPIN_MS = 20

/** How many turns of the event loop are given to what arrived before a change of keys. */
const FAREWELL_TURNS = 16

export class Listening {
  readonly #options: ListeningOptions
  readonly #inbounds: InboundTable
  readonly #strangers: StrangerTally
  /** The keys of our own self-test, and whether they were refused. */
  readonly #probes = new Map<PublicKey, boolean>()
  #guard: ZapHandler | undefined
  #router: Router | undefined
  #isIpv6 = false
  #isListening = false
  #isReading = false
  #isClosed = false
  #shortcut: ShortcutPlace | undefined
  /** The ROUTER on which the shortcut is bound: none while descriptors are scarce, the former one while keys change. */
  #shortcutOn: Router | undefined
  /** Where the ROUTER is bound, once it is to be read. */
  #bound: string | undefined
  /** The key under which it listens. */
  #serving: PublicKey | undefined
  /** What binds anew, a key that changed or a shortcut that is given back, goes one after the other. */
  #binding: Promise<void> = Promise.resolve()
  #descriptors: DescriptorWatch | undefined

  constructor(options: ListeningOptions) {
    this.#options = options
    this.#inbounds = new InboundTable(options.settings.maxInbound, options.newConnection, (inbound, error) =>
      this.#judge(inbound, error),
    )
    this.#strangers = new StrangerTally((address, count, text) =>
      options.listener.strangers?.(address, count, text),
    )
  }

  async openShortcut(beside: string): Promise<string> {
    assert(this.#router === undefined && !this.#isClosed, 'a shortcut is opened once, and before listening')
    const limit = this.#options.settings.descriptors.limit()
    if (limit < MIN_DESCRIPTORS_FOR_IPC) throw new Error(`${limit} file descriptors are too few`)
    const place = newShortcutPlace(this.#options.settings.shortcutForm)
    this.#shortcut = place
    try {
      // The same socket that will listen: whoever comes this way is served like all others. zeromq.js lets a socket that
      // binds neither send nor receive, hence before listening.
      const router = await this.#open(beside)
      await router.bind(place.endpoint)
      this.#shortcutOn = router
    } catch (error) {
      place.remove()
      this.#shortcut = undefined
      throw error
    }
    return place.endpoint
  }

  async listen(endpoint: string): Promise<string> {
    assert(!this.#isListening && !this.#isClosed, 'a transport listens once, and not after close')
    this.#isListening = true
    const router = this.#router ?? (await this.#open(endpoint))
    await this.#bind(router, endpoint)
    const bound = router.lastEndpoint as string
    await this.#test([localEndpointOf(bound), this.#shortcut?.endpoint])
    if (this.#isClosed) throw new Error(`Cannot listen on ${endpoint}: the transport was closed`)
    this.#bound = bound
    const { descriptors } = this.#options.settings
    this.#descriptors = new DescriptorWatch({
      limit: descriptors.limit(),
      next: () => descriptors.next(),
      changed: (isScarce) => this.#descriptorsChanged(isScarce),
    })
    // The keys may have changed meanwhile.
    await this.rekey()
    // Strangers may be waiting already, and what they say is there at once. It is read in a turn of its own: before, whoever
    // waits for this address has all of its own turn to begin, and so has the user who waits for the node.
    this.#binding = this.#binding.then(() => nextTurn()).then(() => this.#beginToRead())
    return bound
  }

  /** Listens under the key that is to be served now. Resolves when it does, or is closed. */
  rekey(): Promise<void> {
    this.#binding = this.#binding
      .then(() => this.#changeKey())
      .catch((error: unknown) => {
        // Listening under the former key goes on.
        this.#fault(`Cannot listen with the new key: ${describeError(error)}`)
      })
    return this.#binding
  }

  get(connection: ConnectionId): Inbound | undefined {
    return this.#inbounds.get(connection)
  }

  letGo(connection: ConnectionId): void {
    this.#inbounds.letGo(connection)
  }

  send(inbound: Inbound, frames: readonly Uint8Array[], done: (result: SendResult) => void): void {
    assert(inbound.done === undefined, 'one send at a time on a connection')
    inbound.done = done
    // With a send timeout of 0 the promise is settled already, so that sends to several peers never meet as EBUSY.
    try {
      const message = [inbound.routingId, ...frames] as Buffer[]
      ;(this.#router as Router).send(message).then(inbound.onSent, inbound.onNotSent)
    } catch (error) {
      inbound.onNotSent(error)
    }
  }

  close(): void {
    this.#isClosed = true
    this.#strangers.end()
    this.#closeRouter()
    this.#guard?.close()
    this.#descriptors?.end()
    this.#shortcut?.remove()
  }

  /**
   * Takes the shortcut away while descriptors are scarce; see zmq-descriptors.ts. The links on it end and come back over
   * tcp, for which there is still room. `unbind` would block sending and receiving for a while, and `unbindSync` of
   * zeromq.js 6.8.0 binds; for libzmq both are the same call as `disconnect`.
   */
  #descriptorsChanged(isScarce: boolean): void {
    this.#fault(
      isScarce
        ? 'File descriptors run out: new connections wait until some are free'
        : 'There are enough file descriptors again',
    )
    if (!isScarce) this.#binding = this.#binding.then(() => this.#bindShortcut())
    else if (this.#shortcut !== undefined && this.#shortcutOn === this.#router) {
      this.#router?.disconnect(this.#shortcut.endpoint)
      this.#shortcutOn = undefined
    }
  }

  /** Opens the ROUTER, and before it the guard of a secure transport. */
  async #open(endpoint: string): Promise<Router> {
    const { keys, sockets } = this.#options
    if (keys !== undefined) {
      this.#guard ??= await ZapHandler.open(sockets.context, {
        admits: (publicKey) => keys.admits(publicKey),
        refused: (answer) => this.#refused(answer),
        fault: (text) => this.#fault(text),
      })
      if (this.#isClosed) {
        this.#guard.close()
        throw new Error(`Cannot listen on ${endpoint}: the transport was closed`)
      }
    }
    this.#isIpv6 = endpoint.includes('[')
    const serving = keys?.serving()
    this.#serving = serving?.publicKey
    const router = sockets.router(this.#isIpv6, serving)
    this.#router = router
    return router
  }

  async #bind(router: Router, endpoint: string): Promise<void> {
    // Closing is asynchronous in libzmq: an address that this process used a moment ago may still be taken.
    const giveUpAt = performance.now() + this.#options.settings.rebindMs
    for (;;) {
      try {
        await router.bind(endpoint)
        return
      } catch (error) {
        const code = codeOf(error)
        const mayRetry = code === 'EADDRINUSE' && !this.#isClosed && performance.now() < giveUpAt
        if (!mayRetry) {
          this.#closeRouter()
          throw listenError(endpoint, code, error)
        }
        await delay(REBIND_STEP_MS)
      }
    }
  }

  /** Nobody is heard before this is over: the ROUTER is not read yet. */
  async #test(endpoints: readonly (string | undefined)[]): Promise<void> {
    const serverKey = this.#serving
    if (serverKey === undefined) return
    try {
      const { context } = this.#options.sockets
      for (const endpoint of endpoints) {
        if (endpoint !== undefined)
          await testStrangers({ context, endpoint, serverKey, probes: this.#probes })
      }
    } catch (error) {
      this.#closeRouter()
      throw error
    } finally {
      this.#probes.clear()
    }
  }

  #refused(answer: ZapAnswer): void {
    const { publicKey } = answer
    if (publicKey !== undefined && this.#probes.has(publicKey)) this.#probes.set(publicKey, true)
    else this.#strangers.add(answer)
  }

  #beginToRead(): void {
    this.#isReading = true
    if (this.#router !== undefined) this.#read(this.#router)
  }

  #read(router: Router): void {
    void receiveAll(
      router,
      (frames) => {
        const routingId = frames.shift()
        // What a former ROUTER still has to say comes from connections that are gone.
        if (routingId === undefined || this.#router !== router) return
        this.#options.listener.receive(this.#inbounds.hear(routingId).connection, frames)
      },
      (text) => this.#fault(text),
    )
  }

  async #changeKey(): Promise<void> {
    const { keys, sockets } = this.#options
    const bound = this.#bound
    const former = this.#router
    if (keys === undefined || bound === undefined || former === undefined || this.#isClosed) return
    if (keys.serving().publicKey === this.#serving) return
    for (let turn = 0; turn < FAREWELL_TURNS && !former.closed && former.readable; turn += 1) await nextTurn()
    if (this.#isClosed) return
    const serving = keys.serving()
    const router = sockets.router(this.#isIpv6, serving)
    this.#closeRouter()
    this.#inbounds.clear()
    this.#router = router
    this.#serving = serving.publicKey
    await this.#bindAgain(router, bound, {
      isWanted: () => true,
      late: (error) => {
        this.#fault(`${listenError(bound, codeOf(error), error).message}; trying on with the new key`)
      },
    })
    if (this.#isClosed) return
    if (this.#isReading) this.#read(router)
    await this.#bindShortcut()
  }

  /**
   * Binds the shortcut where this node listens now, unless descriptors are scarce. That may fail: peers then take the
   * configured address.
   */
  async #bindShortcut(): Promise<void> {
    const router = this.#router
    const endpoint = this.#shortcut?.endpoint
    if (router === undefined || endpoint === undefined || this.#shortcutOn === router) return
    let isTooLate = false
    const isBound = await this.#bindAgain(router, endpoint, {
      isWanted: () => !isTooLate && this.#descriptors?.isScarce !== true,
      late: (error) => {
        isTooLate = true
        this.#fault(`Cannot offer the shortcut again: ${describeError(error)}`)
      },
    })
    if (isBound) this.#shortcutOn = router
  }

  /** Tries until it is done or not wanted any more: a node that has listened once has to go on. Gives whether it is done. */
  async #bindAgain(router: Router, endpoint: string, how: Rebinding): Promise<boolean> {
    const startedAt = performance.now()
    let isLate = false
    while (!this.#isClosed && how.isWanted()) {
      try {
        router.bindSync(endpoint)
        return true
      } catch (error) {
        const spentMs = performance.now() - startedAt
        if (spentMs < REBIND_SPIN_MS) continue
        if (spentMs >= this.#options.settings.rebindMs && !isLate) {
          isLate = true
          how.late(error)
        }
        await delay(REBIND_STEP_MS)
      }
    }
    return false
  }

  #closeRouter(): void {
    const router = this.#router
    this.#router = undefined
    if (router !== undefined && !router.closed) router.close()
  }

  #judge(inbound: Inbound, error: unknown): SendResult {
    const code = codeOf(error)
    if (code === 'EAGAIN') return 'full'
    this.#inbounds.forget(inbound.connection)
    if (code !== 'EHOSTUNREACH' && !this.#isClosed) {
      this.#fault(`Sending failed: ${describeError(error)}`, inbound.connection)
    }
    return 'gone'
  }

  #fault(text: string, connection?: ConnectionId): void {
    if (!this.#isClosed) this.#options.listener.fault(connection, text)
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'EUNKNOWN'
}

function listenError(endpoint: string, code: string, cause: unknown): Error {
  const reason = code === 'EADDRINUSE' ? 'the address is in use' : describeError(cause)
  return Object.assign(new Error(`Cannot listen on ${endpoint}: ${reason}`, { cause }), { code })
}
