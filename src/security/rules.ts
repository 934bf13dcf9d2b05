/**
 * Who may use which verb: the patterns of TrustedParty.allow, made ready to be asked for each message. A leaf over plain
 * texts; it does not know who asks.
 */

/** Whether a verb may be used. */
export type Rules = (verb: string) => boolean

/** In plain mode, and with `*`. */
export const ALLOW_ALL: Rules = () => true

/** Nothing: for whoever is not known any more. */
export const ALLOW_NONE: Rules = () => false

/** `*` is every verb, `jobs.*` every verb that begins with `jobs.`, and anything else a verb as it stands. */
export function rulesOf(allow: readonly string[]): Rules {
  if (allow.includes('*')) return ALLOW_ALL
  const verbs = new Set(allow.filter((pattern) => !pattern.endsWith('*')))
  const beginnings = allow.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1))
  if (verbs.size === 0 && beginnings.length === 0) return ALLOW_NONE
  return (verb) => verbs.has(verb) || beginnings.some((beginning) => verb.startsWith(beginning))
}
