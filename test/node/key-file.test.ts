/**
 * Key files: they come back as they were written, nobody but their owner can read them, and what is wrong with one is told
 * without a word of what it holds.
 */

import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { ZmqnetError } from '../../src/errors.ts'
import { endingAt, type KeyFile, newKeyPair, readKeyFile, writeKeyFile } from '../../src/node/key-file.ts'
import type { OwnKey } from '../../src/security/policy.ts'
import { pair } from '../support/keys.ts'
import { folderFor } from '../support/secure-mesh.ts'
import { withoutRights } from '../support/without-rights.ts'

const UNTIL = Date.parse('2026-12-01T00:00:00.250Z')
const ALPHA: KeyFile = { name: 'alpha', role: 'node', own: [pair('alpha')] }

function plain({ name, role, own }: KeyFile) {
  const each = ({ publicKey, secretKey, until }: OwnKey) => ({ publicKey, secretKey, until })
  return { name, role, own: own.map(each) }
}

/** The message of the CONFIG error that `work` throws, which shows none of the secrets of this test. */
function complaint(t: ExecutionContext, work: () => unknown): string {
  const error = t.throws(work, { instanceOf: ZmqnetError })
  t.is(error?.code, 'CONFIG')
  const shown = `${error?.stack} ${String(error?.cause)}`
  for (const name of ['alpha', 'old']) t.false(shown.includes(pair(name).secretKey.slice(0, 12)))
  return error?.message ?? ''
}

