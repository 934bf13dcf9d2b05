/**
 * Files that are replaced as a whole, on a real disk.
 */

import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { listFolder, readText, replaceFile } from '../../src/cli/files.ts'
import { makeFolder } from './processes.ts'

test('a file keeps its mode when it is replaced, and nothing is left beside it', async (t) => {
  const folder = await makeFolder(t)
  const path = join(folder, 'peers.json')
  await writeFile(path, 'old')
  await chmod(path, 0o640)
  const { ino } = await stat(path)
  await replaceFile(path, 'new')
  t.is(await readText(path), 'new')
  const after = await stat(path)
  t.is(after.mode & 0o777, 0o640)
  t.not(after.ino, ino, 'who has the old one open still reads the old text')
  t.deepEqual(await listFolder(folder), ['peers.json'])
})

test('behind a symbolic link the file is replaced, and the link stays', async (t) => {
  const folder = await makeFolder(t)
  await writeFile(join(folder, 'real.json'), 'old')
  await symlink('real.json', join(folder, 'link.json'))
  await replaceFile(join(folder, 'link.json'), 'new')
  t.is(await readFile(join(folder, 'real.json'), 'utf8'), 'new')
  t.deepEqual((await readdir(folder)).sort(), ['link.json', 'real.json'])
})

test('a file that is not there is made, and a folder that is not there is a fault that names the path', async (t) => {
  const folder = await makeFolder(t)
  await replaceFile(join(folder, 'alpha.pub'), 'text')
  t.is(await readText(join(folder, 'alpha.pub')), 'text')
  const path = join(folder, 'none', 'alpha.pub')
  const message = `${path} cannot be written: there is no such file or folder`
  await t.throwsAsync(replaceFile(path, 'text'), { message, code: 'CONFIG' })
  await t.throwsAsync(readText(path), { code: 'CONFIG' })
  t.deepEqual(await listFolder(join(folder, 'none')), [])
})
