/**
 * What the core goes by in secure mode: the cryptography of proofs, whose keys are accepted, and who may use what. The
 * driver passes it in, so that the core stays pure; behind it stands keyring.ts.
 */

import type { ProofCrypto, Trust } from '../security/proof.ts'
import type { Rules } from '../security/rules.ts'
import type { Role } from '../wire/messages.ts'

/** Keys and rules. Each answer is for this moment. */
export interface Trusted extends ProofCrypto, Trust {
  rulesFor(role: Role, name: string): Rules
}
