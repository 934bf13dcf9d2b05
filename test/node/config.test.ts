/**
 * Settings from files, environment and options: who wins over whom, and one clear message for everything that is wrong.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { ZmqnetError } from '../../src/errors.ts'
import type { NodeOptions, PeersConfig } from '../../src/node/api.ts'
import { findPeer, loadPeers, resolveClientOptions, resolveNodeSettings } from '../../src/node/config.ts'

const PEERS: PeersConfig = {
  peers: [
    { name: 'alpha', address: '127.0.0.1:7001' },
    { name: 'bravo', address: 'bravo.example:7002', host: 'b' },
  ],
}

/** A folder of its own for files, which goes with the test. */
function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'zmqnet config '))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function fileWith(t: ExecutionContext, text: string): string {
  const path = join(folder(t), 'peers.json')
  writeFileSync(path, text)
  return path
}

function namedFile(t: ExecutionContext, name: string): string {
  return fileWith(t, JSON.stringify({ peers: [{ name, address: 'x:1' }] }))
}

/** The message of the CONFIG error that `work` throws. */
function complaint(t: ExecutionContext, work: () => unknown): string {
  const error = t.throws(work, { instanceOf: ZmqnetError })
  t.is(error?.code, 'CONFIG')
  t.is(error?.safeToRetry, false)
  return error?.message ?? ''
}

test('a path that is given wins over PEERS_PATH', (t) => {
  const [given, env] = [namedFile(t, 'given'), namedFile(t, 'env')]
  t.is(loadPeers(given, { PEERS_PATH: env }).peers[0]?.name, 'given')
  t.is(loadPeers(undefined, { PEERS_PATH: env }).peers[0]?.name, 'env')
})

test('without a path and PEERS_PATH, peers.json in the working folder is read', (t) => {
  // The tests run at the top of the project, where the example is.
  for (const env of [{}, { PEERS_PATH: '' }]) {
    t.deepEqual(
      loadPeers(undefined, env).peers.map((peer) => `${peer.name} ${peer.address}`),
      ['alpha tcp://127.0.0.1:7001', 'bravo tcp://127.0.0.1:7002', 'charlie tcp://127.0.0.1:7003'],
    )
  }
})

test('an object is taken in place of a file, and its addresses become endpoints', (t) => {
  t.deepEqual(loadPeers(PEERS, { PEERS_PATH: '/nowhere' }), {
    peers: [
      { name: 'alpha', address: 'tcp://127.0.0.1:7001' },
      { name: 'bravo', address: 'tcp://bravo.example:7002', host: 'b' },
    ],
  })
})

test('a byte order mark in front of the JSON is tolerated', (t) => {
  const path = fileWith(t, `\uFEFF${JSON.stringify({ peers: [{ name: 'alpha', address: 'x:1' }] })}`)
  t.is(loadPeers(path, {}).peers.length, 1)
})

test('a missing file is named with its origin', (t) => {
  const missing = join(folder(t), 'none.json')
  t.is(
    complaint(t, () => loadPeers(missing, {})),
    `The peers file "${missing}" does not exist`,
  )
  t.is(
    complaint(t, () => loadPeers(undefined, { PEERS_PATH: missing })),
    `The peers file "${missing}" (from PEERS_PATH) does not exist`,
  )
  t.is(
    complaint(t, () => loadPeers('no/such.json', {})),
    `The peers file "no/such.json" does not exist; looked in ${process.cwd()}`,
  )
})

test('a directory in place of a file is called one', (t) => {
  const path = join(folder(t), 'peers.json')
  mkdirSync(path)
  t.is(
    complaint(t, () => loadPeers(path, {})),
    `The peers file "${path}" is a directory; name the file in it`,
  )
})

test('an empty file is called empty', (t) => {
  const path = fileWith(t, ' \n')
  t.is(
    complaint(t, () => loadPeers(path, {})),
    `The peers file "${path}" is empty`,
  )
})

test('a file that is not JSON is told with line and column', (t) => {
  const path = fileWith(t, '{\n  "peers": [\n    {"name": "alpha",}\n  ]\n}\n')
  t.is(
    complaint(t, () => loadPeers(path, {})),
    `The peers file "${path}" is not JSON: line 3, column 22: expected a field name in double quotes, found "}"`,
  )
})

