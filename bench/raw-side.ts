/**
 * The sides of raw zeromq.js: a ROUTER that echoes, a DEALER that asks, one frame for each message, and nothing more.
 * Answers are matched by their order alone: no ids, no deadlines, no retries, no bounds.
 *
 * `raw-awaited` gives each request a promise, so that it can be awaited like a request of zmqnet. `raw-bare` counts answers in a
 * callback; that is the least that could be called request and reply, and nobody could use it in a program.
 */

import { Dealer, Router } from 'zeromq'
import { bodyOf, ReplyCheck } from './loop.ts'
import type { Scenario } from './scenarios.ts'
import type { Client, Places, Server, SideName } from './sides.ts'
import { type Ran, Tally, type Times } from './tally.ts'

/** Room for every message that a scenario has in flight, so that nothing is dropped or held up. */
const ROOM = { sendHighWaterMark: 10_000, receiveHighWaterMark: 10_000, linger: 0 } as const

/** The first byte of a body that is answered with its length instead of itself. */
const UPLOAD = 'U'.charCodeAt(0)

export async function startRawServer(places: Places, index: number): Promise<Server> {
  const place = places.servers[index]
  if (place === undefined) throw new Error(`There is no raw server ${index}`)
  const echo = new Router({ ...ROOM, mandatory: true })
  const sink = new Router(ROOM)
  await Promise.all([echo.bind(`tcp://${place.address}`), sink.bind(`tcp://${place.sink}`)])
  let arrived = 0
  const answer = async (): Promise<void> => {
    for await (const [to, body] of echo) {
      await echo.send([to, body?.[0] === UPLOAD ? String(body.length) : body] as Buffer[])
    }
  }
  const count = async (): Promise<void> => {
    for await (const [, body] of sink) if (body !== undefined) arrived += 1
  }
  stopOnFailure(answer())
  stopOnFailure(count())
  return {
    get arrived() {
      return arrived
    },
  }
}

/** A queue that costs the same for each entry, however long it is, and keeps nothing alive that was taken. */
class Fifo<T> {
  #entries: (T | undefined)[] = []
  #head = 0

  push(entry: T): void {
    this.#entries.push(entry)
  }

  shift(): T | undefined {
    const entry = this.#entries[this.#head]
    if (entry === undefined) return undefined
    // A resolver holds its promise, and that holds the reply: thousands of bodies otherwise.
    this.#entries[this.#head] = undefined
    this.#head += 1
    if (this.#head >= 4096) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
    return entry
  }
}

/** A socket and what is still to be sent on it: a second `send` while one is pending would throw. */
class Asker {
  received = 0
  onReply: (reply: Buffer) => void = () => {}
  readonly #socket: Dealer
  readonly #due = new Fifo<Buffer>()
  readonly #resolvers = new Fifo<(reply: Buffer) => void>()
  readonly #resolveNext = (reply: Buffer): void => this.#resolvers.shift()?.(reply)
  #isSending = false

  constructor(address: string) {
    this.#socket = new Dealer(ROOM)
    this.#socket.connect(`tcp://${address}`)
    stopOnFailure(this.#read())
  }

  /** One request with a promise; answers come in the order of the requests. */
  request(body: Buffer): Promise<Buffer> {
    this.onReply = this.#resolveNext
    this.ask(body)
    return new Promise((resolve) => this.#resolvers.push(resolve))
  }

  ask(body: Buffer): void {
    this.#due.push(body)
    if (!this.#isSending) stopOnFailure(this.#pump())
  }

  async #pump(): Promise<void> {
    this.#isSending = true
    for (let body = this.#due.shift(); body !== undefined; body = this.#due.shift()) {
      await this.#socket.send(body)
    }
    this.#isSending = false
  }

  async #read(): Promise<void> {
    for await (const [reply] of this.#socket) {
      if (reply === undefined) throw new Error('A reply without a frame')
      this.received += 1
      this.onReply(reply)
    }
  }
}

export function startRawClient(places: Places): Client {
  const askers = places.servers.map(({ address }) => new Asker(address))
  const sink = new Dealer(ROOM)
  sink.connect(`tcp://${places.servers[0]?.sink}`)
  return {
    operation: (scenario: Scenario) => operationOf(askers, scenario),
    run: (scenario: Scenario, times: Times, side: SideName) => {
      if (scenario.kind === 'oneway') return sendAll(sink, scenario, times)
      if (side !== 'raw-bare') return undefined
      return askBare(scenario.kind === 'echo' ? askers.slice(0, 1) : askers, scenario, times)
    },
  }
}

function operationOf(askers: readonly Asker[], { kind, bodyBytes }: Scenario): () => Promise<void> {
  const body = bodyOf(bodyBytes)
  const check = new ReplyCheck(body)
  const [only] = askers
  if (only === undefined) throw new Error('There is no server')
  switch (kind) {
    case 'echo':
      return async () => check.check(await only.request(body))
    case 'broadcast':
      return async () => {
        for (const reply of await Promise.all(askers.map((asker) => asker.request(body)))) check.check(reply)
      }
    case 'upload':
      body[0] = UPLOAD
      return async () => {
        const length = Number(await only.request(body))
        if (length !== bodyBytes) throw new Error(`${length} of ${bodyBytes} bytes arrived`)
      }
    case 'oneway':
      throw new Error('There is nothing to await')
  }
}

/** An operation ends when every asker has its answer; then the next one begins. */
function askBare(askers: readonly Asker[], { inFlight, bodyBytes }: Scenario, times: Times): Promise<Ran> {
  const body = bodyOf(bodyBytes)
  const check = new ReplyCheck(body)
  const tally = new Tally(times, inFlight)
  return new Promise((resolve) => {
    let ended = 0
    let begun = inFlight
    const onReply = (reply: Buffer): void => {
      check.check(reply)
      const answered = Math.min(...askers.map(({ received }) => received))
      if (answered === ended) return
      ended = answered
      if (tally.ended()) {
        begun += 1
        for (const asker of askers) asker.ask(body)
      } else if (ended === begun) resolve(tally.ran)
    }
    for (const asker of askers) {
      asker.received = 0
      asker.onReply = onReply
      for (let count = 0; count < begun; count += 1) asker.ask(body)
    }
  })
}

async function sendAll(sink: Dealer, { bodyBytes, inFlight }: Scenario, times: Times): Promise<Ran> {
  const body = bodyOf(bodyBytes)
  const tally = new Tally(times, inFlight)
  do await sink.send(body)
  while (tally.ended())
  return tally.ran
}

function stopOnFailure(work: Promise<void>): void {
  work.catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
}
