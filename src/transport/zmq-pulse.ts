/**
 * The pulse of a link: a second connection to the same peer that carries nothing but ZMTP heartbeats.
 *
 * libzmq answers heartbeats in its I/O thread, so they tell a busy process from one that is stopped or cut off. But it
 * answers in the order of the stream: once an event loop is blocked and its receive queue is full, the I/O thread reads
 * no further, neither the messages nor the heartbeats behind them, and both ends give the connection up. Nine small
 * messages to a blocked process were enough. A connection without messages has no such queue. It also tells the two
 * kinds of end apart: when a process ends, both connections are closed; when it falls silent, only this one expires.
 */

import type { MonitoredSocket } from './zmq-receive.ts'

/** What a pulse needs to know. */
export interface PulseOptions {
  readonly endpoint: string
  /** A pulse that does not come up by then counts as lost, in milliseconds. */
  readonly dialTimeoutMs: number
  openSocket(): MonitoredSocket
  /** Called once when the connection ended or did not come up; never after `end`. */
  lost(): void
}

export class Pulse {
  readonly #options: PulseOptions
  readonly #socket: MonitoredSocket
  readonly #timer: NodeJS.Timeout

  constructor(options: PulseOptions) {
    this.#options = options
    this.#socket = options.openSocket()
    this.#timer = setTimeout(() => this.#lose(), options.dialTimeoutMs)
    void this.#watch()
    this.#socket.connect(options.endpoint)
  }

  end(): void {
    clearTimeout(this.#timer)
    if (!this.#socket.closed) this.#socket.close()
  }

  async #watch(): Promise<void> {
    const events = this.#socket.events
    try {
      for (;;) {
        const event = await events.receive()
        if (event === undefined || event.type === 'end' || this.#socket.closed) return
        if (event.type === 'handshake') clearTimeout(this.#timer)
        else if (event.type === 'close' || event.type === 'disconnect') break
      }
    } catch {
      // The monitor failed, so that the pulse can tell nothing more: that counts as lost too.
    }
    this.#lose()
  }

  #lose(): void {
    if (this.#socket.closed) return
    this.end()
    this.#options.lost()
  }
}
