/** Where the key of a node or client is looked for, and that it fits the peers file: whatever does not fit is a fault. */

import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { ZmqnetError } from '../../src/errors.ts'
import type { PeersConfig } from '../../src/node/api.ts'
import { loadPeers, resolveClientOptions, resolveNodeSettings } from '../../src/node/config.ts'
import { endingAt, newKeyPair, writeKeyFile } from '../../src/node/key-file.ts'
import { keyPathFor, resolveClient, resolveSecurity } from '../../src/node/security-config.ts'
import { key, pair } from '../support/keys.ts'
import { folderFor, secureFiles } from '../support/secure-mesh.ts'

const MINUTE_MS = 60_000
const PLAIN: PeersConfig = { peers: [{ name: 'alpha', address: '127.0.0.1:1' }] }
const SECURE: PeersConfig = {
  peers: [{ name: 'alpha', address: '127.0.0.1:1', publicKey: key('alpha') }],
  clients: [{ name: 'ops', publicKey: key('ops') }],
}

function complaint(t: ExecutionContext, work: () => unknown): string {
  const error = t.throws(work, { instanceOf: ZmqnetError })
  t.is(error?.code, 'CONFIG')
  return error?.message ?? ''
}

/** The same list, with another entry for alpha. */
function withAlpha(entry: Partial<PeersConfig['peers'][number]>): PeersConfig {
  return { ...SECURE, peers: [{ name: 'alpha', address: '127.0.0.1:1', ...entry }] }
}

test('a key is looked for where the option says, then ZMQNET_KEY, then beside the peers file', (t) => {
  const path = '/etc/mesh/peers.json'
  t.is(keyPathFor('alpha', path, 'a.key', { ZMQNET_KEY: 'b.key' }), 'a.key')
  t.is(keyPathFor('alpha', path, undefined, { ZMQNET_KEY: 'b.key' }), 'b.key')
  t.is(keyPathFor('alpha', path, undefined, { ZMQNET_KEY: '' }), join('/etc/mesh', 'keys', 'alpha.key'))
  t.is(keyPathFor('alpha', './peers.json', undefined, {}), join('keys', 'alpha.key'))
  t.is(keyPathFor('alpha', undefined, undefined, {}), join('keys', 'alpha.key'))
})

test('in plain mode there are no keys, and one that is given is a fault', (t) => {
  t.is(resolveSecurity('alpha', 'node', PLAIN, undefined, {}), undefined)
  t.is(resolveClient(PLAIN, undefined, {}), undefined)
  t.is(
    complaint(t, () => resolveSecurity('alpha', 'node', PLAIN, pair('alpha'), {})),
    'A key is given (the option "key"), but the peers option has no keys, so that nothing would be secure; add those of all members with: zmqnet keys trust',
  )
  t.regex(
    complaint(t, () =>
      resolveSecurity('alpha', 'node', { ...PLAIN, path: 'p.json' }, undefined, { ZMQNET_KEY: 'k' }),
    ),
    /^A key is given \(ZMQNET_KEY\), but the peers file "p\.json" has no keys/,
  )
  t.regex(
    complaint(t, () => resolveClient(PLAIN, 'some.key', {})),
    /^A key is given \(the option "key"\)/,
  )
})

test('a node is secure by its key file beside the peers file', async (t) => {
  const files = await secureFiles(t, ['alpha', 'bravo'], ['ops'])
  const { security } = resolveNodeSettings({ name: 'alpha', peers: files.peersPath }, {})
  t.is(security?.own[0]?.secretKey, files.keyFiles.alpha?.own[0]?.secretKey)
  t.deepEqual(
    security?.policy.parties.map(({ role, name }) => `${role} ${name}`),
    ['node alpha', 'node bravo', 'client ops'],
  )
  const loaded = loadPeers(files.peersPath)
  t.deepEqual(resolveNodeSettings({ name: 'alpha', peers: loaded }, {}).security, security)
  const env = { ZMQNET_KEY: files.keyPath('alpha') }
  t.deepEqual(
    resolveSecurity('alpha', 'node', { ...loaded, path: '/nowhere/peers.json' }, undefined, env),
    security,
  )
})

test('a secure node without a key is told which command makes one', async (t) => {
  const folder = folderFor(t)
  const config = { ...SECURE, path: join(folder, 'peers.json') }
  t.is(
    complaint(t, () => resolveSecurity('alpha', 'node', config, undefined, {})),
    `The key file ${JSON.stringify(join(folder, 'keys', 'alpha.key'))} does not exist; make one with: zmqnet keys new -n alpha --dir ${join(folder, 'keys')}`,
  )
})