test('one fault stands on the line of the message, with its path', (t) => {
  const path = fileWith(t, '{"peers": []}')
  t.is(
    complaint(t, () => loadPeers(path, {})),
    `Fault in the peers file "${path}": peers: expected a list "replicas" or "peers" with at least one entry, found an empty list`,
  )
})

test('several faults are listed, one on each line', (t) => {
  const peers = [
    { name: 'alpha', address: 'x:1' },
    { name: 'alpha', address: 'x:1', port: 0 },
  ]
  const path = fileWith(t, JSON.stringify({ peers }))
  t.deepEqual(complaint(t, () => loadPeers(path, {})).split('\n'), [
    `3 faults in the peers file "${path}":`,
    '  peers[1].name: expected each only once, found "alpha", which peers[0] has already',
    '  peers[1].port: expected a port from 1 to 65535, found 0',
    '  peers[1].address: expected each only once, found "tcp://x:1", which peers[0] has already',
  ])
})

test('of very many faults the first twenty are listed and the rest counted', (t) => {
  const lines = complaint(t, () => loadPeers({ peers: Array(50).fill({ name: 'a b', address: 'x' }) })).split(
    '\n',
  )
  t.is(lines[0], '100 faults in the peers option:')
  t.is(lines.length, 22)
  t.is(lines.at(-1), '  and 80 more')
})

test('a node has defaults for everything but its name', (t) => {
  t.deepEqual(resolveNodeSettings({ name: 'alpha', peers: PEERS }, {}), {
    name: 'alpha',
    network: 'zmqnet',
    peers: loadPeers(PEERS).peers,
    bind: 'tcp://127.0.0.1:7001',
    tickMs: 500,
    statusEveryMs: 180_000,
    sameHost: true,
    maxBodyBytes: 64 * 1024 * 1024,
    maxPeerBytes: 16 * 1024 * 1024,
    isOpen: false,
    security: undefined,
    rereading: undefined,
    log: undefined,
  })
})

test('options win over the file, and the file over the defaults', (t) => {
  const peers = { ...PEERS, network: 'lab', tickMs: 100 }
  const fromFile = resolveNodeSettings({ name: 'bravo', peers, insecure: true }, {})
  t.is(fromFile.network, 'lab')
  t.is(fromFile.tickMs, 100)
  t.is(fromFile.bind, 'tcp://*:7002')
  t.true(fromFile.isOpen)
  const given = resolveNodeSettings(
    { name: 'bravo', peers, tick: 50, statusEvery: 5000, bind: '127.0.0.1:0' },
    {},
  )
  t.is(given.tickMs, 50)
  t.is(given.statusEveryMs, 5000)
  t.is(given.bind, 'tcp://127.0.0.1:0')
})

test('an unknown name lists the names that are known', (t) => {
  const message = 'No peer is called "brvo"; the peers are alpha, bravo; did you mean "bravo"?'
  t.is(
    complaint(t, () => resolveNodeSettings({ name: 'brvo', peers: PEERS }, {})),
    `Fault in the node options: name: ${message}`,
  )
  t.is(
    complaint(t, () => findPeer(PEERS, 'brvo')),
    message,
  )
  t.is(findPeer(PEERS, 'bravo').address, 'bravo.example:7002')
})

test('all faults of the options come in one message', (t) => {
  const options = { name: 'delta', peers: PEERS, bind: 'nowhere', tick: 1, statusEvery: Number.NaN }
  t.deepEqual(complaint(t, () => resolveNodeSettings(options, {})).split('\n'), [
    '4 faults in the node options:',
    '  name: No peer is called "delta"; the peers are alpha, bravo',
    '  bind: expected "host:port" or an endpoint such as "tcp://10.0.0.7:7001", found "nowhere"',
    '  tick: expected a whole number of milliseconds from 10 to 60000, found 1',
    '  statusEvery: expected at least 1000 milliseconds, found NaN',
  ])
})

