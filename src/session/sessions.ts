/**
 * The answering side of every connection: who is at the other end of it. A session begins with a Hello that is accepted
 * and ends when the connection is gone, when another one takes its place, or when nothing has been heard for long.
 *
 * A name has one session at a time. When a Hello claims a name whose session belongs to another run, the old connection
 * is asked first: if it is gone or stays silent, the newcomer is a restart and takes over; if it answers, two
 * processes use one name, and the newcomer is refused. Neither counts while our own link to the old run stands: then its
 * process lives, and only its event loop does not turn. It may be without a session just then, for instance on its way to
 * a shortcut. Of a client, to which there is no link, nothing more can be known than that its connection has not been
 * closed, and a machine that vanished does not close it either.
 *
 * In secure mode a Hello comes that far only with a proof (prover.ts), so that nobody can even claim another's name. What
 * proves a client holds for all of its runs, so that they may be here side by side.
 */

import { Deadlines, type Timed } from '../base/deadlines.ts'
import type { ConnectionId, Incarnation } from '../base/ids.ts'
import type { KeyMatch } from '../base/key-match.ts'
import type { Hello, HelloProof, Role } from '../wire/messages.ts'
import type { Out } from '../wire/out.ts'
import { type Identity, judgeHello, type Refusal } from './identity.ts'
import type { Prover } from './prover.ts'

/** Sessions that one node keeps: well above the few hundred members that a mesh is made for. */
export const MAX_SESSIONS = 4096
/** Hellos that may wait until the owner of their name has answered or not. */
const MAX_CLAIMS = 256
/** How long the session of a claimed name has to answer: two heartbeats, so that a short stall does not cost a name. */
const CLAIM_MS = 1000
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
  /** What its last Hello proved, and by which keys; undefined in plain mode. */
  proven: Proven | undefined

  constructor(connection: ConnectionId, hello: Hello, party: string, now: number) {
    this.connection = connection
    this.hello = hello
    this.name = hello.name
    this.role = hello.role
    this.party = party
    this.heardAt = now
  }
}

/** The proof of a Hello that was good, and the keys under which it was made. */
interface Proven {
  readonly proof: HelloProof
  readonly match: KeyMatch
}

/** A Hello that waits until the session of the same name has answered or not; or, without one, for our link to end. */
class Claim implements Timed {
  dueAt = 0
  heapIndex = -1
  readonly connection: ConnectionId
  readonly hello: Hello
  readonly incumbent: Session | undefined

