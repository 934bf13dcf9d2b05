/**
 * The node without a world: what it starts (outreach.ts), what others start (reception.ts), and between the two what
 * concerns both: liveness and broadcasts. It holds no rule of its own; when one is wanted here, a machine is missing.
 * Pure, so that a whole mesh of cores can be replayed.
 *
 * A message comes in either on a link (we dialled: the peer is known) or on a session (they dialled: the peer is who
 * its Hello says). Answers always go back on the connection of their question.
 */

import type { ConnectionId, Incarnation } from '../base/ids.ts'
import type { Random } from '../base/random.ts'
import { type Cast, Caster, type CasterEvent, Leg } from '../broadcast/caster.ts'
import type { StopRule } from '../broadcast/stop-rule.ts'
import { type BreakCause, Detector, type DetectorEvent } from '../liveness/detector.ts'
import type { OwnLoad } from '../liveness/heart.ts'
import { OwnHealth } from '../liveness/own-health.ts'
import type { LivenessEvent } from '../liveness/slow-peers.ts'
import { suspicionTimes } from '../liveness/suspicion.ts'
import { Ask, type RequestOrder } from '../rpc/caller.ts'
import { Proofs } from '../security/proof.ts'
import type { LinkCarrier } from '../session/links.ts'
import { DEFAULT_PACE } from '../transfer/pace.ts'
import { bodyLimitOf, type TransferEvent, Transfers } from '../transfer/transfers.ts'
import type { Beat, Freight, Message } from '../wire/messages.ts'
import type { Out, UnsentCause } from '../wire/out.ts'
import { abilityAt } from './ability.ts'
import type { CoreSettings } from './core-settings.ts'
import { missingBecause } from './missing.ts'
import { Outreach, type OutreachEvent } from './outreach.ts'
import { refuseOversize } from './oversize.ts'
import { Reception, type ReceptionEvent } from './reception.ts'

/** What a core tells: what its machines tell, but for what it settles itself. */
export type CoreEvent = OutreachEvent | ReceptionEvent | LivenessEvent | Exclude<CasterEvent, { kind: 'leg' }>

/** A broadcast to every member: how each leg is asked, and when it is enough. */
export interface BroadcastOrder {
  readonly leg: Omit<RequestOrder, 'ticket' | 'requestKind' | 'idempotent'>
  readonly until: StopRule
  readonly ticket: unknown
}

/** One node's, or client's, protocol. Every call takes `now` in integer milliseconds of one monotonic clock. */
export class Core {
  readonly outreach: Outreach
  readonly reception: Reception
  readonly caster: Caster
  readonly detector: Detector
  readonly transfers: Transfers
  readonly #health = new OwnHealth()
  readonly #settings: CoreSettings
  readonly #out: Out<CoreEvent>

