/**
 * Nodes and clients in secure mode, as their users start them: from a peers file and key files, over real sockets.
 */

import { inspect } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { decodeZ85 } from '../../src/base/z85.ts'
import { connect, createNode, loadPeers, type Node, type NodeOptions } from '../../src/index.ts'
import { newKeyPair, writeKeyFile } from '../../src/node/key-file.ts'
import {
  EventLog,
  errorOf,
  HANGS_MS,
  LogLines,
  peersOf,
  quiet,
  startClient,
  startNode,
  until,
} from '../support/mesh.ts'
import { type SecureFiles, secureFiles } from '../support/secure-mesh.ts'

const NAMES = ['alpha', 'bravo', 'charlie'] as const

/** Keeps the debug level too. */
class DebugLines extends LogLines {
  override debug(text?: string): void {
    this.lines.push(`debug ${text}`)
  }
}

async function startAll(
  t: ExecutionContext,
  files: SecureFiles,
  options: Partial<NodeOptions> = {},
): Promise<readonly Node[]> {
  const nodes = await Promise.all(
    NAMES.map((name) => startNode(t, { name, peers: files.peersPath, ...options })),
  )
  await Promise.all(nodes.map((node) => node.ready(HANGS_MS)))
  return nodes
}

test('three nodes and a client, each with its key file, talk encrypted and by proven names', async (t) => {
  const files = await secureFiles(t, NAMES, ['ops'])
  const [alpha, bravo, charlie] = (await startAll(t, files)) as [Node, Node, Node]
  for (const node of [alpha, bravo, charlie]) {
    t.true(node.peers().every((peer) => peer.encrypted && peer.proven && peer.link === 'open'))
    node.handle('who', (_, { from }) => `${node.name} was asked by ${from}`)
  }
  t.is(await alpha.request('bravo', 'who'), 'bravo was asked by alpha')
  t.is((await charlie.send('alpha', 'who')).outcome, 'delivered')
  t.like(await bravo.broadcast('who'), { ok: true, expected: 2 })
  const client = await startClient(t, 'alpha', { peers: files.peersPath, timeout: 5000 })
  t.is(client.name, 'ops')
  t.like(await client.message('a text'), { ok: true, expected: 2, missing: [] })
  t.is((await client.status()).peers.length, 2)
  t.like(await errorOf(t, client.request('who')), { code: 'NOT_ALLOWED', outcome: 'rejected' })
})

// A shortcut is dialled for half a second, three times at the most (S19), in which the other meshes of this file would take all of the processor.
test.serial('over ipc, which links on one machine take, everything is encrypted too', async (t) => {
  const files = await secureFiles(t, NAMES)
  const [alpha] = await startAll(t, files)
  const isShort = () => alpha?.peers().every((peer) => peer.transport === 'ipc')
  await until(isShort, 'all links of alpha take the shorter way')
  t.true(alpha?.peers().every((peer) => peer.encrypted && peer.proven))
})

test('rules of the file decide what a client may use', async (t) => {
  const rules = [{ from: ['@people'], allow: ['jobs.*', 'ping'] }]
  const files = await secureFiles(t, NAMES, ['ops'], { groups: { people: ['ops'] }, rules })
  const [alpha] = await startAll(t, files)
  alpha?.handle('jobs.list', () => ['a job'])
  const client = await startClient(t, 'alpha', { peers: files.peersPath })
  t.deepEqual(await client.request('jobs.list'), ['a job'])
  t.true((await client.ping()) > 0)
  t.is((await errorOf(t, client.message('x'))).code, 'NOT_ALLOWED')
})

