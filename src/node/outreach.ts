/**
 * The outbound half of the core: joins the links that this node dials with the machines that ask and send on them.
 * Like core.ts it only routes, and it is as pure.
 */

import { unreachable } from '../base/assert.ts'
import type { ConnectionId, Incarnation } from '../base/ids.ts'
import { PeerTotal } from '../base/peer-total.ts'
import type { Random } from '../base/random.ts'
import type { Detector, ProbePeer } from '../liveness/detector.ts'
import { Heart, type OwnLoad } from '../liveness/heart.ts'
import { Outages } from '../liveness/outages.ts'
import { suspicionTimes } from '../liveness/suspicion.ts'
import { type Parcel, Sender, type SenderEvent } from '../oneway/sender.ts'
import { type Ask, Caller, type CallerEvent } from '../rpc/caller.ts'
import type { Identity } from '../session/identity.ts'
import { type Link, type LinkEvent, Links } from '../session/links.ts'
import type { Prover } from '../session/prover.ts'
import type { TransferEvent, Transfers } from '../transfer/transfers.ts'
import { TRANSFER_BODY_BYTES } from '../wire/limits.ts'
import type { Beat, Freight, Hello, Message, Reject, TransferMessage } from '../wire/messages.ts'
import type { Out, UnsentCause } from '../wire/out.ts'
import { unsentRequest, unsentSend } from './unsent-failures.ts'

/** What the outreach tells. */
export type OutreachEvent =
  | Exclude<CallerEvent, { kind: 'link-lifeless' }>
  | Exclude<LinkEvent, { kind: 'link-mute' }>
  | SenderEvent
  /** The body of a request, or of its answer, or of a one-way message, has come so far. */
  | {
      readonly kind: 'progress'
      readonly operation: Ask | Parcel
      readonly direction: 'out' | 'in'
      readonly bytes: number
      readonly totalBytes: number
    }
  | ProbePeer
  /** The link is to be thrown away and dialled afresh. */
  | { readonly kind: 'reset-link'; readonly link: Link; readonly why: ResetCause }
  | { readonly kind: 'violation'; readonly connection: ConnectionId; readonly text: string }

/** `keys`: it does not stand on keys that are accepted, or may stand now that other keys are. */
type ResetCause = 'lifeless' | 'mute' | 'peer-is-back' | 'keys'

/** What an outreach is made from. */
export interface OutreachSettings {
  readonly self: Identity
  readonly tickMs: number
  readonly random: Random
  readonly detector: Detector
  readonly transfers: Transfers
  /** What may wait for one peer, in bytes. Default: DEFAULT_PEER_BYTES. */
  readonly maxPeerBytes?: number | undefined
  readonly ownLoad: (now: number) => OwnLoad
  readonly echo: (now: number, connection: ConnectionId, beat: Beat) => void
  /** In secure mode. */
  readonly prover: Prover | undefined
}

/** One peer as it is reached: its link and how well that holds. */
export interface Route {
  readonly link: Link
  readonly outages: Outages
}

/** Everything that this node starts. */
export class Outreach {
  readonly links: Links
  readonly caller: Caller
  readonly sender: Sender
  readonly heart: Heart
  readonly routes = new Map<string, Route>()
  readonly #settings: OutreachSettings
  readonly #out: Out<OutreachEvent>
  #isDraining = false

