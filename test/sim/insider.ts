/**
 * A member of a secure mesh that lies: its own key is valid, and with it it claims every name but its own. It forges,
 * replays, reflects and relays Hellos where others listen, and Welcomes where others dial; it has heard everything that
 * honest nodes said to each other. What it sends counts as an attempt; a Welcome or a request that it gets for one is a
 * success.
 */

import type { ConnectionId } from '../../src/base/ids.ts'
import { newIncarnation } from '../../src/base/ids.ts'
import type { Random } from '../../src/base/random.ts'
import type { Node } from '../../src/node/api.ts'
import { Keyring } from '../../src/node/keyring.ts'
import type { NodeSettings, World } from '../../src/node/world.ts'
import { Proofs } from '../../src/security/proof.ts'
import type { Transport, TransportListener } from '../../src/transport/transport.ts'
import { decodeFrames } from '../../src/wire/batch.ts'
import type { Hello, Message, Welcome } from '../../src/wire/messages.ts'
import { encodeBatch } from '../support/encode-batch.ts'

/** Everything that honest nodes heard from each other, with who heard it. */
export interface Tape {
  readonly hellos: { readonly at: string; readonly message: Hello }[]
  readonly welcomes: { readonly at: string; readonly message: Welcome }[]
}

/** Captures that are kept: the insider needs some of each, not all. */
const MAX_CAPTURES = 500

/** The world of an honest node, with somebody who listens to it. */
export function tapped(world: World, name: string, tape: Tape): World {
  const transport: World['transport'] = (listener, keys) => {
    const receive = (connection: ConnectionId, frames: readonly Uint8Array[]): void => {
      for (const message of decodeFrames(frames, 0).messages) capture(tape, name, message)
      listener.receive(connection, frames)
    }
    const heard: TransportListener = {
      up: (connection) => listener.up(connection),
      down: (connection, cause) => listener.down(connection, cause),
      fault: (connection, text) => listener.fault(connection, text),
      receive,
    }
    return world.transport(heard, keys)
  }
  return { ...world, transport }
}

function capture(tape: Tape, at: string, message: Message): void {
  if (message.kind === 'hello' && message.proof !== undefined && tape.hellos.length < MAX_CAPTURES)
    tape.hellos.push({ at, message })
  if (message.kind === 'welcome' && message.proof !== undefined && tape.welcomes.length < MAX_CAPTURES)
    tape.welcomes.push({ at, message })
}

/** What an insider did, and what it got for it. */
export interface Account {
  /** Forged Hellos that were sent. */
  hellos: number
  /** Forged Welcomes that were sent. */
  welcomes: number
  /** What came for those, other than a refusal: a Welcome, a heartbeat, a request. */
  accepted: number
}

/** How it goes about it. */
export interface Plan {
  readonly tape: Tape
  readonly account: Account
  /** How many forged Hellos it sends to each node that it can reach. */
  readonly hellosEach: number
  /** The member at whose address it sits, whose Welcomes it forges; at its own it only listens. */
  readonly spoofs?: string
}

const WELCOMES_AT_ONCE = 100
/** So many forged Hellos leave for each target, so often: meanwhile there is ever more to replay. */
const HELLOS_AT_ONCE = 20
const ATTACK_EVERY_MS = 50

/** The program. It stands in the place of a node. */
export class Insider {
  readonly #settings: NodeSettings
  readonly #plan: Plan
  readonly #random: Random
  readonly #transport: Transport
  readonly #keyring: Keyring
  readonly #proofs: Proofs
  readonly #incarnation: number
  /** The nodes that it dialled. */
  readonly #targets = new Map<ConnectionId, string>()
  readonly #left = new Map<ConnectionId, number>()
  /** What its targets asked. */
  readonly #challenges = new Map<ConnectionId, Uint8Array>()
  readonly #world: World
  readonly #queues = new Map<ConnectionId, Message[]>()

  /** `settings` are those of the place where it runs, with the insider's own keys. */
  constructor(settings: NodeSettings, world: World, plan: Plan) {
    const { security } = settings
    if (security === undefined) throw new Error('an insider has a key')
    this.#settings = settings
    this.#plan = plan
    this.#world = world
    this.#random = world.random
    this.#incarnation = newIncarnation(world.clock.wallNow(), 0)
    this.#keyring = new Keyring(security, () => world.clock.wallNow(), world.entropy)
    this.#proofs = new Proofs(this.#keyring, this.#keyring)
    const nothing = (): void => {}
    const receive = (connection: ConnectionId, frames: readonly Uint8Array[]): void => {
      for (const message of decodeFrames(frames, 0).messages) this.#receive(connection, message)
    }
    this.#transport = world.transport(
      { up: (connection) => this.#knock(connection), down: nothing, receive, fault: nothing },
      this.#keyring,
    )
  }

  async start(): Promise<void> {
    await this.#transport.listen(this.#settings.bind)
    if (this.#plan.hellosEach === 0) return
    this.#attackAgain()
    for (const { name, address } of this.#settings.peers) {
      if (name === this.#settings.name) continue
      const connection = this.#transport.dial(address, () => this.#keyring.keysOf('node', name))
      this.#targets.set(connection, name)
      this.#left.set(connection, this.#plan.hellosEach)
    }
  }

  /** Says some name, to be challenged. */
  #knock(connection: ConnectionId): void {
    this.#send(connection, this.#hello(this.#victim(connection), connection))
  }

  #receive(connection: ConnectionId, message: Message): void {
    if (message.kind === 'hello') this.#answer(connection, message)
    else if (message.kind === 'challenge') this.#challenges.set(connection, message.nonce)
    else if (message.kind !== 'refuse') this.#plan.account.accepted += 1
  }

