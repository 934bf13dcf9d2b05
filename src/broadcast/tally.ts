/**
 * Who was expected, who acked, who is missing: the count of one broadcast. Each expected peer is counted once, in
 * exactly one of the two lists.
 */

import { assert } from '../base/assert.ts'
import type { Body } from '../wire/messages.ts'
import { acksNeeded, type StopRule } from './stop-rule.ts'

/** Why a peer is missing. */
export type MissingReason = 'dead' | 'timeout' | 'refused' | 'not-sent' | 'not-awaited'

export interface Acked {
  readonly peer: string
  readonly body: Body
  readonly ms: number
}

export interface Missing {
  readonly peer: string
  readonly reason: MissingReason
  readonly text: string
}

/** The count of one broadcast. */
export class Tally {
  readonly acked: Acked[] = []
  readonly missing: Missing[] = []
  readonly expected: number
  readonly #needed: number
  readonly #open: Set<string>

  constructor(peers: Iterable<string>, rule: StopRule) {
    this.#open = new Set(peers)
    this.expected = this.#open.size
    this.#needed = acksNeeded(rule, this.expected)
  }

  /** Whether the stop rule is met. */
  get isMet(): boolean {
    return this.acked.length >= this.#needed
  }

  /** Whether there is nothing left to wait for. A rule that cannot be met any more still waits: acks are worth knowing. */
  get isOver(): boolean {
    return this.#open.size === 0 || this.isMet
  }

  isOpen(peer: string): boolean {
    return this.#open.has(peer)
  }

  ack(acked: Acked): void {
    this.#take(acked.peer)
    this.acked.push(acked)
  }

  miss(missing: Missing): void {
    this.#take(missing.peer)
    this.missing.push(missing)
  }

  /** Counts everybody who is still open as missing; gives their names. */
  close(reason: MissingReason, text: string): string[] {
    const open = [...this.#open]
    for (const peer of open) this.miss({ peer, reason, text })
    return open
  }

  #take(peer: string): void {
    const wasOpen = this.#open.delete(peer)
    assert(wasOpen, `"${peer}" is expected and counted once`)
  }
}
