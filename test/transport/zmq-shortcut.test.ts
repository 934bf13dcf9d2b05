/**
 * Shortcuts over real sockets: both forms, the token of the host, the way there and back, and what is left behind.
 */

import { existsSync, readdirSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { ConnectionId } from '../../src/base/ids.ts'
import { isShortcut } from '../../src/session/shortcut.ts'
import {
  hostTokenOf,
  newShortcutPlace,
  type ShortcutForm,
  shortcutForm,
} from '../../src/transport/zmq-shortcut.ts'
import { type Opened, open, send } from './recorder.ts'

const TCP = 'tcp://127.0.0.1:0'
/** What this machine can do: abstract names exist on Linux only. */
const FORMS: readonly ShortcutForm[] = process.platform === 'linux' ? ['abstract', 'folder'] : ['folder']

const isUp = (seen: { kind: string }): boolean => seen.kind === 'up'

interface Scene {
  readonly server: Opened
  readonly client: Opened
  readonly link: ConnectionId
  readonly endpoint: string
  readonly shortcut: string
}

/** A server with a shortcut, and a client whose link is up on tcp. */
async function scene(t: ExecutionContext, form: ShortcutForm): Promise<Scene> {
  const [server, client] = [open(t, { shortcutForm: form }), open(t, { redialMs: 20, silentAfterMs: 200 })]
  const shortcut = await server.transport.openShortcut(TCP)
  const endpoint = await server.transport.listen(TCP)
  const link = client.transport.dial(endpoint)
  await client.recorder.first(isUp)
  return { server, client, link, endpoint, shortcut }
}

/** Sends and waits for the message at the server. */
async function talk(t: ExecutionContext, { server, client, link }: Scene, text: string): Promise<void> {
  t.is(await send(client.transport, link, [text]), 'sent')
  await server.recorder.until(() => server.recorder.texts.some(([first]) => first === text))
}

for (const form of FORMS) {
  test(`a shortcut (${form}) leads to the same node, is told as up only, and carries messages to and fro`, async (t) => {
    const all = await scene(t, form)
    const { server, client, link, endpoint, shortcut } = all
    t.true(isShortcut(shortcut), shortcut)
    t.regex(endpoint, /^tcp:/)
    await talk(t, all, 'over tcp')
    const from = client.recorder.seen.length
    client.transport.redirect(link, shortcut)
    await client.recorder.first(isUp, from)
    t.is(client.transport.describe(link), shortcut)
    await talk(t, all, 'over ipc')
    const inbound = server.recorder.seen.at(-1)?.connection as ConnectionId
    t.is(await send(server.transport, inbound, ['back']), 'sent')
    await client.recorder.first((seen) => seen.kind === 'receive')
    t.deepEqual(client.recorder.downs, [], 'nobody heard of an end')
    t.deepEqual([server.recorder.faults, client.recorder.faults], [[], []])
  })

  test(`a connection on a shortcut (${form}) that ends is closed, and the configured address is dialled again`, async (t) => {
    const all = await scene(t, form)
    const { server, client, link, endpoint, shortcut } = all
    client.transport.redirect(link, shortcut)
    await client.recorder.until(() => client.recorder.count('up') === 2)
    await server.transport.close()
    await client.recorder.first((seen) => seen.kind === 'down' && seen.cause === 'refused')
    t.is(client.recorder.downs[0], 'closed')
    t.is(client.transport.describe(link), endpoint)
    const again = open(t)
    await again.transport.listen(endpoint)
    await client.recorder.until(() => client.recorder.count('up') === 3)
    await talk(t, { ...all, server: again }, 'over tcp again')
  })
}

test('S19: a shortcut that nobody listens on leads back to the configured address, without a word against the peer', async (t) => {
  const { client, link, endpoint, ...rest } = await scene(t, FORMS[0] as ShortcutForm)
  for (const form of FORMS) {
    const place = newShortcutPlace(form)
    place.remove()
    const ups = client.recorder.count('up')
    client.transport.redirect(link, place.endpoint)
    await client.recorder.until(() => client.recorder.count('up') === ups + 1)
    t.is(client.transport.describe(link), endpoint)
  }
  await talk(t, { client, link, endpoint, ...rest }, 'still there')
  t.deepEqual([client.recorder.downs, client.recorder.faults], [[], []])
})

test('S19: a shortcut that accepts and says nothing is given up, without a word against the peer', async (t) => {
  const all = await scene(t, FORMS[0] as ShortcutForm)
  const { client, link, endpoint } = all
  const place = newShortcutPlace('folder')
  t.teardown(() => place.remove())
  const mute = createServer((socket) => socket.on('error', () => undefined))
  t.teardown(() => mute.close())
  await new Promise<void>((resolve) => mute.listen(place.endpoint.slice('ipc://'.length), resolve))
  client.transport.redirect(link, place.endpoint)
  await client.recorder.until(() => client.recorder.count('up') === 2)
  t.is(client.transport.describe(link), endpoint)
  await talk(t, all, 'still there')
  t.deepEqual(client.recorder.downs, [])
})

test('a reset leaves the shortcut for the configured address', async (t) => {
  const all = await scene(t, FORMS[0] as ShortcutForm)
  const { client, link, endpoint, shortcut } = all
  client.transport.redirect(link, shortcut)
  await client.recorder.until(() => client.recorder.count('up') === 2)
  client.transport.reset(link)
  await client.recorder.until(() => client.recorder.count('up') === 3)
  t.is(client.transport.describe(link), endpoint)
  await talk(t, all, 'afresh')
})

test('while the link moves, nothing is sent', async (t) => {
  const { client, link, shortcut } = await scene(t, FORMS[0] as ShortcutForm)
  const big = send(client.transport, link, [new Uint8Array(1024 * 1024)])
  client.transport.redirect(link, shortcut)
  t.regex(await big, /^(?:sent|gone)$/, 'it settles, as the socket had it by then or not')
  t.is(await send(client.transport, link, ['in between']), 'gone')
})

test('the folder of a shortcut is for its user alone, and is gone after closing', async (t) => {
  const server = open(t, { shortcutForm: 'folder' })
  const shortcut = await server.transport.openShortcut(TCP)
  await server.transport.listen(TCP)
  const folder = dirname(shortcut.slice('ipc://'.length))
  t.is(dirname(folder), tmpdir())
  t.is(statSync(folder).mode & 0o777, 0o700)
  t.deepEqual(readdirSync(folder), ['s'])
  await server.transport.close()
  t.false(existsSync(folder))
})

test('a folder that a dead process left does no harm, and no place is given twice', (t) => {
  const stale = newShortcutPlace('folder')
  t.teardown(() => stale.remove())
  const places = Array.from({ length: 100 }, () => newShortcutPlace('folder'))
  for (const place of places) place.remove()
  t.is(new Set([stale, ...places].map(({ endpoint }) => endpoint)).size, 101)
  t.true(existsSync(dirname(stale.endpoint.slice('ipc://'.length))))
  t.notThrows(() => places[0]?.remove())
})

test('a shortcut that cannot be bound is an error of its own, and the node listens all the same', async (t) => {
  const server = open(t, { shortcutForm: 'none' })
  t.is(server.transport.hostToken, '')
  await t.throwsAsync(server.transport.openShortcut(TCP), { message: 'this platform has no Unix sockets' })
  t.regex(await server.transport.listen(TCP), /^tcp:/)
})

test('a node that cannot listen takes its shortcut away', async (t) => {
  const [first, second] = [open(t), open(t, { shortcutForm: 'folder', rebindMs: 0 })]
  const endpoint = await first.transport.listen(TCP)
  const shortcut = await second.transport.openShortcut(endpoint)
  await t.throwsAsync(second.transport.listen(endpoint), { code: 'EADDRINUSE' })
  await second.transport.close()
  t.false(existsSync(dirname(shortcut.slice('ipc://'.length))))
})

test('each platform has its form', (t) => {
  t.deepEqual(['linux', 'darwin', 'freebsd', 'win32'].map(shortcutForm), [
    'abstract',
    'folder',
    'folder',
    'none',
  ])
})

test('S18: the token of a host is the same each time, tells nothing, and depends on the form', (t) => {
  for (const form of FORMS) {
    t.regex(hostTokenOf(form), /^[0-9a-f]{32}$/)
    t.is(hostTokenOf(form), hostTokenOf(form))
  }
  t.is(new Set(FORMS.map((form) => hostTokenOf(form))).size, FORMS.length)
  t.is(hostTokenOf('none'), '')
})