  constructor(connection: ConnectionId, hello: Hello, incumbent: Session | undefined) {
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
  /** Somebody said a name that he could not prove. */
  | {
      readonly kind: 'impostor'
      readonly connection: ConnectionId
      readonly party: string
      readonly text: string
    }

/** What the sessions ask of their owner. */
export interface SessionsSettings {
  readonly isMember: (name: string) => boolean
  /** The run of a node to which our own link stands; undefined while it does not. */
  readonly linkedRun: (name: string) => Incarnation | undefined
  /** In secure mode. */
  readonly prover?: Prover | undefined
}

/** All inbound sessions of one node. */
export class Sessions {
  readonly #self: Identity
  readonly #settings: SessionsSettings
  readonly #byConnection = new Map<ConnectionId, Session>()
  readonly #byParty = new Map<string, Session>()
  readonly #claims = new Map<ConnectionId, Claim>()
  readonly #idle = new Deadlines<Session>()
  readonly #claimDeadlines = new Deadlines<Claim>()
  readonly #out: Out<SessionEvent>
  readonly #prover: Prover | undefined
  #isClosing = false

  constructor(self: Identity, settings: SessionsSettings, out: Out<SessionEvent>) {
    this.#self = self
    this.#settings = settings
    this.#out = out
    this.#prover = settings.prover
  }

  get deadline(): number {
    return Math.min(this.#idle.next, this.#claimDeadlines.next)
  }

  get size(): number {
    return this.#byConnection.size
  }

  get(connection: ConnectionId): Session | undefined {
    return this.#byConnection.get(connection)
  }

  /** From now on nobody new comes in. */
  drain(): void {
    this.#isClosing = true
  }

  /** Anything at all came in on the session's connection. */
  heard(now: number, session: Session): void {
    session.heardAt = now
    if (this.#claims.size > 0) this.#defend(session)
  }

  /** The other end said goodbye. */
  leaving(now: number, session: Session): void {
    session.isLeaving = true
    this.#idle.set(session, now + SESSION_LEAVING_MS)
  }

  /**
   * Asks a node for a sign of life on the session that it has, if it has one, and tells it whether nothing is heard of it.
   * Who closes asks nobody (X1).
   */
  question(name: string, hearsNothing: boolean): void {
    if (this.#isClosing) return
    const session = this.#byParty.get(partyOf({ role: 'node', name }))
    if (session !== undefined) this.#question(session, hearsNothing)
  }

  hello(now: number, connection: ConnectionId, hello: Hello): void {
    const present = this.#byConnection.get(connection)
    const refusal = present === undefined ? this.#refusal(hello) : unlessSameRun(present, hello)
    if (refusal !== undefined) {
      this.#refuse(connection, hello, refusal)
      return
    }
    const proven = this.#prover === undefined ? undefined : this.#judge(this.#prover, connection, hello)
    if (this.#prover !== undefined && proven === undefined) return
    if (present !== undefined) {
      present.proven = proven
      this.#out.tell({ kind: 'session-opened', session: present, now })
      return
    }
    const newcomer = new Session(connection, hello, this.#partyOf(hello), now)
    newcomer.proven = proven
    const incumbent = this.#byParty.get(newcomer.party)
    if (incumbent === undefined) {
      if (this.#isLinkedToOther(hello)) this.#claim(now, undefined, newcomer)
      else this.#open(now, newcomer)
    } else if (isSameRun(incumbent.hello, hello)) this.#replace(now, incumbent, newcomer)
    else this.#claim(now, incumbent, newcomer)
  }

  /** The keys changed: ends the sessions whose proof does not hold any more. */
  keysChanged(now: number): void {
    const prover = this.#prover
    if (prover === undefined) return
    for (const session of [...this.#byConnection.values()]) {
      const { proven, role, name } = session
      if (proven === undefined || !prover.holds(proven.match, role, name)) this.#end(now, session)
    }
  }

  /** Nobody is at the other end any more. */
  gone(now: number, connection: ConnectionId): void {
    const claim = this.#claims.get(connection)
    if (claim !== undefined) this.#endClaim(claim)
    const session = this.#byConnection.get(connection)
    if (session !== undefined) this.#end(now, session)
  }

  /** Our own link to a node has ended: it does not defend the name any more. */
  unlinked(now: number, name: string): void {
    for (const claim of [...this.#claims.values()]) {
      const isForLink = claim.incumbent === undefined && claim.hello.name === name
      if (isForLink) this.#admit(now, claim)
    }
  }

  wake(now: number): void {
    this.#claimDeadlines.takeDue(now, (claim) => {
      const { incumbent, hello } = claim
      const stands = incumbent === undefined ? this.#isLinkedToOther(hello) : this.#isLinkedTo(incumbent)
      if (stands) {
        this.#refuseClaim(claim, `"${hello.name}" runs already, and its event loop does not answer`)
        return
      }
      if (incumbent !== undefined) this.#close(now, incumbent)
      this.#admit(now, claim)
    })
    this.#idle.takeDue(now, (session) => {
      const quietUntil = session.heardAt + (session.isLeaving ? SESSION_LEAVING_MS : SESSION_IDLE_MS)
      if (quietUntil > now) this.#idle.set(session, quietUntil)
      else this.#close(now, session)
    })
  }

  #refusal(hello: Hello): Refusal | undefined {
    return this.#isClosing
      ? { reason: 'closing', text: `"${this.#self.name}" is closing` }
      : judgeHello(this.#self, this.#settings.isMember, hello)
  }

  /** What a Hello proves. When that is not enough it is answered: asked for a proof, or refused. */
  #judge(prover: Prover, connection: ConnectionId, hello: Hello): Proven | undefined {
    const verdict = prover.judge(connection, hello)
    if (verdict.kind === 'proven') return verdict
    if (verdict.kind === 'asked') {
      this.#out.send(connection, { kind: 'challenge', nonce: verdict.nonce })
      return undefined
    }
    const { text } = verdict
    this.#out.send(connection, { kind: 'refuse', reason: 'not-proven', text })
    this.#out.tell({ kind: 'impostor', connection, party: hello.name, text })
    return undefined
  }

  #partyOf(hello: Hello): string {
    const isOneOfMany = this.#prover !== undefined && hello.role === 'client'
    return isOneOfMany ? `${partyOf(hello)}/${hello.incarnation}` : partyOf(hello)
  }

  #open(now: number, session: Session): void {
    const { connection, hello } = session
    if (this.#byConnection.size >= MAX_SESSIONS) {
      this.#refuse(connection, hello, {
        reason: 'too-many-sessions',
        text: `${MAX_SESSIONS} sessions are open`,
      })
      return
    }
    this.#byConnection.set(connection, session)
    this.#byParty.set(session.party, session)
    this.#idle.set(session, now + SESSION_IDLE_MS)
    this.#out.tell({ kind: 'session-opened', session, now })
  }

  /** The same run is back on another connection. */
  #replace(now: number, old: Session, newcomer: Session): void {
    this.#close(now, old)
    this.#open(now, newcomer)
  }

