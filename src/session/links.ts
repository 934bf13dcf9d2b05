/**
 * The dialling side of every connection: says Hello when a link comes up, and knows whether it is open.
 *
 *     down --up--> greeting --Welcome--> open
 *                     |  ^                |
 *                  Refuse |  say-hello    |  down
 *                     v  |                v
 *                  refused               down
 *
 * A Welcome from the same host may offer a shortcut. Then the link does not open yet: it is `moving` until the transport
 * has a connection again, on the shortcut or, when that failed, on the configured address, and is greeted anew there.
 *
 * In secure mode a Hello is answered with a Challenge, and said once more with the proof that it asks for; a Welcome is
 * believed only with a proof of its own (prover.ts). A link that is refused as not proven tries the other keys first.
 *
 * A Hello is repeated until it is answered, because a transport may lose it; a link that stays silent is reset. A
 * refused link asks again, more and more slowly: the reason may be cured at the other end.
 */

import { assert, unreachable } from '../base/assert.ts'
import { Deadlines, type Timed } from '../base/deadlines.ts'
import { type ConnectionId, isSameWindow, type WindowId } from '../base/ids.ts'
import { CAPABILITY_TRANSFERS } from '../wire/limits.ts'
import type { Challenge, Refuse, Welcome } from '../wire/messages.ts'
import type { Out } from '../wire/out.ts'
import { helloOf, type Identity, MAX_VERSION, MIN_VERSION } from './identity.ts'
import type { ProvenHello, Prover } from './prover.ts'
import { offersShortcut } from './shortcut.ts'

/** A Hello without an answer is said again after this. Lower floods a slow peer, higher wastes time after a loss. */
const HELLO_AGAIN_MS = 500
/** So many Hellos without an answer, and the link is thrown away. */
const HELLO_LIMIT = 4
/** A shortcut is given up after so many dials in vain: on a machine that is busy just then, half a second is not much. */
const MAX_SHORTCUT_TRIES = 3
/** A refused link asks again after this, doubling. */
const REFUSED_AGAIN_MS = 1000
const REFUSED_AGAIN_MAX_MS = 30_000
/**
 * So many proofs are tried at least before such a pause: the first may have answered the challenge of a former connection
 * to the same address.
 */
const MIN_PROOFS = 2

export type LinkState = 'down' | 'greeting' | 'moving' | 'open' | 'refused'

/** What carries a connection. */
export type LinkCarrier = 'tcp' | 'ipc'

/**
 * Why a link is not open any more: what the transport says, that we threw it away (`reset`), that another run of the
 * peer answered on it (`restarted`), or that the peer does not know us any more (`forgotten`).
 */
export type LinkEnd = 'closed' | 'refused' | 'silent' | 'unreachable' | 'reset' | 'restarted' | 'forgotten'

/** What the links tell. */
export type LinkEvent =
  | { readonly kind: 'link-opened'; readonly link: Link; readonly now: number }
  /** It was open and is not any more. */
  | { readonly kind: 'link-closed'; readonly link: Link; readonly now: number; readonly cause: LinkEnd }
  | { readonly kind: 'link-refused'; readonly link: Link; readonly now: number; readonly refuse: Refuse }
  /** The peer is on this host and offers a shorter way: its present connection is to be dropped for one to `endpoint`. */
  | { readonly kind: 'link-shortcut'; readonly link: Link; readonly endpoint: string }
  /** Nobody answers at the other end of an existing connection. */
  | { readonly kind: 'link-mute'; readonly link: Link }
  /** Somebody at the peer's address said its name and could not prove it. */
  | {
      readonly kind: 'impostor'
      readonly connection: ConnectionId
      readonly party: string
      readonly text: string
    }

/** One link. The fields belong to the machine; others read them. */
export class Link implements Timed {
  dueAt = 0
  heapIndex = -1
  state: LinkState = 'down'
  /** The run of the peer and the window it keeps for us, while the link is open. */
  session: WindowId | undefined
  /** The largest body that the peer takes; known once it said Welcome. */
  maxBodyBytes = Number.POSITIVE_INFINITY
  /** Whether the peer takes bodies in chunks; taken for granted until it said Welcome. */
  takesTransfers = true
  hellos = 0
  refusals = 0
  openedAt = 0
  /** What carries the present connection, or carried the last one. */
  carrier: LinkCarrier = 'tcp'
  /** The shortcut that was tried and did not open the link yet, and how often. Another run offers another one. */
  triedShortcut = ''
  shortcutTries = 0
  /** Our chance for the proofs on the present connection; undefined until one is asked for. */
  nonce: Uint8Array | undefined
  /** The last Hello with a proof on the present connection: what Welcome must be for. */
  provenHello: ProvenHello | undefined
  /** The present Hello has been said with its proof. One Challenge is answered for each Hello. */
  hasProven = false
  /** Which pair of keys is used, modulo their number. */
  turn = 0
  /** Proofs that were refused since the last pause. */
  unprovenCount = 0
  /** It waits because the peer did not accept our proof, or there was none. */
  isUnproven = false
  readonly peer: string
  readonly connection: ConnectionId

