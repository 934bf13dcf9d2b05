/**
 * Asks whether a process still runs, past its event loop: connects to its address and waits for the first byte. libzmq's
 * I/O thread accepts and sends the greeting of ZMTP at once, whether the event loop turns or not and before it knows who
 * is there; a process that is stopped or cut off does not.
 *
 * ZMTP's own heartbeats would answer the same question, but they stand behind the data: once an event loop is blocked
 * and its receive queue is full, the I/O thread reads no further, and both ends give the connection up. On a connection
 * of their own they would work, and cost every idle link a socket, two descriptors and two packets a second at each end.
 * A probe is made only when there is a doubt.
 */

import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { PatientTimer } from './zmq-timer.ts'

/**
 * How long an answer may take, in milliseconds, and when the further attempts begin, for a network that loses the first
 * packet: the operating system would repeat it only after a second.
 */
const TIMEOUT_MS = 400
const KNOCK_EVERY_MS = 130
const MAX_KNOCKS = 3

/** A timer that rings so late tells of our own event loop: the further attempts had no time. */
const STALL_MS = TIMEOUT_MS
/** An answer may wait behind the end of its dial, when both came while our event loop stood: each takes a turn. */
const LAST_TURNS = 4

/**
 * `lives`: it answered. `silent`: it did not, but its operating system took the connection or refused it, as it does for a
 * process that is stopped or has no turn. `unreachable`: nobody answered. `unknown`: this process could not ask, or could not
 * listen.
 */
export type ProbeResult = 'lives' | 'silent' | 'unreachable' | 'unknown'

/** How a connection is opened; node:net's way, where a test has no other. */
type Dial = (address: NetConnectOpts) => Socket

export class Probe {
  readonly #address: { readonly host: string; readonly port: number } | { readonly path: string }
  readonly #over: (result: ProbeResult) => void
  readonly #sockets: Socket[] = []
  readonly #deadline = new PatientTimer()
  readonly #startedAt = performance.now()
  readonly #dial: Dial
  #nextKnock: NodeJS.Timeout | undefined
  #isReachable = false
  #isOver = false

  /** Begins at once; `over` is called once, never from inside of this call, and not after `end`. */
  constructor(endpoint: string, over: (result: ProbeResult) => void, dial: Dial = connect) {
    this.#over = over
    this.#dial = dial
    this.#address = addressOf(endpoint)
    this.#deadline.set(TIMEOUT_MS, () => {
      const lateMs = performance.now() - this.#startedAt - TIMEOUT_MS
      void this.#giveUp(lateMs > STALL_MS)
    })
    this.#knock()
  }

  /** Forgets the question. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#deadline.clear()
    clearTimeout(this.#nextKnock)
    for (const socket of this.#sockets) socket.destroy()
  }

  #knock(): void {
    const socket = this.#dial({ ...this.#address, noDelay: true })
    this.#sockets.push(socket)
    socket.once('data', () => this.#finish('lives'))
    socket.once('connect', () => {
      this.#isReachable = true
    })
    // Refused, reset, no way there: no sign of life. That we have no descriptor left says nothing of the other.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EMFILE' || error.code === 'ENFILE') this.#finish('unknown')
      if (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET') this.#isReachable = true
    })
    if (this.#sockets.length < MAX_KNOCKS) this.#nextKnock = setTimeout(() => this.#knock(), KNOCK_EVERY_MS)
  }

  async #giveUp(isLate: boolean): Promise<void> {
    for (let turn = 0; turn < LAST_TURNS && !this.#isOver; turn += 1) await nextTurn()
    if (isLate) this.#finish('unknown')
    else this.#finish(this.#isReachable ? 'silent' : 'unreachable')
  }

  #finish(result: ProbeResult): void {
    if (this.#isOver) return
    this.end()
    this.#over(result)
  }
}

/** Whether an endpoint can be probed: Node.js 20 cannot dial the abstract names of libzmq. */
export function canProbe(endpoint: string): boolean {
  return !endpoint.startsWith('ipc://@')
}

function addressOf(endpoint: string): { host: string; port: number } | { path: string } {
  const tcp = /^tcp:\/\/\[?(.+?)\]?:(\d+)$/.exec(endpoint)
  if (tcp !== null) return { host: tcp[1] as string, port: Number(tcp[2]) }
  return { path: endpoint.slice('ipc://'.length) }
}
