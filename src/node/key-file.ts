/**
 * Key files: `<name>.key`, which holds the key pairs of one node or client and is readable by its owner only.
 *
 *   {"name": "alpha", "role": "node", "public_key": "...", "private_key": "...",
 *    "former": {"public_key": "...", "private_key": "...", "until": "2026-12-01T00:00:00Z"}}
 *
 * A file that others can read or write is refused, because its key may be known already. No message repeats what the file
 * says: a person who pastes it into a report publishes nothing. Where key files are looked for stands in security-config.ts.
 */

import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { KeyPair } from '../base/keys.ts'
import { type Fields, isFields } from '../discovery/fields.ts'
import { jsonFault } from '../discovery/json-fault.ts'
import { readMoment } from '../discovery/moment.ts'
import { ZmqnetError } from '../errors.ts'
import { MAX_KEYS_PER_PARTY, type OwnKey } from '../security/policy.ts'
import type { Role } from '../wire/messages.ts'
import { isName, NAME_RULE } from '../wire/names.ts'
import { configError } from './config-error.ts'
import { endingAt, pairFault } from './key-pair.ts'

export { endingAt, newKeyPair } from './key-pair.ts'

/** What a key file says. */
export interface KeyFile {
  readonly name: string
  readonly role: Role
  /** The present pair first, then a former one while its time of overlap runs. */
  readonly own: readonly OwnKey[]
}

export const KEY_FILE_EXTENSION = '.key'
const OWNER_ONLY_FILE = 0o600
const OWNER_ONLY_FOLDER = 0o700
const OTHERS = 0o077
/** A key file has a few hundred bytes; what is larger is something else. */
const MAX_FILE_BYTES = 16_384

/**
 * Reads a key file. Throws a ZmqnetError of code CONFIG when it is missing, not ours, open to others, malformed, or when
 * the halves of a pair do not match.
 */
export function readKeyFile(path: string): KeyFile {
  const text = readOwn(path)
  const parsed = parse(text, path)
  const { name, role = 'node', former } = parsed
  if (typeof name !== 'string' || !isName(name)) throw fault(path, `its "name" is not ${NAME_RULE}`)
  if (role !== 'node' && role !== 'client') throw fault(path, 'its "role" is neither "node" nor "client"')
  const own = [readPair(parsed, path, '', undefined)]
  if (former !== undefined) {
    if (!isFields(former)) throw fault(path, 'its "former" is not an object')
    const until = readMoment(former.until)
    if (!until.ok) throw fault(path, 'its "former.until" is not a moment such as "2026-12-01T00:00:00Z"')
    own.push(readPair(former, path, 'former.', until.ms))
  }
  return { name, role, own }
}

/**
 * Writes a key file at once or not at all, readable by its owner only; makes its folder, for its owner only, when there is
 * none. Throws a ZmqnetError of code CONFIG when there is a file already and `force` is not given, or when it cannot.
 */