test('a client is called what its key says, and takes the only key that is there', async (t) => {
  const files = await secureFiles(t, ['alpha'], ['ops', 'dev'])
  const config = loadPeers(files.peersPath)
  const dev = resolveClient(config, files.keyPath('dev'), {})
  t.is(dev?.name, 'dev')
  t.is(resolveClient(config, undefined, { ZMQNET_KEY: files.keyPath('ops') })?.name, 'ops')
  const { publicKey = '', secretKey = '' } = files.keyFiles.dev?.own[0] ?? {}
  t.is(resolveClient(config, { publicKey, secretKey }, {})?.name, 'dev')
  t.regex(
    complaint(t, () => resolveClient(config, undefined, {})),
    /keys" has 2 keys of clients; name one with --key PATH, ZMQNET_KEY=PATH or the option "key"/,
  )
  const one = { ...config, clients: config.clients?.filter(({ name }) => name === 'ops') ?? [] }
  t.is(resolveClientOptions({}, one, {}).name, 'ops')
  const revoked = config.clients?.map((client) => ({ ...client, revoked: client.name === 'ops' })) ?? []
  t.is(resolveClient({ ...config, clients: revoked }, undefined, {})?.name, 'dev')
  t.regex(
    complaint(t, () => resolveClient({ ...config, clients: [] }, undefined, {})),
    /has no key of a client; .* zmqnet keys new --client -n NAME/,
  )
})

test('a key of another name or role is refused', async (t) => {
  const files = await secureFiles(t, ['alpha', 'bravo'], ['ops'])
  const config = loadPeers(files.peersPath)
  t.regex(
    complaint(t, () => resolveSecurity('alpha', 'node', config, files.keyPath('bravo'), {})),
    /^The key file ".*bravo\.key" is that of node "bravo", not of node "alpha"$/,
  )
  t.regex(
    complaint(t, () => resolveSecurity('alpha', 'node', config, files.keyPath('ops'), {})),
    /is that of client "ops", not of node "alpha"$/,
  )
  t.regex(
    complaint(t, () => resolveClient(config, files.keyPath('alpha'), {})),
    /is that of node "alpha", not of a client$/,
  )
  t.is(
    complaint(t, () => resolveClient(SECURE, newKeyPair(), {})),
    'The option "key" is the key of no client in the peers option',
  )
  t.is(
    complaint(t, () =>
      resolveSecurity('alpha', 'node', SECURE, { ...pair('alpha'), publicKey: key('ops') }, {}),
    ),
    'The option "key" cannot be used: its halves do not match',
  )
})

test('a key of a wrong type is a fault, not a crash, and is not shown', (t) => {
  for (const [value, shown] of [
    [null, 'found null'],
    [7, 'found 7'],
    [() => 7, 'found a function'],
  ] as const) {
    const message = complaint(t, () =>
      resolveSecurity('alpha', 'node', SECURE, value as unknown as string, {}),
    )
    t.is(message, `The option "key" is a path or a pair of keys, ${shown}`)
  }
  const odd = [pair('alpha').secretKey] as unknown as string
  t.is(
    complaint(t, () => resolveSecurity('alpha', 'node', SECURE, odd, {})),
    'The option "key" cannot be used: its secret half is not 40 characters of Z85',
  )
})

test('a key that the peers file does not have, or has taken back, is a fault', (t) => {
  const resolve = (config: PeersConfig) => resolveSecurity('alpha', 'node', config, pair('alpha'), {})
  t.truthy(resolve(SECURE))
  t.is(
    complaint(t, () => resolve(withAlpha({ publicKey: key('other') }))),
    'The key of node "alpha" is not the one that the peers option has for it; bring the file up to date with: zmqnet keys trust',
  )
  t.is(
    complaint(t, () => resolve(withAlpha({ publicKey: key('alpha'), revoked: true }))),
    'The key of node "alpha" is revoked in the peers option',
  )
  t.is(
    complaint(t, () =>
      resolve({ ...SECURE, peers: [{ name: 'bravo', address: 'x:1', publicKey: key('bravo') }] }),
    ),
    'The peers option has no node "alpha", whose key is given; add it with: zmqnet keys trust',
  )
})

test('while a key is replaced, one of two on either side is enough, until it ends', (t) => {
  const path = join(folderFor(t), 'alpha.key')
  const own = (until: number) => {
    writeKeyFile(
      path,
      { name: 'alpha', role: 'node', own: [pair('new'), endingAt(pair('alpha'), until)] },
      { force: true },
    )
  }
  const later = Date.now() + MINUTE_MS
  const earlier = Date.now() - MINUTE_MS
  const resolve = (config: PeersConfig) => resolveSecurity('alpha', 'node', config, path, {})
  own(later)
  // The key file is new already, the peers file not yet.
  t.is(resolve(SECURE)?.own.length, 2)
  t.is(resolve(withAlpha({ publicKey: key('new') }))?.own.length, 2)
  own(earlier)
  t.regex(
    complaint(t, () => resolve(SECURE)),
    /is not the one/,
  )
  t.truthy(resolve(withAlpha({ publicKey: key('new') })))
  // The peers file is new already, the key file not yet.
  const rotated = (until: number) =>
    withAlpha({ publicKey: key('new'), formerKey: { key: key('alpha'), until } })
  t.truthy(resolveSecurity('alpha', 'node', rotated(later), pair('alpha'), {}))
  t.regex(
    complaint(t, () => resolveSecurity('alpha', 'node', rotated(earlier), pair('alpha'), {})),
    /is not the one/,
  )
})
