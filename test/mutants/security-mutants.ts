/** Planted faults in the proof of identity, in what follows when keys change, and in the rules. */

import type { Mutant } from './mutant.ts'

const PROOF = 'src/security/proof.ts'
const ACCEPTED = 'src/security/accepted.ts'
const RULES = 'src/security/rules.ts'
const TRUST = 'src/discovery/trust.ts'
const TRANSCRIPT = 'src/wire/transcript.ts'
const GREETING = 'src/wire/greeting.ts'
const SESSIONS = 'src/session/sessions.ts'
const LINKS = 'src/session/links.ts'

export const SECURITY_MUTANTS: readonly Mutant[] = [
  {
    name: 'a proof is not checked',
    clause: 'P5',
    file: PROOF,
    find: 'isSame(this.#crypto.mac(own, theirs, bytes), proof.mac)',
    replace: 'own !== theirs',
  },
  {
    name: 'a proof for another connection is taken',
    clause: 'P5',
    file: PROOF,
    find: 'if (!isSame(proof.challenge, nonce))',
    replace: 'if (proof.challenge.length !== nonce.length)',
  },
  {
    name: 'all connections get one challenge',
    clause: 'P1',
    file: PROOF,
    find: 'const nonce = this.#crypto.nonceFor(connection)',
    replace: 'const nonce = this.#crypto.nonceFor(0)',
  },
  {
    name: 'only the first bytes of proofs are compared',
    clause: 'P5',
    file: PROOF,
    find: 'difference |= byte',
    replace: 'difference |= index > 3 ? 0 : byte',
  },
  {
    name: 'a Hello may be for nobody in particular',
    clause: 'P5',
    file: PROOF,
    find: "if (hello.expects === '') return refused",
    replace: "if (hello.expects === '/') return refused",
  },
  {
    name: 'a Welcome without a proof is believed',
    clause: 'P6',
    file: LINKS,
    find: 'if (this.#prover === undefined) return true\n    const { provenHello',
    replace: 'if (message.proof === undefined) return true\n    const { provenHello',
  },
  {
    name: 'the proof of a Welcome is not checked',
    clause: 'P6',
    file: PROOF,
    find: 'return isSame(this.#crypto.mac(match.own, match.theirs, bytes), welcome.proof)',
    replace: 'return bytes.length > 0',
  },
  {
    name: 'the direction of a proof is not told',
    clause: 'P6',
    file: TRANSCRIPT,
    find: "const WELCOME_LABEL = 'zmqnet welcome 1'",
    replace: "const WELCOME_LABEL = 'zmqnet hello 1'",
  },
  {
    name: 'the nonces do not count in the proof of a Welcome',
    clause: 'P6',
    file: TRANSCRIPT,
    find: 'for (const bytes of [nonce, challenge]) {',
    replace: 'for (const bytes of [nonce, challenge].slice(2)) {',
  },
  {
    name: 'the name is not covered by the proof',
    clause: 'P4',
    file: TRANSCRIPT,
    find: 'writeProvenHello(writer, hello)',
    replace: "writeProvenHello(writer, { ...hello, name: 'x' })",
  },
  {
    name: 'who is meant is not covered by the proof',
    clause: 'P4',
    file: GREETING,
    find: "if (hello.expects !== '') textField(writer, HELLO_TAG.expects, hello.expects)\n  if (hello.capabilities",
    replace: 'if (hello.capabilities',
  },
  {
    name: 'a name is taken without a proof',
    clause: 'P1',
    file: SESSIONS,
    find: 'if (this.#prover !== undefined && proven === undefined) return\n',
    replace: '',
  },
  {
    name: 'an impostor is not told',
    clause: 'P5',
    file: SESSIONS,
    find: "    this.#out.tell({ kind: 'impostor', connection, party: hello.name, text })\n    return undefined",
    replace: '    return undefined',
  },
  {
    name: 'a challenge is answered again and again',
    clause: 'P2',
    file: LINKS,
    find: "if (link.state !== 'greeting' || link.hasProven) return",
    replace: "if (link.state !== 'greeting') return",
  },
  {
    name: 'only the present key is tried',
    clause: 'P7',
    file: LINKS,
    find: '    link.turn += 1\n',
    replace: '',
  },
  {
    name: 'a session outlives its key',
    clause: 'P8',
    file: SESSIONS,
    find: 'if (proven === undefined || !prover.holds(proven.match, role, name)) this.#end(now, session)',
    replace: 'if (proven === undefined) this.#end(now, session)',
  },
  {
    name: 'a link outlives its key',
    clause: 'P8',
    file: LINKS,
    find: "if (isProven && (this.#prover?.holds(provenHello.match, 'node', peer) ?? true)) return true",
    replace: 'if (isProven) return true',
  },
  {
    name: 'a revoked key is accepted',
    clause: 'P8',
    file: PROOF,
    find: 'return this.#trust.ownKeys().includes(own) && this.#trust.keysOf(role, name).includes(theirs)',
    replace: 'return this.#trust.ownKeys().includes(own) && name !== theirs',
  },
  {
    name: 'a former key counts forever',
    clause: 'P8',
    file: ACCEPTED,
    find: 'until === undefined || until > wallNow',
    replace: 'until === undefined || until > 0',
  },
  {
    name: 'one client bars the other runs of its name',
    clause: 'P9',
    file: SESSIONS,
    find: "const isOneOfMany = this.#prover !== undefined && hello.role === 'client'",
    replace: "const isOneOfMany = this.#prover === undefined && hello.role === 'client'",
  },
  {
    name: 'rules are not asked for requests',
    clause: 'P10',
    file: 'src/rpc/responder.ts',
    find: 'if (!caller.allows(verb))',
    replace: "if (verb === '')",
  },
  {
    name: 'rules are not asked for one-way messages',
    clause: 'P10',
    file: 'src/node/reception.ts',
    find: 'if (!inbound.allows(verb))',
    replace: "if (verb === '')",
  },
  {
    name: 'a verb stands for all that begin with it',
    clause: 'P10',
    file: RULES,
    find: 'return (verb) => verbs.has(verb) ||',
    replace: 'return (verb) => [...verbs].some((one) => verb.startsWith(one)) ||',
  },
  {
    name: 'an entry that is revoked keeps its keys',
    clause: 'P8',
    file: TRUST,
    find: 'if (revoked === true || publicKey === undefined)',
    replace: 'if (publicKey === undefined)',
  },
  {
    name: 'the peers file gives a former key no end',
    clause: 'P8',
    file: TRUST,
    find: '{ ...formerKey }',
    replace: '{ key: formerKey.key }',
  },
  {
    name: 'clients may use everything when the peers file does not say',
    clause: 'P10',
    file: TRUST,
    find: "const preset = role === 'node' ?",
    replace: 'const preset = role.length > 0 ?',
  },
  {
    name: 'a rule of the peers file leaves the default as it is',
    clause: 'P10',
    file: TRUST,
    find: '(given ?? preset)',
    replace: '[...(given ?? []), ...preset]',
  },
]
