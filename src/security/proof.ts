/**
 * Proof of identity: the name in a Hello is bound to its connection by what only the owner of that name's key, or the
 * receiver itself, can make; and the name in a Welcome likewise (protocol.md, P1 to P12; docs/security-proof.md spells
 * the bytes out). Pure: the cryptography and the keys come in.
 *
 * It remembers nothing: a challenge is made again from the number of its connection, so that a flood of Hellos costs no
 * memory. It deliberately does not know how keys are stored, when they expire, or who may ask for what.
 */

import type { ConnectionId } from '../base/ids.ts'
import type { KeyMatch } from '../base/key-match.ts'
import type { PublicKey } from '../base/keys.ts'
import { PROOF_BYTES } from '../wire/limits.ts'
import type { Hello, HelloProof, Role, Welcome } from '../wire/messages.ts'
import { helloTranscript, welcomeTranscript } from '../wire/transcript.ts'

/** The cryptography of proofs. */
export interface ProofCrypto {
  /** HMAC-SHA256 of bytes under the secret that own (our public key) and theirs agree on (X25519, then HKDF). */
  mac(own: PublicKey, theirs: PublicKey, bytes: Uint8Array): Uint8Array
  /** A fresh nonce of 32 bytes. */
  nonce(): Uint8Array
  /** The nonce of this run for a connection: HMAC-SHA256 of its number under a secret of the run. */
  nonceFor(connection: ConnectionId): Uint8Array
}

/** Whose keys are accepted at present. Asked at each proof, so that a change counts at once. */
export interface Trust {
  /** Our own keys that may be used now, the present one first; never empty. */
  ownKeys(): readonly PublicKey[]
  /** The keys that prove this party now, the present one first; empty: nobody is believed to be it. */
  keysOf(role: Role, name: string): readonly PublicKey[]
}

/** What a Hello proves; see session/prover.ts, whose interface this room fulfils. */
type Verdict =
  | { readonly kind: 'proven'; readonly proof: HelloProof; readonly match: KeyMatch }
  | { readonly kind: 'asked'; readonly nonce: Uint8Array }
  | { readonly kind: 'refused'; readonly text: string }

const NO_MAC = new Uint8Array(PROOF_BYTES)

/** Proves and judges, for one party. */
export class Proofs {
  readonly #crypto: ProofCrypto
  readonly #trust: Trust

  constructor(means: ProofCrypto, trust: Trust) {
    this.#crypto = means
    this.#trust = trust
  }

  nonce(): Uint8Array {
    return this.#crypto.nonce()
  }

  turns(peer: string): number {
    return this.#matches('node', peer).length
  }

  prove(hello: Hello, challenge: Uint8Array, nonce: Uint8Array, turn: number) {
    const matches = this.#matches('node', hello.expects)
    const match = matches[turn % matches.length]
    if (match === undefined) return undefined
    const bytes = helloTranscript({ ...hello, proof: { nonce, challenge, mac: NO_MAC } })
    const proof: HelloProof = { nonce, challenge, mac: this.#crypto.mac(match.own, match.theirs, bytes) }
    return { hello: { ...hello, proof }, proof, match }
  }

  isWelcome(
    welcome: Welcome,
    { proof, match }: { readonly proof: HelloProof; readonly match: KeyMatch },
  ): boolean {
    if (welcome.proof === undefined) return false
    const bytes = welcomeTranscript(welcome, proof.nonce, proof.challenge)
    return isSame(this.#crypto.mac(match.own, match.theirs, bytes), welcome.proof)
  }

  /** At most four keys are tried: two of theirs with two of ours. */
  judge(connection: ConnectionId, hello: Hello): Verdict {
    const { role, name, proof } = hello
    const matches = this.#matches(role, name)
    if (matches.length === 0) return refused(`no key of ${role} "${name}" is accepted here`)
    const nonce = this.#crypto.nonceFor(connection)
    if (proof === undefined) return { kind: 'asked', nonce }
    if (hello.expects === '') return refused('it does not say whom it means to reach')
    if (!isSame(proof.challenge, nonce)) return refused('its proof answers another challenge')
    const bytes = helloTranscript(hello)
    const match = matches.find(({ own, theirs }) => isSame(this.#crypto.mac(own, theirs, bytes), proof.mac))
    if (match === undefined) return refused('its proof was not made with an accepted key')
    return { kind: 'proven', proof, match }
  }

  seal(welcome: Welcome, { nonce, challenge }: HelloProof, { own, theirs }: KeyMatch): Welcome {
    const bytes = welcomeTranscript(welcome, nonce, challenge)
    return { ...welcome, proof: this.#crypto.mac(own, theirs, bytes) }
  }

  holds({ own, theirs }: KeyMatch, role: Role, name: string): boolean {
    return this.#trust.ownKeys().includes(own) && this.#trust.keysOf(role, name).includes(theirs)
  }

  /** Every pair of keys between us and this party, in the order in which they are tried. */
  #matches(role: Role, name: string): KeyMatch[] {
    const keys = this.#trust.keysOf(role, name)
    return this.#trust.ownKeys().flatMap((own) => keys.map((theirs) => ({ own, theirs })))
  }
}

function refused(text: string): Verdict {
  return { kind: 'refused', text }
}

/** Compares in a time that does not depend on where the difference is. */
function isSame(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false
  let difference = 0
  for (const [index, byte] of left.entries()) difference |= byte ^ (right[index] as number)
  return difference === 0
}
