/**
 * What `zmqnet keys` does with the peers file: trust (bring public keys in), rotate (a new key beside the former one, for a
 * time) and revoke. Each tells what it changed, and what is missing until the mesh is secure.
 *
 * The file is replaced as a whole, by rename, so that a node that watches it never sees half of it.
 */

import type { KeyFile } from '../index.ts'
import { EXIT } from './exit-code.ts'
import { configFault, UsageError } from './faults.ts'
import type { KeyPlaces, KeysContext } from './key-places.ts'
import { cell, layOut } from './output.ts'
import { type Change, keyEntriesOf, revoke, trust } from './peers-edit.ts'
import { isoOf, type PublicEntry, publicEntryOf, renderPublicEntry } from './public-key-file.ts'

/** How long a former key counts beside its successor, unless --overlap says otherwise. */
const DEFAULT_OVERLAP_MS = 3_600_000
/** Longer is no rotation: whoever has the former key would have it for good. */
const MAX_OVERLAP_MS = 366 * 86_400_000

interface Trusted extends PublicEntry {
  readonly change: Change
}

/** Brings public keys into the peers file. */
export async function trustKeys(
  context: KeysContext,
  places: KeyPlaces,
  words: readonly string[],
): Promise<number> {
  const { io, values } = context
  const named = words.filter(isKeyPath)
  for (const word of words) if (!isKeyPath(word)) places.usePeers(word)
  const before = await places.readPeers()
  const paths = named.length > 0 ? named : await places.keyPaths(values.name, '.pub')
  let text = before
  const changes: Trusted[] = []
  for (const path of paths) {
    const entry = await places.read(path)
    const result = trust(text, entry, named.length > 0)
    text = result.text
    changes.push({ ...entry, change: result.change })
  }
  checkKeysOnce(text)
  if (text !== before) await io.replaceFile(places.peersPath, text)
  report(context, places, text, changes)
  return EXIT.done
}

/** Throws UsageError when a key stands twice in the peers file: no node starts with one that is anybody else's, too. */
function checkKeysOnce(text: string): void {
  const owners = new Map<string, string>()
  for (const { name, role, publicKey, former } of keyEntriesOf(text)) {
    const owner = `${role === 'node' ? 'member' : 'client'} "${name}"`
    for (const key of new Set([publicKey, former?.key])) {
      if (key === undefined) continue
      const other = owners.get(key)
      if (other !== undefined) throw configFault(`${other} and ${owner} would have one key: ${key}`)
      owners.set(key, owner)
    }
  }
}

function isKeyPath(word: string): boolean {
  return word.endsWith('.key') || word.endsWith('.pub')
}

const WORDS: Readonly<Record<Change, string>> = {
  added: 'added',
  replaced: 'replaced',
  restored: 'trusted again',
  unchanged: 'as it was',
  'kept-revoked': 'left out, for it is revoked; name its file to trust it again',
}

function report(
  { out, values }: KeysContext,
  places: KeyPlaces,
  text: string,
  changes: readonly Trusted[],
): void {
  const { peersPath } = places
  const withoutKey = membersWithoutKey(text)
  if (values.json) {
    const list = changes.map(({ name, role, publicKey, former, change }) => {
      return {
        name,
        role,
        change,
        publicKey,
        formerKey: former && { key: former.key, until: isoOf(former.until) },
      }
    })
    out.json({ peers: peersPath, changes: list, withoutKey })
    return
  }
  const rows = changes.map(({ name, role, publicKey, former, change }) => [
    cell(name),
    cell(role),
    cell(publicKey),
    cell(WORDS[change], change === 'kept-revoked' ? 'yellow' : undefined),
    cell(former === undefined ? '' : `former key until ${isoOf(former.until)}`),
  ])
  for (const line of layOut(rows, out.paint)) out.line(line)
  if (withoutKey.length === 0) out.line(`Every member in ${peersPath} has a key: it is secure`)
  else {
    const rest = `Without a key in ${peersPath}: ${withoutKey.join(', ')}; no node starts with it until each has one`
    out.line(out.paint('yellow', rest))
  }
}

