/**
 * Keys and rules that change under a running node, over real sockets and real files: by the watch, by `reload`, and not at
 * all where they are wrong or the node is in plain mode.
 */

import { writeFileSync } from 'node:fs'
import test from 'ava'
import type { NodeEvent } from '../../src/index.ts'
import { endingAt, newKeyPair, writeKeyFile } from '../../src/node/key-file.ts'
import { EventLog, errorOf, HANGS_MS, peersOf, startClient, startNode, until } from '../support/mesh.ts'
import { secureFiles } from '../support/secure-mesh.ts'

const NAMES = ['alpha', 'bravo'] as const
const HOUR_MS = 3_600_000

const thrownBy = (call: () => void): unknown => {
  try {
    call()
    return undefined
  } catch (error) {
    return error
  }
}

test('a watched file cuts a peer off and lets it in again, and rules count for who is there', async (t) => {
  const files = await secureFiles(t, NAMES, ['ops'])
  const alpha = await startNode(t, { name: 'alpha', peers: files.peersPath })
  const bravo = await startNode(t, { name: 'bravo', peers: files.peersPath, watch: false })
  await alpha.ready(HANGS_MS)
  const client = await startClient(t, 'alpha', { peers: files.peersPath })
  t.is((await errorOf(t, client.request('zmqnet.echo', 1))).code, 'NOT_ALLOWED')
  const events = new EventLog(alpha)

  files.rewrite((entry) => {
    if (entry.name === 'bravo') return { ...entry, revoked: true }
    return entry.name === 'ops' ? { ...entry, allow: ['ping'] } : entry
  })
  await events.first('peers:applied')
  await until(() => alpha.peers()[0]?.link !== 'open', 'the link to bravo is down')
  t.is(await client.request('zmqnet.echo', 1), 1)
  await until(() => bravo.peers()[0]?.link !== 'open', 'the link of bravo is refused')
  t.is((await errorOf(t, bravo.request('alpha', 'x', 1, { timeout: 300, retries: 0 }))).outcome, 'not-sent')

  files.rewrite((entry) => entry)
  await until(() => alpha.peers()[0]?.link === 'open', 'the link to bravo is open again')
  t.is((await errorOf(t, client.request('zmqnet.echo', 1))).code, 'NOT_ALLOWED')
})

test('a key is replaced on both sides, one after the other, and the links hold', async (t) => {
  const files = await secureFiles(t, NAMES)
  const [alpha, bravo] = [
    await startNode(t, { name: 'alpha', peers: files.peersPath }),
    await startNode(t, { name: 'bravo', peers: files.peersPath }),
  ]
  await Promise.all([alpha.ready(HANGS_MS), bravo.ready(HANGS_MS)])
  bravo.handle('x', (body) => body)
  const [events, theirs] = [new EventLog(alpha), new EventLog(bravo)]
  const former = files.keyFiles.bravo?.own[0]
  if (former === undefined) throw new Error('bravo has no key')
  const untilMs = Date.now() + HOUR_MS
  const next = newKeyPair()
  writeKeyFile(
    files.keyPath('bravo'),
    { name: 'bravo', role: 'node', own: [next, endingAt(former, untilMs)] },
    { force: true },
  )
  await theirs.first('peers:applied')
  t.is(await alpha.request('bravo', 'x', 1), 1, 'the peers file does not know the new key yet')
  const formerKey = { key: former.publicKey, until: new Date(untilMs).toISOString() }
  files.rewrite((entry) =>
    entry.name === 'bravo' ? { ...entry, public_key: next.publicKey, former_key: formerKey } : entry,
  )
  await events.first('peers:applied')
  t.is(await alpha.request('bravo', 'x', 2), 2)
})

test('a file that is wrong changes nothing, and says why', async (t) => {
  const files = await secureFiles(t, NAMES)
  const alpha = await startNode(t, { name: 'alpha', peers: files.peersPath })
  await startNode(t, { name: 'bravo', peers: files.peersPath })
  await alpha.ready(HANGS_MS)
  const events = new EventLog(alpha)
  files.rewrite((entry) => ({ ...entry, public_key: 'too short' }))
  const textOf = (event: NodeEvent) => ('text' in event ? event.text : '')
  t.regex(
    textOf(await events.first('peers:invalid')),
    /^2 faults in the peers file .*\n {2}peers\[0\]\.public_key: /,
  )
  t.like(
    thrownBy(() => alpha.reload()),
    { code: 'CONFIG', safeToRetry: false },
  )
  t.is(alpha.peers()[0]?.link, 'open')
  const from = events.seen.length
  writeFileSync(files.peersPath, '{}')
  t.regex(textOf(await events.first('peers:invalid', { from })), /^Fault in the peers file/)
  const last = events.seen.length
  files.rewrite(({ public_key: _, ...entry }) => entry)
  t.regex(textOf(await events.first('peers:invalid', { from: last })), /no keys any more/)
  t.is(alpha.peers()[0]?.link, 'open')
})

test('without the watch a change waits for reload, which works also when nothing has changed', async (t) => {
  const files = await secureFiles(t, NAMES)
  const alpha = await startNode(t, { name: 'alpha', peers: files.peersPath, watch: false })
  await startNode(t, { name: 'bravo', peers: files.peersPath, watch: false })
  await alpha.ready(HANGS_MS)
  alpha.reload()
  t.is(alpha.peers()[0]?.link, 'open')
  files.rewrite((entry) => (entry.name === 'bravo' ? { ...entry, revoked: true } : entry))
  alpha.reload()
  await until(() => alpha.peers()[0]?.link !== 'open', 'the link to bravo is down')
})

test('in plain mode, and after the end, there is nothing to read again', async (t) => {
  const plain = await startNode(t, { name: 'alpha', peers: await peersOf(['alpha']) })
  const error = thrownBy(() => plain.reload())
  t.like(error, { code: 'CONFIG' })
  t.regex(String(error), /plain mode/)
  const files = await secureFiles(t, ['alpha'])
  const secure = await startNode(t, { name: 'alpha', peers: files.peersPath })
  await secure.close()
  t.like(
    thrownBy(() => secure.reload()),
    { code: 'CLOSED' },
  )
})