export function writeKeyFile(path: string, file: KeyFile, options: { readonly force: boolean }): void {
  const text = `${JSON.stringify(contentOf(path, file), null, 2)}\n`
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`)
  try {
    mkdirSync(dirname(path), { recursive: true, mode: OWNER_ONLY_FOLDER })
    writeDraft(draft, text)
    put(draft, path, options.force)
    syncFolder(dirname(path))
  } catch (cause) {
    if (cause instanceof ZmqnetError) throw cause
    throw configError(`The key file ${quoted(path)} cannot be written: ${codeOf(cause)}`)
  }
}

/** Gives the draft its name. A link fails when the name is taken, also since a moment ago; a rename replaces what is there. */
function put(draft: string, path: string, force: boolean): void {
  try {
    if (force) renameSync(draft, path)
    else linkSync(draft, path)
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw cause
    throw configError(`The key file ${quoted(path)} exists already; --force replaces it, and its key is lost`)
  } finally {
    rmSync(draft, { force: true })
  }
}

function contentOf(path: string, { name, role, own }: KeyFile): object {
  if (!isName(name)) throw fault(path, `its "name" is not ${NAME_RULE}`)
  const [present, former] = own
  if (present === undefined || own.length > MAX_KEYS_PER_PARTY) throw fault(path, `it has ${own.length} keys`)
  for (const pair of own) {
    const why = pairFault(pair)
    if (why !== undefined) throw fault(path, why)
  }
  const halves = ({ publicKey, secretKey }: KeyPair) => ({ public_key: publicKey, private_key: secretKey })
  if (former === undefined) return { name, role, ...halves(present) }
  if (former.until === undefined) throw fault(path, 'its former key has no end')
  const until = new Date(former.until).toISOString()
  return { name, role, ...halves(present), former: { ...halves(former), until } }
}

function writeDraft(draft: string, text: string): void {
  const descriptor = openSync(draft, 'wx', OWNER_ONLY_FILE)
  try {
    fchmodSync(descriptor, OWNER_ONLY_FILE)
    writeSync(descriptor, text)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** The new name survives a loss of power only when the folder is written too. Windows has no such call. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** The text of a file that only we can read: what is checked is what is read, also when the path is a symbolic link. */
function readOwn(path: string): string {
  let descriptor: number
  try {
    // Without waiting: a named pipe would hold the start up until somebody writes into it.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (cause) {
    throw unreadable(path, cause)
  }
  try {
    checkOwner(path, descriptor)
    const bytes = Buffer.alloc(MAX_FILE_BYTES + 1)
    const sizeBytes = readSync(descriptor, bytes)
    if (sizeBytes > MAX_FILE_BYTES) throw fault(path, `it has more than ${MAX_FILE_BYTES} bytes`)
    return bytes.toString('utf8', 0, sizeBytes)
  } catch (cause) {
    throw cause instanceof ZmqnetError ? cause : unreadable(path, cause)
  } finally {
    closeSync(descriptor)
  }
}

function checkOwner(path: string, descriptor: number): void {
  const stats = fstatSync(descriptor)
  if (!stats.isFile()) throw fault(path, 'it is no file')
  // Windows keeps access rights in a way that the mode does not show.
  if (process.getuid === undefined) return
  const uid = process.getuid()
  if (stats.uid !== uid) throw fault(path, `it belongs to user ${stats.uid}, not to ${uid}, who reads it`)
  if ((stats.mode & OTHERS) === 0) return
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0')
  throw fault(path, `others can get at it (mode ${mode}); mend that with: chmod 600 ${shellWord(path)}`)
}

function parse(text: string, path: string): Fields {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The error of JSON.parse quotes the text, so that it is no cause of ours.
    const where = jsonFault(text)
    throw fault(
      path,
      where === undefined ? 'it is not JSON' : `it is not JSON in line ${where.line}, column ${where.column}`,
    )
  }
  if (!isFields(value)) throw fault(path, 'it holds no object')
  return value
}

function readPair(fields: Fields, path: string, prefix: string, until: number | undefined): OwnKey {
  const { public_key: publicKey, private_key: secretKey } = fields
  for (const [field, half] of [
    ['public_key', publicKey],
    ['private_key', secretKey],
  ] as const)
    if (typeof half !== 'string') throw fault(path, `its "${prefix}${field}" is no text`)
  const pair = { publicKey: publicKey as string, secretKey: secretKey as string }
  const why = pairFault(pair)
  if (why !== undefined) throw fault(path, prefix === '' ? why : `of its former key, ${why}`)
  return endingAt(pair, until)
}

function unreadable(path: string, cause: unknown): ZmqnetError {
  const code = codeOf(cause)
  if (code === 'EACCES') return configError(`The key file ${quoted(path)} cannot be read: permission denied`)
  if (code !== 'ENOENT') return configError(`The key file ${quoted(path)} cannot be read: ${code}`)
  const folder = dirname(path)
  const place = folder === 'keys' ? '' : ` --dir ${shellWord(folder)}`
  const make = `zmqnet keys new -n ${shellWord(basename(path, KEY_FILE_EXTENSION))}${place}`
  return configError(`The key file ${quoted(path)} does not exist; make one with: ${make}`)
}

function fault(path: string, why: string): ZmqnetError {
  return configError(`The key file ${quoted(path)} cannot be used: ${why}`)
}

function codeOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? 'unknown'
}

function quoted(path: string): string {
  return JSON.stringify(path)
}

/** A word that a shell takes as it stands. */
function shellWord(text: string): string {
  return /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
