/**
 * Which keys an attempt to dial uses. A peer may have a present and a former key, and so may we: four ways to fit them
 * together at most, tried in turn until one is taken, which is then tried first the next time as well.
 *
 * Both lists are asked at each attempt, because they change while it goes on. What comes of a way is told by the link.
 */

import type { KeyPair, PublicKey } from '../base/keys.ts'

/** The keys of one attempt, by the names that zeromq.js has for them. */
export interface CurveKeys {
  readonly curveServerKey: PublicKey
  readonly curvePublicKey: PublicKey
  readonly curveSecretKey: string
}

export class DialKeys {
  readonly #own: () => readonly KeyPair[]
  readonly #server: () => readonly PublicKey[]
  /** The number of the way that is tried next: it moves on with each refusal, and stays where it was taken. */
  #turn = 0
  /** How many refusals came one after the other. */
  #refusals = 0

  constructor(own: () => readonly KeyPair[], server: () => readonly PublicKey[]) {
    this.#own = own
    this.#server = server
  }

  /** The keys of the next attempt; undefined when there is none to dial with. */
  next(): CurveKeys | undefined {
    const ways = this.#ways()
    return ways[this.#turn % Math.max(1, ways.length)]
  }

  /** The keys of the last attempt were taken. */
  taken(): void {
    this.#refusals = 0
  }

  /** The keys of the last attempt were refused. True: there is another way that was not tried in this round. */
  refused(): boolean {
    this.#turn += 1
    this.#refusals += 1
    const count = this.#ways().length
    return count > 0 && this.#refusals % count !== 0
  }

  /** Ours first, so that a peer that knows our present key is not asked with the former one. */
  #ways(): CurveKeys[] {
    return this.#own().flatMap(({ publicKey, secretKey }) =>
      this.#server().map((curveServerKey) => ({
        curveServerKey,
        curvePublicKey: publicKey,
        curveSecretKey: secretKey,
      })),
    )
  }
}