/** A key file with this text, which only we can read. */
function fileWith(t: ExecutionContext, text: string): string {
  const path = join(folderFor(t), 'alpha.key')
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

/** What is wrong with a key file of this content. */
function faultOf(t: ExecutionContext, content: unknown): string {
  const path = fileWith(t, typeof content === 'string' ? content : JSON.stringify(content))
  return complaint(t, () => readKeyFile(path)).replace(
    `The key file ${JSON.stringify(path)} cannot be used: `,
    '',
  )
}

test('a key file comes back as it was written', (t) => {
  const folder = folderFor(t)
  const files: readonly KeyFile[] = [
    ALPHA,
    { name: 'öps', role: 'client', own: [newKeyPair()] },
    { name: 'alpha', role: 'node', own: [pair('alpha'), endingAt(pair('old'), UNTIL)] },
  ]
  for (const [index, file] of files.entries()) {
    const path = join(folder, `${index}.key`)
    writeKeyFile(path, file, { force: false })
    t.deepEqual(plain(readKeyFile(path)), plain(file))
  }
})

test('a key file says what docs and people expect of it', (t) => {
  const path = join(folderFor(t), 'alpha.key')
  writeKeyFile(path, { ...ALPHA, own: [pair('alpha'), endingAt(pair('old'), UNTIL)] }, { force: false })
  t.deepEqual(JSON.parse(readFileSync(path, 'utf8')), {
    name: 'alpha',
    role: 'node',
    public_key: pair('alpha').publicKey,
    private_key: pair('alpha').secretKey,
    former: {
      public_key: pair('old').publicKey,
      private_key: pair('old').secretKey,
      until: '2026-12-01T00:00:00.250Z',
    },
  })
})

test('only the owner can get at a new key file and its new folder, and no draft stays', (t) => {
  const path = join(folderFor(t), 'deep', 'keys', 'alpha.key')
  writeKeyFile(path, ALPHA, { force: false })
  t.is(statSync(path).mode & 0o777, 0o600)
  t.is(statSync(join(path, '..')).mode & 0o777, 0o700)
  t.deepEqual(readdirSync(join(path, '..')), ['alpha.key'])
})

test('a key file is replaced only by force, and then at once', (t) => {
  const path = join(folderFor(t), 'alpha.key')
  writeKeyFile(path, ALPHA, { force: false })
  const next: KeyFile = { ...ALPHA, own: [newKeyPair()] }
  t.is(
    complaint(t, () => writeKeyFile(path, next, { force: false })),
    `The key file ${JSON.stringify(path)} exists already; --force replaces it, and its key is lost`,
  )
  t.deepEqual(plain(readKeyFile(path)), plain(ALPHA))
  writeKeyFile(path, next, { force: true })
  t.deepEqual(plain(readKeyFile(path)), plain(next))
  t.deepEqual(readdirSync(join(path, '..')), ['alpha.key'])
})

test('what is no key file is not written', (t) => {
  const path = join(folderFor(t), 'alpha.key')
  const bad: readonly (readonly OwnKey[])[] = [
    [],
    [pair('alpha'), pair('old')],
    [pair('alpha'), endingAt(pair('old'), 1), endingAt(pair('x'), 1)],
    // A copy of a pair has lost its secret half.
    [{ ...newKeyPair() }],
    [{ ...pair('alpha'), secretKey: pair('old').secretKey }],
  ]
  for (const own of bad) complaint(t, () => writeKeyFile(path, { ...ALPHA, own }, { force: true }))
  complaint(t, () => writeKeyFile(path, { ...ALPHA, name: '' }, { force: true }))
  t.false(existsSync(path))
})

test('a folder that cannot be made or written is told', (t) => {
  const path = join(fileWith(t, 'x'), 'alpha.key')
  t.regex(
    complaint(t, () => writeKeyFile(path, ALPHA, { force: false })),
    /cannot be written: (ENOTDIR|EEXIST)$/,
  )
  t.regex(
    complaint(t, () => writeKeyFile(folderFor(t), ALPHA, { force: true })),
    /cannot be written: EISDIR$/,
  )
})

test('a file that others can get at is refused, with the command that mends it', (t) => {
  const path = join(folderFor(t), 'alpha.key')
  writeKeyFile(path, ALPHA, { force: false })
  for (const mode of [0o644, 0o640, 0o604, 0o620, 0o602, 0o660, 0o666]) {
    chmodSync(path, mode)
    t.is(
      complaint(t, () => readKeyFile(path)),
      `The key file ${JSON.stringify(path)} cannot be used: others can get at it (mode 0${mode.toString(8)}); mend that with: chmod 600 ${path}`,
    )
  }
  chmodSync(path, 0o400)
  t.is(readKeyFile(path).name, 'alpha')
})

test('a path that a shell would take apart is quoted in the command', (t) => {
  const path = join(folderFor(t), "a b's.key")
  writeKeyFile(path, ALPHA, { force: false })
  chmodSync(path, 0o644)
  t.true(complaint(t, () => readKeyFile(path)).endsWith(`a b'\\''s.key'`))
})

test('of a symbolic link, the file behind it is judged', (t) => {
  const folder = folderFor(t)
  const [path, link] = [join(folder, 'alpha.key'), join(folder, 'link.key')]
  writeKeyFile(path, ALPHA, { force: false })
  symlinkSync(path, link)
  t.is(readKeyFile(link).name, 'alpha')
  chmodSync(path, 0o644)
  t.regex(
    complaint(t, () => readKeyFile(link)),
    /link\.key" cannot be used: others can get at it/,
  )
})

test('a file of another user is refused', (t) => {
  const uid = process.getuid?.() ?? 0
  const path = uid === 0 ? fileWith(t, '{}') : '/etc/passwd'
  if (uid === 0) chownSync(path, 12_345, 12_345)
  const owner = uid === 0 ? 12_345 : 0
  t.regex(
    complaint(t, () => readKeyFile(path)),
    new RegExp(`it belongs to user ${owner}, not to ${uid}, who reads it$`),
  )
})

test('what is missing or no file is told', (t) => {
  const folder = folderFor(t)
  t.is(
    complaint(t, () => readKeyFile(join(folder, 'alpha.key'))),
    `The key file ${JSON.stringify(join(folder, 'alpha.key'))} does not exist; make one with: zmqnet keys new -n alpha --dir ${folder}`,
  )
  t.regex(
    complaint(t, () => readKeyFile('keys/nobody.key')),
    /make one with: zmqnet keys new -n nobody$/,
  )
  mkdirSync(join(folder, 'folder.key'))
  t.regex(
    complaint(t, () => readKeyFile(join(folder, 'folder.key'))),
    /cannot be used: it is no file$/,
  )
  const path = fileWith(t, '{}')
  t.regex(
    complaint(t, () => readKeyFile(join(path, 'alpha.key'))),
    /cannot be read: ENOTDIR$/,
  )
  chmodSync(path, 0)
  t.regex(
    complaint(t, () => withoutRights(() => readKeyFile(path))),
    /cannot be read: permission denied$/,
  )
})

test('what is malformed is told by place and name, never by content', (t) => {
  const content = { name: 'alpha', public_key: pair('alpha').publicKey, private_key: pair('alpha').secretKey }
  const former = {
    public_key: pair('old').publicKey,
    private_key: pair('old').secretKey,
    until: '2026-12-01T00:00Z',
  }
  const samples: readonly (readonly [unknown, string])[] = [
    ['', 'it is not JSON in line 1, column 1'],
    [`{"private_key": ${pair('alpha').secretKey}}`, 'it is not JSON in line 1, column 17'],
    [pair('alpha').secretKey, 'it is not JSON in line 1, column 1'],
    [[content], 'it holds no object'],
    [`${' '.repeat(16_385)}{}`, 'it has more than 16384 bytes'],
    [
      { ...content, name: 'a b' },
      'its "name" is not 1 to 64 bytes of UTF-8 without white space, control characters or "/"',
    ],
    [{ ...content, role: 'boss' }, 'its "role" is neither "node" nor "client"'],
    [{ ...content, private_key: 7 }, 'its "private_key" is no text'],
    [{ ...content, public_key: undefined }, 'its "public_key" is no text'],
    [
      { ...content, private_key: pair('alpha').secretKey.slice(2) },
      'its secret half is not 40 characters of Z85',
    ],
    [{ ...content, public_key: pair('bravo').publicKey }, 'its halves do not match'],
    [{ ...content, former: [] }, 'its "former" is not an object'],
    [
      { ...content, former: { ...former, until: 7 } },
      'its "former.until" is not a moment such as "2026-12-01T00:00:00Z"',
    ],
    [{ ...content, former: { ...former, private_key: undefined } }, 'its "former.private_key" is no text'],
    [
      { ...content, former: { ...former, public_key: content.public_key } },
      'of its former key, its halves do not match',
    ],
  ]
  for (const [value, text] of samples) t.is(faultOf(t, value), text)
  t.is(readKeyFile(fileWith(t, JSON.stringify({ ...content, former }))).own.length, 2)
})