  constructor(peer: string, connection: ConnectionId) {
    this.peer = peer
    this.connection = connection
  }

  /** What carries the session; undefined while there is none. */
  get openCarrier(): LinkCarrier | undefined {
    return this.session === undefined ? undefined : this.carrier
  }

  /** Whether the peer at the other end has proven its name; so never in plain mode. */
  get isProven(): boolean {
    return this.session !== undefined && this.provenHello !== undefined
  }
}

/** All links of one node or client. */
export class Links {
  readonly #self: Identity
  readonly #links = new Map<ConnectionId, Link>()
  readonly #deadlines = new Deadlines<Link>()
  readonly #out: Out<LinkEvent>
  readonly #prover: Prover | undefined

  /** With a prover, in secure mode. */
  constructor(self: Identity, out: Out<LinkEvent>, prover?: Prover | undefined) {
    this.#self = self
    this.#out = out
    this.#prover = prover
  }

  get deadline(): number {
    return this.#deadlines.next
  }

  add(peer: string, connection: ConnectionId): Link {
    const link = new Link(peer, connection)
    this.#links.set(connection, link)
    return link
  }

  get(connection: ConnectionId): Link | undefined {
    return this.#links.get(connection)
  }

  /** The transport has a connection. */
  up(now: number, connection: ConnectionId, carrier: LinkCarrier = 'tcp'): void {
    const link = this.#link(connection)
    this.#leave(now, link, 'closed')
    link.carrier = carrier
    link.refusals = 0
    link.nonce = undefined
    link.provenHello = undefined
    link.unprovenCount = 0
    this.#greet(now, link, 1)
  }

  /** The transport has no connection. */
  down(now: number, connection: ConnectionId, cause: LinkEnd): void {
    const link = this.#link(connection)
    // What was still being sent on the connection that was dropped for the shortcut; the next one is on its way.
    if (link.state === 'moving' && cause === 'reset') return
    this.#leave(now, link, cause)
    link.state = 'down'
    this.#deadlines.remove(link)
  }

