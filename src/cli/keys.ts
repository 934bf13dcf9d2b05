/**
 * `zmqnet keys`: makes keys, shows them, and brings their public halves into the peers file. What each action does to the
 * peers file stands in keys-peers.ts; how a key file looks, and who may read it, is the library's business.
 *
 * A private half is written to its key file and nowhere else: not to the output, not to a .pub file, not to the peers file.
 */

import type { KeyFile } from '../index.ts'
import { EXIT } from './exit-code.ts'
import { UsageError } from './faults.ts'
import { KeyPlaces, type KeysContext } from './key-places.ts'
import { type KeysAction, keysActions } from './keys-actions.ts'
import { revokeKey, rotateKey, trustKeys } from './keys-peers.ts'
import { cell, layOut } from './output.ts'
import { keyEntriesOf } from './peers-edit.ts'
import { isoOf, type PublicEntry, publicEntryOf, renderPublicEntry } from './public-key-file.ts'

/** Does what the first word says. */
export async function run(context: KeysContext): Promise<number> {
  const [action = ''] = context.words
  if (!Object.hasOwn(keysActions, action)) {
    throw new UsageError(`Unknown action "${action}": one of ${Object.keys(keysActions).join(', ')}`, 'keys')
  }
  checkOptions(context, action as KeysAction)
  const places = new KeyPlaces(context)
  const files = context.words.slice(1)
  switch (action as KeysAction) {
    case 'new':
      return await makeKey(context, places)
    case 'show':
      return await showKeys(context, places, files)
    case 'trust':
      return await trustKeys(context, places, files)
    case 'rotate':
      return await rotateKey(context, places)
    case 'revoke':
      return await revokeKey(context, places)
  }
}

/** What is given and means nothing for this action would be ignored in silence; so it is refused. */
function checkOptions({ values, words }: KeysContext, action: KeysAction): void {
  const { options, needsName, takesFiles } = keysActions[action]
  const all = ['name', 'client', 'dir', 'key', 'overlap', 'force'] as const
  const faults = all
    .filter((key) => values[key] !== undefined && values[key] !== false && !options.includes(key))
    .map((key) => `Option --${key} means nothing for keys ${action}`)
  if (needsName && values.name === undefined) faults.push(`Missing option -n NAME: whose key it is`)
  if (values.dir !== undefined && values.key !== undefined) faults.push('Give either --dir or --key')
  if (!takesFiles) faults.push(...words.slice(1).map((word) => `Unexpected argument "${word}"`))
  if (faults.length > 0) throw new UsageError(faults, 'keys')
}

async function makeKey(context: KeysContext, places: KeyPlaces): Promise<number> {
  const { io, out, library, values } = context
  const name = values.name ?? ''
  const role = values.client ? 'client' : 'node'
  const path = places.keyPath(name)
  const file: KeyFile = { name, role, own: [library.newKeyPair()] }
  library.writeKeyFile(path, file, { force: values.force })
  const entry = publicEntryOf(file, io.wallNowMs())
  const publicPath = places.publicPathBeside(path)
  await io.replaceFile(publicPath, renderPublicEntry(entry))
  if (values.json) out.json({ name, role, publicKey: entry.publicKey, path, publicPath })
  else {
    out.line(`${name}  ${entry.publicKey}`)
    out.line(
      out.paint(
        'dim',
        `${path} is private, and stays on this machine; ${publicPath} is for zmqnet keys trust`,
      ),
    )
  }
  return EXIT.done
}

/** Whether the peers file knows a key: `yes`; `other`: it has another one for this name; `no`; `revoked`. */
type Trusted = 'yes' | 'other' | 'no' | 'revoked'

interface Shown extends PublicEntry {
  readonly path: string
  readonly trusted: Trusted
}

async function showKeys(context: KeysContext, places: KeyPlaces, files: readonly string[]): Promise<number> {
  const { io, out, values } = context
  const paths = files.length > 0 ? files : await places.keyPaths(values.name)
  const text = await places.readPeers().catch(() => undefined)
  const shown: Shown[] = []
  for (const path of paths) {
    const entry = await places.read(path)
    shown.push({ ...entry, path, trusted: trustIn(text, entry) })
  }
  if (values.json) out.json({ peers: places.peersPath, keys: shown.map(toJson) })
  else {
    const titles = ['NAME', 'ROLE', 'PUBLIC KEY', 'TRUSTED', 'FORMER KEY UNTIL'].map((title) =>
      cell(title, 'dim'),
    )
    const rows = shown.map(({ name, role, publicKey, trusted, former }) => [
      cell(name),
      cell(role),
      cell(publicKey),
      cell(trusted, trusted === 'yes' ? 'green' : 'yellow'),
      cell(former === undefined ? '-' : isoOf(former.until)),
    ])
    for (const line of layOut([titles, ...rows], out.paint)) out.line(line)
    if (io.stdout.isTTY) out.line(out.paint('dim', `TRUSTED tells what ${places.peersPath} says`))
  }
  return EXIT.done
}

function trustIn(text: string | undefined, { name, role, publicKey }: PublicEntry): Trusted {
  if (text === undefined) return 'no'
  const entry = keyEntriesOf(text).find((one) => one.name === name && one.role === role)
  if (entry?.revoked) return 'revoked'
  if (entry?.publicKey === undefined) return 'no'
  return entry.publicKey === publicKey ? 'yes' : 'other'
}

function toJson({ name, role, publicKey, former, path, trusted }: Shown) {
  const formerKey = former && { key: former.key, until: isoOf(former.until) }
  return { name, role, publicKey, formerKey, trusted, path }
}
