/** Keys that change while traffic runs, over real sockets: rotation at both ends, revocation, and a key that comes back. */

import test, { type ExecutionContext } from 'ava'
import type { ConnectionId } from '../../src/base/ids.ts'
import type { KeyPair } from '../../src/base/keys.ts'
import { KeyHolder, newPair } from './key-holder.ts'
import { type Opened, open, send } from './recorder.ts'

const isUp = (seen: { kind: string }): boolean => seen.kind === 'up'
const isDown = (seen: { kind: string }): boolean => seen.kind === 'down'

/** Pauses so long that whoever waits for one is not seen again in a test. */
const PATIENT = { redialMs: 60_000, redialMaxMs: 60_000, refusedMaxMs: 60_000 }

/** Sends one numbered message after the other until it is told to stop; those that could not leave are sent again. */
function keepSending(client: Opened, link: ConnectionId): () => Promise<number> {
  let isOver = false
  const sending = (async () => {
    let number = 0
    while (!isOver) {
      if ((await send(client.transport, link, [String(number)])) === 'sent') number += 1
      await new Promise((resolve) => setImmediate(resolve))
    }
    return number
  })()
  return () => {
    isOver = true
    return sending
  }
}

interface Mesh {
  readonly alpha: Opened
  readonly bravo: Opened
  readonly alphaKeys: KeyHolder
  readonly bravoKeys: KeyHolder
  readonly toAlpha: ConnectionId
  readonly toBravo: ConnectionId
}

/** Two that listen and dial each other; bravo has both keys of alpha in its file, the present one first. */
async function mesh(t: ExecutionContext, next: KeyPair): Promise<Mesh> {
  const [alphaKeys, bravoKeys] = KeyHolder.friends(2) as [KeyHolder, KeyHolder]
  const former = alphaKeys.publicKey
  bravoKeys.admitted.add(next.publicKey)
  const [alpha, bravo] = [open(t, {}, alphaKeys), open(t, {}, bravoKeys)]
  const alphaAt = await alpha.transport.listen('tcp://127.0.0.1:0')
  const bravoAt = await bravo.transport.listen('tcp://127.0.0.1:0')
  const toAlpha = bravo.transport.dial(alphaAt, () => [next.publicKey, former])
  const toBravo = alpha.transport.dial(bravoAt, () => [bravoKeys.publicKey])
  await Promise.all([alpha.recorder.first(isUp), bravo.recorder.first(isUp)])
  return { alpha, bravo, alphaKeys, bravoKeys, toAlpha, toBravo }
}

test('E8: a new key under traffic ends no link that was dialled, and those who dialled us are back at once', async (t) => {
  const next = newPair()
  const { alpha, bravo, alphaKeys, toAlpha, toBravo } = await mesh(t, next)
  const stop = [keepSending(bravo, toAlpha), keepSending(alpha, toBravo)]
  await alpha.recorder.until(() => alpha.recorder.count('receive') > 50)
  alphaKeys.pairs = [next, ...alphaKeys.pairs]
  await alpha.transport.rekey()
  await bravo.recorder.until(() => bravo.recorder.count('up') === 2)
  const heard = alpha.recorder.count('receive')
  await alpha.recorder.until(() => alpha.recorder.count('receive') > heard + 50)
  await Promise.all(stop.map((each) => each()))
  t.deepEqual(bravo.recorder.downs, ['closed'], 'one end, which nobody takes for a process that is gone')
  t.deepEqual(alpha.recorder.downs, [], 'what alpha dialled lives on')
  t.deepEqual([alpha.recorder.faults, alpha.recorder.strangerCount], [[], 0])
  // What it sends goes to the present listener: the former one would not have the key.
  t.is(bravo.recorder.count('up'), 2)
})

test('E8: a change that changes no served key ends nothing', async (t) => {
  const { alpha, bravo, alphaKeys, toAlpha } = await mesh(t, newPair())
  alphaKeys.served = alphaKeys.pairs[0]
  alphaKeys.pairs = [newPair(), ...alphaKeys.pairs]
  await alpha.transport.rekey()
  t.is(await send(bravo.transport, toAlpha, ['the same connection']), 'sent')
  await alpha.recorder.first((seen) => seen.kind === 'receive')
  t.deepEqual([bravo.recorder.downs, bravo.recorder.count('up')], [[], 1])
})

test('E8: who has only the former key is kept out after a change, and a shortcut changes too', async (t) => {
  const next = newPair()
  const [serverKeys, clientKeys] = KeyHolder.friends(2) as [KeyHolder, KeyHolder]
  const former = serverKeys.publicKey
  const [server, client] = [open(t, {}, serverKeys), open(t, {}, clientKeys)]
  const shortcut = await server.transport.openShortcut('tcp://127.0.0.1:0')
  const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
  serverKeys.pairs = [next]
  await server.transport.rekey()
  for (const place of [endpoint, shortcut]) {
    const late = open(t, PATIENT, clientKeys)
    late.transport.dial(place, () => [former])
    await late.recorder.first(isDown)
    t.is(late.recorder.count('up'), 0, place)
  }
  const link = client.transport.dial(endpoint, () => [next.publicKey])
  await client.recorder.first(isUp)
  client.transport.redirect(link, shortcut)
  await client.recorder.until(() => client.recorder.count('up') === 2)
  t.is(client.transport.describe(link), shortcut)
})

