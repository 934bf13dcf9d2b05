/**
 * `zmqnet keys` as its arguments go: which action takes what, where keys are looked for, and what is printed. The files are
 * the test's own; keys-processes.test.ts does it with real ones.
 */

import test from 'ava'
import type { Library } from '../../src/cli/io.ts'
import { isoOf, renderPublicEntry } from '../../src/cli/public-key-file.ts'
import type { KeyFile } from '../../src/index.ts'
import { keyPathFor } from '../../src/node/security-config.ts'
import { key, pair } from '../support/keys.ts'
import { createFakeIo, jsonOf, runFake } from './fake-io.ts'

const PEERS = `{ "peers": [
  { "name": "alpha", "address": "127.0.0.1:7001" },
  { "name": "bravo", "address": "127.0.0.1:7002" }
] }
`
const NOW = createFakeIo([]).wallNowMs()
const HOUR_MS = 3_600_000

/** A library with key files of its own; each new pair is the next one. */
function keysLibrary(secrets: Record<string, KeyFile> = {}) {
  let made = 0
  const library: Partial<Library> = {
    keyPathFor,
    newKeyPair: () => pair(`new ${++made}`),
    readKeyFile: (path) => {
      const file = secrets[path]
      if (file === undefined) throw new Error(`no ${path}`)
      return file
    },
    writeKeyFile: (path, file) => {
      secrets[path] = file
    },
  }
  return { secrets, library }
}

const fileOf = (name: string, role: KeyFile['role'] = 'node'): KeyFile => ({ name, role, own: [pair(name)] })
const pubOf = (name: string, role: KeyFile['role'] = 'node') =>
  renderPublicEntry({ name, role, publicKey: key(name) })

const FAULTS: readonly (readonly [string, readonly string[], RegExp])[] = [
  ['an unknown action', ['nwe'], /^Unknown action "nwe": one of new, trust, show, rotate, revoke\n/],
  ['new without a name', ['new'], /^Missing option -n NAME/],
  ['new with a file', ['new', '-n', 'a', 'x'], /^Unexpected argument "x"/],
  [
    'an option of another action',
    ['show', '--overlap', '1h'],
    /^Option --overlap means nothing for keys show/,
  ],
  ['--dir beside --key', ['new', '-n', 'a', '--dir', 'd', '--key', 'k'], /^Give either --dir or --key/],
  ['two peers files', ['trust', 'a.json', 'b.json'], /^The peers file is named twice/],
]

for (const [name, argv, expected] of FAULTS) {
  test(`${name} is a fault of the command line`, async (t) => {
    const { exitCode, out, err } = await runFake(['keys', ...argv], keysLibrary())
    t.deepEqual({ exitCode, out }, { exitCode: 2, out: '' })
    t.regex(err, expected)
  })
}

test('new puts a key beside the peers file, its public half beside that, and prints the latter', async (t) => {
  const { secrets, library } = keysLibrary()
  const { exitCode, out, io } = await runFake(
    ['-p', 'mesh/peers.json', 'keys', 'new', '-n', 'alpha', '--json'],
    {
      library,
    },
  )
  t.is(exitCode, 0)
  t.deepEqual(secrets, { 'mesh/keys/alpha.key': { name: 'alpha', role: 'node', own: [pair('new 1')] } })
  t.deepEqual(jsonOf(out), {
    name: 'alpha',
    role: 'node',
    publicKey: key('new 1'),
    path: 'mesh/keys/alpha.key',
    publicPath: 'mesh/keys/alpha.pub',
  })
  t.is(jsonOf(io.files.get('mesh/keys/alpha.pub') ?? '').public_key, key('new 1'))
})

test('new takes --dir, --key and ZMQNET_KEY for the place, and --client for the role', async (t) => {
  const { secrets, library } = keysLibrary()
  const line = ['keys', 'new', '--client', '-n']
  await runFake([...line, 'a', '--dir', 'safe'], { library })
  await runFake([...line, 'b', '--key', 'x/b.secret'], { library })
  await runFake([...line, 'c'], { library, env: { ZMQNET_KEY: 'y/c.key' } })
  t.deepEqual(Object.keys(secrets), ['safe/a.key', 'x/b.secret', 'y/c.key'])
  t.true(Object.values(secrets).every(({ role }) => role === 'client'))
})

test('trust brings in all keys of the folder, and takes public files where there are some', async (t) => {
  const { library } = keysLibrary({ 'keys/bravo.key': fileOf('bravo') })
  const files = {
    './peers.json': PEERS,
    'keys/alpha.pub': pubOf('alpha'),
    'keys/alpha.key': 'is not read',
    'keys/bravo.key': 'stands in the library',
    'keys/ops.pub': pubOf('ops', 'client'),
  }
  const { exitCode, out, io } = await runFake(['keys', 'trust', '--json'], { library, files })
  t.is(exitCode, 0)
  t.like(jsonOf(out), { peers: './peers.json', withoutKey: [] })
  const { peers, clients } = JSON.parse(io.files.get('./peers.json') ?? '')
  t.deepEqual(
    [...peers, ...clients].map((entry) => entry.public_key),
    [key('alpha'), key('bravo'), key('ops')],
  )
})

