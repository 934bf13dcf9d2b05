/**
 * The parts of the peers file that only secure mode has: clients, groups and rules, and what must hold of all entries
 * together: once one has a key, every one has, because a single party without a key is an open door.
 */

import {
  claim,
  type Fields,
  isFields,
  PARTY_FIELDS,
  type Report,
  RULE_FIELDS,
  readList,
  readOneName,
  reportMisspelt,
  type Style,
  spellings,
} from './fields.ts'
import { found } from './found.ts'
import { type KeyEntry, readKeyFields, readPatterns } from './key-fields.ts'

/** Somebody who may talk to members without being one. */
export interface ClientEntry extends KeyEntry {
  readonly name: string
}

/** What some parties may use, beside what their own entries say. */
export interface RuleEntry {
  /** Names of members and clients, and groups as "@group". */
  readonly from: readonly string[]
  readonly allow: readonly string[]
}

/** What the file says beside the members. */
export interface Parties {
  readonly clients?: readonly ClientEntry[]
  readonly groups?: Readonly<Record<string, readonly string[]>>
  readonly rules?: readonly RuleEntry[]
}

/** Which entry has a name or a key already, by its path. */
export interface Owners {
  readonly names: Map<string, string>
  readonly keys: Map<string, string>
}

/** As many as members. */
export const MAX_CLIENTS = 4096
export const MAX_GROUPS = 256
/** Names in one group, or in one rule. */
export const MAX_GROUP_NAMES = 8192
export const MAX_RULES = 1024

/** Nobody reads more names in a message. */
const MAX_NAMES_SHOWN = 20

/** Reads clients, groups and rules, after the members, whose names and keys `owners` has. */
export function readParties(fields: Fields, style: Style, owners: Owners, report: Report): Parties {
  const clients = readClients(fields.clients, style, owners, report)
  const groups = readGroups(fields.groups, owners.names, report)
  const rules = readRules(fields.rules, owners.names, groups, report)
  return {
    ...(clients === undefined ? {} : { clients }),
    ...(groups === undefined ? {} : { groups }),
    ...(rules === undefined ? {} : { rules }),
  }
}

/** Whether keys count: one entry has a key, or had one and is revoked. */
export function hasKeys({ peers, clients = [] }: Keyed): boolean {
  return [...peers, ...clients].some(({ publicKey, revoked }) => publicKey !== undefined || revoked === true)
}

/** What `hasKeys` looks at. */
interface Keyed {
  readonly peers: readonly KeyEntry[]
  readonly clients?: readonly KeyEntry[]
}

/** Reports what is wrong with all entries together: keys that are missing, rules that nobody would apply. */
export function checkKeys(
  config: { readonly peers: readonly (KeyEntry & { readonly name: string })[] } & Parties,
  listName: string,
  style: Style,
  report: Report,
): void {
  const [field] = spellings('public_key', style)
  if (hasKeys(config)) {
    const bare = config.peers.filter(({ publicKey, revoked }) => publicKey === undefined && revoked !== true)
    if (bare.length === 0) return
    const shown = bare.slice(0, MAX_NAMES_SHOWN).map(({ name }) => name)
    const more = bare.length > shown.length ? ` and ${bare.length - shown.length} more` : ''
    report(
      listName,
      `expected "${field}" in every entry, because some have one; ${shown.join(', ')}${more} have none`,
    )
    return
  }
  const reason = `it counts only with keys, and no entry has "${field}"`
  for (const [index, { allow }] of config.peers.entries())
    if (allow !== undefined) report(`${listName}[${index}].allow`, `expected nothing: ${reason}`)
  if (config.rules !== undefined && config.rules.length > 0) report('rules', `expected nothing: ${reason}`)
}

function readClients(
  value: unknown,
  style: Style,
  owners: Owners,
  report: Report,
): readonly ClientEntry[] | undefined {
  return readList(value, 'clients', MAX_CLIENTS, report)?.flatMap((entry, index) => {
    const path = `clients[${index}]`
    if (isFields(entry)) return readClient(entry, path, style, owners, report)
    report(path, `expected an object, ${found(entry)}`)
    return []
  })
}

function readClient(
  fields: Fields,
  path: string,
  style: Style,
  owners: Owners,
  report: Report,
): readonly ClientEntry[] {
  const known = PARTY_FIELDS.flatMap((field) => spellings(field, style))
  reportMisspelt(fields, known, `${path}.`, report)
  const name = readOneName(fields.name, `${path}.name`, report)
  if (fields.name === undefined) report(`${path}.name`, 'expected the name of a client, found nothing')
  if (name !== undefined) claim(owners.names, name, path, `${path}.name`, report)
  const entry = readKeyFields(fields, path, style, owners.keys, report)
  const names = spellings('public_key', style)
  if (names.every((field) => fields[field] === undefined) && fields.revoked !== true)
    report(`${path}.${names[0]}`, 'expected a public key of 40 characters, found nothing')
  return name === undefined ? [] : [{ name, ...entry }]
}

function readGroups(
  value: unknown,
  names: ReadonlyMap<string, string>,
  report: Report,
): Readonly<Record<string, readonly string[]>> | undefined {
  if (value === undefined) return undefined
  if (!isFields(value)) {
    report('groups', `expected an object of lists, ${found(value)}`)
    return undefined
  }
  const entries = Object.entries(value)
  if (entries.length > MAX_GROUPS) {
    report('groups', `expected at most ${MAX_GROUPS} groups, found ${entries.length}`)
    return undefined
  }
  const groups = entries.map(([group, list]) => {
    readOneName(group, `groups.${group}`, report)
    return [group, readNames(list, `groups.${group}`, (name) => names.has(name), report)]
  })
  return Object.fromEntries(groups)
}

function readRules(
  value: unknown,
  names: ReadonlyMap<string, string>,
  groups: Readonly<Record<string, unknown>> | undefined,
  report: Report,
): readonly RuleEntry[] | undefined {
  const isKnown = (name: string): boolean =>
    name.startsWith('@') ? Object.hasOwn(groups ?? {}, name.slice(1)) : names.has(name)
  return readList(value, 'rules', MAX_RULES, report)?.flatMap((rule, index) => {
    const path = `rules[${index}]`
    if (!isFields(rule)) {
      report(path, `expected an object, ${found(rule)}`)
      return []
    }
    reportMisspelt(rule, RULE_FIELDS, `${path}.`, report)
    const allow = readPatterns(rule.allow, `${path}.allow`, report)
    if (rule.allow === undefined) report(`${path}.allow`, 'expected a list of verbs, found nothing')
    return [{ from: readNames(rule.from, `${path}.from`, isKnown, report), allow: allow ?? [] }]
  })
}

function readNames(
  value: unknown,
  path: string,
  isKnown: (name: string) => boolean,
  report: Report,
): readonly string[] {
  if (value === undefined) report(path, 'expected a list of names, found nothing')
  const list = readList(value, path, MAX_GROUP_NAMES, report) ?? []
  return list.flatMap((name, index) => {
    if (typeof name === 'string' && isKnown(name)) return [name]
    const expected = 'expected the name of a member or client of this file'
    const orGroup = path.endsWith('.from') ? ', or a group as "@name"' : ''
    report(`${path}[${index}]`, `${expected}${orGroup}, ${found(name)}`)
    return []
  })
}
