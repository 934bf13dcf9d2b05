/**
 * A program that is no member of the mesh talks to one: node examples/client.js [NODE [TEXT]]
 *
 * It needs the peers file (PEERS_PATH, else ./peers.json) to know where the node is, and no entry in it. The node passes
 * the text on to all others, and the tally comes back. `zmqnet send` does the same.
 */

import { connect } from 'zmqnet'

const [name = 'bravo', text = 'hello from outside'] = process.argv.slice(2)

const client = await connect(name, { timeout: 5000 })
try {
  const { acked, missing } = await client.message(text)
  for (const { peer, ms } of acked) console.log(`${peer} has it after ${ms} ms`)
  for (const { peer, text: why } of missing) console.log(`${peer} does not have it: ${why}`)
  const { uptimeMs, peers } = await client.status()
  console.log(`${name} is up for ${Math.round(uptimeMs / 1000)} s and sees ${peers.length} peers`)
} finally {
  await client.close()
}