test('trust of one key tells who has none yet', async (t) => {
  const files = { 'mesh.json': PEERS, 'in/alpha.pub': pubOf('alpha') }
  const { exitCode, out } = await runFake(['keys', 'trust', 'mesh.json', 'in/alpha.pub'], {
    ...keysLibrary(),
    files,
  })
  t.is(exitCode, 0)
  t.regex(out, /^alpha {2}node {2}\S{40} {2}added\nWithout a key in mesh\.json: bravo; no node starts/)
})

test('a key that is wrong changes nothing, also when others are right', async (t) => {
  const files = { './peers.json': PEERS, 'alpha.pub': pubOf('alpha'), 'delta.pub': pubOf('delta') }
  const { exitCode, err, io } = await runFake(['keys', 'trust', 'alpha.pub', 'delta.pub'], {
    ...keysLibrary(),
    files,
  })
  t.is(exitCode, 2)
  t.regex(err, /no member "delta"/)
  t.is(io.files.get('./peers.json'), PEERS)
})

test('one key for two parties is refused by trust, because no node would start with the file', async (t) => {
  const bravo = renderPublicEntry({ name: 'bravo', role: 'node', publicKey: key('alpha') })
  const files = { './peers.json': PEERS, 'alpha.pub': pubOf('alpha'), 'bravo.pub': bravo }
  const { exitCode, err, io } = await runFake(['keys', 'trust', 'alpha.pub', 'bravo.pub'], {
    ...keysLibrary(),
    files,
  })
  t.is(exitCode, 2)
  t.regex(err, /member "alpha" and member "bravo" would have one key/)
  t.is(io.files.get('./peers.json'), PEERS)
})

test('show tells of each key whether the peers file trusts it', async (t) => {
  const { library } = keysLibrary({
    'keys/alpha.key': fileOf('alpha'),
    'keys/bravo.key': fileOf('bravo'),
    'keys/ops.key': fileOf('ops', 'client'),
  })
  const peers = PEERS.replace('7001"', `7001", "public_key": ${JSON.stringify(key('alpha'))}`).replace(
    '7002"',
    `7002", "public_key": ${JSON.stringify(key('other'))}`,
  )
  const files = { './peers.json': peers, 'keys/alpha.key': '', 'keys/bravo.key': '', 'keys/ops.key': '' }
  const { out } = await runFake(['keys', 'show'], { library, files })
  t.deepEqual(
    out.split('\n').map((line) => line.split(/ {2,}/).map((word) => (word.length === 40 ? 'KEY' : word))),
    [
      ['NAME', 'ROLE', 'PUBLIC KEY', 'TRUSTED', 'FORMER KEY UNTIL'],
      ['alpha', 'node', 'KEY', 'yes', '-'],
      ['bravo', 'node', 'KEY', 'other', '-'],
      ['ops', 'client', 'KEY', 'no', '-'],
      [''],
    ],
  )
})

/** What rotate starts from: alpha is trusted by its key. */
function rotation(own: KeyFile['own'] = [pair('alpha')], trusted = key('alpha')) {
  const { secrets, library } = keysLibrary({ 'keys/alpha.key': { name: 'alpha', role: 'node', own } })
  const peers = PEERS.replace('7001"', `7001", "public_key": ${JSON.stringify(trusted)}`)
  const rotate = (...argv: string[]) =>
    runFake(['keys', 'rotate', '-n', 'alpha', ...argv], { library, files: { './peers.json': peers } })
  return { secrets, peers, rotate }
}

test('rotate makes a new key, and the former one counts beside it for an hour', async (t) => {
  const { secrets, rotate } = rotation()
  const { exitCode, io } = await rotate()
  t.is(exitCode, 0)
  const until = NOW + HOUR_MS
  t.deepEqual(secrets['keys/alpha.key']?.own, [pair('new 1'), { ...pair('alpha'), until }])
  t.like(JSON.parse(io.files.get('./peers.json') ?? '').peers[0], {
    public_key: key('new 1'),
    former_key: { key: key('alpha'), until: isoOf(until) },
  })
  t.like(jsonOf(io.files.get('keys/alpha.pub') ?? ''), { public_key: key('new 1') })
})

test('rotate refuses while the key before still counts, unless --force ends it', async (t) => {
  const own = [pair('alpha'), { ...pair('older'), until: NOW + 1 }]
  const refused = await rotation(own).rotate('--overlap', '2h')
  t.is(refused.exitCode, 2)
  t.regex(refused.err, /^The key before this one still counts, until 2026-01-01T00:00:01Z/)
  const { secrets, rotate } = rotation(own)
  t.is((await rotate('--force', '--overlap', '2h')).exitCode, 0)
  t.deepEqual(secrets['keys/alpha.key']?.own, [pair('new 1'), { ...pair('alpha'), until: NOW + 2 * HOUR_MS }])
})

