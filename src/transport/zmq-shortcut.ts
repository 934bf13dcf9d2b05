/**
 * The shorter way between two processes on one host: a Unix socket of the node's own, and the token by which two parties
 * find out that it leads from the one to the other.
 *
 * On Linux the socket has an abstract name, which needs no file and vanishes with its process. Such names belong to one
 * network namespace, so the token names that as well as the boot of the machine: two containers on one machine do not
 * match. Elsewhere the socket is a file in a folder that only its user may enter, and the token says who that is. In both
 * cases 128 random bits name the socket, so that a token that matches by mistake (two machines from one snapshot) leads
 * nowhere, and not to somebody else. Whoever comes that way says Hello like everybody; nothing here is a proof of anything.
 */

import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** What shortcuts are made of here: an abstract name, a socket in a private folder, or nothing at all. */
export type ShortcutForm = 'abstract' | 'folder' | 'none'

/** Half of a SHA-256, in hexadecimal. */
const TOKEN_DIGITS = 32

const BOOT_ID_PATH = '/proc/sys/kernel/random/boot_id'
const NETWORK_NAMESPACE_PATH = '/proc/self/ns/net'

/** Where a shortcut is to be bound, and how to take away what it leaves. */
export interface ShortcutPlace {
  readonly endpoint: string
  /** Does nothing when nothing is left, and never throws: a folder that stays does no harm. */
  remove(): void
}

/** What fits a platform, by its name in Node.js. */
export function shortcutForm(platform: string): ShortcutForm {
  if (platform === 'linux') return 'abstract'
  return platform === 'win32' ? 'none' : 'folder'
}

/** The token of this host; empty when it cannot be told from others. Protocol.md, S18, says how it is made. */
export function hostTokenOf(form: ShortcutForm, parts = PARTS): string {
  if (form === 'none') return ''
  try {
    return tokenOf(parts[form]())
  } catch {
    // A host that keeps these secret has no token, so that nobody matches it.
    return ''
  }
}

/** The token of what tells a host from others. */
export function tokenOf(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, TOKEN_DIGITS)
}

/** A place that nobody else has. Throws when there is none to be had. */
export function newShortcutPlace(form: ShortcutForm): ShortcutPlace {
  if (form === 'none') throw new Error('this platform has no Unix sockets')
  const name = `zmqnet-${randomBytes(16).toString('hex')}`
  if (form === 'abstract') return { endpoint: `ipc://@${name}`, remove: () => {} }
  const folder = join(tmpdir(), name)
  mkdirSync(folder, { mode: 0o700 })
  return { endpoint: `ipc://${join(folder, 's')}`, remove: () => removeFolder(folder) }
}

function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch {
    // Somebody took our right to remove it. Whoever cleans the folder of temporary files will find it.
  }
}

function partsOfLinux(): string[] {
  return [readFileSync(BOOT_ID_PATH, 'utf8').trim(), readlinkSync(NETWORK_NAMESPACE_PATH)]
}

function partsOfUser(): string[] {
  return [hostname(), String(userInfo().uid), tmpdir()]
}

/** What tells this host from others, for each form. */
const PARTS = { abstract: partsOfLinux, folder: partsOfUser }
