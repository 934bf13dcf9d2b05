/**
 * Those who are not welcome: handshakes with random keys at a steady rate, and connections that never say a word, as many as
 * there may be at once. They run in a process of their own.
 */

import { connect, type Socket } from 'node:net'
import { Context, curveKeyPair, Dealer } from 'zeromq'

/** How many of each second's strangers come together. */
const BURSTS_PER_SECOND = 50
/** A handshake that takes longer is given up. */
const PATIENCE_MS = 3000

let context: Context | undefined

/** Dials with a new random key `perSecond` times a second for so long; gives how many were refused by their key. */
export async function knock(
  endpoint: string,
  serverKey: string,
  perSecond: number,
  forMs: number,
): Promise<number> {
  const startedAt = performance.now()
  const dials: Promise<boolean>[] = []
  while (performance.now() - startedAt < forMs) {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * perSecond)
    while (dials.length < due) dials.push(isRefused(endpoint, serverKey))
    await new Promise((resolve) => setTimeout(resolve, 1000 / BURSTS_PER_SECOND))
  }
  const outcomes = await Promise.all(dials)
  return outcomes.filter((refused) => refused).length
}

async function isRefused(endpoint: string, serverKey: string): Promise<boolean> {
  const { publicKey, secretKey } = curveKeyPair()
  context ??= new Context({ blocky: false, maxSockets: 16_384 })
  const socket = new Dealer({
    context,
    linger: 0,
    reconnectInterval: 3_600_000,
    curveServerKey: serverKey,
    curvePublicKey: publicKey,
    curveSecretKey: secretKey,
  })
  const { events } = socket
  const timer = setTimeout(() => socket.close(), PATIENCE_MS)
  socket.connect(endpoint)
  let wasRefused = false
  for (;;) {
    const event = await events.receive()
    if (event === undefined || event.type === 'end') break
    if (event.type === 'handshake:error:auth') wasRefused = true
    if (event.type === 'disconnect' || event.type === 'close') {
      clearTimeout(timer)
      if (!socket.closed) socket.close()
    }
  }
  return wasRefused
}

/** Connections that say nothing. Each that is cut off is made anew, until all are let go. */
export class HalfOpen {
  readonly #port: number
  readonly #sockets = new Set<Socket>()
  #wanted = 0
  /** How often a connection was cut off by the other side. */
  cut = 0

  constructor(endpoint: string) {
    this.#port = Number(endpoint.split(':').at(-1))
  }

  /** How many stand. Those that wait in the kernel because nobody accepts them count too. */
  get open(): number {
    return [...this.#sockets].filter((socket) => socket.readyState === 'open').length
  }

  hold(count: number): void {
    this.#wanted = count
    while (this.#sockets.size < count) this.#add()
  }

  release(): void {
    this.#wanted = 0
    for (const socket of this.#sockets) socket.destroy()
  }

  #add(): void {
    const socket = connect(this.#port, '127.0.0.1')
    this.#sockets.add(socket)
    socket.on('error', () => undefined).resume()
    socket.on('close', () => {
      this.#sockets.delete(socket)
      this.cut += 1
      if (this.#sockets.size < this.#wanted) this.#add()
    })
  }
}