test('options of a wrong type are faults, not crashes', (t) => {
  const options = { name: 7, peers: PEERS, tick: 'soon' } as unknown as NodeOptions
  t.regex(
    complaint(t, () => resolveNodeSettings(options, {})),
    /^2 faults in the node options:/,
  )
  t.regex(
    complaint(t, () => loadPeers(null as unknown as PeersConfig)),
    /^Fault in the peers option: /,
  )
  t.regex(
    complaint(t, () => loadPeers(7 as unknown as string)),
    /^Fault in the peers option: /,
  )
})

test('whether shortcuts are taken: options win over the list, and the default is yes', (t) => {
  const off = { ...PEERS, sameHost: false }
  t.false(resolveNodeSettings({ name: 'alpha', peers: off }, {}).sameHost)
  t.true(resolveNodeSettings({ name: 'alpha', peers: off, sameHost: true }, {}).sameHost)
  t.false(resolveNodeSettings({ name: 'alpha', peers: PEERS, sameHost: false }, {}).sameHost)
  t.true(resolveClientOptions({}, PEERS).sameHost)
  t.false(resolveClientOptions({}, off).sameHost)
  t.true(resolveClientOptions({ sameHost: true }, off).sameHost)
  const wrong = 'no' as unknown as boolean
  t.regex(
    complaint(t, () => resolveNodeSettings({ name: 'alpha', peers: PEERS, sameHost: wrong }, {})),
    /^Fault in the node options: sameHost: expected true or false, found "no"$/,
  )
  t.regex(
    complaint(t, () => resolveClientOptions({ sameHost: wrong }, PEERS)),
    /^Fault in the client options: sameHost: expected true or false, found "no"$/,
  )
})

test('O15: what may wait for a peer is from 1 MiB to 1 GiB, for nodes and for clients', (t) => {
  for (const maxPerPeer of [1024 * 1024 - 1, 1024 ** 3 + 1, 2_000_000.5, Number.NaN]) {
    const expected = {
      code: 'CONFIG',
      message: /maxPerPeer: expected a whole number of bytes from 1048576 to /,
    }
    t.throws(() => resolveNodeSettings({ name: 'alpha', peers: PEERS, maxPerPeer }, {}), expected)
    t.throws(() => resolveClientOptions({ maxPerPeer }, PEERS), expected)
  }
  t.is(
    resolveNodeSettings({ name: 'alpha', peers: PEERS, maxPerPeer: 2_000_000 }, {}).maxPeerBytes,
    2_000_000,
  )
  t.is(resolveClientOptions({ maxPerPeer: 1024 ** 3 }, PEERS).maxPeerBytes, 1024 ** 3)
})

test('without keys, listening where other machines reach it needs a word', (t) => {
  const binds = [
    '0.0.0.0:1',
    '*:1',
    ':1',
    '10.0.0.7:1',
    '[::]:1',
    '[fd00::7]:1',
    'alpha.example:1',
    '[::ffff:127.0.0.1]:1',
  ]
  for (const bind of binds) {
    const options = { name: 'alpha', peers: PEERS, bind }
    t.regex(
      complaint(t, () => resolveNodeSettings(options, {})),
      /^Fault in the node options: bind: listening on tcp:\S+ without keys lets in everybody who reaches it; .*insecure: true/,
    )
    t.true(resolveNodeSettings({ ...options, insecure: true }, {}).isOpen)
  }
  for (const bind of ['127.0.0.1:0', '127.1.2.3:1', 'localhost:1', '[::1]:1', 'ipc:///run/alpha'])
    t.false(resolveNodeSettings({ name: 'alpha', peers: PEERS, bind }, {}).isOpen, bind)
  const odd = { name: 'alpha', peers: PEERS, bind: ':1', insecure: 'yes' as unknown as boolean }
  t.regex(
    complaint(t, () => resolveNodeSettings(odd, {})),
    /without keys/,
  )
})

test('a list that came from a file says from which one', (t) => {
  const path = namedFile(t, 'alpha')
  t.is(loadPeers(path, {}).path, path)
  t.is(loadPeers({ ...PEERS, path }, {}).path, path)
  t.is(loadPeers(PEERS, {}).path, undefined)
})
