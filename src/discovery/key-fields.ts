/**
 * What an entry of the peers file says about security: the public keys of a party, what it may use, and whether it is
 * revoked. Members and clients have the same fields.
 *
 * A fault never repeats a key: what stands where a public key belongs may be a private one.
 */

import type { PublicKey } from '../base/keys.ts'
import { decodeZ85 } from '../base/z85.ts'
import { MAX_VERB_BYTES } from '../wire/limits.ts'
import {
  type Fields,
  FORMER_KEY_FIELDS,
  isFields,
  type Report,
  readList,
  reportMisspelt,
  type Style,
  spellingOf,
} from './fields.ts'
import { found } from './found.ts'
import { readMoment } from './moment.ts'

/** A key that is still accepted beside the present one. */
export interface FormerKeyEntry {
  readonly key: PublicKey
  /** Until this moment, in milliseconds since 1970. */
  readonly until: number
}

/** What an entry says about security. A setting is absent when the file does not mention it. */
export interface KeyEntry {
  readonly publicKey?: PublicKey
  readonly formerKey?: FormerKeyEntry
  /** Verbs, or a beginning followed by `*`. */
  readonly allow?: readonly string[]
  /** Its keys do not count. */
  readonly revoked?: boolean
}

/** Verbs that one list may name; whoever needs more wants a beginning and a `*`. */
export const MAX_PATTERNS = 256

const KEY_BYTES = 32
/** Fields that would publish a secret. */
const SECRET_FIELD = /^(private|secret)[-_ ]?key$/i

/** Reads these fields of an entry. `owners` knows which entry has a key already, by its path. */
export function readKeyFields(
  fields: Fields,
  path: string,
  style: Style,
  owners: Map<string, string>,
  report: Report,
): KeyEntry {
  for (const field of Object.keys(fields).filter((name) => SECRET_FIELD.test(name)))
    report(
      `${path}.${field}`,
      'a private key never stands in the peers file; make a new one, this one is known',
    )
  const present = spellingOf(fields, 'public_key', style)
  const publicKey = readKey(fields[present], `${path}.${present}`, path, owners, report)
  const former = spellingOf(fields, 'former_key', style)
  const formerKey = readFormerKey(fields[former], `${path}.${former}`, style, owners, report)
  const allow = readPatterns(fields.allow, `${path}.allow`, report)
  const { revoked } = fields
  if (revoked !== undefined && typeof revoked !== 'boolean')
    report(`${path}.revoked`, `expected true or false, ${found(revoked)}`)
  if (fields[present] === undefined && fields[former] !== undefined)
    report(`${path}.${former}`, `expected a "${present}" that replaces it, found nothing`)
  return {
    ...(publicKey === undefined ? {} : { publicKey }),
    ...(formerKey === undefined ? {} : { formerKey }),
    ...(allow === undefined ? {} : { allow }),
    ...(revoked === true ? { revoked } : {}),
  }
}

/** Reads a list of verbs and beginnings of verbs. */
export function readPatterns(value: unknown, path: string, report: Report): readonly string[] | undefined {
  const list = readList(value, path, MAX_PATTERNS, report)
  for (const [index, pattern] of (list ?? []).entries()) {
    if (isPattern(pattern)) continue
    const expected = `expected a verb of 1 to ${MAX_VERB_BYTES} bytes, with "*" at its end only`
    report(`${path}[${index}]`, `${expected}, ${found(pattern)}`)
  }
  return list?.filter(isPattern)
}

function isPattern(value: unknown): value is string {
  if (typeof value !== 'string' || value === '' || Buffer.byteLength(value) > MAX_VERB_BYTES) return false
  return !value.slice(0, -1).includes('*')
}

function readFormerKey(
  value: unknown,
  path: string,
  style: Style,
  owners: Map<string, string>,
  report: Report,
): FormerKeyEntry | undefined {
  if (value === undefined) return undefined
  if (!isFields(value)) {
    report(
      path,
      `expected an object with "key" and "until", ${typeof value === 'string' ? 'found a text' : found(value)}`,
    )
    return undefined
  }
  reportMisspelt(value, FORMER_KEY_FIELDS, `${path}.`, report)
  const key = readKey(value.key, `${path}.key`, path, owners, report)
  if (value.key === undefined) report(`${path}.key`, 'expected a public key of 40 characters, found nothing')
  const until = readUntil(value.until, `${path}.until`, style, report)
  return key === undefined || until === undefined ? undefined : { key, until }
}

function readUntil(value: unknown, path: string, style: Style, report: Report): number | undefined {
  if (style === 'object' && typeof value === 'number' && Number.isFinite(value)) return value
  const moment = readMoment(value)
  if (moment.ok) return moment.ms
  report(path, moment.message)
  return undefined
}

function readKey(
  value: unknown,
  path: string,
  owner: string,
  owners: Map<string, string>,
  report: Report,
): PublicKey | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string') {
    report(path, `expected a public key of 40 characters, ${found(value)}`)
    return undefined
  }
  if (decodeZ85(value)?.length !== KEY_BYTES) {
    const what = value.length === 40 ? 'a text that is no Z85' : `a text of ${value.length} characters`
    report(path, `expected a public key: 40 characters of Z85, found ${what}`)
    return undefined
  }
  const first = owners.get(value)
  if (first !== undefined) report(path, `expected each key only once, found that of ${first}`)
  else owners.set(value, owner)
  return first === undefined ? value : undefined
}
