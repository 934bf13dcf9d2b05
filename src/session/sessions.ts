/**
 * The answering side of every connection: who is at the other end of it. A session begins with a Hello that is accepted
 * and ends when the connection is gone, when another one takes its place, or when nothing has been heard for long.
 *
 * A name has one session at a time. When a Hello claims a name whose session belongs to another run, the old connection
 * is challenged first: if it is gone or stays silent, the newcomer is a restart and takes over; if it answers, two
 * processes use one name, and the newcomer is refused. Silence does not count while our own link to the old run stands:
 * then its process lives, and only its event loop does not turn. Of a client, to which there is no link, nothing more can
 * be known than that its connection has not been closed, and a machine that vanished does not close it either.
 */

import { Deadlines, type Timed } from '../base/deadlines.ts'
import type { ConnectionId } from '../base/ids.ts'
import type { Hello, Role } from '../wire/messages.ts'
import type { Out } from '../wire/out.ts'
import { type Identity, judgeHello, type Refusal } from './identity.ts'

/** Sessions that one node keeps: well above the few hundred members that a mesh is made for. */
export const MAX_SESSIONS = 4096
/** Hellos that may wait for a challenge. */
const MAX_CHALLENGERS = 256
/** How long a challenged session has to answer: two heartbeats, so that a short stall does not cost a name. */
const CHALLENGE_MS = 1000
/** A session that was not heard for so long is forgotten; its owner says Hello again if it comes back. */
export const SESSION_IDLE_MS = 30_000
/** A session that said goodbye is forgotten after this: short, because the clients of a busy script come and go. */
export const SESSION_LEAVING_MS = 2000

/** One inbound connection and whose it is. */
export class Session implements Timed {
  dueAt = 0
  heapIndex = -1
  heardAt: number
  /** It said goodbye: it waits for what is still owed to it, and does not come back. */
  isLeaving = false
  readonly connection: ConnectionId
  readonly name: string
  readonly role: Role
  readonly hello: Hello
  /** Who it is, run aside: nodes and clients do not share names. */
  readonly party: string

  constructor(connection: ConnectionId, hello: Hello, now: number) {
    this.connection = connection
    this.hello = hello
    this.name = hello.name
    this.role = hello.role
    this.party = partyOf(hello)
    this.heardAt = now
  }
}

/** A Hello that waits until the session of the same name has answered or not. */
class Challenge implements Timed {
  dueAt = 0
  heapIndex = -1
  readonly connection: ConnectionId
  readonly hello: Hello
  readonly incumbent: Session

  constructor(connection: ConnectionId, hello: Hello, incumbent: Session) {
    this.connection = connection
    this.hello = hello
    this.incumbent = incumbent
  }
}

/** What the sessions tell. The owner sends the Welcome: it knows the window that goes with it. */
export type SessionEvent =
  | { readonly kind: 'session-opened'; readonly session: Session; readonly now: number }
  | { readonly kind: 'session-closed'; readonly session: Session; readonly now: number }
  | {
      readonly kind: 'hello-refused'
      readonly connection: ConnectionId
      readonly hello: Hello
      readonly text: string
    }

/** What the sessions ask of their owner. */
export interface SessionsSettings {
  readonly isMember: (name: string) => boolean
  /** Whether our own link to the node that said this Hello stands, in this run of it. */
  readonly isLinked: (hello: Hello) => boolean
}

/** All inbound sessions of one node. */
export class Sessions {
  readonly #self: Identity
  readonly #settings: SessionsSettings
  readonly #byConnection = new Map<ConnectionId, Session>()
  readonly #byParty = new Map<string, Session>()
  readonly #challenges = new Map<ConnectionId, Challenge>()
  readonly #idle = new Deadlines<Session>()
  readonly #challengeDeadlines = new Deadlines<Challenge>()
  readonly #out: Out<SessionEvent>
  #isClosing = false

  constructor(self: Identity, settings: SessionsSettings, out: Out<SessionEvent>) {
    this.#self = self
    this.#settings = settings
    this.#out = out
  }

