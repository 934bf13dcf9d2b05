/**
 * Several cores joined by direct connections in memory and one clock that a test moves by hand: no sockets, no bytes, no
 * delay. A test connects, cuts, kills and restarts, and reads what the cores told.
 *
 * The simulator does this with encoded frames, chance and faults; here every step is the test's own.
 */

import type { ConnectionId } from '../../src/base/ids.ts'
import { seededRandom } from '../../src/base/random.ts'
import { Core, type CoreEvent } from '../../src/node/core.ts'
import type { Trusted } from '../../src/node/trusted.ts'
import type { Message, Role } from '../../src/wire/messages.ts'
import { connection, incarnation } from './samples.ts'

/** One process of the mesh. */
export class Member {
  readonly name: string
  readonly core: Core
  readonly events: CoreEvent[]
  /** What it sent, newest last, with the name of the one it was for. */
  readonly sent: { readonly to: string; readonly message: Message }[] = []

  constructor(name: string, core: Core, events: CoreEvent[]) {
    this.name = name
    this.core = core
    this.events = events
  }

  /** The events of one kind since the last call; all others stay. */
  take<K extends CoreEvent['kind']>(kind: K): Extract<CoreEvent, { kind: K }>[] {
    const taken = this.events.filter((event): event is Extract<CoreEvent, { kind: K }> => event.kind === kind)
    const others = this.events.filter((event) => event.kind !== kind)
    this.events.splice(0, this.events.length, ...others)
    return taken
  }

  /** The kinds of what it sent to somebody since the last call, signs of life left out. */
  takeSent(to: string): string[] {
    const kinds = this.sent.filter((each) => each.to === to).map(({ message }) => message.kind)
    this.sent.length = 0
    return kinds.filter((kind) => kind !== 'beat' && kind !== 'echo')
  }
}

/** One dialled connection: its two ends, and the id that the other end has for it while it is up. */
interface Line {
  readonly from: string
  readonly to: string
  readonly id: ConnectionId
  inbound: ConnectionId | undefined
}

interface Parcel {
  readonly line: Line
  readonly inbound: ConnectionId
  readonly isOutward: boolean
  readonly messages: Message[]
}

const NOT_TOLD = {
  role: 'node' as Role,
  tickMs: 500,
  verbs: ['greet', 'note'],
  trusted: undefined as Trusted | undefined,
}

/** The mesh. Time starts at 1000 ms. */
export class CoreMesh {
  now = 1000
  /** Decides which messages get lost. */
  isLost: (from: string, to: string, message: Message) => boolean = () => false
  readonly #members = new Map<string, Member>()
  readonly #lines: Line[] = []
  #parcels: Parcel[] = []
  #nextId = 1
  #nextIncarnation = 1

