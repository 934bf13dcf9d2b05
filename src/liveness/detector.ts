/**
 * Is this peer there? Collects the evidence on every peer and tells when the verdict on one changes.
 *
 * A peer starts as suspect: nothing is known of it. It is alive when anything is heard of it, on our link or on its
 * own. `left` is its own word, and only another Hello of it takes that back. Busy is a property of alive: by silence on
 * a link that stands, or by the peer's own word that its loop lags. Hung is busy for very long.
 */

import { assert } from '../base/assert.ts'
import { Deadlines, type Timed } from '../base/deadlines.ts'
import type { Incarnation } from '../base/ids.ts'
import { newStrain, type OwnHealth } from './own-health.ts'
import { askAt, type Evidence, fadedAt, graceOf, judge, reviewAt, type SuspicionTimes } from './suspicion.ts'

/** A peer that says its loop lags by so much counts as busy. */
const BUSY_LOOP_MS = 250
/** What a peer sent before it died may still come in for a moment after its link broke. */
const LAST_WORDS_MS = 50
/** What a peer says of its loop so soon after a silence is about that silence, which is over. */
const SAME_STALL_MS = 500

/** Why a link is down, as the transport says it; see its `DownCause`. */
export type BreakCause = 'closed' | 'refused' | 'silent' | 'unreachable'

export type LifeState = 'alive' | 'suspect' | 'dead' | 'left'

/** What the detector tells. */
export type DetectorEvent =
  | {
      readonly kind: 'peer-state'
      readonly now: number
      readonly peer: string
      readonly state: LifeState
      readonly text: string
      readonly incarnation: Incarnation | undefined
      /** With alive: how long it was not; undefined when it was never alive before. */
      readonly lostMs: number | undefined
    }
  | { readonly kind: 'peer-busy'; readonly peer: string; readonly busy: boolean }
  | ProbePeer
  /** It has been busy by silence for very long. Its end is told as the end of busy. */
  | { readonly kind: 'peer-hung'; readonly peer: string; readonly quietMs: number }
  | { readonly kind: 'peer-restarted'; readonly peer: string; readonly incarnation: Incarnation }

/** A peer whose link stands is to be asked whether its process runs. */
export interface ProbePeer {
  readonly kind: 'probe-peer'
  readonly now: number
  readonly peer: string
  /** `quiet`: nothing comes from it. `no-echo`: an answer does not come. `deaf`: it says that it does not hear us. */
  readonly why: 'quiet' | 'no-echo' | 'deaf'
}

/** What is known of one peer. Others read it. */
export class Life implements Timed {
  dueAt = 0
  heapIndex = -1
  state: LifeState = 'suspect'
  /** Its link stands, but nothing comes. */
  isSilent = false
  /** It says itself that its loop lags. */
  isLagging = false
  /** It has been silent for so long that its loop hangs. */
  isHung = false
  /** How late its loop ran in the last seconds, by its own word. */
  readonly strain = newStrain()
  /** When its last silence on a link that stands ended. */
  silenceEndedAt = Number.NEGATIVE_INFINITY
  incarnation: Incarnation | undefined
  /** When it was last heard; undefined before the first time. */
  heardAt: number | undefined
  /** From when its silence counts: when it was last heard, or later when the silence was our own fault. */
  quietSince: number
  linkIsUp = false
  /** When it was last asked, or told without being asked, whether its process runs. */
  askedAt = Number.NEGATIVE_INFINITY
  /** When it said last that it does not hear us, ... */
  deafAt = Number.NEGATIVE_INFINITY
  /** ... and when it was last asked for that reason whether its process runs. */
  askedDeafAt = Number.NEGATIVE_INFINITY
  /** When it was alive for the last time; undefined while it is, for the first time or not yet. */
  lostAt: number | undefined
  /** When the link went down after it was up. */
  brokeAt = Number.NEGATIVE_INFINITY
  /** Whether anything was heard since the link went down. */
  wasHeardSince = false
  /** Its address refused us, and nothing was heard since the link went down. */
  isRefused = false
  /** The link went down, and nothing was heard since, nor by the peer; see `linkDown`. */
  isCutOff = false
  readonly name: string

  constructor(name: string, now: number) {
    this.name = name
    this.quietSince = now
  }

  get busy(): boolean {
    return this.isSilent || this.isLagging
  }
}

/** The verdicts on all peers of one node. */
export class Detector {
  readonly #times: SuspicionTimes
  readonly #health: Pick<OwnHealth, 'woke' | 'strainMs'>
  readonly #lives = new Map<string, Life>()
  readonly #deadlines = new Deadlines<Life>()
  readonly #tell: (event: DetectorEvent) => void

  constructor(
    times: SuspicionTimes,
    tell: (event: DetectorEvent) => void,
    health: Pick<OwnHealth, 'woke' | 'strainMs'>,
  ) {
    this.#times = times
    this.#health = health
    this.#tell = tell
  }

  get deadline(): number {
    return this.#deadlines.next
  }