  constructor(settings: OutreachSettings, out: Out<OutreachEvent>) {
    const { send } = out
    this.#settings = settings
    this.#out = out
    this.links = new Links(settings.self, { send, tell: (event) => this.#onLink(event) }, settings.prover)
    this.caller = new Caller(
      settings.random,
      suspicionTimes(settings.tickMs).suspectMs,
      {
        send,
        tell: (event) => this.#onCaller(event),
      },
      settings.self.maxBodyBytes,
    )
    this.sender = new Sender({ send, tell: (event) => this.#onSender(event) }, settings.self.maxBodyBytes)
    this.heart = new Heart(settings.tickMs, settings.random, settings.ownLoad, { send })
  }

  get deadline(): number {
    return Math.min(this.links.deadline, this.caller.deadline, this.sender.deadline, this.heart.deadline)
  }

  addPeer(name: string, connection: ConnectionId): void {
    this.routes.set(name, { link: this.links.add(name, connection), outages: new Outages() })
    const total = new PeerTotal(this.#settings.maxPeerBytes, TRANSFER_BODY_BYTES)
    this.caller.addCallee(name, connection, total)
    this.sender.addPeer(name, connection, total)
  }

  /** Messages came in together on a link. */
  receive(now: number, link: Link, messages: readonly Message[]): void {
    this.caller.heard(now, link.peer)
    for (const message of messages) this.#receive(now, link, message)
  }

  /** A message that was handed to a link never left. */
  unsent(now: number, link: Link, message: Message, cause: UnsentCause): void {
    if (message.kind === 'request') this.caller.unsent(now, link.peer, message, cause)
    else if (message.kind === 'send') this.sender.unsent(now, link.peer, message, cause)
  }

  /** What became of a body that travels in chunks on a link. */
  transferred(link: Link, event: Exclude<TransferEvent, { kind: 'violation' }>): void {
    const { now } = event
    switch (event.kind) {
      case 'transfer-out':
      case 'transfer-in': {
        const { head, bytes, totalBytes } = event
        const operation =
          head.kind === 'send'
            ? this.sender.unsettled(link.peer, head.sequence)
            : this.caller.progressed(now, link.peer, head.sequence)
        const direction = event.kind === 'transfer-out' ? 'out' : 'in'
        if (operation !== undefined)
          this.#out.tell({ kind: 'progress', operation, direction, bytes, totalBytes })
        return
      }
      case 'transfer-unsent':
        for (let copy = 0; copy < event.copies; copy += 1) this.unsent(now, link, event.message, event.cause)
        return
      case 'transfer-refused': {
        const { kind, sequence, body } = event.message
        if (kind === 'reply') return
        const text = `The body has ${body.bytes.length} bytes, the limit of "${link.peer}" is ${event.limitBytes}`
        this.#reject(now, link, { kind: 'reject', of: kind, sequence, reason: 'too-large', code: '', text })
        return
      }
      /* c8 ignore next 2 -- only replies are held up, and none goes out on a link */
      case 'transfer-room':
        return
      default:
        unreachable(event)
    }
  }

  /** The queue of a connection had no room for a one-way message, and has some again. */
  roomAgain(connection: ConnectionId): void {
    const link = this.links.get(connection)
    if (link !== undefined) this.sender.roomAgain(link.peer)
  }

  /** The run of a node to which our own link stands. */
  linkedRun(peer: string): Incarnation | undefined {
    return this.routes.get(peer)?.link.session?.incarnation
  }

  /** Throws a link away and dials afresh, because its peer is known to be there. */
  redial(peer: string): void {
    const link = this.routes.get(peer)?.link
    if (link === undefined) return
    // Who proves its name to us does so between its keys and ours: it accepts ours now.
    const isAccepted = link.state === 'refused' && link.isUnproven
    if (link.state === 'down' || isAccepted) this.#out.tell({ kind: 'reset-link', link, why: 'peer-is-back' })
  }

  /** A peer is quiet: on its link it is asked for a sign of life, and told that there was none for long. */
  question(now: number, peer: string): void {
    const link = this.routes.get(peer)?.link
    if (link !== undefined) this.heart.ask(now, link.connection)
  }

  /** Keys changed: only links that stand on a key which is still accepted stay as they are. */
  keysChanged(now: number): void {
    for (const { link } of this.routes.values()) {
      if (this.links.keysChanged(link)) continue
      // A peer without keys is dialled no more, and then nothing else says that its link is down.
      this.#settings.detector.linkDown(now, link.peer, 'closed')
      this.#out.tell({ kind: 'reset-link', link, why: 'keys' })
    }
  }

  /** Says goodbye on every link, also on those that open later. */
  drain(): void {
    this.#isDraining = true
    for (const { link } of this.routes.values()) {
      this.heart.stop(link.connection)
      if (link.state === 'open') this.#out.send(link.connection, { kind: 'goodbye' })
    }
  }

  close(now: number): void {
    this.caller.close(now)
    this.sender.close(now)
  }

  wake(now: number): void {
    this.links.wake(now)
    this.caller.wake(now)
    this.sender.wake(now)
    this.heart.wake(now)
  }

  #receive(now: number, link: Link, message: Message): void {
    const { detector } = this.#settings
    switch (message.kind) {
      case 'reply':
        if (!this.caller.receive(now, link.peer, message)) this.#violation(link, 'a reply to nothing')
        return
      case 'reject':
        if (!this.#reject(now, link, message)) this.#violation(link, 'a reject of nothing')
        return
      case 'ack':
        this.sender.acknowledged(now, link.peer, message)
        return
      case 'echo':
        this.heart.echo(now, link.connection, message)
        detector.load(now, link.peer, message.loopDelayMs)
        return
      case 'beat':
        this.#settings.echo(now, link.connection, message)
        return
      case 'welcome':
        this.links.welcome(now, link, message)
        return
      case 'challenge':
        this.links.challenge(now, link, message)
        return
      case 'refuse':
        this.links.refuse(now, link, message)
        return
      case 'say-hello':
        this.links.sayHello(now, link)
        return
      case 'goodbye':
        detector.left(now, link.peer)
        return
      case 'offer':
      case 'chunk':
      case 'credit':
      case 'decline':
      case 'withdraw':
        this.#transfer(now, link, message)
        return
      case 'hello':
        this.#hello(link, message)
        return
      case 'request':
      case 'send':
      case 'cancel':
        this.#violation(link, `a ${message.kind} on a link that this node dialled`)
        return
      default:
        unreachable(message)
    }
  }

  /** Who dials a port of this machine on which nobody listens, and is given that very port to dial from, meets himself. */
  #hello(link: Link, { incarnation }: Hello): void {
    const isOwn = incarnation === this.#settings.self.incarnation
    const own = "this node's own hello back: the connection leads from its port to the same port"
    this.#violation(link, isOwn ? own : 'a hello on a link that this node dialled')
  }

  #transfer(now: number, link: Link, message: TransferMessage): void {
    if (link.session === undefined) return
    const { transfers } = this.#settings
    const whole = transfers.receive(now, link.connection, message, (head) => this.#isWanted(link, head))
    if (whole !== undefined) this.#receive(now, link, whole)
  }

  /** Only answers come on a link, and only those that somebody waits for. */
  #isWanted(link: Link, head: Freight): boolean {
    if (head.kind === 'reply') {
      const expected = this.caller.expects(link.peer, head.sequence)
      if (expected === 'unknown') this.#violation(link, 'a reply to nothing')
      return expected === 'yes'
    }
    this.#violation(link, `a ${head.kind} on a link that this node dialled`)
    return false
  }

  #reject(now: number, link: Link, message: Reject): boolean {
    if (message.of === 'request') return this.caller.receive(now, link.peer, message)
    return this.sender.rejected(now, link.peer, message)
  }

  #onLink(event: LinkEvent): void {
    if (event.kind === 'impostor') {
      this.#out.tell(event)
      return
    }
    const { link } = event
    switch (event.kind) {
      case 'link-opened':
        this.#open(event.now, link)
        break
      case 'link-closed':
        this.routes.get(link.peer)?.outages.closed(event.now)
        this.heart.stop(link.connection)
        this.caller.linkClosed(link.peer)
        this.sender.linkClosed(link.peer)
        this.#settings.transfers.drop(event.now, link.connection)
        break
      case 'link-refused':
        // Whoever is at this address does not talk to us, and may be somebody else: that the process runs says nothing.
        this.#settings.detector.linkDown(event.now, link.peer, 'closed')
        break
      case 'link-shortcut':
        break
      case 'link-mute':
        this.#out.tell({ kind: 'reset-link', link, why: 'mute' })
        return
      default:
        unreachable(event)
    }
    this.#out.tell(event)
  }

  #open(now: number, link: Link): void {
    const { peer, connection, session } = link
    if (session === undefined) return
    this.routes.get(peer)?.outages.opened(now)
    this.#settings.detector.linkUp(now, peer)
    this.#settings.detector.met(now, peer, session.incarnation)
    if (this.#isDraining) this.#out.send(connection, { kind: 'goodbye' })
    else
      this.heart.start(now, connection, {
        wantsEcho: (nextAt) => this.#wantsEcho(peer, nextAt),
        hearsNothing: (at) => this.#settings.detector.hearsNothing(at, peer),
        missesEcho: (at) => this.#out.tell({ kind: 'probe-peer', now: at, peer, why: 'no-echo' }),
      })
    this.caller.linkOpened(now, peer, session)
    this.sender.linkOpened(now, peer, session)
  }

  #onCaller(event: CallerEvent): void {
    const mayBeLarge = !this.#settings.transfers.isUnused
    if (mayBeLarge && (event.kind === 'request-done' || event.kind === 'request-failed')) {
      const { peer, sequence, sentCount } = event.ask
      const unsentCount = this.#withdraw(peer, 'request', sequence)
      if (event.kind === 'request-done' || unsentCount === 0 || unsentCount < sentCount) this.#out.tell(event)
      else this.#out.tell({ ...event, failure: unsentRequest(event.failure) })
      return
    }
    if (event.kind !== 'link-lifeless') {
      this.#out.tell(event)
      return
    }
    const link = this.routes.get(event.peer)?.link
    if (link !== undefined && this.#settings.detector.mayReset(event.now, event.peer))
      this.#out.tell({ kind: 'reset-link', link, why: 'lifeless' })
  }

  #onSender(event: SenderEvent): void {
    const isSmall = this.#settings.transfers.isUnused
    const unsentCount = isSmall ? 0 : this.#withdraw(event.parcel.peer, 'send', event.parcel.sequence)
    if (event.kind === 'send-delivered' || unsentCount === 0) this.#out.tell(event)
    else this.#out.tell({ ...event, failure: unsentSend(event.failure) })
  }

  /** Nobody waits for it any more. Gives how many copies of it certainly did not arrive. */
  #withdraw(peer: string, kind: 'request' | 'send', sequence: number): number {
    const link = this.routes.get(peer)?.link
    return link === undefined ? 0 : this.#settings.transfers.settled(link.connection, kind, sequence)
  }

  /**
   * Whether the link owes an answer, or its peer would seem silent before an answer to the next Beat: silence for 2.5
   * ticks is suspicious, and an answer is given a quarter of a tick.
   */
  #wantsEcho(peer: string, nextAt: number): boolean {
    if (this.caller.isExpecting(peer) || this.sender.isExpecting(peer)) return true
    return nextAt - this.#settings.detector.get(peer).quietSince >= this.#settings.tickMs * 2.25
  }

  #violation(link: Link, text: string): void {
    this.#out.tell({ kind: 'violation', connection: link.connection, text: `"${link.peer}" sent ${text}` })
  }
}
