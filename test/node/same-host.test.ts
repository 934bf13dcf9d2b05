/**
 * Nodes and clients of one machine find the shorter way by themselves, and do without it where it is switched off, leads
 * nowhere, or is a lie.
 */

import { execFile } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import type { Node, NodeOptions, PeersConfig } from '../../src/index.ts'
import { hostTokenOf, newShortcutPlace, shortcutForm, tokenOf } from '../../src/transport/zmq-shortcut.ts'
import type { Welcome } from '../../src/wire/messages.ts'
import {
  EventLog,
  freePorts,
  LogLines,
  peersOf,
  portOf,
  startClient,
  startMesh,
  startNode,
  until,
} from '../support/mesh.ts'
import { FalsePeer, framesOf, welcome } from '../support/raw-socket.ts'

const FORM = shortcutForm(process.platform)
const TOKEN = hostTokenOf(FORM)

/** What carries the link of a node to a peer; waits until it is open. */
function carrierOf(node: Node, peer: string): Promise<string> {
  return until(() => node.peers().find(({ name }) => name === peer)?.transport, `a link to ${peer}`)
}

/** A node, and who it is told to talk to, with options of their own. */
async function startPair(
  t: ExecutionContext,
  options: { readonly [name in 'alpha' | 'bravo']?: Partial<NodeOptions> },
  settings: Partial<PeersConfig> = {},
): Promise<{ readonly alpha: Node; readonly bravo: Node; readonly peers: PeersConfig }> {
  const peers = await peersOf(['alpha', 'bravo'], settings)
  const [alpha, bravo] = await Promise.all([
    startNode(t, { name: 'alpha', peers, ...options.alpha }),
    startNode(t, { name: 'bravo', peers, ...options.bravo }),
  ])
  await Promise.all([alpha.ready(5000), bravo.ready(5000)])
  return { alpha, bravo, peers }
}

test('S17: nodes on one host talk over ipc in both directions, without a trace of the move', async (t) => {
  const peers = await peersOf(['alpha', 'bravo'])
  const debugLines: string[] = []
  const log = Object.assign(new LogLines(), { debug: (text: string) => debugLines.push(text) })
  const alpha = await startNode(t, { name: 'alpha', peers, log })
  const events = new EventLog(alpha)
  const bravo = await startNode(t, { name: 'bravo', peers })
  await Promise.all([alpha.ready(5000), bravo.ready(5000)])
  t.deepEqual([await carrierOf(alpha, 'bravo'), await carrierOf(bravo, 'alpha')], ['ipc', 'ipc'])
  bravo.handle('who', (_, { from }) => `bravo to ${from}`)
  t.is(await alpha.request('bravo', 'who'), 'bravo to alpha')
  t.like(alpha.peers()[0], { link: 'open', transport: 'ipc', outages: { count: 0 } })
  t.regex(alpha.peers()[0]?.address ?? '', /^tcp:/, 'the address is the one of the list')
  t.regex(bravo.endpoint, /^tcp:/)
  t.deepEqual(await events.first('link:up bravo'), { kind: 'link:up', peer: 'bravo', transport: 'ipc' })
  t.deepEqual(events.lines.toSorted(), ['link:up bravo', 'peer:alive bravo'])
  const aboutLinks = debugLines.filter((line) => /\blink\b/.test(line))
  t.regex(aboutLinks[0] ?? '', /^peer bravo is on this host: the link moves to ipc:\/\/\S+$/)
  t.deepEqual(aboutLinks.slice(1), ['link to bravo is open over ipc'])
  t.like(alpha.status().counters, { resets: 0, retries: 0, violations: 0, dropped: 0 })
})

test('S17: a whole mesh of five starts at once, and every link of it ends up on ipc', async (t) => {
  const names = ['alpha', 'bravo', 'charlie', 'delta', 'echo'] as const
  const mesh = await startMesh(t, names)
  for (const name of names) {
    const carriers = mesh[name].peers().map(({ transport }) => transport)
    t.deepEqual(carriers, ['ipc', 'ipc', 'ipc', 'ipc'], name)
  }
})