  add(now: number, name: string): void {
    const life = new Life(name, now)
    this.#lives.set(name, life)
    this.#deadlines.set(life, now + this.#times.deadMs)
  }

  get(name: string): Life {
    const life = this.#lives.get(name)
    assert(life !== undefined, `"${name}" is a peer`)
    return life
  }

  all(): IterableIterator<Life> {
    return this.#lives.values()
  }

  /** Anything at all was heard of the peer. */
  heard(now: number, name: string): void {
    const life = this.get(name)
    life.heardAt = now
    life.quietSince = now
    life.wasHeardSince = true
    life.isRefused = false
    if (!this.#isDeaf(now, life)) life.isCutOff = false
    if (life.isSilent) life.silenceEndedAt = now
    // The next look at a peer that is heard is put off, so that a node is not woken only to find that it was heard.
    if (life.state === 'alive' && !life.isSilent && life.dueAt - now >= this.#times.askMs / 2) return
    if (life.state !== 'left') this.#review(now, life)
  }

  /** The peer introduced itself: as this run of it, it is here. */
  met(now: number, name: string, incarnation: Incarnation): void {
    const life = this.get(name)
    // A run that said goodbye does not come back: this is an old Hello, or one on the last stretch of its way out.
    if (life.state === 'left' && life.incarnation === incarnation) return
    const isRestart = life.incarnation !== undefined && life.incarnation !== incarnation
    life.incarnation = incarnation
    if (life.state === 'left') life.state = 'suspect'
    if (isRestart) {
      this.#setBusy(life, false, false)
      this.#tell({ kind: 'peer-restarted', peer: name, incarnation })
    }
    // A Hello and a Welcome come on connections that were just made, for which both sides have to hear each other.
    life.deafAt = Number.NEGATIVE_INFINITY
    this.heard(now, name)
  }

  /** Whether the peer has been quiet for so long that it is to be told. */
  hearsNothing(now: number, name: string): boolean {
    return now - this.get(name).quietSince >= this.#times.askMs
  }

  /** The peer told whether it hears us. That comes after `heard`. */
  hears(now: number, name: string, hearsUs: boolean): void {
    const life = this.get(name)
    if (!hearsUs) {
      life.deafAt = now
      if (!life.linkIsUp || now - life.askedDeafAt < this.#times.askAgainMs) return
      life.askedDeafAt = now
      this.#tell({ kind: 'probe-peer', now, peer: name, why: 'deaf' })
    } else if (life.deafAt !== Number.NEGATIVE_INFINITY) {
      life.deafAt = Number.NEGATIVE_INFINITY
      this.heard(now, name)
    }
  }

  /** The peer told how its loop runs. */
  load(now: number, name: string, loopDelayMs: number): void {
    const life = this.get(name)
    life.strain.note(now, loopDelayMs)
    // The stall that made it silent is over: that it tells of it must not make it busy once more.
    const isOver = life.isSilent || now - life.silenceEndedAt < SAME_STALL_MS
    if (life.state === 'alive') this.#setBusy(life, life.isSilent, loopDelayMs >= BUSY_LOOP_MS && !isOver)
  }

  /**
   * Whether a link to this peer on which nothing comes is worth a new one: its loop turns, or hangs for so long that there
   * is nothing left to lose. A peer that is only busy would not answer on a new one either.
   */
  mayReset(now: number, name: string): boolean {
    const life = this.get(name)
    return life.isHung || (life.heardAt !== undefined && now - life.heardAt < this.#times.suspectMs)
  }

  linkUp(now: number, name: string): void {
    const life = this.get(name)
    life.linkIsUp = true
    life.isRefused = false
    life.isCutOff = false
    life.deafAt = Number.NEGATIVE_INFINITY
    // That the link came up is an answer already.
    life.askedAt = now
    this.#review(now, life)
  }

  /** Gives whether the peer is to be told that nothing is heard of it: sooner than otherwise, because its link fell silent. */
  linkDown(now: number, name: string, cause: BreakCause): boolean {
    const life = this.get(name)
    const isBreak = life.linkIsUp
    if (isBreak) {
      life.brokeAt = now
      life.wasHeardSince = false
    }
    life.linkIsUp = false
    // A peer that was never met may just not have started: it is given its time. One that was met and is quiet since
    // the link broke is gone.
    const isQuiet = life.heardAt !== undefined && life.heardAt <= life.brokeAt + LAST_WORDS_MS
    if (cause === 'refused' && isQuiet) life.isRefused = true
    // One silence may be a short one. The dial that follows is given time again, and so is the question on its session,
    // whose answer may come at once: here no words are last ones.
    const isSilent = cause === 'silent' || cause === 'unreachable'
    // It may be late, too, where turns come late.
    const isSecond = isSilent && isQuiet && !isBreak && !life.wasHeardSince
    if (isSecond && this.#graceMs(now, life) === 0) life.isCutOff = true
    // Nothing comes back from its host, nor does anything arrive there, as the peer says itself: that is two silences. A peer
    // that has no turn for a while may say so, too, but its operating system answers.
    if (cause === 'unreachable' && this.#isDeaf(now, life)) life.isCutOff = true
    this.#review(now, life)
    return isSilent && now - life.quietSince >= this.#times.askAgainMs
  }

  /** The peer said goodbye. */
  left(now: number, name: string): void {
    const life = this.get(name)
    this.#deadlines.remove(life)
    this.#setState(now, life, 'left', 'it said goodbye')
  }

  /**
   * Our loop has its turn, and should have had it at `dueAt`. To be told before what may make a peer dead: after a stall, the
   * end of a connection is read before the alarm rings.
   */
  turned(now: number, dueAt: number): void {
    const lateMs = this.#health.woke(now, dueAt)
    if (lateMs > 0) this.forgive(now, lateMs)
  }

  /** `lateMs` of everybody's silence was our own stall: what they sent meanwhile still waits in our sockets. */
  forgive(now: number, lateMs: number): void {
    for (const life of this.#lives.values()) life.quietSince = Math.min(now, life.quietSince + lateMs)
  }

  wake(now: number): void {
    this.#deadlines.takeDue(now, (life) => this.#review(now, life))
  }

  #review(now: number, life: Life): void {
    if (life.state === 'left') return
    const { linkIsUp, isRefused, isCutOff } = life
    const quietSince = Math.min(now, life.quietSince + this.#graceMs(now, life))
    const evidence: Evidence = { quietMs: now - quietSince, linkIsUp, isRefused, isCutOff }
    const at = Math.min(
      reviewAt(quietSince, evidence, this.#times),
      fadedAt(now, life.quietSince, quietSince, this.#times),
      this.#ask(now, life),
    )
    if (at === Number.POSITIVE_INFINITY) this.#deadlines.remove(life)
    else this.#deadlines.set(life, at)
    const verdict = judge(evidence, this.#times)
    if (verdict === 'dead') this.#setState(now, life, 'dead', this.#reason(now, evidence, life))
    else if (life.state !== 'alive' && !this.#mayRevive(now, life)) return
    else if (verdict === 'suspect') this.#setState(now, life, 'suspect', this.#reason(now, evidence, life))
    else {
      this.#setState(now, life, 'alive', 'it was heard')
      this.#setBusy(life, verdict === 'busy' || verdict === 'hung', life.isLagging)
      if (verdict === 'hung' && !life.isHung) {
        life.isHung = true
        this.#tell({ kind: 'peer-hung', peer: life.name, quietMs: now - life.quietSince })
      }
    }
  }

  /** By how much the silence of a peer counts less, because turns come late here or there. */
  #graceMs(now: number, life: Life): number {
    return graceOf(Math.max(this.#health.strainMs(now), life.strain.at(now)), this.#times)
  }

  /** Asks whether the process of a quiet peer runs, when it is time. Gives when it is time again. */
  #ask(now: number, life: Life): number {
    if (!life.linkIsUp) return Number.POSITIVE_INFINITY
    if (askAt(life.quietSince, life.askedAt, this.#times) <= now) {
      life.askedAt = now
      this.#tell({ kind: 'probe-peer', now, peer: life.name, why: 'quiet' })
    }
    return askAt(life.quietSince, life.askedAt, this.#times)
  }

  /**
   * A peer that is dead, or was never heard, comes alive only by being heard: a link alone proves no event loop. For
   * one that is suspect a link is enough. That its silence was forgiven is no sign of life.
   */
  #mayRevive(now: number, life: Life): boolean {
    if (life.heardAt === undefined) return false
    return life.heardAt === now || (life.state === 'suspect' && life.linkIsUp)
  }

  #setState(now: number, life: Life, state: LifeState, text: string): void {
    if (life.state === state) return
    const lostMs = state === 'alive' && life.lostAt !== undefined ? now - life.lostAt : undefined
    if (life.state === 'alive') life.lostAt = now
    life.state = state
    if (state !== 'alive') this.#setBusy(life, false, false)
    this.#tell({
      kind: 'peer-state',
      now,
      peer: life.name,
      state,
      text,
      incarnation: life.incarnation,
      lostMs,
    })
  }

  #setBusy(life: Life, isSilent: boolean, isLagging: boolean): void {
    const wasBusy = life.busy
    life.isSilent = isSilent
    life.isLagging = isLagging
    if (!isSilent) life.isHung = false
    if (life.busy !== wasBusy) this.#tell({ kind: 'peer-busy', peer: life.name, busy: life.busy })
  }

  #isDeaf(now: number, life: Life): boolean {
    return now - life.deafAt < this.#times.deafMs
  }

  #reason(now: number, evidence: Evidence, life: Life): string {
    if (evidence.isRefused) return 'its address refuses connections'
    if (this.#isDeaf(now, life)) return 'it does not hear us, and its address does not answer'
    if (evidence.isCutOff) return 'its address does not answer, and nothing was heard since its link broke'
    return life.heardAt === undefined
      ? 'it was never heard'
      : `nothing was heard for ${now - life.quietSince} ms`
  }
}
