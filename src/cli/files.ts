/**
 * Files as the commands need them, beside what Node.js gives: a file that is replaced as a whole. Who watches the file, or
 * reads it while the power goes, sees the old text or the new one, and never a part of it.
 */

import { randomBytes } from 'node:crypto'
import { open, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { configFault } from './faults.ts'

/** The text of a file. */
export async function readText(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((error: unknown) => fail('read', path, error))
}

/** Writes a new file beside the old one, and gives it its name. What a symbolic link points to is replaced, not the link. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path)
  const draft = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`)
  try {
    const old = await stat(target).catch(() => undefined)
    const file = await open(draft, 'wx')
    try {
      if (old !== undefined) await file.chmod(old.mode & 0o777)
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, target)
  } catch (error) {
    await rm(draft, { force: true })
    fail('written', path, error)
  }
}

/** The names in a folder; none when there is no such folder. */
export async function listFolder(path: string): Promise<readonly string[]> {
  return await readdir(path).catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? [] : fail('read', path, error),
  )
}

function fail(what: 'read' | 'written', path: string, error: unknown): never {
  const code = (error as NodeJS.ErrnoException).code ?? String(error)
  const why =
    code === 'ENOENT' ? 'there is no such file or folder' : code === 'EACCES' ? 'permission denied' : code
  throw configFault(`${path} cannot be ${what}: ${why}`)
}
