/**
 * What `zmqnet keys` changes in a peers file: the keys of a member, the list of clients, and who is revoked. It works on the
 * text, so that the file stays as its writer laid it out; nothing is read or written here.
 *
 * It deliberately checks little: the library reads the result, and tells all that is wrong with it.
 */

import { configFault } from './faults.ts'
import { appendItem, type JsonPath, removeMember, setMember } from './json-edit.ts'
import { isoOf, type PublicEntry } from './public-key-file.ts'

/** What became of an entry. `restored`: it is revoked no more. `kept-revoked`: its key was left away, because the file says that it is revoked. */
export type Change = 'added' | 'replaced' | 'restored' | 'unchanged' | 'kept-revoked'

/** An entry of the file as far as keys go. */
export interface KeyEntry {
  readonly name: string
  readonly role: 'node' | 'client'
  readonly publicKey: string | undefined
  readonly former: { readonly key: string; readonly until: string } | undefined
  readonly revoked: boolean
  /** Where it stands. */
  readonly path: JsonPath
}

type Fields = Readonly<Record<string, unknown>>

/** All entries of a peers file, members first. `text` is JSON. */
export function keyEntriesOf(text: string): readonly KeyEntry[] {
  const json: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
  if (!isFields(json)) return []
  return [
    ...entriesIn(json, 'replicas', 'node'),
    ...entriesIn(json, 'peers', 'node'),
    ...entriesIn(json, 'clients', 'client'),
  ]
}

function entriesIn(json: Fields, list: string, role: KeyEntry['role']): readonly KeyEntry[] {
  const items = json[list]
  if (!Array.isArray(items)) return []
  return items.flatMap((item: unknown, index): readonly KeyEntry[] => {
    if (!isFields(item) || typeof item.name !== 'string') return []
    const former = isFields(item.former_key) ? item.former_key : undefined
    return [
      {
        name: item.name,
        role,
        publicKey: typeof item.public_key === 'string' ? item.public_key : undefined,
        former: former && { key: String(former.key), until: String(former.until) },
        revoked: item.revoked === true,
        path: [list, index],
      },
    ]
  })
}

/**
 * Makes a party trusted by just the keys of `entry`; a client that is not there is added. One that is revoked stays so,
 * unless `restores`. Throws UsageError for a member that is not in the file, for nobody would know its address.
 */
export function trust(
  text: string,
  entry: PublicEntry,
  restores: boolean,
): { readonly text: string; readonly change: Change } {
  const { name, role, publicKey, former } = entry
  const formerKey = former && { key: former.key, until: isoOf(former.until) }
  const present = keyEntriesOf(text).find((one) => one.role === role && one.name === name)
  if (present === undefined && role === 'node') {
    throw configFault(
      `The peers file has no member "${name}": write it in with its address first; a client's key is made with --client`,
    )
  }
  if (present === undefined) {
    const client = {
      name,
      public_key: publicKey,
      ...(formerKey === undefined ? {} : { former_key: formerKey }),
    }
    return { text: addClient(text, client), change: 'added' }
  }
  if (present.revoked && !restores) return { text, change: 'kept-revoked' }
  const isSame =
    present.publicKey === publicKey &&
    present.former?.key === formerKey?.key &&
    present.former?.until === formerKey?.until
  if (isSame && !present.revoked) return { text, change: 'unchanged' }
  let edited = setMember(text, present.path, 'public_key', publicKey)
  edited =
    formerKey === undefined
      ? removeMember(edited, present.path, 'former_key')
      : setMember(edited, present.path, 'former_key', formerKey)
  edited = removeMember(edited, present.path, 'revoked')
  const change = present.revoked ? 'restored' : present.publicKey === undefined ? 'added' : 'replaced'
  return { text: edited, change }
}

/** Says in the file that an entry is revoked. */
export function revoke(text: string, entry: KeyEntry): string {
  return setMember(text, entry.path, 'revoked', true)
}

function addClient(text: string, client: object): string {
  const json = JSON.parse(text.replace(/^\uFEFF/, '')) as { readonly clients?: unknown }
  return Array.isArray(json.clients)
    ? appendItem(text, ['clients'], client)
    : setMember(text, [], 'clients', [client])
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
