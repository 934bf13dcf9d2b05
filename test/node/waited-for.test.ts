/**
 * A node that others have waited for: their Hellos are there before it can say itself that it listens. In a file of its own,
 * because the event loop of this process is blocked on purpose.
 */

import test from 'ava'
import { Dealer } from 'zeromq'
import { createNode } from '../../src/index.ts'
import { EventLog, local, peersOf, portOf, until } from '../support/mesh.ts'
import { framesOf, hello } from '../support/raw-socket.ts'

test('who reads events as soon as a node is there misses nobody who had waited for it', async (t) => {
  const others = Array.from({ length: 24 }, (_, index) => `peer-${index + 1}`)
  const peers = await peersOf(['alpha', ...others])
  for (const name of others) {
    const dealer = new Dealer({ linger: 0, reconnectInterval: 2 })
    t.teardown(() => dealer.close())
    dealer.connect(`tcp://${local(portOf(peers, 'alpha'))}`)
    // Said once: a node that does not take it has lost it.
    await dealer.send(framesOf(hello({ role: 'node', name })))
  }
  // Each turn takes so long that all Hellos are there when this process learns that it listens.
  let isThere = false
  const turnSlowly = (): void => {
    for (const endAt = performance.now() + 60; performance.now() < endAt; );
    if (!isThere) setImmediate(turnSlowly)
  }
  turnSlowly()
  const node = await createNode({ name: 'alpha', peers })
  const log = new EventLog(node)
  isThere = true
  t.teardown(() => node.close({ drain: 0 }))
  t.is(node.peers().filter(({ state }) => state === 'alive').length, 0)
  await until(() => others.every((name) => log.count(`peer:alive ${name}`) === 1), 'all are told alive')
  t.is(node.peers().filter(({ state }) => state === 'alive').length, others.length)
})
