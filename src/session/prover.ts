/**
 * What links and sessions need in secure mode, as an interface: somebody who proves our own Hellos and Welcomes and
 * judges those of others (protocol.md, P1 to P12). Behind it stands security/proof.ts; without it, all is as in plain mode.
 */

import type { ConnectionId } from '../base/ids.ts'
import type { KeyMatch } from '../base/key-match.ts'
import type { Hello, HelloProof, Role, Welcome } from '../wire/messages.ts'

/** A Hello with its proof, and the keys under which that was made. */
export interface ProvenHello {
  readonly hello: Hello
  readonly proof: HelloProof
  readonly match: KeyMatch
}

/** What a Hello proves. `asked`: it has no proof yet, and is to be answered with this challenge. */
export type ProofVerdict =
  | { readonly kind: 'proven'; readonly proof: HelloProof; readonly match: KeyMatch }
  | { readonly kind: 'asked'; readonly nonce: Uint8Array }
  | { readonly kind: 'refused'; readonly text: string }

/** Proves and judges, for one party. */
export interface Prover {
  /** Chance for the proofs on one connection that we dialled. */
  nonce(): Uint8Array
  /** How many pairs of keys there are to try towards a node; 0: none of its keys is accepted here. */
  turns(peer: string): number
  /** Our Hello to a node with the proof that its challenge asks for; the `turn` chooses the keys. */
  prove(hello: Hello, challenge: Uint8Array, nonce: Uint8Array, turn: number): ProvenHello | undefined
  /** Whether a Welcome comes from whom the Hello was for. */
  isWelcome(welcome: Welcome, hello: ProvenHello): boolean
  /** What a Hello on a connection that others opened proves. */
  judge(connection: ConnectionId, hello: Hello): ProofVerdict
  /** Our Welcome with its proof, for a Hello that was proven so. */
  seal(welcome: Welcome, proof: HelloProof, match: KeyMatch): Welcome
  /** Whether what was proven under these keys still holds. */
  holds(match: KeyMatch, role: Role, name: string): boolean
}