test('S17: switched off in the list, all links stay on tcp', async (t) => {
  const { alpha, bravo } = await startPair(t, {}, { sameHost: false })
  t.deepEqual([await carrierOf(alpha, 'bravo'), await carrierOf(bravo, 'alpha')], ['tcp', 'tcp'])
})

test('S17: a node that switches it off offers no shortcut and follows none', async (t) => {
  const { alpha, bravo, peers } = await startPair(t, { alpha: { sameHost: false } })
  t.deepEqual([await carrierOf(alpha, 'bravo'), await carrierOf(bravo, 'alpha')], ['tcp', 'tcp'])
  const client = await startClient(t, 'bravo', { peers, timeout: 5000 })
  t.is(client.transport, 'ipc', 'others still take that of bravo')
})

test('S17: the option of a node wins over the list', async (t) => {
  const on = { sameHost: true }
  const { alpha, bravo } = await startPair(t, { alpha: on, bravo: on }, { sameHost: false })
  t.deepEqual([await carrierOf(alpha, 'bravo'), await carrierOf(bravo, 'alpha')], ['ipc', 'ipc'])
})

test('S17: a client takes the shortcut, or not, as it is told', async (t) => {
  const { peers } = await startPair(t, {})
  const cases = [
    [{}, 'ipc'],
    [{ sameHost: true }, 'ipc'],
    [{ sameHost: false }, 'tcp'],
  ] as const
  for (const [options, carrier] of cases) {
    const client = await startClient(t, 'bravo', { peers, timeout: 5000, ...options })
    t.is(client.transport, carrier)
    t.is(typeof (await client.ping()), 'number')
    await client.close()
  }
})

test('a link whose configured address is ipc shows so, and there is nothing to move', async (t) => {
  const place = newShortcutPlace('folder')
  t.teardown(() => place.remove())
  const [port] = await freePorts(1)
  const peers = {
    peers: [
      { name: 'alpha', address: `127.0.0.1:${port}` },
      { name: 'bravo', address: place.endpoint },
    ],
  }
  const alpha = await startNode(t, { name: 'alpha', peers })
  const bravo = await startNode(t, { name: 'bravo', peers })
  await Promise.all([alpha.ready(5000), bravo.ready(5000)])
  t.deepEqual([await carrierOf(alpha, 'bravo'), await carrierOf(bravo, 'alpha')], ['ipc', 'ipc'])
  t.is(bravo.endpoint, place.endpoint)
})

/** Alpha with a false bravo, which answers each Hello with this Welcome. */
async function startDeceived(t: ExecutionContext, answer: Partial<Welcome>) {
  const peers = await peersOf(['alpha', 'bravo'])
  const bravo = await FalsePeer.start(t, `tcp://127.0.0.1:${portOf(peers, 'bravo')}`, (message, say) => {
    if (message.kind === 'hello') say(...framesOf(welcome(answer)))
  })
  const log = new LogLines()
  const alpha = await startNode(t, { name: 'alpha', peers, log })
  return { alpha, bravo, log, events: new EventLog(alpha) }
}

const DIGITS = '0'.repeat(32)
const LIES: readonly (readonly [string, Partial<Welcome>])[] = [
  ['a tcp endpoint', { hostToken: TOKEN, shortcut: 'tcp://127.0.0.1:22' }],
  ['the socket of another program', { hostToken: TOKEN, shortcut: 'ipc:///run/docker.sock' }],
  ['a NUL in the endpoint', { hostToken: TOKEN, shortcut: `ipc://@zmqnet-${DIGITS}\0` }],
  ['an endpoint that is all NUL', { hostToken: TOKEN, shortcut: '\0'.repeat(113) }],
  ['a path with a way out', { hostToken: TOKEN, shortcut: `ipc:///tmp/zmqnet-${DIGITS}/../../s` }],
  ['the token of another host', { hostToken: 'f'.repeat(32), shortcut: `ipc://@zmqnet-${DIGITS}` }],
]
for (const [what, answer] of LIES) {
  test(`S17: a Welcome with ${what} opens the link on tcp, at once`, async (t) => {
    const { alpha, bravo, events } = await startDeceived(t, answer)
    t.is(await carrierOf(alpha, 'bravo'), 'tcp')
    t.is(bravo.count('hello'), 1, 'nothing else was dialled')
    t.is(events.count('peer:dead bravo'), 0)
  })
}

