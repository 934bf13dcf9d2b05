/**
 * A folder with all that a secure mesh needs, as its users have it: a peers file with public keys, and beside it the key
 * file of each member and client. It goes with the test.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { type KeyFile, newKeyPair, writeKeyFile } from '../../src/node/key-file.ts'
import { peersOf } from './mesh.ts'

/** An entry of the peers file as it stands there. */
export type Entry = Readonly<Record<string, unknown>>

/** The files of a mesh. */
export interface SecureFiles {
  readonly folder: string
  readonly peersPath: string
  readonly keyFiles: Readonly<Record<string, KeyFile>>
  keyPath(name: string): string
  /** Writes the peers file again, with each entry as `change` wants it. */
  rewrite(change: (entry: Entry) => Entry): void
}

/** A folder of its own, which goes with the test. */
export function folderFor(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'zmqnet-secure-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Makes keys and writes the files. `settings` is what else the peers file says. */
export async function secureFiles(
  t: ExecutionContext,
  members: readonly string[],
  clients: readonly string[] = [],
  settings: Entry = {},
): Promise<SecureFiles> {
  const folder = folderFor(t)
  const peersPath = join(folder, 'peers.json')
  const keyPath = (name: string): string => join(folder, 'keys', `${name}.key`)
  const keyFiles: Record<string, KeyFile> = {}
  const make = (name: string, role: KeyFile['role']): string => {
    const file = { name, role, own: [newKeyPair()] }
    keyFiles[name] = file
    writeKeyFile(keyPath(name), file, { force: false })
    return file.own[0]?.publicKey ?? ''
  }
  const { peers } = await peersOf(members)
  const peerEntries = peers.map(({ name, address }) => ({ name, address, public_key: make(name, 'node') }))
  const clientEntries = clients.map((name) => ({ name, public_key: make(name, 'client') }))
  const rewrite = (change: (entry: Entry) => Entry): void => {
    const json = { ...settings, peers: peerEntries.map(change), clients: clientEntries.map(change) }
    writeFileSync(peersPath, JSON.stringify(json, null, 2))
  }
  rewrite((entry) => entry)
  return { folder, peersPath, keyFiles, keyPath, rewrite }
}