test('rotate refuses an overlap of more than a year, which a date in the file could not say', async (t) => {
  for (const overlap of ['367d', '99999999d']) {
    const { secrets, rotate, peers } = rotation()
    const { exitCode, err, io } = await rotate('--overlap', overlap)
    t.is(exitCode, 2)
    t.regex(err, /overlap/)
    t.deepEqual([secrets['keys/alpha.key']?.own, io.files.get('./peers.json')], [[pair('alpha')], peers])
  }
})

test('rotate refuses a key that the peers file does not have, and changes nothing', async (t) => {
  const { secrets, rotate, peers } = rotation([pair('alpha')], key('other'))
  const { exitCode, err, io } = await rotate()
  t.is(exitCode, 2)
  t.regex(err, /has another key for "alpha"/)
  t.deepEqual([secrets['keys/alpha.key']?.own, io.files.get('./peers.json')], [[pair('alpha')], peers])
})

test('revoke marks the line of a member or client, and knows no others', async (t) => {
  const files = { './peers.json': PEERS }
  const { exitCode, out, io } = await runFake(['keys', 'revoke', '-n', 'bravo', '--json'], {
    ...keysLibrary(),
    files,
  })
  t.is(exitCode, 0)
  t.deepEqual(jsonOf(out), { peers: './peers.json', name: 'bravo', role: 'node', revoked: true })
  t.is(io.files.get('./peers.json'), PEERS.replace('7002"', '7002", "revoked": true'))
  const unknown = await runFake(['keys', 'revoke', '-n', 'bravo', '--client'], { ...keysLibrary(), files })
  t.is(unknown.exitCode, 2)
  t.regex(unknown.err, /has no client "bravo"/)
})

test('what is done is said in words, or as JSON with stable keys', async (t) => {
  const until = isoOf(NOW + HOUR_MS)
  const words = await runFake(['keys', 'revoke', '-n', 'ops'], {
    ...keysLibrary(),
    files: { './peers.json': '{ "peers": [], "clients": [{ "name": "ops" }] }' },
  })
  t.regex(words.out, /^Client ops is revoked in \.\/peers\.json\nNodes that run .* within a second/)
  const { rotate, secrets, peers } = rotation()
  const rotated = await rotate('--json')
  t.deepEqual(jsonOf(rotated.out), {
    name: 'alpha',
    role: 'node',
    publicKey: key('new 1'),
    formerKey: { key: key('alpha'), until },
    path: 'keys/alpha.key',
    peers: './peers.json',
  })
  const { library } = keysLibrary(secrets)
  const files = { './peers.json': peers, 'keys/alpha.key': '' }
  const shown = await runFake(['keys', 'show', '--json'], { library, files })
  t.deepEqual(jsonOf(shown.out), {
    peers: './peers.json',
    keys: [
      {
        name: 'alpha',
        role: 'node',
        publicKey: key('new 1'),
        formerKey: { key: key('alpha'), until },
        trusted: 'other',
        path: 'keys/alpha.key',
      },
    ],
  })
})

test('a folder without the key that is asked for says how to make one', async (t) => {
  const files = { './peers.json': PEERS }
  const none = await runFake(['keys', 'show'], { ...keysLibrary(), files })
  t.is(none.exitCode, 2)
  t.regex(none.err, /^There is no key in keys: make one with zmqnet keys new -n NAME\n/)
  const other = await runFake(['keys', 'show', '-n', 'bravo'], { ...keysLibrary(), files })
  t.regex(other.err, /^There is no key of "bravo" in keys: /)
})

test('of a peers file that is none, the library says what is wrong', async (t) => {
  for (const files of [
    { 'alpha.pub': pubOf('alpha') },
    { './peers.json': '{', 'alpha.pub': pubOf('alpha') },
  ]) {
    const { library } = keysLibrary()
    const loadPeers = (): never => {
      throw new Error('line 1, column 2')
    }
    const complained = await runFake(['keys', 'trust', 'alpha.pub'], {
      library: { ...library, loadPeers },
      files,
    })
    t.regex(complained.err, /line 1, column 2/)
    const silent = await runFake(['keys', 'trust', 'alpha.pub'], { library, files })
    t.is(silent.exitCode, 2)
    t.regex(silent.err, /^The peers file \.\/peers\.json cannot be read\n/)
  }
})

test('the shell offers the actions, and files for the options that want some', async (t) => {
  const wordsFor = async (...words: string[]) =>
    (await runFake(['--get-yargs-completions', 'zmqnet', ...words])).out.trim().split('\n')
  t.deepEqual(await wordsFor('keys', ''), ['new', 'trust', 'show', 'rotate', 'revoke'])
  t.deepEqual(await wordsFor('keys', 'r'), ['rotate', 'revoke'])
  t.deepEqual(await wordsFor('keys', 'new', '--dir', ''), [''])
  t.deepEqual(await wordsFor('send', '--key', ''), [''])
  t.false((await wordsFor('send', '-n', 'keys', '')).includes('new'))
})