/** One that is revoked needs no key. */
function membersWithoutKey(text: string): readonly string[] {
  return keyEntriesOf(text)
    .filter(({ role, publicKey, revoked }) => role === 'node' && publicKey === undefined && !revoked)
    .map(({ name }) => name)
}

/** Makes a new pair for a party; the former one counts beside it for a time. */
export async function rotateKey(context: KeysContext, places: KeyPlaces): Promise<number> {
  const { io, out, library, values } = context
  const name = values.name ?? ''
  const overlapMs = values.overlap ?? DEFAULT_OVERLAP_MS
  if (overlapMs > MAX_OVERLAP_MS) throw new UsageError('--overlap is at most 366 days', 'keys')
  const path = places.keyPath(name)
  const file = library.readKeyFile(path)
  if (file.name !== name) throw configFault(`${path} is the key of "${file.name}", not of "${name}"`)
  const before = await places.readPeers()
  const wallNow = io.wallNowMs()
  const former = checkRotation(context, places, file, before)
  const until = wallNow + overlapMs
  const next: KeyFile = { ...file, own: [library.newKeyPair(), { ...former, until }] }
  const entry = publicEntryOf(next, wallNow)
  const edited = trust(before, entry, false).text
  checkKeysOnce(edited)
  // The private half first: should the rest fail, `keys trust` completes it, and no key is lost.
  library.writeKeyFile(path, next, { force: true })
  await io.replaceFile(places.publicPathBeside(path), renderPublicEntry(entry))
  await io.replaceFile(places.peersPath, edited)
  if (values.json) {
    const formerKey = { key: former.publicKey, until: isoOf(until) }
    out.json({ name, role: file.role, publicKey: entry.publicKey, formerKey, path, peers: places.peersPath })
  } else {
    out.line(`${name}  ${entry.publicKey}`)
    out.line(`The former key counts beside it until ${isoOf(until)}.`)
    out.line(
      `Give every machine the new ${places.peersPath} before that; nodes that run take it by themselves.`,
    )
  }
  return EXIT.done
}

/** Gives the pair that becomes the former one. Throws UsageError where the rotation would lock somebody out. */
function checkRotation({ io, values }: KeysContext, places: KeyPlaces, file: KeyFile, text: string) {
  const { name, role, own } = file
  const [present, former] = own
  if (present === undefined) throw configFault(`The key file of "${name}" has no key`)
  const { publicKey, secretKey } = present
  const entry = keyEntriesOf(text).find((one) => one.name === name && one.role === role)
  if (entry?.revoked) throw configFault(`"${name}" is revoked in ${places.peersPath}`)
  if (entry?.publicKey !== publicKey) {
    const why = entry?.publicKey === undefined ? 'no key' : 'another key'
    const message = `${places.peersPath} has ${why} for "${name}": bring this one in first with zmqnet keys trust`
    throw configFault(message)
  }
  const until = former?.until ?? Number.NEGATIVE_INFINITY
  if (until > io.wallNowMs() && !values.force) {
    const message = `The key before this one still counts, until ${isoOf(until)}: rotate after that, or with --force, which ends it now`
    throw configFault(message)
  }
  return { publicKey, secretKey }
}

/** Takes a party's keys away, and leaves its line in the file. */
export async function revokeKey({ io, out, values }: KeysContext, places: KeyPlaces): Promise<number> {
  const name = values.name ?? ''
  const text = await places.readPeers()
  const entries = keyEntriesOf(text).filter(
    (one) => one.name === name && (!values.client || one.role === 'client'),
  )
  const [entry] = entries
  if (entry === undefined) {
    const what = values.client ? 'client' : 'member or client'
    throw configFault(`${places.peersPath} has no ${what} "${name}"`)
  }
  if (!entry.revoked) await io.replaceFile(places.peersPath, revoke(text, entry))
  if (values.json) out.json({ peers: places.peersPath, name, role: entry.role, revoked: true })
  else {
    out.line(`${entry.role === 'node' ? 'Member' : 'Client'} ${name} is revoked in ${places.peersPath}`)
    out.line(
      'Nodes that run and watch this file cut it off within a second; give it to the other machines, too.',
    )
  }
  return EXIT.done
}