test('keys may be given as pairs, by a program that has no files', async (t) => {
  const files = await secureFiles(t, ['alpha', 'bravo'], ['ops'])
  const { path: _, ...peers } = loadPeers(files.peersPath)
  const keyOf = (name: string) => {
    const { publicKey = '', secretKey = '' } = files.keyFiles[name]?.own[0] ?? {}
    return { publicKey, secretKey }
  }
  const alpha = await startNode(t, { name: 'alpha', peers, key: keyOf('alpha') })
  await startNode(t, { name: 'bravo', peers, key: keyOf('bravo') })
  await alpha.ready(HANGS_MS)
  const client = await startClient(t, 'bravo', { peers, key: keyOf('ops'), timeout: 5000 })
  t.is(client.name, 'ops')
  t.like(await client.message('x'), { ok: true, expected: 1 })
})

test('a stranger, whose key nobody has, gets nothing, and the node says so', async (t) => {
  const files = await secureFiles(t, ['alpha'], ['ops'])
  const alpha = await startNode(t, { name: 'alpha', peers: files.peersPath })
  const events = new EventLog(alpha)
  const mine = newKeyPair()
  // The stranger's own list has its key, so that it starts; that of alpha has not.
  const peers = { ...loadPeers(files.peersPath), clients: [{ name: 'ops', publicKey: mine.publicKey }] }
  const error = await errorOf(t, connect('alpha', { peers, key: mine, timeout: 1500 }))
  t.is(error.outcome, 'not-sent')
  t.regex(error.message, /^Cannot connect to "alpha" within 1500 ms/)
  t.like(await events.first('security:refused'), { party: undefined })
})

test('a node that is not who the list says at an address gets no request', async (t) => {
  const files = await secureFiles(t, ['alpha', 'bravo'])
  const config = loadPeers(files.peersPath)
  const mine = newKeyPair()
  // Somebody at bravo's address who has bravo's name and another key, and believes in it.
  const changed = config.peers.map((peer) => {
    return peer.name === 'bravo' ? { ...peer, publicKey: mine.publicKey } : peer
  })
  const impostor = await startNode(t, { name: 'bravo', peers: { ...config, peers: changed }, key: mine })
  const heard: unknown[] = []
  impostor.handle('secret', (body) => {
    heard.push(body)
  })
  const alpha = await startNode(t, { name: 'alpha', peers: files.peersPath })
  const call = alpha.request('bravo', 'secret', 'text', { timeout: 400, retries: 1 })
  t.like(await errorOf(t, call), { code: 'NOT_SENT', outcome: 'not-sent' })
  t.deepEqual(heard, [])
  t.false(alpha.peers()[0]?.encrypted)
  t.false(alpha.peers()[0]?.proven)
})

test('a plain node gets nowhere in a secure mesh', async (t) => {
  const files = await secureFiles(t, ['alpha', 'bravo'])
  const alpha = await startNode(t, { name: 'alpha', peers: files.peersPath })
  const plain = loadPeers(files.peersPath).peers.map(({ name, address }) => ({ name, address }))
  const bravo = await startNode(t, { name: 'bravo', peers: { peers: plain } })
  const call = bravo.request('alpha', 'x', 1, { timeout: 300, retries: 1 })
  t.is((await errorOf(t, call)).outcome, 'not-sent')
  await quiet(100)
  t.not(alpha.peers()[0]?.link, 'open')
  t.not(bravo.peers()[0]?.link, 'open')
})

test('a revoked peer gets nothing, does not start, and is not waited for', async (t) => {
  const files = await secureFiles(t, ['alpha', 'bravo', 'charlie'])
  const before = loadPeers(files.peersPath)
  files.rewrite((entry) => (entry.name === 'bravo' ? { ...entry, revoked: true } : entry))
  const alpha = await startNode(t, { name: 'alpha', peers: files.peersPath })
  await startNode(t, { name: 'charlie', peers: files.peersPath })
  await alpha.ready(HANGS_MS)
  t.regex(
    (await errorOf(t, createNode({ name: 'bravo', peers: files.peersPath }))).message,
    /^The key of node "bravo" is revoked in the peers file/,
  )
  const { path: _, ...stale } = before
  const bravo = await startNode(t, { name: 'bravo', peers: stale, key: files.keyPath('bravo') })
  const call = bravo.request('alpha', 'x', 1, { timeout: 400, retries: 1 })
  t.is((await errorOf(t, call)).outcome, 'not-sent')
  t.is(alpha.peers().find((peer) => peer.name === 'bravo')?.proven, false)
})