test('E8: two changes at once end with the last key, and a change before listening counts', async (t) => {
  const [serverKeys, clientKeys] = KeyHolder.friends(2) as [KeyHolder, KeyHolder]
  const server = open(t, {}, serverKeys)
  const listening = server.transport.listen('tcp://127.0.0.1:0')
  serverKeys.pairs = [newPair()]
  const endpoint = await listening
  const dialAs = async (holder: KeyHolder): Promise<void> => {
    const client = open(t, PATIENT, clientKeys)
    client.transport.dial(endpoint, () => [holder.publicKey])
    await client.recorder.first(isUp)
  }
  await dialAs(serverKeys)
  serverKeys.pairs = [newPair()]
  const first = server.transport.rekey()
  serverKeys.pairs = [newPair()]
  await Promise.all([first, server.transport.rekey()])
  await dialAs(serverKeys)
  t.deepEqual(server.recorder.faults, [])
})

test('E8: a key that is none is a fault, and the former one is served on', async (t) => {
  const [serverKeys, clientKeys] = KeyHolder.friends(2) as [KeyHolder, KeyHolder]
  const server = open(t, {}, serverKeys)
  const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
  const { publicKey } = serverKeys
  serverKeys.served = { publicKey: 'new', secretKey: 'short' }
  await server.transport.rekey()
  t.deepEqual(server.recorder.faults, [
    'Cannot listen with the new key: a key is not 40 characters of Z85 (EKEY)',
  ])
  const client = open(t, PATIENT, clientKeys)
  client.transport.dial(endpoint, () => [publicKey])
  await client.recorder.first(isUp)
})

test('E8: closing in the middle of a change ends it', async (t) => {
  const serverKeys = new KeyHolder()
  const server = open(t, {}, serverKeys)
  await server.transport.listen('tcp://127.0.0.1:0')
  serverKeys.pairs = [newPair()]
  const changing = server.transport.rekey()
  await server.transport.close()
  await t.notThrowsAsync(changing)
  await t.notThrowsAsync(server.transport.rekey())
})

test('E4: a peer that does not know our present key yet is dialled with the former one, at once', async (t) => {
  const [serverKeys, clientKeys] = KeyHolder.friends(2) as [KeyHolder, KeyHolder]
  const server = open(t, {}, serverKeys)
  const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
  const present = newPair()
  const former = clientKeys.pairs[0] as KeyPair
  clientKeys.pairs = [present, former]
  const client = open(t, PATIENT, clientKeys)
  const link = client.transport.dial(endpoint, () => [serverKeys.publicKey])
  await client.recorder.first(isUp)
  t.deepEqual(client.recorder.downs, [], 'a way that was not the last one is no failure')
  const asked = (): string[] =>
    serverKeys.asked.filter((key) => [present, former].some((one) => one.publicKey === key))
  t.deepEqual(asked().slice(0, 2), [present.publicKey, former.publicKey])
  // The way that was taken is tried first the next time.
  client.transport.reset(link)
  await client.recorder.until(() => client.recorder.count('up') === 2)
  t.deepEqual(new Set(asked().slice(1)), new Set([former.publicKey]))
})

test('E4: a peer that still serves its former key is reached, and its present key is tried first', async (t) => {
  const [serverKeys, clientKeys] = KeyHolder.friends(2) as [KeyHolder, KeyHolder]
  const server = open(t, {}, serverKeys)
  const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
  const client = open(t, PATIENT, clientKeys)
  client.transport.dial(endpoint, () => [newPair().publicKey, serverKeys.publicKey])
  await client.recorder.first(isUp)
  t.deepEqual(client.recorder.downs, [])
})

test('E4: who was refused and is allowed again is back, though other failures would wait for a minute', async (t) => {
  const [serverKeys, clientKeys] = KeyHolder.friends(2) as [KeyHolder, KeyHolder]
  const server = open(t, {}, serverKeys)
  const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
  const client = open(t, { redialMaxMs: 60_000 }, clientKeys)
  serverKeys.admitted.delete(clientKeys.publicKey)
  client.transport.dial(endpoint, () => [serverKeys.publicKey])
  // 100, 200, 400, 800 and then 1500 ms at most.
  await client.recorder.until(() => client.recorder.downs.length >= 5, 10_000)
  serverKeys.admitted.add(clientKeys.publicKey)
  await client.recorder.first(isUp)
  t.deepEqual([...new Set(client.recorder.downs)], ['silent'])
  t.is(client.recorder.faults.length, 1)
})

test('E4: with new keys of its own, who was refused dials at once', async (t) => {
  const [serverKeys, clientKeys] = KeyHolder.friends(2) as [KeyHolder, KeyHolder]
  const server = open(t, {}, serverKeys)
  const endpoint = await server.transport.listen('tcp://127.0.0.1:0')
  const known = clientKeys.pairs
  clientKeys.pairs = [newPair()]
  const client = open(t, PATIENT, clientKeys)
  client.transport.dial(endpoint, () => [serverKeys.publicKey])
  await client.recorder.first(isDown)
  clientKeys.pairs = known
  await client.transport.rekey()
  await client.recorder.first(isUp)
  t.deepEqual(client.recorder.downs, ['silent'])
})