  #isLinkedTo({ role, name, hello }: Session): boolean {
    return role === 'node' && this.#settings.linkedRun(name) === hello.incarnation
  }

  #isLinkedToOther({ role, name, incarnation }: Hello): boolean {
    const run = role === 'node' ? this.#settings.linkedRun(name) : undefined
    return run !== undefined && run !== incarnation
  }

  #claim(now: number, incumbent: Session | undefined, { connection, hello }: Session): void {
    if (this.#claims.has(connection)) return
    if (this.#claims.size >= MAX_CLAIMS) {
      this.#refuse(connection, hello, { reason: 'too-many-sessions', text: 'Too many newcomers wait' })
      return
    }
    const claim = new Claim(connection, hello, incumbent)
    this.#claims.set(connection, claim)
    this.#claimDeadlines.set(claim, now + CLAIM_MS)
    if (incumbent !== undefined) this.#question(incumbent, false)
  }

  #question({ connection }: Session, hearsNothing: boolean): void {
    this.#out.send(connection, {
      kind: 'beat',
      number: 0,
      wantsEcho: true,
      hearsNothing,
      loopDelayMs: 0,
      queuedBytes: 0,
    })
  }

  /** The session of a claimed name gave a sign of life: whoever wanted its name is refused. */
  #defend(session: Session): void {
    for (const claim of [...this.#claims.values()]) {
      if (claim.incumbent === session)
        this.#refuseClaim(claim, `Another running process is "${session.name}"`)
    }
  }

  #refuseClaim(claim: Claim, text: string): void {
    this.#endClaim(claim)
    this.#refuse(claim.connection, claim.hello, { reason: 'name-taken', text })
  }

  #admit(now: number, claim: Claim): void {
    this.#endClaim(claim)
    this.hello(now, claim.connection, claim.hello)
  }

  #endClaim(claim: Claim): void {
    this.#claims.delete(claim.connection)
    this.#claimDeadlines.remove(claim)
  }

  /** Ends a session; whoever waits for its name need not wait longer. */
  #end(now: number, session: Session): void {
    this.#close(now, session)
    for (const waiting of [...this.#claims.values()]) {
      if (waiting.incumbent === session) this.#admit(now, waiting)
    }
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

/** One connection is one run for as long as it lasts. */
function unlessSameRun(present: Session, hello: Hello): Refusal | undefined {
  if (isSameRun(present.hello, hello)) return undefined
  return { reason: 'malformed', text: `This connection is "${present.name}"` }
}

function partyOf(hello: Pick<Hello, 'role' | 'name'>): string {
  return `${hello.role}/${hello.name}`
}

/** The same run of the same party. */
function isSameRun(left: Hello, right: Hello): boolean {
  return partyOf(left) === partyOf(right) && left.incarnation === right.incarnation
}