  constructor(now: number, settings: CoreSettings, random: Random, out: Out<CoreEvent>) {
    const { self, tickMs, hasVerb, trusted, pace = DEFAULT_PACE, maxPeerBytes } = settings
    const prover = trusted === undefined ? undefined : new Proofs(trusted, trusted)
    this.#settings = settings
    this.#out = out
    this.transfers = new Transfers(
      {
        pace,
        maxBodyBytes: self.maxBodyBytes,
        abilityOf: (connection) => abilityAt(this.outreach, this.reception, connection),
        tooLarge: (at, to, head) => this.tooLarge(at, to, head, self.maxBodyBytes),
      },
      { send: out.send, tell: (event) => this.#onTransfer(event) },
    )
    const { transfers } = this
    const { send } = transfers
    this.caster = new Caster((event) => this.#onCaster(event))
    this.detector = new Detector(suspicionTimes(tickMs), (event) => this.#onDetector(event), this.#health)
    const ownLoad = (at: number): OwnLoad => this.#ownLoad(at)
    const echo = (at: number, connection: ConnectionId, beat: Beat): void =>
      this.#onBeat(at, connection, beat)
    this.outreach = new Outreach(
      { self, tickMs, random, detector: this.detector, transfers, ownLoad, echo, prover, maxPeerBytes },
      { send, tell: (event) => this.#onOutreach(event) },
    )
    const isMember = (name: string): boolean => this.outreach.routes.has(name)
    const linkedRun = (name: string): Incarnation | undefined => this.outreach.linkedRun(name)
    this.reception = new Reception(
      { self, transfers, isMember, linkedRun, hasVerb, echo, prover, trusted },
      { send, tell: (event) => this.#onReception(event) },
    )
    for (const { name, connection } of settings.peers) {
      this.detector.add(now, name)
      this.outreach.addPeer(name, connection)
    }
  }

  /** Whether links and sessions are proven. */
  get isSecure(): boolean {
    return this.#settings.trusted !== undefined
  }

  /** When `wake` is to be called at the latest; Infinity when nothing waits for time. */
  get deadline(): number {
    const { outreach, reception, detector, transfers } = this
    return Math.min(outreach.deadline, reception.deadline, detector.deadline, transfers.deadline)
  }

  /** How many operations wait for an answer, here or elsewhere. */
  get pendingCount(): number {
    const { caller, sender } = this.outreach
    return caller.pendingCount + sender.pendingCount + this.caster.pendingCount + this.reception.runningCount
  }

  isLink(connection: ConnectionId): boolean {
    return this.outreach.links.get(connection) !== undefined
  }

  /** Who is at the other end of a connection, where that is known. */
  peerAt(connection: ConnectionId): string | undefined {
    return this.outreach.links.get(connection)?.peer ?? this.reception.sessions.get(connection)?.name
  }

  /** The transport has a connection for this link, at first or again. */
  linkUp(now: number, connection: ConnectionId, carrier: LinkCarrier = 'tcp'): void {
    const link = this.outreach.links.get(connection)
    if (link === undefined) return
    this.detector.linkUp(now, link.peer)
    this.outreach.links.up(now, connection, carrier)
  }

  /** The transport has none. `reset`: we threw it away ourselves, which is no evidence against the peer. */
  linkDown(now: number, connection: ConnectionId, cause: BreakCause | 'reset'): void {
    const link = this.outreach.links.get(connection)
    if (link === undefined) return
    this.outreach.links.down(now, connection, cause)
    this.reception.sessions.unlinked(now, link.peer)
    if (cause !== 'reset') {
      this.detector.turned(now, this.deadline)
      const hearsNothing = this.detector.linkDown(now, link.peer, cause)
      this.reception.sessions.question(link.peer, hearsNothing)
    }
    if (this.detector.get(link.peer).state === 'left') this.caster.peerDied(now, link.peer, 'It left')
  }

  /** Nobody is at the other end of an inbound connection. */
  connectionGone(now: number, connection: ConnectionId): void {
    this.reception.sessions.gone(now, connection)
  }

  /** A message that was handed out never left. What was to go to a guest is his to ask for again. */
  unsent(now: number, connection: ConnectionId, message: Message, cause: UnsentCause): void {
    if (message.kind === 'chunk' || message.kind === 'offer')
      this.transfers.unsent(connection, message, cause)
    const link = this.outreach.links.get(connection)
    if (link !== undefined) this.outreach.unsent(now, link, message, cause)
  }

  /** The end of a turn: large bodies that were handed over in it begin to leave. Cheap when there are none. */
  endTurn(now: number): void {
    this.transfers.begin(now)
  }

  /** The largest body that the other end of a connection takes from us, in bytes. */
  bodyLimit(connection: ConnectionId | undefined): number {
    const ability =
      connection === undefined ? undefined : abilityAt(this.outreach, this.reception, connection)
    const { maxBodyBytes } = this.#settings.self
    return ability === undefined ? maxBodyBytes : Math.min(maxBodyBytes, bodyLimitOf(ability))
  }

  /** Messages came in together on one connection. */
  receive(now: number, connection: ConnectionId, messages: readonly Message[]): void {
    const link = this.outreach.links.get(connection)
    if (link !== undefined) {
      this.outreach.receive(now, link, messages)
      // Whoever has not said Welcome is not known to be the peer, only to be at its address.
      if (link.session !== undefined) this.detector.heard(now, link.peer)
      return
    }
    this.reception.receive(now, connection, messages)
    const member = this.reception.memberAt(connection)
    if (member === undefined) return
    this.detector.heard(now, member)
    if (messages.some((message) => message.kind === 'goodbye')) this.detector.left(now, member)
  }

  /** A message came in whose body is above the limit and was left out. */
  tooLarge(now: number, connection: ConnectionId, message: Freight, limitBytes: number): void {
    refuseOversize(now, { connection, message, limitBytes }, this, this.#out)
  }

  /** Asks every member that has not left. */
  broadcast(now: number, order: BroadcastOrder): Cast {
    const peers = [...this.detector.all()].filter((life) => life.state !== 'left')
    const expected = peers.map((life) => ({ name: life.name, isDead: life.state === 'dead' }))
    return this.caster.cast(now, { peers: expected, until: order.until, ticket: order })
  }

  /** The caller of a broadcast no longer wants it: whoever was asked is told. Gives whether anybody was. */
  cancelBroadcast(now: number, cast: Cast, text: string): boolean {
    const asks = cast.legs.flatMap((leg) => (leg.ticket instanceof Ask ? [leg.ticket] : []))
    this.caster.cancel(now, cast, text)
    const wasSent = cast.tally.acked.length > 0 || asks.some((ask) => ask.sentCount > 0)
    for (const ask of asks) this.outreach.caller.cancel(now, ask)
    return wasSent
  }

  /** Keys or rules changed: what stands on a key that is not accepted any more ends, and its links are dialled afresh. */
  keysChanged(now: number): void {
    this.reception.keysChanged(now)
    this.outreach.keysChanged(now)
  }

  /** Says goodbye and takes no new work; what runs may go on. */
  drain(): void {
    this.reception.drain()
    this.outreach.drain()
  }

  /** Gives up whatever still waits. */
  close(now: number): void {
    this.reception.close()
    this.caster.close(now)
    this.outreach.close(now)
  }

  wake(now: number): void {
    this.detector.turned(now, this.deadline)
    this.reception.wake(now)
    this.outreach.wake(now)
    this.detector.wake(now)
    this.transfers.wake(now)
  }

  #onTransfer(event: TransferEvent): void {
    if (event.kind === 'violation') {
      this.#out.tell(event)
      return
    }
    const link = this.outreach.links.get(event.connection)
    if (link !== undefined) this.outreach.transferred(link, event)
    else this.reception.transferred(event)
  }

  #onBeat(now: number, connection: ConnectionId, beat: Beat): void {
    const member = this.reception.memberAt(connection)
    if (member !== undefined) this.detector.load(now, member, beat.loopDelayMs)
    const peer = member ?? (beat.hearsNothing ? this.outreach.links.get(connection)?.peer : undefined)
    if (peer !== undefined) this.detector.hears(now, peer, !beat.hearsNothing)
    if (beat.wantsEcho)
      this.#out.send(connection, { kind: 'echo', number: beat.number, ...this.#ownLoad(now) })
  }

  #onReception(event: ReceptionEvent): void {
    if (event.kind === 'session-opened' && event.session.role === 'node') {
      this.detector.met(event.now, event.session.name, event.session.hello.incarnation)
      // Its process is up, so our own dial need not wait for its backoff.
      this.outreach.redial(event.session.name)
    }
    this.#out.tell(event)
  }

  #onOutreach(event: OutreachEvent): void {
    if (event.kind === 'request-done' && event.ask.ticket instanceof Leg) {
      this.caster.acked(event.now, event.ask.ticket, event.body)
    } else if (event.kind === 'request-failed' && event.ask.ticket instanceof Leg) {
      const { reason, text } = missingBecause(event.failure)
      this.caster.missed(event.now, event.ask.ticket, reason, text)
    } else if (event.kind !== 'progress' || !(event.operation.ticket instanceof Leg)) {
      this.#out.tell(event)
    }
  }

  #onCaster(event: CasterEvent): void {
    if (event.kind === 'cast-done') {
      this.#out.tell(event)
      return
    }
    const { cast, peer } = event.leg
    const { verb, body, timeoutMs, retries, deadlineAt } = (cast.ticket as BroadcastOrder).leg
    event.leg.ticket = this.outreach.caller.request(cast.startedAt, peer, {
      verb,
      body,
      timeoutMs,
      retries,
      deadlineAt,
      requestKind: 'broadcast',
      idempotent: false,
      ticket: event.leg,
    })
  }

  #onDetector(event: DetectorEvent): void {
    this.#out.tell(event)
    if (event.kind === 'probe-peer' && event.why === 'quiet') this.outreach.question(event.now, event.peer)
    if (event.kind === 'peer-state' && event.state === 'dead')
      this.caster.peerDied(event.now, event.peer, event.text)
  }

  #ownLoad(now: number): OwnLoad {
    return { loopDelayMs: this.#health.delayMs(now), queuedBytes: this.#settings.queuedBytes() }
  }
}
