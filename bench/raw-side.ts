/**
 * The sides of raw zeromq.js: a ROUTER that echoes, a DEALER that asks, one frame for each message, and nothing more.
 * Answers are matched by their order alone: no ids, no deadlines, no retries, no bounds.
 *
 * `promise` gives each request a promise, so that it can be awaited like a request of zmqnet. `bare` counts answers in a
 * callback; that is the least that could be called request and reply, and nobody could use it in a program.
 */

import { Dealer, Router } from 'zeromq'
import { type Scenario, Tally, type Times } from './scenarios.ts'
import type { Client, Places, Server, Side } from './sides.ts'

/** Room for every message that a scenario has in flight, so that nothing is dropped or held up. */
const ROOM = { sendHighWaterMark: 10_000, receiveHighWaterMark: 10_000, linger: 0 } as const

export async function startRawServer(places: Places, index: number): Promise<Server> {
  const place = places.raw[index]
  if (place === undefined) throw new Error(`There is no raw server ${index}`)
  const echo = new Router({ ...ROOM, mandatory: true })
  const sink = new Router(ROOM)
  await Promise.all([echo.bind(place.echo), sink.bind(place.sink)])
  let arrived = 0
  const answer = async (): Promise<void> => {
    for await (const frames of echo) await echo.send(frames)
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

/** A socket and how much is still to be sent on it: a second `send` while one is pending would throw. */
class Asker {
  received = 0
  body = Buffer.alloc(0)
  onReply = (): void => {}
  readonly #socket: Dealer
  #due = 0
  #isSending = false

  constructor(endpoint: string) {
    this.#socket = new Dealer(ROOM)
    this.#socket.connect(endpoint)
    stopOnFailure(this.#read())
  }

  /** Gets ready for a run with bodies of this size. */
  begin(bodyBytes: number): void {
    this.received = 0
    this.body = Buffer.alloc(bodyBytes, 'zmqnet')
  }

  ask(count: number): void {
    this.#due += count
    if (!this.#isSending) stopOnFailure(this.#pump())
  }

  async #pump(): Promise<void> {
    this.#isSending = true
    while (this.#due > 0) {
      this.#due -= 1
      await this.#socket.send(this.body)
    }
    this.#isSending = false
  }

  async #read(): Promise<void> {
    for await (const [reply] of this.#socket) {
      if (reply?.length !== this.body.length) throw new Error(`A reply of ${reply?.length} bytes`)
      this.received += 1
      this.onReply()
    }
  }
}

export function startRawClient(places: Places): Client {
  const askers = places.raw.map((place) => new Asker(place.echo))
  const sink = new Dealer(ROOM)
  sink.connect(places.raw[0]?.sink ?? '')
  return {
    run: (scenario: Scenario, times: Times, side: Side) => {
      if (scenario.kind === 'oneway') return sendAll(sink, scenario, times)
      const asked = scenario.kind === 'echo' ? askers.slice(0, 1) : askers
      for (const asker of asked) asker.begin(scenario.bodyBytes)
      return side === 'bare' ? askBare(asked, scenario, times) : askAndAwait(asked, scenario, times)
    },
  }
}

/** Each of the operations in flight is an async function that awaits the answers of all askers. */
async function askAndAwait(askers: readonly Asker[], scenario: Scenario, times: Times): Promise<number> {
  const tally = new Tally(times)
  const waiting = askers.map((asker) => {
    const resolvers = new FirstInFirstOut()
    asker.onReply = () => resolvers.resolveNext()
    return resolvers
  })
  const [only] = waiting
  const work = async (): Promise<void> => {
    do {
      for (const asker of askers) asker.ask(1)
      if (waiting.length === 1) await only?.next()
      else await Promise.all(waiting.map((resolvers) => resolvers.next()))
    } while (tally.ended())
  }
  await Promise.all(Array.from({ length: scenario.inFlight }, work))
  return tally.perSecond
}

/** Promises that are resolved in the order in which they were made. */
class FirstInFirstOut {
  #resolvers: (() => void)[] = []
  #head = 0

  next(): Promise<void> {
    return new Promise((resolve) => this.#resolvers.push(resolve))
  }

  resolveNext(): void {
    this.#resolvers[this.#head]?.()
    this.#head += 1
    if (this.#head < 4096) return
    this.#resolvers = this.#resolvers.slice(this.#head)
    this.#head = 0
  }
}

/** An operation ends when every asker has its answer; then the next one begins. */
function askBare(askers: readonly Asker[], scenario: Scenario, times: Times): Promise<number> {
  const tally = new Tally(times)
  return new Promise((resolve) => {
    let ended = 0
    let begun = scenario.inFlight
    const onReply = (): void => {
      const answered = Math.min(askers[0]?.received ?? 0, askers.at(-1)?.received ?? 0)
      if (answered === ended) return
      ended = answered
      if (tally.ended()) {
        begun += 1
        for (const asker of askers) asker.ask(1)
      } else if (ended === begun) resolve(tally.perSecond)
    }
    for (const asker of askers) {
      asker.onReply = onReply
      asker.ask(begun)
    }
  })
}

async function sendAll(sink: Dealer, scenario: Scenario, times: Times): Promise<number> {
  const body = Buffer.alloc(scenario.bodyBytes, 'zmqnet')
  const tally = new Tally(times)
  do await sink.send(body)
  while (tally.ended())
  return tally.perSecond
}

function stopOnFailure(work: Promise<void>): void {
  work.catch((error: unknown) => {
    console.error(error)
    process.exit(1)
  })
}