  /** Starts a process; its links are down until they are connected. */
  start(name: string, peers: readonly string[], changes: Partial<typeof NOT_TOLD> = {}): Member {
    const { role, tickMs, verbs, trusted } = { ...NOT_TOLD, ...changes }
    const lines = peers.map((to): Line => ({ from: name, to, id: this.#newId(), inbound: undefined }))
    this.#lines.push(...lines)
    const events: CoreEvent[] = []
    const core = new Core(
      this.now,
      {
        self: {
          name,
          role,
          incarnation: incarnation(this.#nextIncarnation),
          network: 'test',
          maxBodyBytes: 16 * 1024 * 1024,
        },
        peers: lines.map(({ to, id }) => ({ name: to, connection: id })),
        tickMs,
        hasVerb: (verb) => verbs.includes(verb),
        trusted,
        queuedBytes: () => 0,
      },
      seededRandom(this.#nextIncarnation),
      {
        send: (to, message) => {
          this.#send(name, to, message)
          return true
        },
        tell: (event) => events.push(event),
      },
    )
    this.#nextIncarnation += 1
    const member = new Member(name, core, events)
    this.#members.set(name, member)
    return member
  }

  /** Ends a process at once: nobody hears a goodbye, all its connections break, and its address refuses. */
  kill(name: string): void {
    this.#members.delete(name)
    for (const line of [...this.#lines]) {
      if (line.from === name) {
        this.#lines.splice(this.#lines.indexOf(line), 1)
      } else if (line.to === name) {
        this.cut(line.from, name)
        this.#at(line.from).core.linkDown(this.now, line.id, 'refused')
      }
    }
    this.settle()
  }

  /** Brings the link of `from` to `to` up, as the transport does. */
  connect(from: string, to: string): void {
    const line = this.#line(from, to)
    line.inbound = this.#newId()
    this.#at(from).core.linkUp(this.now, line.id)
    this.settle()
  }

  /** Connects each of two with the other. */
  join(left: string, right: string): void {
    this.connect(left, right)
    this.connect(right, left)
  }

  /** Breaks the link of `from` to `to`. */
  cut(from: string, to: string, cause: 'closed' | 'silent' | 'unreachable' = 'closed'): void {
    const line = this.#line(from, to)
    line.inbound = undefined
    this.#parcels = this.#parcels.filter((parcel) => parcel.line !== line)
    this.#at(from).core.linkDown(this.now, line.id, cause)
  }

  /** Sends as somebody who keeps to no rule, on the link of `from` to `to`. */
  forge(from: string, to: string, ...messages: Message[]): void {
    const { inbound } = this.#line(from, to)
    if (inbound === undefined) throw new Error('the link is down')
    this.#at(to).core.receive(this.now, inbound, messages)
    this.settle()
  }

  /** Answers as somebody who keeps to no rule, on the link of `to` to `from`. */
  forgeAnswer(from: string, to: string, ...messages: Message[]): void {
    this.#at(to).core.receive(this.now, this.#line(to, from).id, messages)
    this.settle()
  }

  /** Moves the clock, with a wake at each deadline, and delivers what is sent at once. */
  pass(ms: number): void {
    const until = this.now + ms
    for (;;) {
      this.settle()
      const next = Math.min(...[...this.#members.values()].map((member) => member.core.deadline))
      if (next > until) break
      this.now = Math.max(this.now, next)
      for (const member of this.#members.values())
        if (member.core.deadline <= this.now) member.core.wake(this.now)
    }
    this.now = until
  }

  /** Delivers whatever is on its way, and resets the links that want it. */
  settle(): void {
    for (let round = 0; round < 1000; round += 1) {
      for (const member of this.#members.values()) {
        for (const { link } of member.take('reset-link')) this.#reset(member, link.peer)
      }
      for (const member of this.#members.values()) member.core.endTurn(this.now)
      const parcels = this.#parcels
      if (parcels.length === 0) return
      this.#parcels = []
      for (const parcel of parcels) this.#deliver(parcel)
    }
    throw new Error('the mesh does not come to rest')
  }

  #reset(member: Member, to: string): void {
    const line = this.#line(member.name, to)
    line.inbound = undefined
    member.core.linkDown(this.now, line.id, 'reset')
    if (!this.#members.has(to)) return
    line.inbound = this.#newId()
    member.core.linkUp(this.now, line.id)
  }

  #send(from: string, id: ConnectionId, message: Message): void {
    const dialled = this.#lines.find((line) => line.id === id)
    const line = dialled ?? this.#lines.find((each) => each.inbound === id)
    const isOutward = dialled !== undefined
    if (line?.inbound === undefined) {
      // Nobody is at the other end of an inbound connection any more; it is told later than inside the call.
      if (!isOutward) this.#parcels.push({ line: GONE, inbound: id, isOutward, messages: [message] })
      return
    }
    const to = isOutward ? line.to : line.from
    this.#members.get(from)?.sent.push({ to, message })
    if (this.isLost(from, to, message)) return
    const { inbound } = line
    const last = this.#parcels.at(-1)
    const isSame = last?.line === line && last.isOutward === isOutward && last.inbound === inbound
    if (isSame) last.messages.push(message)
    else this.#parcels.push({ line, inbound, isOutward, messages: [message] })
  }

  #deliver({ line, inbound, isOutward, messages }: Parcel): void {
    if (line === GONE) {
      for (const member of this.#members.values()) member.core.connectionGone(this.now, inbound)
      return
    }
    if (line.inbound !== inbound) return
    const member = this.#members.get(isOutward ? line.to : line.from)
    member?.core.receive(this.now, isOutward ? inbound : line.id, messages)
  }

  #line(from: string, to: string): Line {
    const line = this.#lines.find((each) => each.from === from && each.to === to)
    if (line === undefined) throw new Error(`${from} does not dial ${to}`)
    return line
  }

  #at(name: string): Member {
    const member = this.#members.get(name)
    if (member === undefined) throw new Error(`${name} does not run`)
    return member
  }

  #newId(): ConnectionId {
    this.#nextId += 1
    return connection(this.#nextId)
  }
}

/** Stands for the way to nobody. */
const GONE: Line = { from: '', to: '', id: connection(0), inbound: undefined }

/** Two nodes that are connected both ways. */
export interface Pair {
  readonly mesh: CoreMesh
  readonly alpha: Member
  readonly bravo: Member
}

/** Starts alpha and bravo. */
export function startPair(): Pair {
  const mesh = new CoreMesh()
  const alpha = mesh.start('alpha', ['bravo'])
  const bravo = mesh.start('bravo', ['alpha'])
  mesh.join('alpha', 'bravo')
  return { mesh, alpha, bravo }
}