  get deadline(): number {
    return Math.min(this.#idle.next, this.#challengeDeadlines.next)
  }

  get size(): number {
    return this.#byConnection.size
  }

  get(connection: ConnectionId): Session | undefined {
    return this.#byConnection.get(connection)
  }

  all(): IterableIterator<Session> {
    return this.#byConnection.values()
  }

  /** From now on nobody new comes in. */
  drain(): void {
    this.#isClosing = true
  }

  /** Anything at all came in on the session's connection. */
  heard(now: number, session: Session): void {
    session.heardAt = now
    if (this.#challenges.size > 0) this.#defend(session)
  }

  /** The other end said goodbye. */
  leaving(now: number, session: Session): void {
    session.isLeaving = true
    this.#idle.set(session, now + SESSION_LEAVING_MS)
  }

  /** Asks a node for a sign of life on the session that it has, if it has one. Who closes asks nobody (X1). */
  question(name: string): void {
    if (this.#isClosing) return
    const session = this.#byParty.get(partyOf({ role: 'node', name }))
    if (session !== undefined) this.#question(session)
  }

  hello(now: number, connection: ConnectionId, hello: Hello): void {
    const present = this.#byConnection.get(connection)
    if (present !== undefined) {
      if (isSameRun(present.hello, hello)) this.#out.tell({ kind: 'session-opened', session: present, now })
      else
        this.#refuse(connection, hello, { reason: 'malformed', text: `This connection is "${present.name}"` })
      return
    }
    const refusal = this.#isClosing
      ? ({ reason: 'closing', text: `"${this.#self.name}" is closing` } as const)
      : judgeHello(this.#self, this.#settings.isMember, hello)
    if (refusal !== undefined) {
      this.#refuse(connection, hello, refusal)
      return
    }
    const incumbent = this.#byParty.get(partyOf(hello))
    if (incumbent === undefined) this.#open(now, connection, hello)
    else if (isSameRun(incumbent.hello, hello)) this.#replace(now, incumbent, connection, hello)
    else this.#challenge(now, incumbent, connection, hello)
  }

  /** Nobody is at the other end any more. */
  gone(now: number, connection: ConnectionId): void {
    const challenge = this.#challenges.get(connection)
    if (challenge !== undefined) this.#endChallenge(challenge)
    const session = this.#byConnection.get(connection)
    if (session === undefined) return
    this.#close(now, session)
    for (const waiting of [...this.#challenges.values()]) {
      if (waiting.incumbent === session) this.#admit(now, waiting)
    }
  }

  wake(now: number): void {
    this.#challengeDeadlines.takeDue(now, (challenge) => {
      const { incumbent } = challenge
      if (this.#settings.isLinked(incumbent.hello)) {
        this.#refuseChallenge(
          challenge,
          `"${incumbent.name}" runs already, and its event loop does not answer`,
        )
        return
      }
      this.#close(now, incumbent)
      this.#admit(now, challenge)
    })
    this.#idle.takeDue(now, (session) => {
      const quietUntil = session.heardAt + (session.isLeaving ? SESSION_LEAVING_MS : SESSION_IDLE_MS)
      if (quietUntil > now) this.#idle.set(session, quietUntil)
      else this.#close(now, session)
    })
  }

  #open(now: number, connection: ConnectionId, hello: Hello): void {
    if (this.#byConnection.size >= MAX_SESSIONS) {
      this.#refuse(connection, hello, {
        reason: 'too-many-sessions',
        text: `${MAX_SESSIONS} sessions are open`,
      })
      return
    }
    const session = new Session(connection, hello, now)
    this.#byConnection.set(connection, session)
    this.#byParty.set(session.party, session)
    this.#idle.set(session, now + SESSION_IDLE_MS)
    this.#out.tell({ kind: 'session-opened', session, now })
  }

  /** The same run is back on another connection. */
  #replace(now: number, old: Session, connection: ConnectionId, hello: Hello): void {
    this.#close(now, old)
    this.#open(now, connection, hello)
  }

  #challenge(now: number, incumbent: Session, connection: ConnectionId, hello: Hello): void {
    if (this.#challenges.has(connection)) return
    if (this.#challenges.size >= MAX_CHALLENGERS) {
      this.#refuse(connection, hello, { reason: 'too-many-sessions', text: 'Too many newcomers wait' })
      return
    }
    const challenge = new Challenge(connection, hello, incumbent)
    this.#challenges.set(connection, challenge)
    this.#challengeDeadlines.set(challenge, now + CHALLENGE_MS)
    this.#question(incumbent)
  }

  #question({ connection }: Session): void {
    this.#out.send(connection, {
      kind: 'beat',
      number: 0,
      wantsEcho: true,
      loopDelayMs: 0,
      queuedBytes: 0,
    })
  }

  /** A challenged session gave a sign of life: whoever wanted its name is refused. */
  #defend(session: Session): void {
    for (const challenge of [...this.#challenges.values()]) {
      if (challenge.incumbent !== session) continue
      this.#refuseChallenge(challenge, `Another running process is "${session.name}"`)
    }
  }

  #refuseChallenge(challenge: Challenge, text: string): void {
    this.#endChallenge(challenge)
    this.#refuse(challenge.connection, challenge.hello, { reason: 'name-taken', text })
  }

  #admit(now: number, challenge: Challenge): void {
    this.#endChallenge(challenge)
    this.hello(now, challenge.connection, challenge.hello)
  }

  #endChallenge(challenge: Challenge): void {
    this.#challenges.delete(challenge.connection)
    this.#challengeDeadlines.remove(challenge)
  }

  #close(now: number, session: Session): void {
    if (this.#byConnection.get(session.connection) !== session) return
    this.#byConnection.delete(session.connection)
    if (this.#byParty.get(session.party) === session) this.#byParty.delete(session.party)
    this.#idle.remove(session)
    this.#out.tell({ kind: 'session-closed', session, now })
  }

  #refuse(connection: ConnectionId, hello: Hello, { reason, text }: Refusal): void {
    this.#out.send(connection, { kind: 'refuse', reason, text })
    this.#out.tell({ kind: 'hello-refused', connection, hello, text: `${reason}: ${text}` })
  }
}

function partyOf(hello: Pick<Hello, 'role' | 'name'>): string {
  return `${hello.role}/${hello.name}`
}

/** The same run of the same party. */
function isSameRun(left: Hello, right: Hello): boolean {
  return partyOf(left) === partyOf(right) && left.incarnation === right.incarnation
}
