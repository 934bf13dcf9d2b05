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
import { PatientTimer } from './zmq-timer.ts'

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
  readonly #timer = new PatientTimer()

  /** Throws when there is no socket or no monitor to be had, for want of file descriptors. */
  constructor(options: PulseOptions) {
    this.#options = options
    this.#socket = options.openSocket()
    try {
      void this.#watch(this.#socket.events)
      this.#socket.connect(options.endpoint)
    } catch (error) {
      this.#socket.close()
      throw error
    }
    this.#timer.set(options.dialTimeoutMs, () => this.#lose())
  }

  end(): void {
    this.#timer.clear()
    if (!this.#socket.closed) this.#socket.close()
  }

  async #watch(events: MonitoredSocket['events']): Promise<void> {
    try {
      for (;;) {
        const event = await events.receive()
        // Read to its end even after closing: libzmq's I/O thread waits for the reader of a monitor.
        if (event === undefined || event.type === 'end') return
        if (event.type === 'handshake') this.#timer.clear()
        else if (event.type === 'close' || event.type === 'disconnect') this.#lose()
      }
    } catch {
      // The monitor failed, so that the pulse can tell nothing more: that counts as lost too.
      this.#lose()
    }
  }

  #lose(): void {
    if (this.#socket.closed) return
    this.end()
    this.#options.lost()
  }
}
