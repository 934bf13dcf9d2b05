/**
 * The public half of a key as a file of its own, `alpha.pub`: what one machine gives to another so that its node is trusted
 * there. It is JSON like everything else here, and holds nothing that must not be seen.
 */

import type { KeyFile } from '../index.ts'
import { configFault } from './faults.ts'

/** What a peers file wants to know of a key. */
export interface PublicEntry {
  readonly name: string
  readonly role: 'node' | 'client'
  readonly publicKey: string
  /** The key before it, which counts until then: milliseconds since 1970. */
  readonly former?: { readonly key: string; readonly until: number } | undefined
}

/** The characters of Z85 (ZeroMQ RFC 32), 40 of them: 32 bytes. */
const Z85_KEY = /^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/

/** The public side of a key file. A former pair is left out once its time is over. */
export function publicEntryOf({ name, role, own }: KeyFile, wallNow: number): PublicEntry {
  const [present, former] = own
  if (present === undefined) throw configFault(`The key file of "${name}" has no key`)
  const until = former?.until
  const counts = former !== undefined && until !== undefined && until > wallNow
  return {
    name,
    role,
    publicKey: present.publicKey,
    ...(counts ? { former: { key: former.publicKey, until } } : {}),
  }
}

/** The text of a .pub file. */
export function renderPublicEntry({ name, role, publicKey, former }: PublicEntry): string {
  const formerKey = former && { key: former.key, until: isoOf(former.until) }
  return `${JSON.stringify({ name, role, public_key: publicKey, former_key: formerKey }, undefined, 2)}\n`
}

/** Reads a .pub file. Throws UsageError that names it. */
export function parsePublicEntry(text: string, path: string): PublicEntry {
  const fields = fieldsOf(text)
  const { name, role, public_key: publicKey, former_key: former } = fields ?? {}
  const isWhole =
    typeof name === 'string' && (role === 'node' || role === 'client') && isKey(publicKey) && isFormer(former)
  if (!isWhole) throw configFault(`${path} is no public key file: make it with zmqnet keys new`)
  const until = former === undefined ? undefined : Date.parse(former.until)
  return {
    name,
    role,
    publicKey,
    ...(former === undefined || until === undefined ? {} : { former: { key: former.key, until } }),
  }
}

/** A moment as peers files have it: in UTC, to the second. */
export function isoOf(wallMs: number): string {
  return new Date(wallMs).toISOString().replace(/\.\d+Z$/, 'Z')
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function isKey(value: unknown): value is string {
  return typeof value === 'string' && Z85_KEY.test(value)
}

function isFormer(value: unknown): value is { readonly key: string; readonly until: string } | undefined {
  if (value === undefined) return true
  if (typeof value !== 'object' || value === null) return false
  const { key, until } = value as { readonly key?: unknown; readonly until?: unknown }
  return isKey(key) && typeof until === 'string' && Number.isFinite(Date.parse(until))
}
