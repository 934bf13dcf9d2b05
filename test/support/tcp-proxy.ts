/**
 * A TCP proxy that treats its connections badly on command: cuts them, resets them, stalls them, closes one half of them,
 * delays what they carry, lets it dribble. It stands between two nodes and knows nothing of what it carries.
 */

import { createServer, type Server, Socket } from 'node:net'
import type { ExecutionContext } from 'ava'
import { freePorts, local } from './mesh.ts'

/** The two ends of one connection that goes through. */
interface Pair {
  /** The end of the one that dialled. */
  readonly near: Socket
  /** The end of the one that was dialled. */
  readonly far: Socket
}

/** One proxy in front of one port of this machine. */
export class TcpProxy {
  readonly port: number
  /** Bytes that went through, by direction. */
  readonly bytes = { toTarget: 0, toDialler: 0 }
  delayMs = 0
  /** Above 0, what is carried goes on in pieces of so many bytes, each in a turn of its own. */
  dribbleBytes = 0
  readonly #targetPort: number
  readonly #server: Server
  readonly #pairs = new Set<Pair>()
  #isStalled = false
  #isCut = false

  private constructor(port: number, targetPort: number) {
    this.port = port
    this.#targetPort = targetPort
    this.#server = createServer({ allowHalfOpen: true }, (near) => this.#accept(near))
  }

  /** Starts a proxy that is closed when the test ends. */
  static async start(t: ExecutionContext, targetPort: number): Promise<TcpProxy> {
    const proxy = await TcpProxy.open(targetPort)
    t.teardown(() => proxy.close())
    return proxy
  }

  /** Starts a proxy that somebody has to close. */
  static async open(targetPort: number): Promise<TcpProxy> {
    const [port = 0] = await freePorts(1)
    const proxy = new TcpProxy(port, targetPort)
    await new Promise<void>((resolve) => proxy.#server.listen(port, '127.0.0.1', resolve))
    return proxy
  }

  get address(): string {
    return local(this.port)
  }

  get connections(): number {
    return this.#pairs.size
  }

  /** Destroys all connections, and each new one at once, until `mend`. */
  cut(): void {
    this.#isCut = true
    for (const pair of this.#pairs) this.#destroy(pair)
  }

  mend(): void {
    this.#isCut = false
  }

  /** Destroys all connections once. */
  drop(): void {
    for (const pair of this.#pairs) this.#destroy(pair)
  }

  /** Resets all connections once: both ends get an error in place of an end. */
  reset(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
  }

  /** Lets no byte through any more, in either direction; connections stay and new ones are accepted, until `resume`. */
  stall(): void {
    this.#isStalled = true
    for (const { near, far } of this.#pairs) {
      near.pause()
      far.pause()
    }
  }

  resume(): void {
    this.#isStalled = false
    for (const { near, far } of this.#pairs) {
      near.resume()
      far.resume()
    }
  }

  /** Tells the dialler that nothing more will come, while its own bytes still go through. */
  halfClose(): void {
    for (const { near } of this.#pairs) near.end()
  }

  #accept(near: Socket): void {
    near.on('error', () => {})
    if (this.#isCut) {
      near.destroy()
      return
    }
    const far = new Socket({ allowHalfOpen: true })
    const pair = { near, far }
    this.#pairs.add(pair)
    far.on('error', () => this.#destroy(pair))
    far.connect(this.#targetPort, '127.0.0.1')
    this.#carry(pair, near, far, 'toTarget')
    this.#carry(pair, far, near, 'toDialler')
    if (!this.#isStalled) return
    near.pause()
    far.pause()
  }

  #carry(pair: Pair, from: Socket, to: Socket, direction: keyof TcpProxy['bytes']): void {
    from.setNoDelay(true)
    const pieces: (Buffer | 'end')[] = []
    const pass = (piece: Buffer | 'end'): void => {
      if (piece === 'end') to.end()
      else {
        this.bytes[direction] += piece.length
        if (to.writable) to.write(piece)
      }
    }
    const passNext = (): void => {
      const [piece] = pieces
      if (piece === undefined) return
      pass(piece)
      pieces.shift()
      if (pieces.length > 0) setImmediate(passNext)
    }
    const carry = (piece: Buffer | 'end'): void => {
      // What came in pieces before must have gone on before this.
      if (this.dribbleBytes === 0 && pieces.length === 0) pass(piece)
      else {
        if (pieces.length === 0) setImmediate(passNext)
        pieces.push(...cut(piece, this.dribbleBytes))
      }
    }
    from.on('data', (chunk) => this.#later(() => carry(chunk)))
    from.on('end', () => this.#later(() => carry('end')))
    from.on('close', () => this.#destroy(pair))
  }

  /** Equal delays fire in the order in which they were set, so bytes keep theirs. */
  #later(task: () => void): void {
    if (this.delayMs === 0) task()
    else setTimeout(task, this.delayMs)
  }

  #destroy(pair: Pair): void {
    this.#pairs.delete(pair)
    pair.near.destroy()
    pair.far.destroy()
  }

  close(): Promise<void> {
    this.cut()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}

/** A chunk in pieces of so many bytes; 0 leaves it whole. */
function cut(piece: Buffer | 'end', sizeBytes: number): (Buffer | 'end')[] {
  if (piece === 'end' || sizeBytes === 0) return [piece]
  const count = Math.ceil(piece.length / sizeBytes)
  return Array.from({ length: count }, (_, index) =>
    piece.subarray(index * sizeBytes, (index + 1) * sizeBytes),
  )
}
