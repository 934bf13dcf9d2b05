/**
 * Reading the fields of a configuration that was parsed already: what a fault is, which field names are understood, and
 * the checks that all parts of the peers file share. What the parts mean stands in peers-file.ts and parties.ts.
 *
 * A program may write a field in its own way (`publicKey` for "public_key"). A fault always names the field that is there.
 */

import { isName, NAME_RULE } from '../wire/names.ts'
import { found } from './found.ts'
import { misspelt } from './spelling.ts'

/** One thing that is wrong: where ("replicas[2].port", or "" for the whole), and what was expected and found. */
export interface Fault {
  readonly path: string
  readonly message: string
}

export type Fields = Readonly<Record<string, unknown>>
export type Report = (path: string, message: string) => void

/** Who writes: people a file, with names in snake case; programs an object, with names in camel case or as in a file. */
export type Style = 'file' | 'object'

/** The fields that are understood, for hints and for the test that holds the JSON Schema against them. */
export const TOP_FIELDS = [
  'info',
  'replicas',
  'peers',
  'network',
  'tick',
  'log_level',
  'same_host',
  'clients',
  'groups',
  'rules',
] as const
export const INFO_FIELDS = ['network'] as const
/** What a member and a client have in common. */
export const PARTY_FIELDS = ['name', 'public_key', 'former_key', 'allow', 'revoked'] as const
export const PEER_FIELDS = [
  ...PARTY_FIELDS,
  'pid',
  'address',
  'host',
  'ipaddr',
  'ip_address',
  'port',
] as const
export const FORMER_KEY_FIELDS = ['key', 'until'] as const
export const RULE_FIELDS = ['from', 'allow'] as const

const FIELDS: readonly string[] = [...TOP_FIELDS, ...PEER_FIELDS]

/** Reports fields that look like a slip of the pen for one of `candidates` that is missing. */
export function reportMisspelt(
  fields: Fields,
  candidates: readonly string[],
  prefix: string,
  report: Report,
): void {
  const absent = candidates.filter((name) => fields[name] === undefined)
  for (const field of Object.keys(fields)) {
    const isKnown = candidates.includes(field) || FIELDS.includes(field)
    const meant = isKnown ? undefined : misspelt(field, absent)
    if (meant !== undefined) report(`${prefix}${field}`, `unknown field; did you mean "${meant}"?`)
  }
}

/** The names under which a field may stand. */
export function spellings(field: string, style: Style): readonly string[] {
  const camel = field.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  return style === 'file' || camel === field ? [field] : [camel, field]
}

/** The spelling of a field that is there, else the first. */
export function spellingOf(fields: Fields, field: string, style: Style): string {
  const names = spellings(field, style)
  return names.find((name) => fields[name] !== undefined) ?? (names[0] as string)
}

/** The name of a node, a client, a network or a group; undefined when there is none, or a fault. */
export function readOneName(value: unknown, path: string, report: Report): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && isName(value)) return value
  report(path, `expected ${NAME_RULE}, ${found(value)}`)
  return undefined
}

/** Notes that `owner` has `what`, of which there is one. Gives false, with a fault, when another has it already. */
export function claim(
  owners: Map<string, string>,
  what: string,
  owner: string,
  path: string,
  report: Report,
): boolean {
  const first = owners.get(what)
  if (first === undefined) owners.set(what, owner)
  else report(path, `expected each only once, found ${JSON.stringify(what)}, which ${first} has already`)
  return first === undefined
}

/** A list of at most `limit` entries; undefined when there is none, or a fault. */
export function readList(
  value: unknown,
  path: string,
  limit: number,
  report: Report,
): readonly unknown[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value)) report(path, `expected a list, ${found(value)}`)
  else if (value.length > limit) report(path, `expected at most ${limit} entries, found ${value.length}`)
  else return value
  return undefined
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