test('a node without its key, or with the wrong one, does not start', async (t) => {
  const files = await secureFiles(t, ['alpha', 'bravo'])
  const start = (key: NodeOptions['key']) =>
    createNode({ name: 'alpha', peers: files.peersPath, ...(key === undefined ? {} : { key }) })
  const missing = await errorOf(t, start(`${files.folder}/none/alpha.key`))
  t.is(missing.code, 'CONFIG')
  t.regex(missing.message, /does not exist; make one with: zmqnet keys new -n alpha --dir \S+\/none$/)
  const other = await errorOf(t, start(files.keyPath('bravo')))
  t.regex(other.message, /is that of node "bravo", not of node "alpha"$/)
  writeKeyFile(files.keyPath('alpha'), { name: 'alpha', role: 'node', own: [newKeyPair()] }, { force: true })
  const changed = await errorOf(t, start(undefined))
  t.regex(changed.message, /^The key of node "alpha" is not the one that the peers file ".*" has for it/)
})

test('a node that listens for other machines without keys is refused, and warns when that is allowed', async (t) => {
  const peers = await peersOf(['alpha'])
  const error = await errorOf(t, createNode({ name: 'alpha', peers, bind: '0.0.0.0:0' }))
  t.is(error.code, 'CONFIG')
  t.regex(error.message, /bind: listening on tcp:\/\/0\.0\.0\.0:0 without keys lets in everybody/)
  const log = new LogLines()
  await startNode(t, { name: 'alpha', peers, bind: '0.0.0.0:0', insecure: true, log })
  t.regex(await log.first(/without keys/), /^warn alpha listens on \S+ without keys: whoever reaches it/)
})

test('in secure mode a node may listen for other machines', async (t) => {
  const files = await secureFiles(t, ['alpha'])
  const log = new LogLines()
  const alpha = await startNode(t, { name: 'alpha', peers: files.peersPath, bind: '0.0.0.0:0', log })
  t.regex(alpha.endpoint, /^tcp:/)
  t.false(log.lines.some((line) => line.startsWith('warn')))
})

test('no secret half is in the log, the errors, the events and what inspect shows of nodes and options', async (t) => {
  const files = await secureFiles(t, ['alpha', 'bravo'], ['ops'])
  const log = new DebugLines()
  const options = { name: 'alpha', peers: files.peersPath, log }
  const alpha = await startNode(t, options)
  const events = new EventLog(alpha)
  await startNode(t, { name: 'bravo', peers: files.peersPath, log })
  await alpha.ready(HANGS_MS)
  const client = await startClient(t, 'alpha', { peers: files.peersPath, log })
  const errors = [
    await errorOf(t, client.request('forbidden')),
    await errorOf(t, createNode({ ...options, key: files.keyPath('bravo') })),
  ]
  t.true(log.lines.length > 0)
  const deep = { depth: 20, showHidden: true }
  const shown = [
    ...log.lines,
    ...[alpha, client, options, errors, events.seen].map((one) => inspect(one, deep)),
    JSON.stringify([alpha.status(), await client.status(), errors, files.keyFiles]),
    inspect(files.keyFiles, { depth: 20 }),
  ].join('\n')
  for (const name of ['alpha', 'bravo', 'ops']) {
    const z85 = files.keyFiles[name]?.own[0]?.secretKey ?? ''
    const bytes = Buffer.from(decodeZ85(z85) ?? [])
    t.is(bytes.length, 32)
    for (const text of [z85, bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url')])
      t.false(shown.includes(text.replace(/=+$/, '')), `the key of ${name} is shown`)
  }
  t.true(shown.includes(files.keyFiles.alpha?.own[0]?.publicKey ?? '-'))
})