test('S19: a shortcut that nobody listens on costs three more greetings, and the peer is never dead', async (t) => {
  const shortcut = `ipc://@zmqnet-${DIGITS}`
  const { alpha, bravo, events, log } = await startDeceived(t, { hostToken: TOKEN, shortcut })
  t.is(await carrierOf(alpha, 'bravo'), 'tcp')
  t.is(bravo.count('hello'), 4)
  t.deepEqual(events.lines.toSorted(), ['link:up bravo', 'peer:alive bravo'])
  t.is(alpha.status().counters.resets, 0)
  t.deepEqual(log.matching(/^warn/), [])
})

test('S19: a shortcut on which nobody answers Hello is given up, and the peer is never dead', async (t) => {
  const place = newShortcutPlace(FORM)
  t.teardown(() => place.remove())
  const mute = await FalsePeer.start(t, place.endpoint, () => {})
  const { alpha, bravo, events } = await startDeceived(t, { hostToken: TOKEN, shortcut: place.endpoint })
  t.is(await carrierOf(alpha, 'bravo'), 'tcp')
  t.is(mute.count('hello'), 4)
  t.is(mute.heard.length, 4, 'it got nothing else')
  t.is(bravo.count('hello'), 2)
  t.is(events.count('peer:dead bravo') + events.count('link:down bravo'), 0)
})

test('B23: an overlong shortcut is a violation, and the link does not open', async (t) => {
  const [frame] = framesOf(welcome({ hostToken: TOKEN, shortcut: 'x'.repeat(113) }))
  const overlong = Buffer.concat([frame as Buffer, Buffer.from('x')])
  // One byte more in the field, which is the last one, and in the envelope.
  const fieldAt = overlong.lastIndexOf(113)
  overlong[fieldAt] = 114
  overlong[2] = (overlong[2] as number) + 1
  const peers = await peersOf(['alpha', 'bravo'])
  await FalsePeer.start(t, `tcp://127.0.0.1:${portOf(peers, 'bravo')}`, (_, say) => say(overlong))
  const log = new LogLines()
  const alpha = await startNode(t, { name: 'alpha', peers, log })
  await log.first(/its shortcut has 114 bytes, at most 113 are allowed/)
  t.is(alpha.peers()[0]?.link, 'greeting')
})

test('S18: another network namespace and another boot are another host', async (t) => {
  t.is(new Set([['b', 'n'], ['c', 'n'], ['b', 'o'], ['b']].map(tokenOf)).size, 4)
  if (process.platform !== 'linux') return
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  t.is(TOKEN, tokenOf([bootId, readlinkSync('/proc/self/ns/net')]))
  const script = fileURLToPath(new URL('../../src/transport/zmq-shortcut.js', import.meta.url))
  const print = `import(${JSON.stringify(script)}).then((m) => console.log(m.hostTokenOf('abstract')))`
  const run = promisify(execFile)
  t.is((await run(process.execPath, ['-e', print])).stdout.trim(), TOKEN, 'another process is on this host')
  // Where the system lets nobody make a namespace, the table above is all that can be shown.
  const inside = await run('unshare', ['-rn', process.execPath, '-e', print]).catch(() => undefined)
  t.log(inside === undefined ? 'no namespace could be made' : 'seen from a namespace of its own')
  t.not(inside?.stdout.trim(), TOKEN)
})