  /** Somebody dials this address: it is asked to answer another's challenge, and then told that it is welcome. */
  #answer(connection: ConnectionId, hello: Hello): void {
    if (hello.proof === undefined) {
      const nonces = [...this.#challenges.values()]
      const nonce = nonces[this.#random.below(nonces.length || 1)] ?? this.#keyring.nonce()
      this.#send(connection, { kind: 'challenge', nonce })
      return
    }
    capture(this.#plan.tape, this.#settings.name, hello)
    const { spoofs } = this.#plan
    if (spoofs === undefined) return
    for (let count = 0; count < WELCOMES_AT_ONCE; count += 1) {
      this.#send(connection, this.#forgedWelcome(spoofs, hello, hello.proof))
      this.#plan.account.welcomes += 1
    }
  }

  #forgedWelcome(name: string, hello: Hello, proof: NonNullable<Hello['proof']>): Welcome {
    const said: Welcome = {
      kind: 'welcome',
      version: 1,
      name,
      incarnation: this.#incarnation as Welcome['incarnation'],
      window: 1,
      capabilities: 1,
      maxBodyBytes: 1024,
      hostToken: '',
      shortcut: '',
    }
    const [own = ''] = this.#keyring.ownKeys()
    const [theirs = ''] = this.#keyring.keysOf('node', hello.name)
    switch (this.#random.below(5)) {
      case 0:
        return said
      case 1:
        return { ...said, proof: this.#keyring.nonce() }
      case 2:
        return this.#proofs.seal(said, proof, { own, theirs })
      case 3:
        return { ...said, proof: proof.mac }
      default: {
        const { welcomes } = this.#plan.tape
        const ofName = welcomes.filter(({ message }) => message.name === said.name)
        return ofName[this.#random.below(ofName.length || 1)]?.message ?? said
      }
    }
  }

  #attackAgain(): void {
    for (const [connection, challenge] of this.#challenges) {
      const left = this.#left.get(connection) ?? 0
      const count = Math.min(left, HELLOS_AT_ONCE)
      this.#left.set(connection, left - count)
      for (let index = 0; index < count; index += 1)
        this.#send(connection, this.#forgedHello(connection, challenge))
      this.#plan.account.hellos += count
    }
    const { clock } = this.#world
    clock.setAlarm(clock.now() + ATTACK_EVERY_MS, () => this.#attackAgain())
  }

  #forgedHello(connection: ConnectionId, challenge: Uint8Array): Hello {
    const { tape } = this.#plan
    const target = this.#targets.get(connection) ?? ''
    const said = this.#hello(this.#victim(connection), connection)
    const nonce = this.#keyring.nonce()
    const own = (): Hello => this.#proofs.prove(said, challenge, nonce, 0)?.hello ?? said
    const pick = <T>(items: readonly T[]): T | undefined => items[this.#random.below(items.length || 1)]
    switch (this.#random.below(7)) {
      // Its own key, under another name.
      case 0:
        return own()
      // No key at all.
      case 1:
        return { ...said, proof: { nonce, challenge, mac: this.#keyring.nonce() } }
      // As an honest node said it: to this target, and elsewhere to others.
      case 2:
        return pick(tape.hellos.filter(({ at }) => at === target))?.message ?? own()
      case 3:
        return pick(tape.hellos)?.message ?? own()
      // The same, as if it answered this challenge.
      case 4: {
        const captured = pick(tape.hellos.filter(({ at }) => at === target))?.message
        return captured?.proof === undefined
          ? own()
          : { ...captured, proof: { ...captured.proof, challenge } }
      }
      // What an honest node proved to the insider itself, of a challenge of this target, passed on.
      case 5: {
        const relayed = pick(tape.hellos.filter(({ at }) => at === this.#settings.name))?.message
        return relayed === undefined ? own() : { ...relayed, expects: target }
      }
      // A Welcome of the target, reflected as a proof.
      default: {
        const mac = pick(tape.welcomes.filter(({ message }) => message.name === target))?.message.proof
        return mac === undefined ? own() : { ...said, proof: { nonce, challenge, mac } }
      }
    }
  }

  /** Anybody but itself and the target. */
  #victim(connection: ConnectionId): string {
    const self = this.#settings.name
    const names = this.#settings.peers.map(({ name }) => name)
    const others = names.filter((name) => name !== self && name !== this.#targets.get(connection))
    return others[this.#random.below(others.length)] ?? ''
  }

  #hello(name: string, connection: ConnectionId): Hello {
    return {
      kind: 'hello',
      minVersion: 1,
      maxVersion: 1,
      role: 'node',
      name,
      incarnation: (this.#incarnation + this.#random.below(100)) as Hello['incarnation'],
      network: this.#settings.network,
      expects: this.#targets.get(connection) ?? '',
      capabilities: 1,
      maxBodyBytes: 1024,
    }
  }

  /** One message in a frame, one frame after the other. */
  #send(connection: ConnectionId, message: Message): void {
    const queue = this.#queues.get(connection)
    if (queue !== undefined) {
      queue.push(message)
      return
    }
    const next = [message]
    this.#queues.set(connection, next)
    const step = (): void => {
      const first = next.shift()
      if (first === undefined) this.#queues.delete(connection)
      else this.#transport.send(connection, encodeBatch([first], 0)[0] ?? [], step)
    }
    step()
  }
}

/** Runs an insider where a node would be. What nobody asks of it is left out. */
export async function startInsider(settings: NodeSettings, world: World, plan: Plan): Promise<Node> {
  const insider = new Insider(settings, world, plan)
  await insider.start()
  const idle = {
    name: settings.name,
    endpoint: settings.bind,
    incarnation: 1,
    handle: () => {},
    close: async () => {},
    status: () => ({ pending: 0 }),
    peers: () => [],
    async *events() {},
  }
  return idle as unknown as Node
}
