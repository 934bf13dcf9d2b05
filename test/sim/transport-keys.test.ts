/** The simulated transport in secure mode: it encrypts nothing, but it asks who may connect, as CURVE and ZAP do. */

import test from 'ava'
import { Member } from '../../src/sim/member.ts'
import type { TransportKeys } from '../../src/transport/transport.ts'
import { Rig, type RigPeer } from './rig.ts'

const ADDRESS = 'tcp://bravo:7000'

/** Keys that are only names: `own` are shown in turn, `admitted` may connect. */
function keysOf(own: readonly string[], admitted: readonly string[]): TransportKeys {
  const pairs = own.map((publicKey) => ({ publicKey, secretKey: '' }))
  return {
    own: () => pairs,
    serving: () => pairs[0] ?? { publicKey: '', secretKey: '' },
    admits: (publicKey) => admitted.includes(publicKey),
  }
}

function peer(rig: Rig, name: string, keys?: TransportKeys): RigPeer {
  return rig.peer(name, new Member(rig.network, 1, name), keys)
}

/** Bravo, who lets in whoever has a key of this list; the list may change. */
async function bravo(rig: Rig, admitted: readonly string[]): Promise<RigPeer> {
  const listener = peer(rig, 'bravo', keysOf(['b'], admitted))
  const listening = listener.transport.listen(ADDRESS)
  await rig.run(0)
  await listening
  return listener
}

test('who has an accepted key gets in, with whichever of its keys that is', async (t) => {
  const rig = new Rig()
  await bravo(rig, ['a-former'])
  const alpha = peer(rig, 'alpha', keysOf(['a', 'a-former'], []))
  alpha.transport.dial(ADDRESS, () => ['b'])
  t.true(await rig.until(() => alpha.heard.some((line) => line.endsWith('up 1')), 2000))
})

test('who has none, or dials in plain mode, does not, and hears nothing that speaks for the peer', async (t) => {
  const rig = new Rig()
  const admitted: string[] = []
  await bravo(rig, admitted)
  const plain = peer(rig, 'plain')
  plain.transport.dial(ADDRESS)
  const mallory = peer(rig, 'mallory', keysOf(['m'], []))
  mallory.transport.dial(ADDRESS, () => ['b'])
  await rig.run(5000)
  for (const { heard } of [plain, mallory]) {
    t.true(heard.length > 1)
    t.true(heard.every((line) => line.endsWith('down 1 silent')))
  }
  // It is not told of it, but knocks again by itself, and at once when its own keys change.
  admitted.push('m')
  mallory.heard.length = 0
  await mallory.transport.rekey()
  t.true(await rig.until(() => mallory.heard.some((line) => line.endsWith('up 1')), 50))
})

test('a secure dialler does not get into a plain listener', async (t) => {
  const rig = new Rig()
  const listener = peer(rig, 'bravo')
  const listening = listener.transport.listen(ADDRESS)
  await rig.run(0)
  await listening
  const alpha = peer(rig, 'alpha', keysOf(['a'], []))
  alpha.transport.dial(ADDRESS, () => ['b'])
  await rig.run(1000)
  t.true(alpha.heard.length > 0)
  t.false(alpha.heard.some((line) => line.includes('up')))
})

test('a peer without a key is not dialled until there is one', async (t) => {
  const rig = new Rig()
  await bravo(rig, ['a'])
  const serverKeys: string[] = []
  const alpha = peer(rig, 'alpha', keysOf(['a'], []))
  alpha.transport.dial(ADDRESS, () => serverKeys)
  await rig.run(10_000)
  t.deepEqual(alpha.heard, [])
  serverKeys.push('b')
  await alpha.transport.rekey()
  t.true(await rig.until(() => alpha.heard.some((line) => line.endsWith('up 1')), 50))
  // A reset without a key dials nobody, either.
  serverKeys.length = 0
  alpha.transport.reset(1 as never)
  alpha.heard.length = 0
  await rig.run(10_000)
  t.deepEqual(alpha.heard, [])
})
