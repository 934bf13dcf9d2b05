/**
 * A broadcast that goes on as soon as most have agreed: node examples/majority.js
 *
 * Six nodes; one of them is not there and one is slow. The vote does not wait for either, and the result says of each
 * why it is missing.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { createNode } from 'zmqnet'
import { freePort } from './free-port.js'

const names = ['alpha', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot']
const ports = await Promise.all(names.map(freePort))
const peers = { peers: names.map((name, index) => ({ name, address: `127.0.0.1:${ports[index]}` })) }

// Foxtrot stays away.
const nodes = await Promise.all(names.slice(0, 5).map((name) => createNode({ name, peers })))
const [alpha, ...others] = nodes
for (const node of others) {
  node.handle('vote', async ({ on }, { signal }) => {
    if (node.name === 'echo') await delay(60_000, undefined, { signal })
    return `${node.name} agrees to ${on}`
  })
}

// `ready` would wait for foxtrot, too; a majority does not need it.
const { ok, expected, acked, missing } = await alpha.broadcast(
  'vote',
  { on: 'lunch' },
  { until: 'majority', timeout: 5000 },
)
console.log(`ok: ${ok}, ${acked.length} of ${expected} acked`)
for (const { reply } of acked.toSorted((a, b) => a.peer.localeCompare(b.peer))) console.log(`  ${reply}`)
for (const { peer, reason } of missing) console.log(`  ${peer} is missing: ${reason}`)
await Promise.all(nodes.map((node) => node.close({ drain: 0 })))