  /** The peer wants to know that we are who we say. */
  challenge(now: number, link: Link, { nonce: challenge }: Challenge): void {
    if (link.state !== 'greeting' || link.hasProven) return
    link.hasProven = true
    const prover = this.#prover
    link.nonce ??= prover?.nonce()
    const { nonce, peer } = link
    if (prover === undefined || nonce === undefined) {
      this.#pause(now, link, unproven('It asks for a proof of identity, and there is no key here'))
      return
    }
    link.provenHello = prover.prove(helloOf(this.#self, peer), challenge, nonce, link.turn)
    if (link.provenHello === undefined) {
      this.#pause(now, link, unproven(`No key of node "${peer}" is accepted here`))
      return
    }
    this.#out.send(link.connection, link.provenHello.hello)
  }

  welcome(now: number, link: Link, message: Welcome): void {
    if (link.state === 'down' || link.state === 'moving' || message.name !== link.peer) return
    if (message.version < MIN_VERSION || message.version > MAX_VERSION) return
    if (!this.#believes(link, message)) return
    const { session } = link
    if (session !== undefined) {
      // The answer to a Hello that was repeated: nothing new, unless the other end has become another one.
      if (isSameWindow(session, message)) return
      this.#leave(now, link, 'restarted')
    } else if (this.#takesShortcut(link, message)) {
      link.state = 'moving'
      link.shortcutTries = message.shortcut === link.triedShortcut ? link.shortcutTries + 1 : 1
      link.triedShortcut = message.shortcut
      this.#deadlines.remove(link)
      this.#out.tell({ kind: 'link-shortcut', link, endpoint: message.shortcut })
      return
    }
    link.state = 'open'
    if (link.carrier === 'ipc') link.triedShortcut = ''
    link.session = { incarnation: message.incarnation, window: message.window }
    link.maxBodyBytes = message.maxBodyBytes
    link.takesTransfers = (message.capabilities & CAPABILITY_TRANSFERS) !== 0
    link.openedAt = now
    link.refusals = 0
    link.unprovenCount = 0
    this.#deadlines.remove(link)
    this.#out.tell({ kind: 'link-opened', link, now })
  }

  refuse(now: number, link: Link, message: Refuse): void {
    if (link.state !== 'greeting') return
    if (message.reason === 'not-proven' && this.#hasOtherKeys(link)) this.#greet(now, link, 1)
    else this.#pause(now, link, message)
  }

  /** The keys changed: the first pair is tried first again. Gives whether the link stands as it is. */
  keysChanged(link: Link): boolean {
    link.turn = 0
    const { session, provenHello, peer } = link
    const isProven = session !== undefined && provenHello !== undefined
    if (isProven && (this.#prover?.holds(provenHello.match, 'node', peer) ?? true)) return true
    // If it was on its way to a shortcut, that is not why it ends.
    link.triedShortcut = ''
    return false
  }

  /** The link waits, and asks again later. */
  #pause(now: number, link: Link, message: Refuse): void {
    link.state = 'refused'
    link.isUnproven = message.reason === 'not-proven'
    const pauseMs = Math.min(REFUSED_AGAIN_MS * 2 ** Math.min(link.refusals, 10), REFUSED_AGAIN_MAX_MS)
    link.refusals += 1
    this.#deadlines.set(link, now + pauseMs)
    this.#out.tell({ kind: 'link-refused', link, now, refuse: message })
  }

  /** The other end does not know us: it has forgotten the session, or never had it. */
  sayHello(now: number, link: Link): void {
    if (link.state !== 'open') return
    this.#leave(now, link, 'forgotten')
    if (now - link.openedAt >= HELLO_AGAIN_MS) {
      this.#greet(now, link, 1)
      return
    }
    // It said Welcome just before. Hello at once would go round and round with a peer that is out of its mind.
    link.state = 'greeting'
    link.hellos = 0
    this.#deadlines.set(link, now + HELLO_AGAIN_MS)
  }

  wake(now: number): void {
    this.#deadlines.takeDue(now, (link) => this.#remind(now, link))
  }

  /** A link that waits for an answer has waited long enough. */
  #remind(now: number, link: Link): void {
    switch (link.state) {
      case 'refused':
        this.#greet(now, link, 1)
        return
      case 'greeting':
        if (link.hellos < HELLO_LIMIT) {
          this.#greet(now, link, link.hellos + 1)
          return
        }
        // Somebody listens there and does not answer: who has had so much time is not asked again.
        if (link.carrier === 'ipc') link.shortcutTries = MAX_SHORTCUT_TRIES
        this.#out.tell({ kind: 'link-mute', link })
        return
      case 'open':
      case 'down':
      case 'moving':
        assert(false, 'only a link that waits for an answer has a deadline')
        return
      default:
        unreachable(link.state)
    }
  }

  /** Only before anything was sent on the link: an open one stays where it is until its connection ends. */
  #takesShortcut(link: Link, message: Welcome): boolean {
    const isGivenUp = message.shortcut === link.triedShortcut && link.shortcutTries >= MAX_SHORTCUT_TRIES
    if (link.carrier === 'ipc' || isGivenUp) return false
    return offersShortcut(this.#self.hostToken, message)
  }

  /** Whether a Welcome is from the peer that was dialled. */
  #believes(link: Link, message: Welcome): boolean {
    if (this.#prover === undefined) return true
    const { provenHello, connection, peer } = link
    if (provenHello !== undefined && this.#prover.isWelcome(message, provenHello)) return true
    const text =
      message.proof === undefined
        ? 'its Welcome has no proof'
        : "the proof of its Welcome was not made for this node's Hello"
    this.#out.tell({ kind: 'impostor', connection, party: peer, text })
    return false
  }

  /** Whether a proof that was refused is followed at once by another; each pair of keys is tried before a pause. */
  #hasOtherKeys(link: Link): boolean {
    if (this.#prover === undefined) return false
    link.turn += 1
    link.unprovenCount += 1
    if (link.unprovenCount < Math.max(MIN_PROOFS, this.#prover.turns(link.peer))) return true
    link.unprovenCount = 0
    return false
  }

  #greet(now: number, link: Link, hellos: number): void {
    link.state = 'greeting'
    link.hasProven = false
    link.hellos = hellos
    this.#deadlines.set(link, now + HELLO_AGAIN_MS)
    this.#out.send(link.connection, helloOf(this.#self, link.peer))
  }

  #leave(now: number, link: Link, cause: LinkEnd): void {
    if (link.session === undefined) return
    link.session = undefined
    link.state = 'down'
    this.#out.tell({ kind: 'link-closed', link, now, cause })
  }

  #link(connection: ConnectionId): Link {
    const link = this.#links.get(connection)
    assert(link !== undefined, `connection ${connection} is a link`)
    return link
  }
}

/** A refusal that we give ourselves. */
function unproven(text: string): Refuse {
  return { kind: 'refuse', reason: 'not-proven', text }
}
