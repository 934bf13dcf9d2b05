/**
 * A node as one would write it on a Sunday: it asks, retries and answers, and nothing else. It has the faults that the
 * real one was made to avoid (a retry runs the handler again, silence counts as not sent), which makes it the right
 * thing to try the simulator and its judges on.
 */

import type { ConnectionId } from '../../src/base/ids.ts'
import { newIncarnation } from '../../src/base/ids.ts'
import { ZmqnetError } from '../../src/errors.ts'
import type { BodyValue, Handler, HandlerContext, Node, NodeStatus, PeerView } from '../../src/node/api.ts'
import type { NodeSettings, World } from '../../src/node/world.ts'
import type { Transport } from '../../src/transport/transport.ts'

interface Ask {
  readonly resolve: (value: BodyValue) => void
  readonly reject: (error: Error) => void
  readonly peer: string
  readonly text: string
  dueAt: number
  attemptsLeft: number
  readonly timeoutMs: number
}

class NaiveNode {
  readonly name: string
  readonly incarnation: number
  endpoint = ''
  readonly #world: World
  readonly #transport: Transport
  readonly #links = new Map<string, ConnectionId>()
  readonly #handlers = new Map<string, Handler>()
  readonly #asks = new Map<number, Ask>()
  readonly #queues = new Map<ConnectionId, string[]>()
  readonly #up = new Set<ConnectionId>()
  #lastAsk = 0

  constructor(settings: NodeSettings, world: World) {
    this.name = settings.name
    this.#world = world
    this.incarnation = newIncarnation(world.clock.wallNow(), world.random.below(2048))
    this.#transport = world.transport({
      up: (connection) => void this.#up.add(connection),
      down: (connection) => void this.#up.delete(connection),
      receive: (connection, frames) => void this.#receive(connection, String(frames[0])),
      fault: () => {},
    })
    for (const { name, address } of settings.peers) {
      if (name !== this.name) this.#links.set(name, this.#transport.dial(address))
    }
  }

  async listen(endpoint: string): Promise<void> {
    this.endpoint = await this.#transport.listen(endpoint)
  }

  handle(verb: string, handler: Handler): void {
    this.#handlers.set(verb, handler)
  }

  request(peer: string, verb: string, body: BodyValue, options: { timeout: number; retries: number }) {
    return new Promise<BodyValue>((resolve, reject) => {
      this.#lastAsk += 1
      const text = JSON.stringify({ ask: this.#lastAsk, from: this.name, verb, body })
      const { timeout: timeoutMs, retries } = options
      const ask = {
        resolve,
        reject,
        peer,
        text,
        timeoutMs,
        attemptsLeft: retries,
        dueAt: this.#now + timeoutMs,
      }
      this.#asks.set(this.#lastAsk, ask)
      this.#push(this.#links.get(peer) as ConnectionId, text)
      this.#setAlarm()
    })
  }

  async send(peer: string, verb: string, body: BodyValue, { timeout }: { timeout: number }) {
    await this.request(peer, verb, body, { timeout: timeout / 4, retries: 3 })
    return { peer, outcome: 'delivered', ms: 0 }
  }

  async broadcast(verb: string, body: BodyValue, options: { timeout: number; retries: number }) {
    const peers = [...this.#links.keys()]
    const results = await Promise.allSettled(peers.map((peer) => this.request(peer, verb, body, options)))
    const acked = peers.flatMap((peer, index) => {
      const result = results[index]
      return result?.status === 'fulfilled' ? [{ peer, reply: result.value, ms: 0 }] : []
    })
    const missing = peers.filter((peer) => !acked.some((ack) => ack.peer === peer))
    const lines = missing.map((peer) => ({ peer, reason: 'timeout', text: '' }))
    return { ok: missing.length === 0, expected: peers.length, acked, missing: lines, ms: 0 }
  }

  async *events(): AsyncGenerator<never> {}

  peers(): PeerView[] {
    const view = (name: string, connection: ConnectionId) => ({
      name,
      state: this.#up.has(connection) ? 'alive' : 'dead',
    })
    return [...this.#links].map(([name, connection]) => view(name, connection) as unknown as PeerView)
  }

  status(): Pick<NodeStatus, 'pending' | 'transfers'> {
    return { pending: this.#asks.size, transfers: 0 }
  }

  async close(): Promise<void> {
    await this.#transport.close()
  }

  get #now(): number {
    return this.#world.clock.now()
  }

  async #receive(connection: ConnectionId, text: string): Promise<void> {
    const { ask, from, verb, body, answer, error } = JSON.parse(text)
    if (verb === undefined) {
      const waiting = this.#asks.get(ask)
      this.#asks.delete(ask)
      if (error === undefined) waiting?.resolve(answer)
      else waiting?.reject(new ZmqnetError({ code: 'HANDLER_FAILED', message: error, outcome: 'handled' }))
      return
    }
    try {
      const reply = await this.#handlers.get(verb)?.(body, {
        from,
        verb,
        kind: 'request',
        attempt: 1,
      } as HandlerContext)
      this.#push(connection, JSON.stringify({ ask, answer: reply }))
    } catch (failure) {
      this.#push(connection, JSON.stringify({ ask, error: String(failure) }))
    }
  }

  #push(connection: ConnectionId, text: string): void {
    const queue = this.#queues.get(connection)
    if (queue !== undefined) {
      queue.push(text)
      return
    }
    this.#queues.set(connection, [text])
    this.#world.clock.defer(() => this.#sendNext(connection))
  }

  #sendNext(connection: ConnectionId): void {
    const text = this.#queues.get(connection)?.shift()
    if (text === undefined) this.#queues.delete(connection)
    else this.#transport.send(connection, [Buffer.from(text)], () => this.#sendNext(connection))
  }

  #setAlarm(): void {
    const dueAt = Math.min(...[...this.#asks.values()].map((ask) => ask.dueAt))
    this.#world.clock.setAlarm(dueAt, () => this.#ring())
  }

  #ring(): void {
    for (const [number, ask] of [...this.#asks]) {
      if (ask.dueAt > this.#now) continue
      if (ask.attemptsLeft > 0) {
        ask.attemptsLeft -= 1
        ask.dueAt = this.#now + ask.timeoutMs
        this.#push(this.#links.get(ask.peer) as ConnectionId, ask.text)
      } else {
        this.#asks.delete(number)
        ask.reject(
          new ZmqnetError({ code: 'TIMEOUT', message: `No answer from ${ask.peer}`, outcome: 'unknown' }),
        )
      }
    }
    this.#setAlarm()
  }
}

export { startNaiveNode as startNode }

/** Starts a naive node, in the place of the real `startNode`. */
export async function startNaiveNode(settings: NodeSettings, world: World): Promise<Node> {
  const node = new NaiveNode(settings, world)
  await node.listen(settings.bind)
  return node as unknown as Node
}
