/** A link over a pretended socket, with pretended probes: what happens to them is for the test to say. */

import type { ExecutionContext } from 'ava'
import type { ConnectionId } from '../../src/base/ids.ts'
import type { ProbeResult } from '../../src/transport/probe.ts'
import type { DialKeys } from '../../src/transport/zmq-dial-keys.ts'
import { Link, type LinkSocket } from '../../src/transport/zmq-link.ts'
import type { MonitorEvent } from '../../src/transport/zmq-receive.ts'
import { Recorder } from './recorder.ts'

/** A socket whose monitor tells what the test says. */
class FakeSocket implements LinkSocket {
  closed = false
  linger = -1
  readonly readable = false
  connectedTo: string | undefined
  sent = 0
  /** What `send` throws, if anything. */
  sendFault: Error | undefined
  #nextEvent: ((event: MonitorEvent | undefined) => void) | undefined
  #failEvents: ((error: Error) => void) | undefined
  #failReceive: ((error: Error) => void) | undefined
  #receive: ((frames: Buffer[]) => void) | undefined
  #failSend: ((error: Error) => void) | undefined
  readonly #queued: MonitorEvent[] = []

  readonly events = {
    receive: (): Promise<MonitorEvent | undefined> =>
      new Promise((resolve, reject) => {
        const queued = this.#queued.shift()
        if (queued !== undefined) {
          resolve(queued)
          return
        }
        this.#nextEvent = resolve
        this.#failEvents = reject
      }),
  }

  connect(endpoint: string): void {
    this.connectedTo = endpoint
  }

  receive(): Promise<Buffer[]> {
    return new Promise((resolve, reject) => {
      this.#receive = resolve
      this.#failReceive = reject
    })
  }

  send(): Promise<void> {
    if (this.sendFault !== undefined) throw this.sendFault
    this.sent += 1
    return new Promise((_, reject) => {
      this.#failSend = reject
    })
  }

  close(): void {
    this.closed = true
    this.#nextEvent?.(undefined)
    this.#failReceive?.(new Error('closed'))
    this.#failSend?.(new Error('closed'))
  }

  tell(...types: string[]): void {
    for (const type of types) {
      const next = this.#nextEvent
      this.#nextEvent = undefined
      if (next === undefined) this.#queued.push({ type })
      else next({ type })
    }
  }

  hear(frame: Buffer): void {
    this.#receive?.([frame])
  }

  breakMonitor(): void {
    this.#failEvents?.(new Error('the monitor broke'))
  }
}

function emfile(): Error {
  return Object.assign(new Error('Too many open files'), { code: 'EMFILE' })
}

interface Linked {
  readonly link: Link
  readonly recorder: Recorder
  readonly data: FakeSocket[]
  readonly probes: FakeProbe[]
  /** Waits for attempt `number`, counted from 0. */
  attempt(number: number): Promise<FakeSocket>
}

/** A question whether a process runs, which the test answers. */
interface FakeProbe {
  readonly endpoint: string
  readonly over: (result: ProbeResult) => void
  isEnded: boolean
}

type Step = 'socket' | 'monitor'

/** A link whose first attempt fails at `failing` for want of file descriptors. */
export function linked(
  t: ExecutionContext,
  times: { dialTimeoutMs?: number } = {},
  failing?: Step,
  keys?: DialKeys,
): Linked {
  const recorder = new Recorder()
  const data: FakeSocket[] = []
  const probes: FakeProbe[] = []
  const openSocket = (): FakeSocket => {
    const socket = new FakeSocket()
    data.push(socket)
    const isFirst = data.length === 1
    if (isFirst && failing === 'socket') throw emfile()
    if (isFirst && failing === 'monitor') {
      Object.defineProperty(socket, 'events', {
        get: () => {
          throw emfile()
        },
      })
    }
    return socket
  }
  const link = new Link({
    connection: 1 as ConnectionId,
    endpoint: 'tcp://127.0.0.1:7000',
    times: {
      silentAfterMs: 1000,
      dialTimeoutMs: 2000,
      redialMs: 1,
      redialMaxMs: 2,
      refusedMaxMs: 2,
      lingerMs: 100,
      ...times,
    },
    listener: recorder,
    keys,
    openSocket,
    openProbe: (endpoint, over) => {
      const probe = { endpoint, over, isEnded: false }
      probes.push(probe)
      return {
        end: () => {
          probe.isEnded = true
        },
      }
    },
  })
  t.teardown(() => link.end())
  const attempt = async (number: number): Promise<FakeSocket> => {
    const giveUpAt = performance.now() + 5000
    while (data[number]?.connectedTo === undefined) {
      if (performance.now() > giveUpAt) throw new Error(`Attempt ${number} was never made`)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return data[number] as FakeSocket
  }
  return { link, recorder, data, probes, attempt }
}
