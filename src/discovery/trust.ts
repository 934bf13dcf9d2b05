/**
 * From the peers file to what a node goes by in secure mode: who is known by which key, and what each may use. Pure; the
 * shape is that of SecurityPolicy in security/policy.ts, which this room does not import.
 */

import type { PublicKey } from '../base/keys.ts'
import { ECHO_VERB, RELAY_VERB, STATUS_VERB } from '../wire/built-in-verbs.ts'
import type { Role } from '../wire/messages.ts'
import type { KeyEntry } from './key-fields.ts'
import { hasKeys, type Parties, type RuleEntry } from './parties.ts'

/** What is read here of the file. */
export interface TrustSource extends Parties {
  readonly peers: readonly (KeyEntry & { readonly name: string })[]
}

/** A party as security/policy.ts has it. */
interface Party {
  readonly name: string
  readonly role: Role
  readonly keys: readonly { readonly key: PublicKey; readonly until?: number }[]
  readonly allow: readonly string[]
}

/** What members may use when the file does not say: everything. */
export const DEFAULT_MEMBER_ALLOW: readonly string[] = ['*']
/** What clients may use when the file does not say: to send a message to all, and to ask for the status. */
export const DEFAULT_CLIENT_ALLOW: readonly string[] = ['message', 'status']

/**
 * Words of the file for what a client does with a command, and the verb behind each. The word is the verb of that name as
 * well: nobody could tell the two apart in a file.
 */
const WORDS: Readonly<Record<string, string>> = {
  message: RELAY_VERB,
  status: STATUS_VERB,
  ping: ECHO_VERB,
}

/** Whether this file makes its mesh secure: at least one entry has a key. */
export function isSecure(config: TrustSource): boolean {
  return hasKeys(config)
}

/** Who is known, by which keys, and what each may use. Keys of who is revoked do not count. */
export function policyOf(config: TrustSource): { readonly parties: readonly Party[] } {
  const rules = new Rules(config)
  const party = (role: Role, entry: KeyEntry & { readonly name: string }): Party => {
    const preset = role === 'node' ? DEFAULT_MEMBER_ALLOW : DEFAULT_CLIENT_ALLOW
    const given = rules.allowOf(entry.name, entry.allow)
    return { name: entry.name, role, keys: keysOf(entry), allow: (given ?? preset).flatMap(verbsOf) }
  }
  return {
    parties: [
      ...config.peers.map((entry) => party('node', entry)),
      ...(config.clients ?? []).map((entry) => party('client', entry)),
    ],
  }
}

function keysOf({ publicKey, formerKey, revoked }: KeyEntry): Party['keys'] {
  if (revoked === true || publicKey === undefined) return []
  return formerKey === undefined ? [{ key: publicKey }] : [{ key: publicKey }, { ...formerKey }]
}

function verbsOf(word: string): readonly string[] {
  const verb = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined
  return verb === undefined ? [word] : [word, verb]
}

/** The rules by the name of who they are for. */
class Rules {
  readonly #allowed = new Map<string, string[]>()

  constructor({ rules = [], groups = {} }: TrustSource) {
    for (const rule of rules) {
      for (const name of namesOf(rule, groups)) {
        const allowed = this.#allowed.get(name)
        if (allowed === undefined) this.#allowed.set(name, [...rule.allow])
        else allowed.push(...rule.allow)
      }
    }
  }

  /** What its own entry and all rules together give; undefined when none of them names it. */
  allowOf(name: string, own: readonly string[] | undefined): readonly string[] | undefined {
    const ruled = this.#allowed.get(name)
    if (own === undefined && ruled === undefined) return undefined
    return [...new Set([...(own ?? []), ...(ruled ?? [])])]
  }
}

/** Each name once, also when several groups have it. */
function namesOf({ from }: RuleEntry, groups: Readonly<Record<string, readonly string[]>>): Set<string> {
  return new Set(from.flatMap((name) => (name.startsWith('@') ? (groups[name.slice(1)] ?? []) : [name])))
}
